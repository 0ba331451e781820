# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash completion for stilectl: commands, VMs by name, files of VMs, what is set.

# A VM's name is somebody else's text: it is compared, and never expanded.
_stilectl_vms()
{
    local name
    while read -r name; do
        [[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
    done < <(stilectl list 2> /dev/null | awk 'NR > 1 { print $NF }')
}

_stilectl()
{
    local word=${COMP_WORDS[COMP_CWORD]} command='' at=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] && continue
        at=$((at + 1))
        [[ $at == 1 ]] && command=${COMP_WORDS[i]}
    done
    case $at:$command in
    0:) mapfile -t COMPREPLY < <(compgen -W "--json --help $(stilectl --help | awk '/^  [a-z]/ { print $1 }')" -- "$word") ;;
    1:list | *:top) ;;
    1:create)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    1:*) _stilectl_vms "$word" ;;
    *:set)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W 'weight= cpus=' -- "$word")
        ;;
    2:console | 2:create) mapfile -t COMPREPLY < <(compgen -W '-f' -- "$word") ;;
    esac
}

complete -F _stilectl stilectl
