
# FORMAT=PATH: one of the words, then a file.
_seam_path() {
  if compset -P '*='; then
    _files
  else
    compadd -q -S = "$@"
  fi
}

_seam() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -C '(- *)'{-h,--help}'[print the commands]' '(- *)--version[print the version]' \
    '1:COMMAND:->command' '*::argument:->argument' && ret=0
  case $state in
    (command) _describe -t commands COMMAND _seam_commands && ret=0 ;;
    (argument) _seam_argument $line[1] && ret=0 ;;
  esac
  return ret
}

if [[ $funcstack[1] == _seam ]]; then
  _seam "$@"
else
  compdef _seam seam
fi
