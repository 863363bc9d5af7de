
# Offers those of the words that begin with $cur, between what already stands before it in the word and what follows.
_seam_offer() {
    local prefix=$1 suffix=$2 i
    shift 2
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=$prefix${COMPREPLY[i]}$suffix
        COMPREPLY[i]=${COMPREPLY[i]#"$before"} # bash asks for a part of the word only
    done
}

# Completes $cur by $values and $rest. What is a file is left to readline, which knows how names are quoted.
_seam_complete() {
    case $rest in
        path)
            [[ $cur != *=* ]] || return
            compopt +o bashdefault +o default -o nospace
            _seam_offer "$1" = "$values"
            ;;
        program) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
        folder) compopt +o bashdefault +o default -o dirnames ;;
        nothing)
            compopt +o bashdefault +o default
            _seam_offer "$1" '' "$values"
            ;;
    esac
}

# Reads the words before the last: the command, the option whose value comes next, how many operands.
_seam_read() {
    local word
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ ! $command ]]; then
            command=$word
        elif [[ $option ]]; then
            option=''
        elif [[ $ended || $word != -?* ]]; then
            operands=$((operands + 1))
        elif [[ $word == -- ]]; then
            ended=1
        elif [[ $word == --* ]]; then
            ! _seam_value "$command" "$word" || option=$word
        else
            while word=${word:1} && [[ $word ]]; do
                _seam_value "$command" "-${word:0:1}" || continue
                [[ ${word:1} ]] || option=-$word
                break
            done
        fi
    done
}

# The line up to the cursor is split as seam would get it: bash has split it at = and :, too.
_seam() {
    local line=${COMP_LINE:0:COMP_POINT} words=() piece='' cur before i
    local command='' option='' operands=0 ended='' values='' rest=nothing
    for ((i = 0; i <= COMP_CWORD; i++)); do
        [[ $i -gt 0 && $line != [[:space:]]* ]] || words+=('')
        line=${line#"${line%%[![:space:]]*}"}
        piece=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || piece=$line
        words[-1]+=$piece
        line=${line#"$piece"}
    done
    cur=${words[-1]}
    [[ $piece == *[!=:]* ]] || piece=''
    before=${cur%"$piece"}
    COMPREPLY=()
    _seam_read
    if [[ ! $command ]]; then
        values=$_seam_commands
        _seam_complete ''
    elif [[ $option ]]; then
        _seam_value "$command" "$option"
        _seam_complete ''
    elif [[ ! $ended && $cur == --*=* ]]; then
        option=${cur%%=*} cur=${cur#*=}
        _seam_value "$command" "$option" || values='' rest=nothing
        _seam_complete "$option="
    elif [[ ! $ended && $cur == -* ]]; then
        rest=nothing
        _seam_options "$command"
        _seam_complete ''
    else
        _seam_operand "$command" $((operands + 1))
        _seam_complete ''
    fi
}

complete -o bashdefault -o default -F _seam seam
