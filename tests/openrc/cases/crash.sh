# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# A daemon that dies, and supervisors that are killed.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

script often <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=1000
respawn_max=2
respawn_period=100
pidfile=/run/often.pid
END
script once <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=2000
pidfile=/run/once.pid
END
script patient <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=3000
respawn_delay=3600
END
script hasty <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=3001
respawn_delay=0
END
scripts_changed
rc-service often start
rc-service once start

# kill_and_wait NAME: and wait until it is up again.
kill_and_wait() {
  dead=$(status_of pid "$1")
  kill -KILL "$dead"
  (eventually replaced "$1")  # a subshell: this one may be called by eventually, too
}
replaced() {
  now=$(status_of pid "$1" 2>/dev/null) && [ "$now" != -1 ] && [ "$now" != "$dead" ]
}

check 'a daemon that is killed comes back' kill_and_wait once
check 'rc-status then shows it as started' contains "$(rc-status -s | grep ' once ')" started
equal 'its pidfile is that of the new one' "$(cat /run/once.pid)" "$(status_of pid once)"

rc-service hasty start
# Otherwise it is a second. One quick restart of several is enough: who else runs here may delay some.
restarts_at_once() {
  start=$(date +%s%3N)
  kill_and_wait hasty && [ $(($(date +%s%3N) - start)) -lt 900 ]
}
check 'respawn_delay: none' eventually restarts_at_once
rc-service hasty stop
rc-service patient start
kill -KILL "$(status_of pid patient)"
check 'respawn_delay: an hour' eventually shows false status_of up patient
outcome rc-service patient status
equal 'respawn_delay: status meanwhile' "$code" 32
outcome rc-service patient stop
equal 'respawn_delay: stop meanwhile' "$code" 0
check 'respawn_delay: it does not take that long' [ "$took" -lt 30000 ]

# Down, though it should be up: its program is gone, and the supervisor cannot help.
chmod 644 /run/openrc/s6-services/once/run
kill -KILL "$(status_of pid once)"
check 'it does not come back' eventually shows false status_of up once
outcome rc-service once status
equal 'status of a crashed service' "$code" 32
check 'status says so' contains "$said" crashed
check 'rc-status says so' contains "$(rc-status -s | grep ' once ')" crashed
chmod 755 /run/openrc/s6-services/once/run
outcome rc-service once restart
equal 'it can be restarted' "$code" 0
outcome rc-service once status
equal 'and is started then' "$code" 0

check 'respawn_max: the first death' kill_and_wait often
check 'respawn_max: the second death' kill_and_wait often
kill -KILL "$(status_of pid often)"
check 'respawn_max: the third one is the last' eventually test -L /run/openrc/failed/often
refuted 'given up: no link is left' test -L "$scan/often"
check 'given up: no supervisor is left' eventually fails pgrep -f '^s6-supervise often$'
outcome rc-service often status
equal 'given up: status' "$code" 3
check 'given up: rc-status' contains "$(rc-status -s | grep ' often ')" failed
check 'given up: the log of the tree has it' grep -q 'often has died 3 times' /run/openrc/s6-logs/current
check 'given up: it can be started again' rc-service often start
rc-service often stop
refuted 'a stop is no crash' test -L /run/openrc/failed/often

# The supervisor of a service is killed: the scanner starts another one, which does not leave two daemons running.
daemon=$(status_of pid once)
supervisor=$(parent_of "$daemon")
kill -KILL "$supervisor"
another_supervisor() { now=$(pgrep -f '^s6-supervise once$') && [ "$now" != "$supervisor" ]; }
check 'a killed supervisor is replaced' eventually another_supervisor
check 'the daemon it had is ended' eventually gone "$daemon"
check 'and there is another' eventually rc-service once status
equal 'exactly one' "$(pgrep -c -f '^/usr/bin/sleep 2000$')" 1

# The scanner is killed: services go on, can be stopped, and a new tree takes them over.
daemon=$(status_of pid once)
rc-service often start
scanner=$(cat /run/s6-svscan.pid)
kill -KILL "$scanner"
check 'a killed scanner: it is dead' eventually gone "$scanner"
check 'a killed scanner: its services go on' alive "$daemon"
outcome rc-service s6-svscan status
equal 'a killed scanner: status' "$code" 32
check 'a killed scanner: rc-status' contains "$(rc-status -s | grep ' s6-svscan ')" crashed
outcome rc-service often stop
equal 'a killed scanner: a service can be stopped' "$code" 0
check 'a killed scanner: nothing is left of that' eventually fails pgrep -f '^s6-supervise often$'
outcome rc-service s6-svscan restart
equal 'a killed scanner: restart' "$code" 0
check 'a killed scanner: its services are restarted' eventually rc-service once status
refuted 'a killed scanner: stopped ones are not' test -L "$scan/often"

# Both are killed.
daemon=$(status_of pid once)
scanner=$(cat /run/s6-svscan.pid)
supervisor=$(parent_of "$daemon")
kill -KILL "$scanner" "$supervisor"
check 'all supervisors are killed: they are dead' eventually gone "$scanner"
check 'all supervisors are killed: that of the service, too' eventually gone "$supervisor"
outcome rc-service once stop
equal 'all supervisors are killed: stop' "$code" 0
check 'all supervisors are killed: the daemon is gone' gone "$daemon"
rc-service s6-svscan stop
check 'nothing is left running' nothing_supervises
check 'no daemon is left running' fails pgrep -f '^/usr/bin/sleep [12]000$'
verdict
