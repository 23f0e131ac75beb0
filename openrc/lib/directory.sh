# shellcheck shell=sh
# Which service directory a service has, and what is in one that is made from the variables of its script.
#
# shellcheck disable=SC2154,SC2034  # variables of OpenRC, and for backend.sh

# s6_service_path, /var/svc.d: leaves in $s6n_directory the directory that the administrator provides for this service,
# or the one that is made for it; $s6n_made tells which. OpenRC 0.45 has set s6_service_path by itself.
s6n_find_directory() {
  s6n_made=no s6n_directory=${s6_service_path:-/var/svc.d/$RC_SVCNAME}
  if [ "$s6n_directory" != "/var/svc.d/$RC_SVCNAME" ] && [ ! -d "$s6n_directory" ]; then
    eerror "There is no directory $s6n_directory, which is the s6_service_path of $RC_SVCNAME"
    return 1
  fi
  [ ! -d "$s6n_directory" ] || return 0
  # Newer versions of OpenRC look for the display name.
  case ${name:-/} in
    */*) ;;
    *) s6n_directory=/var/svc.d/$name ;;
  esac
  [ ! -d "$s6n_directory" ] || return 0
  s6n_made=yes s6n_directory=$RC_SVCDIR/s6-services/$RC_SVCNAME
  [ -z "${command:-}" ] || return 0
  eerror "There is nothing to start: set command, or s6_service_path, or make /var/svc.d/$RC_SVCNAME"
  return 1
}

# command, chroot: is there such a program? PATH is searched, as the daemon's launcher will.
s6n_check_command() {
  case $1 in
    /*) set -- "$1" "${chroot:-}$1" ;;
    *) set -- "$1" "$(IFS=: && for s6n_entry in $PATH; do
      [ ! -x "${chroot:-}$s6n_entry/$1" ] || { echo "${chroot:-}$s6n_entry/$1" && break; }
    done)" ;;
  esac
  if [ -f "$2" ] && [ -x "$2" ]; then return 0; fi
  eerror "$1 does not exist or is not executable${chroot:+, in $chroot}: install it, or mend command of $RC_SVCNAME"
  return 1
}

# notify: the number of the descriptor on which the daemon says that it is ready.
s6n_write_notification() {
  case ${notify:-} in
    '') ;;
    fd:*)
      s6n_is_number "${notify#fd:}" || { eerror "notify=\"$notify\": not a number, as in fd:3" && return 1; }
      echo "${notify#fd:}" >notification-fd
      ;;
    *)
      eerror "notify=\"$notify\" does not work with supervisor=s6, only notify=fd:NUMBER does"
      return 1
      ;;
  esac
}

# respawn_delay, respawn_max, respawn_period. The last two are for ./finish; as supervise-daemon does it, 12 seconds are
# the period unless something else is said, and 0 is never to forget.
s6n_write_respawn() {
  if [ -n "${respawn_delay:-}" ]; then
    s6n_milliseconds "$respawn_delay" >restart-delay ||
      { eerror "respawn_delay=\"$respawn_delay\": not a time, as 5 (seconds), 500ms or 2m are" && return 1; }
  fi
  [ "${respawn_max:-0}" != 0 ] || return 0
  if ! s6n_is_number "$respawn_max" || [ "$respawn_max" -gt 4095 ]; then
    eerror "respawn_max=\"$respawn_max\": not a number up to 4095"
    return 1
  fi
  s6n_period=$(s6n_milliseconds "${respawn_period:-12}") ||
    { eerror "respawn_period=\"$respawn_period\": not a time, as 5 (seconds), 500ms or 2m are" && return 1; }
  s6n_period=$(((s6n_period + 999) / 1000))
  [ "$s6n_period" != 0 ] || s6n_period=2000000000
  echo "$((respawn_max + 1))" >max-death-tally
  echo "$s6n_period $((respawn_max + 1))" >respawn
}

# s6n_write_logger DIRECTORY VALUE: output_logger or error_logger. `auto` is s6-log, to /var/log/NAME; anything else is
# a command for a shell, and runs as the user of the daemon and where that runs. s6_log_arguments are those of s6-log.
s6n_write_logger() {
  s6n_log=$1
  mkdir -p "$s6n_log"
  {
    # Opened anew: a logger that makes its output non-blocking would else do so for all who log to the tree's log.
    printf '#!/bin/sh\nexec >/proc/self/fd/2 2>&1\n'
    [ "$s6n_log" != error ] || printf 'exec <fifo\n'
    if [ "$2" = auto ]; then
      s6n_quote "/var/log/$RC_SVCNAME"
      printf 'umask 022\nmkdir -p %s && chmod 02755 %s || exit 111\n' "$s6n_quoted" "$s6n_quoted"
      eval "set -- ${s6_log_arguments:-t s1048576 n10}"
      printf 'exec %s -bp --%s\n' "$s6n_bin/s6-log" "$(s6n_print_quoted "$@" "/var/log/$RC_SVCNAME")"
    else
      printf 'exec %s' "$s6n_bin/s6-launch"
      s6n_print_user
      s6n_option chroot "${chroot:-}"
      printf ' \\\n  -- /bin/sh -c%s\n' "$(s6n_print_quoted "$2")"
    fi
  } >"$s6n_log/run"
  chmod 755 "$s6n_log/run"
}

# output_logger, error_logger: the first one is ./log, which gets stdout from s6-svscan. If there are two of them, the
# second one has a service of its own, and a FIFO.
s6n_write_loggers() {
  case ${output_logger:+out}${output_log:+log}:${error_logger:+error}${error_log:+log} in
    *outlog* | *errorlog)
      eerror 'There cannot be both a log file and a logger for the same output: unset output_log and error_log, or the loggers'
      return 1
      ;;
    out:*) s6n_write_logger log "$output_logger" ;;
    *:error) s6n_write_logger log "$error_logger" ;;
  esac
  if [ -n "${output_logger:-}" ] && [ -n "${error_logger:-}" ] && [ "$output_logger" != "$error_logger" ]; then
    s6n_write_logger error "$error_logger" && mkfifo -m 600 error/fifo
  fi
}

# healthcheck_timer, healthcheck_delay: a service of its own beside the daemon's.
s6n_write_health() {
  [ -n "${healthcheck_timer:-}${healthcheck_delay:-}" ] || return 0
  for s6n_word in "${healthcheck_timer:-0}" "${healthcheck_delay:-0}"; do
    s6n_is_number "$s6n_word" ||
      { eerror "healthcheck_timer and healthcheck_delay are seconds, not $s6n_word" && return 1; }
  done
  mkdir health
  printf '#!/bin/sh\nexec /bin/sh%s\n' "$(s6n_print_quoted "$s6n_lib/health.sh" "$s6n_bin" "$s6n_directory" \
    "$RC_SERVICE" "${healthcheck_delay:-${healthcheck_timer}}" "${healthcheck_timer:-0}")" >health/run
  chmod 755 health/run
}

# command, command_args, command_args_foreground: words as `eval` makes them, which is what start-stop-daemon gets. In a
# subshell: what is set here is not for the service script.
s6n_make_directory() (
  # shellcheck disable=SC2086  # as start-stop-daemon's script does it: split, then evaluated
  eval set -- $command ${command_args:-} ${command_args_foreground:-}
  s6n_check_command "$1" || return 1
  [ -z "${command_args_background:-}" ] ||
    ewarn 'command_args_background is ignored: with supervisor=s6 a daemon stays in the foreground'
  rm -rf "$s6n_directory" && mkdir -p "$s6n_directory" && cd "$s6n_directory" || return 1
  (umask 077 && s6n_print_environment "${RC_LIBEXECDIR:-/lib/rc}" >environment)
  s6n_print_run "$@" >run
  printf '#!/bin/sh\nexec /bin/sh%s "$@"\n' \
    "$(s6n_print_quoted "$s6n_lib/finish.sh" "$s6n_bin" "$RC_SVCDIR" "${RC_LIBEXECDIR:-/lib/rc}" "$RC_SVCNAME" \
      "${pidfile:+${chroot:-}$pidfile}")" >finish
  chmod 755 run finish
  s6n_write_stopping && s6n_write_notification && s6n_write_respawn && s6n_write_loggers && s6n_write_health
)
