# Completion for fish, printed by `cargo stow completions fish`. In ~/.config/fish/config.fish:
#     cargo-stow completions fish | source

# The place of `stow` in `cargo +toolchain stow …`, or of `cargo-stow`, among the words before the cursor.
function __cargo_stow_place
    set -l words (commandline -opc)
    if not string match -qr '(^|/)cargo$' -- $words[1]
        echo 1
        return
    end
    for place in (seq 2 (count $words))
        if test "$words[$place]" = stow
            echo $place
            return
        end
        string match -qr '^[-+]' -- $words[$place]; or return 1
    end
    return 1
end

function __cargo_stow_complete
    set -l place (__cargo_stow_place); or return
    set -l words (commandline -opc)
    set -e words[1..$place]
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' "$current")
    for line in (command cargo-stow __complete -- $words "$current" 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case plain
                printf '%s%s\t%s\n' "$option" $parts[2] "$parts[3]"
            case dir
                __fish_complete_directories "$current"
            case file
                __fish_complete_path "$current"
        end
    end
end

complete -c cargo-stow -f -a '(__cargo_stow_complete)'
complete -c cargo -n __cargo_stow_place -f -a '(__cargo_stow_complete)'
