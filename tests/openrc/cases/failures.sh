# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# What cannot be started has not been started: the exit code says so, and neither link nor supervisor stays.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

script missing <<'END'
supervisor=s6
command=/usr/bin/there-is-none
END
script dies <<'END'
supervisor=s6
command=/bin/sh
command_args="-c 'exit 7'"
rc_start_wait=20000
END
script dies-before-ready <<'END'
supervisor=s6
command=/bin/sh
command_args="-c 'exit 8'"
notify=fd:3
END
script never-ready <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=1000
notify=fd:3
timeout_ready=300
END
script bad-user <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=1000
command_user=nobody-of-that-name
rc_start_wait=20000
END
script bad-notify <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=1000
notify=socket:ready
END
script bad-path <<'END'
supervisor=s6
s6_service_path=/no/such/directory
END
script nothing <<'END'
supervisor=s6
END
script both-logs <<'END'
supervisor=s6
command=/usr/bin/sleep
output_log=/tmp/log
output_logger=auto
END
# rc_start_wait: long, as these die in that time on a machine of any speed, and with their deaths the waiting ends.
scripts_changed
rc-service s6-svscan start

# refused NAME TEXT: start fails and says why.
refused() {
  outcome rc-service "$1" start
  check "$1: start fails" [ "$code" != 0 ]
  check "$1: start says why" contains "$said" "$2"
  check "$1: no time limit is waited for that has not been set" [ "$took" -lt 30000 ]
  refuted "$1: no link is left" test -L "$scan/$1"
  refuted "$1: no supervisor is left" pgrep -f "^s6-supervise $1\$"
  outcome rc-service "$1" status
  equal "$1: status" "$code" 3
}
refused missing '/usr/bin/there-is-none does not exist'
refused dies 'exitcode 7'
refused dies-before-ready 'exitcode 8'
refused never-ready 'timed out'
check 'never-ready: its process is gone' fails pgrep -f '^sleep 1000$'
refused bad-user 'exitcode'
check 'bad-user: the log of the tree has the reason' eventually grep -q 'nobody-of-that-name' /run/openrc/s6-logs/current
refused bad-notify 'socket:ready'
refused bad-path /no/such/directory
refused nothing 'nothing to start'
refused both-logs 'both a log file and a logger'

# Without a tree.
rc-service s6-svscan stop
mkdir -p "$scan"
outcome rc-service --nodeps never-ready start
check 'without a tree: start fails' [ "$code" != 0 ]
check 'without a tree: start says so' contains "$said" 'No s6-svscan runs'

# A corrected script, conf.d or rc.conf is what counts at the next start.
rc-service s6-svscan start
sed -i 's,there-is-none,sleep,; $a command_args=1111' /etc/init.d/missing
check 'a corrected script starts' rc-service missing start
equal 'with its arguments' "$(tr '\0' ' ' <"/proc/$(status_of pid missing)/cmdline")" '/usr/bin/sleep 1111 '
echo 'procname=from-conf.d' >/etc/conf.d/missing
check 'conf.d counts at the next start' rc-service missing restart
equal 'conf.d is noticed' "$(tr '\0' ' ' <"/proc/$(status_of pid missing)/cmdline")" 'from-conf.d 1111 '
echo 'umask=077' >>/etc/rc.conf
check 'rc.conf counts at the next start' rc-service missing restart
equal 'rc.conf is noticed' "$(sed -n 's/^Umask:[[:space:]]*//p' "/proc/$(status_of pid missing)/status")" 0077
verdict
