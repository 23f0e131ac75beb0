# shellcheck shell=sh
# How a service is to be stopped: stopsig, stopgroup, retry, timeout_kill and timeout_down become files of the service
# directory, and the time after which `stop` has failed.
#
# shellcheck disable=SC2154  # variables of OpenRC

# stopsig, and the signals of retry: prints the name without SIG.
s6n_signal() {
  s6n_signal_name=${1#-}
  if s6n_is_number "$s6n_signal_name"; then kill -l "$s6n_signal_name"; else echo "${s6n_signal_name#SIG}"; fi
}

# retry, as start-stop-daemon takes it: prints it as words, signals and milliseconds, of which the last may be
# `forever`. A time that is not after a signal comes after the stop signal.
s6n_schedule() {
  case $1 in
    [0-9]* | forever*) s6n_items=$(s6n_signal "${stopsig:-TERM}")/$1 ;;
    *) s6n_items=$1 ;;
  esac
  while [ -n "$s6n_items" ]; do
    s6n_item=${s6n_items%%/*}
    case $s6n_items in
      */*) s6n_items=${s6n_items#*/} ;;
      *) s6n_items='' ;;
    esac
    case $s6n_item in
      forever) echo forever && return ;;
      *[!0-9]* | '') s6n_signal "$s6n_item" || return 1 ;;
      *) echo "${s6n_item}000" ;;
    esac
  done
}

# s6n_total SCHEDULE-WORD...: prints how long all of it takes, in milliseconds; 0 if for ever.
s6n_total() {
  s6n_sum=1000  # the last signal needs a moment to be seen to have worked
  for s6n_word in "$@"; do
    case $s6n_word in
      forever) s6n_sum=0 ;;
      [0-9]*) s6n_sum=$((s6n_sum + s6n_word)) ;;
    esac
  done
  echo "$s6n_sum"
}

# retry: the first signal is that of s6; what comes after the first time is a schedule.
s6n_write_schedule() {
  s6n_total "$@" >stop-timeout
  echo "$1" >down-signal
  shift
  [ "${2:+more}" != more ] || echo "$*" >stop-schedule
}

# stopsig, stopgroup, retry, timeout_kill, timeout_down. In the service directory.
s6n_write_stopping() {
  if [ -n "${retry:-}" ]; then
    s6n_words=$(s6n_schedule "$retry") ||
      { eerror "retry=\"$retry\": not a schedule of signals and seconds, as TERM/5/KILL/5 is" && return 1; }
    # shellcheck disable=SC2086  # one word each
    s6n_write_schedule $s6n_words
  elif [ -n "${stopsig:-}" ]; then
    s6n_signal "$stopsig" >down-signal || { eerror "stopsig=\"$stopsig\": not a signal, as TERM or 15 are" && return 1; }
  fi
  [ -z "${timeout_kill:-}" ] || echo "$timeout_kill" >timeout-kill
  [ -z "${timeout_down:-}" ] || echo "$timeout_down" >stop-timeout
  if yesno "${stopgroup:-no}"; then touch flag-stop-group; fi
}
