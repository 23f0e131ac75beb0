# shellcheck shell=sh
# start, stop, status and reload of services with supervisor=s6. Read by a service script's shell when it needs them.
#
# shellcheck disable=SC2154  # variables of OpenRC

# shellcheck source=openrc/lib/text.sh
. "$s6n_lib/text.sh"
# shellcheck source=openrc/lib/stopping.sh
. "$s6n_lib/stopping.sh"
# shellcheck source=openrc/lib/launch.sh
. "$s6n_lib/launch.sh"
# shellcheck source=openrc/lib/directory.sh
. "$s6n_lib/directory.sh"

s6n_scan=$RC_SVCDIR/s6-scan
s6n_link=$s6n_scan/$RC_SVCNAME

# --- starting ---------------------------------------------------------------------------------------------------------

s6n_check_tree() {
  ! "$s6n_bin/s6-svscanctl" -- "$s6n_scan" 2>/dev/null || return 0
  eerror "No s6-svscan runs on $s6n_scan: try rc-service s6-svscan restart"
  return 1
}

# The services beside the daemon's, if it has any: s6n_companion health|error.
s6n_companion() {
  [ ! -d "$s6n_directory/$1" ] ||
    "$s6n_bin/s6-svlink" -t 10000 -- "$s6n_scan" "$s6n_directory/$1" "$RC_SVCNAME:$1"
}

# s6_svwait_options_start, timeout_ready, notify: leaves in $s6n_wish what start waits for, u for up and U for ready,
# and in $s6n_limit how long, in milliseconds.
s6n_find_wish() {
  s6n_wish=u s6n_limit=${timeout_ready:-60000}
  if [ -n "${notify:-}" ] || { [ -n "${timeout_ready:-}" ] && [ -e "$s6n_directory/notification-fd" ]; }; then
    s6n_wish=U
  fi
  # shellcheck disable=SC2086  # one word each
  set -- ${s6_svwait_options_start:-}
  [ $# = 0 ] || s6n_wish=u s6n_limit=0
  while [ $# != 0 ]; do
    case $1 in
      -t) s6n_limit=${2:-} && shift ;;
      -t*) s6n_limit=${1#-t} ;;
      -*U*) s6n_wish=U ;;
    esac
    shift
  done
}

# rc_start_wait: a daemon that cannot say when it is ready has not failed to start if it lives that long (ms).
s6n_await_start() {
  s6n_find_wish
  "$s6n_bin/s6-svc" -w"$s6n_wish" -T "$s6n_limit" -u -- "$s6n_link" || return 1
  case $s6n_wish in
    U) [ "$("$s6n_bin/s6-svstat" -o up "$s6n_link")" = true ] ;;
    u) ! "$s6n_bin/s6-svwait" -t "${rc_start_wait:-30}" -d -- "$s6n_link" 2>/dev/null ;;
  esac
}

# So that rc-status can tell a crashed service: OpenRC looks whether a process with the pid in ./pid exists.
s6n_tell_openrc() {
  [ "$s6n_made" = yes ] || return 0
  mkdir -p "$RC_SVCDIR/daemons/$RC_SVCNAME" &&
    printf 'exec=%s\npidfile=%s\n' "${command%% *}" "$s6n_directory/pid" >"$RC_SVCDIR/daemons/$RC_SVCNAME/001"
}

# Started by a command, and not by the supervisor itself, the first death cannot be missed by who waits.
s6n_bring_up() {
  if [ "$s6n_made" = yes ]; then
    # shellcheck disable=SC2119
    s6n_make_directory || return 1
    touch "$s6n_directory/starting" "$s6n_directory/down"
  fi
  s6n_companion error && "$s6n_bin/s6-svlink" -t 10000 -- "$s6n_scan" "$s6n_directory" "$RC_SVCNAME" || return 1
  if ! s6n_await_start; then
    eerror "$RC_SVCNAME: $("$s6n_bin/s6-svstat" -- "$s6n_link" 2>&1)"
    return 1
  fi
  [ "$s6n_made" = no ] || rm -f "$s6n_directory/starting" "$s6n_directory/down"
  s6n_companion health && s6n_tell_openrc
}

s6n_start() {
  ebegin "Starting ${name:-$RC_SVCNAME}"
  if yesno "${start_inactive:-no}"; then mark_service_inactive; fi
  # What is left of a service that OpenRC takes for stopped is stopped first, so that the start is one.
  s6n_check_tree && s6n_find_directory && s6n_take_down && { s6n_bring_up || { s6n_take_down && false; }; }
  if eend $? "Failed to start ${name:-$RC_SVCNAME}"; then return 0; fi
  if yesno "${start_inactive:-no}"; then mark_service_stopped; fi
  return 1
}

# --- stopping ---------------------------------------------------------------------------------------------------------

# s6n_unlink NAME: the supervisors of a service that is down, and its logger, leave. If there is no s6-svscan that could
# see to it they are told directly.
s6n_unlink() {
  [ -e "$s6n_scan/$1" ] || { rm -f "$s6n_scan/$1" && return 0; }
  s6n_real=$(readlink -f "$s6n_scan/$1")
  if "$s6n_bin/s6-svscanctl" -- "$s6n_scan" 2>/dev/null; then
    ! "$s6n_bin/s6-svunlink" -t "${2:-10000}" -- "$s6n_scan" "$1" || return 0
    # What the daemon left behind can keep the pipe of the logger open.
    [ -d "$s6n_real/log" ] && "$s6n_bin/s6-svc" -wD -T 5000 -xdk -- "$s6n_real/log"
  else
    rm -f "$s6n_scan/$1"
    ! "$s6n_bin/s6-svok" "$s6n_real" || "$s6n_bin/s6-svc" -wD -T 10000 -xd -- "$s6n_real" || return 1
    ! "$s6n_bin/s6-svok" "$s6n_real/log" 2>/dev/null || "$s6n_bin/s6-svc" -wD -T 10000 -xd -- "$s6n_real/log"
  fi
}

# timeout_down, retry, s6_service_timeout_stop: how long a stop may take, in milliseconds; 0 is for ever.
s6n_stop_timeout() {
  cat "$s6n_directory/stop-timeout" 2>/dev/null || echo "${timeout_down:-${s6_service_timeout_stop:-60000}}"
}

# s6_force_kill: if nothing else is said by retry, a daemon that has not stopped in time is killed.
s6n_may_kill() {
  [ -z "${retry:-}" ] && yesno "${s6_force_kill:-yes}"
}

s6n_bring_down() {
  ! "$s6n_bin/s6-svc" -wD -T "$(s6n_stop_timeout)" -d -- "$s6n_link" || return 0
  if s6n_may_kill; then
    ewarn "$RC_SVCNAME has not stopped in time: killing it"
    ! "$s6n_bin/s6-svc" -wD -T 5000 -dk -- "$s6n_link" || return 0
  fi
  eerror "$RC_SVCNAME is still there: $("$s6n_bin/s6-svstat" -- "$s6n_link" 2>&1)"
  return 1
}

# Nothing is left of the service when this succeeds.
s6n_take_down() {
  s6n_end_supervision && /bin/sh "$s6n_lib/orphan.sh" "$s6n_directory"
}

# s6n_is_still_there WHAT DIRECTORY
s6n_is_still_there() {
  eerror "$1 of $RC_SVCNAME is still there: $("$s6n_bin/s6-svstat" -- "$2" 2>&1); s6-svc -xk $2 ends it"
}

# A supervisor whose link is gone already gets it back for that.
s6n_end_supervision() {
  if [ ! -e "$s6n_link" ]; then
    "$s6n_bin/s6-svok" "$s6n_directory" 2>/dev/null || { rm -f "$s6n_link" && return 0; }
    ln -sn "$s6n_directory" "$s6n_link"
  fi
  s6n_directory_now=$s6n_directory s6n_directory=$(readlink -f "$s6n_link")
  s6n_unlink "$RC_SVCNAME:health" || return 1
  # It ends with its input, which is the daemon's end; then it shall not be started again.
  [ ! -e "$s6n_link:error" ] || "$s6n_bin/s6-svc" -o -- "$s6n_link:error"
  if "$s6n_bin/s6-svok" "$s6n_link"; then s6n_bring_down || return 1; fi
  s6n_unlink "$RC_SVCNAME" || { s6n_is_still_there 'The logger' "$s6n_directory/log" && return 1; }
  if [ -e "$s6n_link:error" ]; then
    "$s6n_bin/s6-svwait" -t 10000 -D -- "$s6n_link:error"
    s6n_unlink "$RC_SVCNAME:error" || { s6n_is_still_there 'The error logger' "$s6n_directory/error" && return 1; }
  fi
  s6n_directory=$s6n_directory_now
}

s6n_stop() {
  ebegin "Stopping ${name:-$RC_SVCNAME}"
  s6n_directory=$RC_SVCDIR/s6-services/$RC_SVCNAME
  s6n_take_down
  eend $? "Failed to stop ${name:-$RC_SVCNAME}"
}

# --- asking -----------------------------------------------------------------------------------------------------------

s6n_status() {
  if service_stopping || service_starting || service_inactive || ! service_started; then
    _status
    return
  fi
  if ! s6n_line=$("$s6n_bin/s6-svstat" -- "$s6n_link" 2>&1); then
    eerror "status: crashed ($s6n_line); rc-service $RC_SVCNAME restart starts it again"
    return 32
  fi
  echo "$s6n_line"
  case $("$s6n_bin/s6-svstat" -o up,wantedup -- "$s6n_link") in
    true*) return 0 ;;
    *true)
      eerror 'status: crashed'
      return 32
      ;;
    *)
      einfo 'status: stopped by its supervisor'
      return 3
      ;;
  esac
}

s6n_reload() {
  ebegin "Reloading ${name:-$RC_SVCNAME}"
  "$s6n_bin/s6-svc" -h -- "$s6n_link"
  eend $? "Failed to reload ${name:-$RC_SVCNAME}"
}
