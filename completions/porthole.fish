# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for porthole: the program itself knows what could stand there.
function __porthole_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c porthole -f -a '(__porthole_complete)'
complete -c porthole -n '__fish_seen_subcommand_from explain apply backup restore run' -F
