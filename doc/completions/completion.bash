# shellcheck shell=bash
# The first of the places of scan directories that there is.
_s6_native_scandir() {
  local directory
  for directory in ${S6_SCANDIR:+"$S6_SCANDIR"} /run/openrc/s6-scan /run/service /service; do
    [[ -d $directory ]] || continue
    printf '%s\n' "${directory%/}"
    return
  done
}

# Prints the paths of the services in the scan directory.
_s6_native_services() {
  local scandir entry
  scandir=$(_s6_native_scandir)
  [[ -n $scandir ]] || return
  for entry in "$scandir"/*/; do
    [[ -d $entry ]] && printf '%s\n' "${entry%/}"
  done
}

# _s6_native_values KIND WORD: sets COMPREPLY to what the word can become.
_s6_native_values() {
  local word=$2 candidate IFS=$'\n'
  case $1 in
    words:*)
      # The last of a list with commas.
      local before=
      [[ $word == *,* ]] && before=${word%,*},
      IFS=' '
      for candidate in ${1#words:}; do
        [[ $candidate == "${word##*,}"* ]] && COMPREPLY+=("$before$candidate")
      done
      ;;
    service)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      for candidate in $(_s6_native_services); do
        # A name becomes the path; a path is that of a directory, which is there already.
        [[ $word != */* && ${candidate##*/} == "$word"* ]] && COMPREPLY+=("$candidate")
      done
      ;;
    name)
      for candidate in $(_s6_native_services); do
        [[ ${candidate##*/} == "$word"* ]] && COMPREPLY+=("${candidate##*/}")
      done
      ;;
    instance)
      # As it was written, which may be with quotes.
      local service=${servicedir//[\\\'\"]/}
      for candidate in "${service/#\~\//$HOME/}"/instance/*/; do
        candidate=${candidate%/}
        [[ -d $candidate && ${candidate##*/} == "$word"* ]] && COMPREPLY+=("${candidate##*/}")
      done
      ;;
    part)
      _s6_native_values name "$word"
      local names=("${COMPREPLY[@]}")
      _s6_native_values directory "$word"
      COMPREPLY+=("${names[@]}")
      ;;
    directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
    group) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
  esac
}

# _s6_native_value_kind OPTION: prints what its value is; nothing if it takes none.
_s6_native_value_kind() {
  local line
  while read -r line; do
    [[ $line == "$1="* ]] && printf '%s\n' "${line#*=}" && return
  done <<<"$values"
}

# _s6_native_needs_value WORD: is the value of the last letter of this bundle in the next word? Sets `kind`.
_s6_native_needs_value() {
  local at
  kind=
  [[ $1 == -[!-]* ]] || return 1
  for ((at = 1; at < ${#1}; at++)); do
    kind=$(_s6_native_value_kind "-${1:at:1}")
    [[ -n $kind ]] && break
  done
  [[ -n $kind ]] && ((at == ${#1} - 1))
}

_s6_native() {
  local program=${1##*/} word=$2 options='' values='' operands='' kind='' servicedir='' at
  local -i operand=0
  local -a kinds
  COMPREPLY=()
  _s6_native_data "$program"
  # Steps over the words before the cursor; `=` is a word of its own, as it is in COMP_WORDBREAKS.
  for ((at = 1; at < COMP_CWORD; at++)); do
    local before=${COMP_WORDS[at]}
    if ((operand == 0)) && [[ $before == -?* ]]; then
      if [[ $before == -- ]]; then
        operand=1
      elif [[ ${COMP_WORDS[at + 1]-} == = ]]; then
        if ((at + 2 >= COMP_CWORD)); then
          [[ $word == = ]] && word=''
          _s6_native_values "$(_s6_native_value_kind "$before")" "$word"
          return
        fi
        ((at += 2))
      elif _s6_native_needs_value "$before"; then
        if ((at + 1 == COMP_CWORD)); then
          _s6_native_values "$kind" "$word"
          return
        fi
        ((at += 1))
      fi
    else
      # The number of the operand that comes next.
      ((operand == 0)) && operand=1
      ((operand == 1)) && servicedir=$before
      ((operand += 1))
    fi
  done
  if ((operand == 0)) && [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
    return
  fi
  read -ra kinds <<<"$operands"
  ((operand == 0)) && operand=1
  for ((at = 1; at <= ${#kinds[@]}; at++)); do
    kind=${kinds[at - 1]}
    # What belongs to the program that is run is not known here.
    [[ $kind == command* ]] && ((operand > at)) && kind='file' && break
    [[ $kind == *... ]] || ((at == operand)) && break
    kind=none
  done
  _s6_native_values "${kind%...}" "$word"
}
