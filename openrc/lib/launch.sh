# shellcheck shell=sh
# ./run of a service directory: a shell script that prepares what a shell can and then becomes s6-launch, which becomes
# the daemon. All that comes from OpenRC's variables is written into it as quoted words: no text is parsed again.
#
# shellcheck disable=SC2154  # variables of OpenRC

# s6n_option NAME VALUE: an option of s6-launch, unless the value is empty.
s6n_option() {
  [ -n "$2" ] || return 0
  s6n_quote "--$1=$2"
  printf ' \\\n  %s' "$s6n_quoted"
}

# command_user: HOME and USER are those of the account, if it has one.
s6n_print_user() {
  s6n_option user "${command_user:-}"
  [ -z "${command_user:-}" ] || ! id "${command_user%%:*}" >/dev/null 2>&1 || printf ' \\\n  --account-env'
}

# chroot, directory, umask, capabilities, secbits, no_new_privs
s6n_print_rights() {
  s6n_option chroot "${chroot:-}"
  s6n_option directory "${directory:-/}"
  s6n_option umask "${umask:-022}"
  s6n_option capabilities "${capabilities:-}"
  s6n_option securebits "${secbits:-}"
  [ -z "${no_new_privs:-}" ] || printf ' \\\n  --no-new-privs'
}

# supervise_daemon_args, start_stop_daemon_args: evaluated, as OpenRC does it. What says how to start or to log has no
# meaning here, but must not be passed over in silence.
# shellcheck disable=SC2119,SC2120  # what is set here are not its arguments
s6n_print_daemon_args() {
  eval set -- "${supervise_daemon_args:-${start_stop_daemon_args:-}}"
  while [ $# != 0 ]; do
    s6n_name=${1%%=*} s6n_value=${1#*=} s6n_used=1
    case $1 in
      --*=*) ;;
      *) s6n_value=${2:-} s6n_used=$(($# > 1 ? 2 : 1)) ;;
    esac
    case $s6n_name in
      -N | --nicelevel) s6n_option nice "$s6n_value" ;;
      -I | --ionice) s6n_option ionice "$s6n_value" ;;
      -e | --env) s6n_option env "$s6n_value" ;;
      -g | --group) s6n_option group "$s6n_value" ;;
      --oom-score-adj | --scheduler | --scheduler-priority) s6n_option "${s6n_name#--}" "$s6n_value" ;;
      *)
        s6n_used=1
        case $s6n_name in -*) ewarn "$s6n_name is ignored: it means nothing with supervisor=s6" >&2 ;; esac
        ;;
    esac
    shift "$s6n_used"
  done
}

# SSD_NICELEVEL, SSD_IONICELEVEL, SSD_OOM_SCORE_ADJ, rc_ulimit
s6n_print_resources() {
  # shellcheck disable=SC2119
  s6n_print_daemon_args
  s6n_option nice "${SSD_NICELEVEL:-}"
  s6n_option ionice "${SSD_IONICELEVEL:-}"
  s6n_option oom-score-adj "${SSD_OOM_SCORE_ADJ:-}"
  s6n_option ulimit "${rc_ulimit:-${RC_ULIMIT:-}}"
}

# input_file, output_log, error_log, procname; the files are opened in the chroot, by the user.
s6n_print_files() {
  s6n_option stdin "${input_file:-}"
  s6n_option stdout "${output_log:-}"
  s6n_option stderr "${error_log:-}"
  s6n_option argv0 "${procname:-}"
}

# What OpenRC has in the environment for itself.
s6n_print_unset() {
  for s6n_variable in 'RC_*' 'SSD_*' 'EINFO_*' SVCNAME; do s6n_option unset-env "$s6n_variable"; done
}

# rc_cgroup_settings, and the cgroup that OpenRC made for this service and put this shell into. A daemon that cannot be
# put into it runs all the same.
s6n_print_cgroup() {
  case $(command -v cgroup2_find_path) in
    cgroup2_find_path) s6n_root=$(cgroup2_find_path) ;;
    *) s6n_root=/sys/fs/cgroup ;;
  esac
  s6n_group_path=$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null)
  case ${s6n_group_path##*/} in
    "$RC_SVCNAME" | "openrc.$RC_SVCNAME") s6n_quote "$s6n_root$s6n_group_path" ;;
    *) return 0 ;;
  esac
  printf 'cgroup=%s\n' "$s6n_quoted"
  # shellcheck disable=SC2016  # for ./run
  printf '%s\n' 'mkdir -p "$cgroup" && echo 0 >"$cgroup/cgroup.procs"'
  printf '%s\n' "${rc_cgroup_settings:-}" | while read -r s6n_key s6n_value; do
    [ -n "$s6n_value" ] || continue
    s6n_quote "$s6n_value"
    # shellcheck disable=SC2016  # for ./run
    printf 'printf %%s %s >"$cgroup/"%s\n' "$s6n_quoted" "$(s6n_print_quoted "$s6n_key" | tail -c +2)"
  done
}

# pidfile: the daemon's pid, as with start-stop-daemon. ./pid, by which OpenRC finds out about crashes, has the time of
# its start as well. If that file is still there, the daemon has lost its supervisor.
s6n_print_pid() {
  s6n_quote "$s6n_lib/orphan.sh"
  printf '[ ! -e pid ] || /bin/sh %s .\n' "$s6n_quoted"
  # shellcheck disable=SC2016  # for ./run
  printf '%s\n' 'read -r stat </proc/$$/stat && set -- ${stat##*) } && echo "$$ ${20}" >pid'
  [ -n "${pidfile:-}" ] || return 0
  # shellcheck disable=SC2016
  printf 'echo $$ >%s\n' "$(s6n_print_quoted "${chroot:-}$pidfile")"
}

# output_logger, error_logger: stdout is the pipe to ./log, stderr what logs the rest of the tree. That is opened anew:
# a daemon that makes its output non-blocking would else do so for all the others.
s6n_print_streams() {
  [ -n "${output_logger:-}${error_logger:-}" ] || echo 'exec >/proc/self/fd/1'
  echo 'exec 2>/proc/self/fd/2'
  case ${output_logger:+out}:${error_logger:+error} in
    out:error)
      if [ "$output_logger" = "$error_logger" ]; then echo 'exec 2>&1'; else echo 'exec 2>error/fifo'; fi
      ;;
    :error)
      s6n_spare=9
      [ "${notify:-}" != fd:9 ] || s6n_spare=8
      echo "exec $s6n_spare>&1 >&2 2>&$s6n_spare $s6n_spare>&-"
      ;;
  esac
}

# s6n_print_run WORD...: what the daemon is executed as.
s6n_print_run() {
  printf '#!/bin/sh\n# Made by s6-native at each start of the OpenRC service: to change something, change that.\n'
  s6n_print_pid
  s6n_print_cgroup
  s6n_print_streams
  echo '. ./environment'
  printf 'exec %s' "$s6n_bin/s6-launch"
  s6n_print_unset
  s6n_print_user
  s6n_print_rights
  s6n_print_resources
  s6n_print_files
  printf ' \\\n  --%s\n' "$(s6n_print_quoted "$@")"
}

# The environment of the daemon is that of the service script, in /, without OpenRC's own directories in PATH.
s6n_print_environment() (
  s6n_path=:$PATH:
  for s6n_entry in "$1/bin" "$1/sbin"; do
    case $s6n_path in
      *:"$s6n_entry":*) s6n_path="${s6n_path%%:"$s6n_entry":*}:${s6n_path#*:"$s6n_entry":}" ;;
    esac
  done
  s6n_path=${s6n_path#:}
  PATH=${s6n_path%:}
  cd / && unset OLDPWD
  export -p
)
