# Completion of 3bot for bash: source <(3bot completion bash), in ~/.bashrc.
_3bot() {
  local mode value about
  COMPREPLY=()
  {
    IFS= read -r mode
    while IFS=$'\t' read -r value about; do
      # Quoted, so that no name can become anything but a word.
      printf -v value %q "$value"
      COMPREPLY+=("$value")
    done
  } < <(3bot __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
  case $mode in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
    *) [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace ;;
  esac
  return 0
}
complete -F _3bot 3bot
