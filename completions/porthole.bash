# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for porthole: the program itself knows what could stand there.
_porthole() {
    local line=${COMP_LINE:0:COMP_POINT} words candidate current
    read -ra words <<<"$line"
    case $line in *[[:blank:]]) words+=('') ;; esac
    current=${words[${#words[@]} - 1]}
    # bash replaces only what stands behind the last : or =
    local kept=${current%"${current##*[:=]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        COMPREPLY+=("${candidate#"$kept"}")
    done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
    # a ref goes on behind a source, a filter behind its key
    case ${COMPREPLY[0]-} in */ | *:) compopt -o nospace ;; esac
}
complete -o default -F _porthole porthole
