#compdef 3bot
# Completion of 3bot for zsh: source <(3bot completion zsh), in ~/.zshrc after compinit; or as _3bot in $fpath.
_3bot() {
  local mode value about
  local -a values shown
  {
    IFS= read -r mode
    while IFS=$'\t' read -r value about; do
      values+=("$value")
      shown+=("$value${about:+  -- $about}")
    done
  } < <(3bot __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)
  case $mode in
    files) _files ;;
    folders) _files -/ ;;
    # compadd quotes what it inserts.
    *) (( ${#values} )) && compadd -l -d shown -a values ;;
  esac
}
if [[ ${funcstack[1]} == _3bot ]]; then _3bot "$@"; else compdef _3bot 3bot; fi
