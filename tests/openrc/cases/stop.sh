# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# Daemons that do not stop when they are told to.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

program /usr/local/bin/stubborn <<'END'
#!/bin/sh
trap '' TERM
echo >&3
exec 3>&-
while :; do sleep 1000; done
END
program /usr/local/bin/slow <<'END'
#!/bin/sh
trap 'sleep 1; exit 0' TERM
echo >&3
exec 3>&-
sleep 1000 &
while :; do wait; done
END
program /usr/local/bin/says-which <<'END'
#!/bin/sh
for signal in INT TERM QUIT; do trap "echo $signal >>/tmp/signals" "$signal"; done
trap 'echo USR1 >>/tmp/signals; exit' USR1
echo >&3
exec 3>&-
while :; do sleep 1000 & wait; kill $!; done
END

# Its children are in its process group, and it does not care for them.
program /usr/local/bin/group <<'END'
#!/bin/sh
sleep 8001 &
sleep 8002 &
echo >&3
exec 3>&-
exec sleep 8003
END

define() { # NAME COMMAND LINE...
  printf 'supervisor=s6\nnotify=fd:3\ncommand=/usr/local/bin/%s\n' "$2" >"/tmp/body"
  service=$1
  shift 2
  [ $# = 0 ] || printf '%s\n' "$@" >>/tmp/body
  script "$service" </tmp/body
}
define killed stubborn s6_service_timeout_stop=300
define refuses stubborn s6_service_timeout_stop=300 s6_force_kill=no
define scheduled stubborn retry=TERM/1/KILL/5
define refuses-schedule stubborn retry=1
define kill-timeout stubborn timeout_kill=300
define down-timeout stubborn timeout_down=300 s6_force_kill=no
define patient slow
define signal says-which stopsig=SIGUSR1
define long-schedule says-which stopsig=TERM retry=SIGINT/1/-3/1/USR1/1/KILL/5
define group group stopgroup=yes
define schedule-signal says-which retry=USR1/5
scripts_changed

stopped() { # NAME: it was, and nothing is left
  equal "$1: stop" "$code" 0
  check "$1: its daemon is gone" gone "$daemon"
  refuted "$1: no link is left" test -L "$scan/$1"
  refuted "$1: no supervisor is left" pgrep -f "^s6-supervise $1\$"
}
begin() {
  rc-service "$1" start >/dev/null
  daemon=$(status_of pid "$1")
}

begin killed
outcome rc-service killed stop
stopped killed
check 's6_force_kill: stop says that it kills' contains "$said" 'killing it'

for service in scheduled kill-timeout; do
  begin "$service"
  outcome rc-service "$service" stop
  stopped "$service"
done

begin patient
outcome rc-service patient stop
stopped patient
check 'a slow one is waited for' [ "$took" -ge 1000 ]

for service in refuses refuses-schedule down-timeout; do
  begin "$service"
  outcome rc-service "$service" stop
  check "$service: stop fails" [ "$code" != 0 ]
  check "$service: stop says so" contains "$said" 'is still there'
  check "$service: it is" alive "$daemon"
  outcome rc-service "$service" status
  check "$service: status does not say that it is stopped" [ "$code" != 3 ]
  kill -KILL "$daemon"
  outcome rc-service "$service" stop
  stopped "$service"
done

for service in signal schedule-signal; do
  rm -f /tmp/signals
  begin "$service"
  outcome rc-service "$service" stop
  stopped "$service"
  equal "$service: stopsig" "$(cat /tmp/signals)" USR1
done

rm -f /tmp/signals
begin long-schedule
outcome rc-service long-schedule stop
stopped long-schedule
equal 'retry: one signal after the other' "$(tr '\n' ' ' </tmp/signals)" 'INT QUIT USR1 '
check 'retry: with the time between them' [ "$took" -ge 2000 ]

begin group
outcome rc-service group stop
stopped group
check 'stopgroup: all of the group end' eventually fails pgrep -f '^sleep 800[123]$'

# Something that the daemon has left behind keeps the pipe of its logger open.
program /usr/local/bin/leaves <<'END'
#!/bin/sh
sleep 3000 &
echo >&3
exec 3>&-
exec sleep 1000
END
define orphan leaves 'output_logger="exec cat >/tmp/orphan.log"'
scripts_changed
begin orphan
outcome rc-service orphan stop
stopped orphan
refuted 'the logger is down, too' pgrep -f '^cat$'
kill "$(pgrep -f '^sleep 3000$')"

# A service that OpenRC has forgotten is started anew.
begin patient
rc-service patient zap
outcome rc-service patient start
equal 'after zap: start' "$code" 0
check 'after zap: the old daemon is gone' gone "$daemon"
verdict
