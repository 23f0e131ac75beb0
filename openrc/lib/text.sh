# shellcheck shell=sh
# Words that another shell will read, and values with units.
#
# shellcheck disable=SC2034  # what these functions find is for the files that read this one

# s6n_quote WORD: leaves in $s6n_quoted what a shell reads as exactly this word. Not by $(...), which would take the
# newlines at its end away.
s6n_quote() {
  s6n_quoted='' s6n_rest=$1
  while :; do
    case $s6n_rest in
      *\'*)
        s6n_quoted="$s6n_quoted${s6n_rest%%\'*}'\\''"
        s6n_rest=${s6n_rest#*\'}
        ;;
      *) break ;;
    esac
  done
  s6n_quoted="'$s6n_quoted$s6n_rest'"
}

# s6n_print_quoted WORD...: each with a blank before it.
s6n_print_quoted() {
  for s6n_word in "$@"; do
    s6n_quote "$s6n_word"
    printf ' %s' "$s6n_quoted"
  done
}

# s6n_is_number WORD
s6n_is_number() {
  case $1 in
    '' | *[!0-9]*) return 1 ;;
  esac
}

# s6n_milliseconds DURATION: prints it. Units as supervise-daemon knows them; seconds without one.
s6n_milliseconds() {
  s6n_number=${1%%[!0-9]*}
  s6n_is_number "$s6n_number" || return 1
  case ${1#"$s6n_number"} in
    ms) echo "$s6n_number" ;;
    '' | s | sec | secs | seconds) echo "${s6n_number}000" ;;
    m | min | mins | minutes) echo $((s6n_number * 60000)) ;;
    h | hour | hours) echo $((s6n_number * 3600000)) ;;
    *) return 1 ;;
  esac
}
