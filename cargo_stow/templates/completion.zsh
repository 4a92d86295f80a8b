#compdef cargo-stow
# Completion for zsh, printed by `cargo stow completions zsh`. As the file `_cargo-stow` in a directory of $fpath, or in
# ~/.zshrc behind `compinit`:
#     source <(cargo-stow completions zsh)

# cargo's own completion calls this function, too, for `cargo stow …`.
_cargo-stow() {
    local -a found
    local kind value help paths=
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) found+=("${value//:/\\:}${help:+:$help}") ;;
            *) paths=$kind ;;
        esac
    done < <(command cargo-stow __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
    case $paths in
        dir) _files -/ ;;
        file) _files ;;
        *) _describe -V 'cargo stow' found ;;
    esac
}

# Where nothing completes cargo.
_cargo-stow-in-cargo() {
    if [[ ${words[2]} == stow ]] && ((CURRENT > 2)); then
        shift words
        ((CURRENT--))
        _cargo-stow
    else
        _default
    fi
}

if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _cargo-stow "$@"
else
    compdef _cargo-stow cargo-stow
    (($+_comps[cargo])) || compdef _cargo-stow-in-cargo cargo
fi
