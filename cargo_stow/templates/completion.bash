# Completion for bash, printed by `cargo stow completions bash`. In ~/.bashrc, behind what completes cargo itself:
#     eval "$(cargo-stow completions bash)"

# Complete the words behind the one at place $1 of the line.
_cargo_stow_words() {
    local number word kind value help is_value= words=()
    for ((number = $1 + 1; number <= COMP_CWORD; number++)); do
        word=${COMP_WORDS[number]}
        # Bash parts `--option=value` into three words.
        if [[ $word == = && ${#words[@]} -gt 0 && ${words[${#words[@]} - 1]} == --* ]]; then
            words[${#words[@]} - 1]+==
            is_value=1
        elif [[ $is_value ]]; then
            words[${#words[@]} - 1]+=$word
            is_value=
        else
            words+=("$word")
        fi
    done
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
        plain) COMPREPLY+=("$value") ;;
        dir) compopt -o dirnames 2>/dev/null ;;
        file) compopt -o default 2>/dev/null ;;
        esac
    done < <(command cargo-stow __complete -- "${words[@]}" 2>/dev/null)
}

_cargo_stow() {
    _cargo_stow_words 0
}

# `cargo stow …` is ours; anything else is left to what completed cargo before.
_cargo_stow_in_cargo() {
    local place=1
    while ((place < COMP_CWORD)) && [[ ${COMP_WORDS[place]} == [-+]* ]]; do
        ((place++))
    done
    if ((place < COMP_CWORD)) && [[ ${COMP_WORDS[place]} == stow ]]; then
        _cargo_stow_words "$place"
        return
    fi
    [[ $_cargo_stow_other ]] || _cargo_stow_load
    if [[ $_cargo_stow_other ]]; then
        "$_cargo_stow_other" "$@"
    fi
}

# Take the place of what completes cargo, with its options; returns whether there is such a thing.
_cargo_stow_wrap() {
    local found
    found=$(complete -p cargo 2>/dev/null)
    [[ $found =~ \ -F\ ([^\ ]+)\  && ${BASH_REMATCH[1]} != _cargo_stow_in_cargo ]] || return
    _cargo_stow_other=${BASH_REMATCH[1]}
    eval "${found/ -F $_cargo_stow_other / -F _cargo_stow_in_cargo }"
}

# bash-completion loads what completes a command when it is first needed; it has not been asked for cargo yet.
_cargo_stow_load() {
    complete -r cargo 2>/dev/null
    if declare -F _comp_load >/dev/null; then
        _comp_load cargo
    elif declare -F __load_completion >/dev/null; then
        __load_completion cargo
    fi 2>/dev/null
    _cargo_stow_wrap || complete -o default -F _cargo_stow_in_cargo cargo
}

# A shell that reads this twice keeps what it knows of cargo.
_cargo_stow_wrap || complete -p cargo >/dev/null 2>&1 || complete -o default -F _cargo_stow_in_cargo cargo
complete -F _cargo_stow cargo-stow
