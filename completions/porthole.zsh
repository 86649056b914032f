#compdef porthole
# SPDX-License-Identifier: GPL-3.0-or-later
# zsh completion for porthole: the program itself knows what could stand there.
_porthole() {
    local -a open closed
    local candidate about
    while IFS=$'\t' read -r candidate about; do
        case $candidate in
            */ | *:) open+=("$candidate") ;;
            *) closed+=("$candidate") ;;
        esac
    done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( $#open )) && compadd -S '' -a open
    (( $#closed )) && compadd -a closed
    (( $#open + $#closed )) || _files
}
_porthole "$@"
