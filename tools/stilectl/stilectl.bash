# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash completion for stilectl: commands, VMs by name, settings.

_stilectl()
{
    local word=${COMP_WORDS[COMP_CWORD]} at=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || at=$((at + 1))
    done
    case $at in
    0) mapfile -t COMPREPLY < <(compgen -W '--json --help list info pause resume destroy set console exits trace crash' -- "$word") ;;
    1) mapfile -t COMPREPLY < <(compgen -W "$(stilectl list 2> /dev/null | awk 'NR > 1 { print $NF }')" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W 'weight= cpus= -f' -- "$word") ;;
    esac
}

complete -o nospace -F _stilectl stilectl
