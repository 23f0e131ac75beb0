# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# A service directory that the administrator wrote: a daemon that needs two seconds to get ready, with its logger.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

lazy() { # DIRECTORY LOGS
  mkdir -p "$2"
  program "$1/run" <<'END'
#!/bin/sh
exec 2>&1
echo Service started
sleep 2
echo >&5
exec 5>&-
echo Service ready
trap 'echo Service told; kill $!; exit' TERM
trap 'echo Service reloads' HUP
sleep 1000 >/dev/null 2>&1 &
while ! wait; do :; done
END
  echo 5 >"$1/notification-fd"
  program "$1/log/run" <<END
#!/bin/sh
exec s6-log -b n3 s100000 $2
END
}

lazy /home/lazy /home/lazy-logs
script lazy <<'END'
name="Lazy daemon"
supervisor=s6
s6_service_path=/home/lazy
s6_svwait_options_start='-U -t 10000'
END
lazy "/var/svc.d/by-name" /home/by-name-logs
script by-name <<'END'
supervisor=s6
timeout_ready=10000
END
lazy "/var/svc.d/Displayed name" /home/displayed-logs
script displayed <<'END'
name="Displayed name"
supervisor=s6
notify=fd:5
END
lazy /home/impatient /home/impatient-logs
script impatient <<'END'
supervisor=s6
s6_service_path=/home/impatient
s6_svwait_options_start='-U -t 200'
END
lazy /home/normally-down /home/normally-down-logs
touch /home/normally-down/down
script normally-down <<'END'
supervisor=s6
s6_service_path=/home/normally-down
END
scripts_changed
rc-service s6-svscan start

for service in lazy by-name displayed; do
  outcome rc-service "$service" start
  equal "$service: start" "$code" 0
  check "$service: start waits until the service is ready" [ "$took" -ge 2000 ]
  check "$service: the supervisor says that it is ready" contains "$(s6-svstat "$scan/$service")" ', ready '
done
check 'the name that is shown is $name' contains "$(rc-service lazy restart)" 'Starting Lazy daemon'
check 'the log has it' grep -q 'Service ready' /home/lazy-logs/current

outcome rc-service impatient start
check 'not ready in time: start fails' [ "$code" != 0 ]
refuted 'not ready in time: no link is left' test -L "$scan/impatient"
refuted 'not ready in time: no supervisor is left' pgrep -f '^s6-supervise impatient'

outcome rc-service normally-down start
equal 'a down file does not keep it from starting' "$code" 0
check 'it is up' shows true status_of up normally-down
rc-service normally-down stop
check 'its down file stays' test -e /home/normally-down/down

daemon=$(status_of pid lazy)
outcome rc-service lazy reload
equal 'reload' "$code" 0
check 'the daemon gets SIGHUP' eventually grep -q 'Service reloads' /home/lazy-logs/current
equal 'and is not restarted' "$(status_of pid lazy)" "$daemon"

outcome rc-service lazy stop
equal 'stop' "$code" 0
check 'the last line is in the log' grep -q 'Service told' /home/lazy-logs/current
refuted 'neither the service nor its logger is left' pgrep -f '^s6-(supervise lazy|log .*lazy-logs)'
check 'the directory is as it was' is_empty /home/lazy/lazy

# One that s6-svc has stopped is not started for OpenRC, but has not crashed either.
s6-svc -wD -d "$scan/by-name"
outcome rc-service by-name status
equal 'stopped by s6-svc: status' "$code" 3

outcome s6-rc-sstat
check 'rc-sstat shows services that are up' contains "$said" "up    $(status_of pid displayed)"
check 'without an error' lacks "$said" expected
verdict
