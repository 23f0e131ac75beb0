# shellcheck shell=sh
# How a service is to be stopped: stopsig, stopgroup, retry, timeout_kill and timeout_down become files of the service
# directory, and the time after which `stop` has failed.
#
# shellcheck disable=SC2154  # variables of OpenRC

# stopsig, and the signals of retry: prints the name without SIG, or the number.
s6n_signal() {
  s6n_name=${1#-}
  printf '%s\n' "${s6n_name#SIG}"
}

# retry, as start-stop-daemon takes it: prints it as words, a signal and then milliseconds or `forever`, and so on.
# One number alone is a time to wait after the stop signal.
s6n_schedule() {
  case $1 in
    */*) s6n_items=$1 ;;
    *) s6n_items=$(s6n_signal "${stopsig:-TERM}")/$1 ;;
  esac
  while [ -n "$s6n_items" ]; do
    s6n_item=${s6n_items%%/*}
    case $s6n_items in
      */*) s6n_items=${s6n_items#*/} ;;
      *) s6n_items='' ;;
    esac
    case $s6n_item in
      forever) echo forever ;;
      *[!0-9]* | '') s6n_signal "$s6n_item" ;;
      *) echo "${s6n_item}000" ;;
    esac
  done
}

# s6n_total SCHEDULE-WORD...: prints how long all of it takes, in milliseconds; 0 if for ever.
s6n_total() {
  s6n_sum=0
  for s6n_word in "$@"; do
    case $s6n_word in
      forever) s6n_sum=forever && break ;;
      [0-9]*000) s6n_sum=$((s6n_sum + s6n_word)) ;;
    esac
  done
  case $s6n_sum in
    forever) echo 0 ;;
    *) echo $((s6n_sum + 1000)) ;;  # the last signal needs a moment to be seen to have worked
  esac
}

# retry: one signal, or one signal and then KILL, is what every s6-supervise can do by itself.
s6n_write_schedule() {
  s6n_total "$@" >stop-timeout
  echo "$1" >down-signal
  case $#:${3:-KILL} in
    [12]:*) ;;
    [34]:KILL | [34]:9) echo "$2" >timeout-kill ;;
    *) echo "$*" >stop-schedule ;;
  esac
}

# stopsig, stopgroup, retry, timeout_kill, timeout_down. In the service directory.
s6n_write_stopping() {
  if [ -n "${retry:-}" ]; then
    # shellcheck disable=SC2046  # one word each
    s6n_write_schedule $(s6n_schedule "$retry")
  elif [ -n "${stopsig:-}" ]; then
    s6n_signal "$stopsig" >down-signal
  fi
  [ -z "${timeout_kill:-}" ] || echo "$timeout_kill" >timeout-kill
  [ -z "${timeout_down:-}" ] || echo "$timeout_down" >stop-timeout
  if yesno "${stopgroup:-no}"; then : >stop-group; fi
}
