# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# Many services at once, names, and dependencies.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

echo 'rc_parallel=YES' >>/etc/rc.conf
for number in $(seq 20); do
  script "parallel$number" <<END
supervisor=s6
command=/usr/bin/sleep
command_args=3000
output_logger="exec cat >/dev/null"
END
  rc-update add "parallel$number" default >/dev/null
done
scripts_changed
outcome openrc default
echo "      that took $took ms"
equal 'twenty services start in parallel' "$code" 0
equal 'all of them' "$(pgrep -c -f '^/usr/bin/sleep 3000$')" 20
equal 'all are started' "$(rc-status -s | grep -c ' parallel.* started ')" 20
check 'the tree is there, although it is in no runlevel' rc-service s6-svscan status
outcome openrc shutdown
equal 'all stop' "$code" 0
check 'nothing is left running' nothing_supervises
check 'no daemon is left running' fails pgrep -f '^/usr/bin/sleep 3000$'
sed -i '/^rc_parallel=YES$/d' /etc/rc.conf
openrc default

# One display name for two services, which has a blank and a slash in it.
for number in 1 2; do
  script "twin$number" <<END
name="The twin / brother"
supervisor=s6
command=/usr/bin/sleep
command_args=400$number
END
done
script 'with.dot' <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=4003
END
ln -s with.dot /etc/init.d/with.other
# It knows nothing of s6; conf.d does.
script innocent <<'END'
command=/usr/bin/sleep
command_args=4004
command_background=yes
pidfile=/run/innocent.pid
END
echo supervisor=s6 >/etc/conf.d/innocent
# And one that has nothing to do with it.
script foreign <<'END'
command=/usr/bin/sleep
command_args=4005
command_background=yes
pidfile=/run/foreign.pid
extra_started_commands="greet"
greet() { echo hello; }
END
script user <<'END'
start() { :; }
stop() { :; }
depend() { need twin1; }
END
scripts_changed
rc-service s6-svscan stop
for service in twin1 twin2 with.dot with.other innocent foreign user; do
  check "$service: start" rc-service "$service" start
done
for number in 1 2; do
  equal "twin$number has its own daemon" \
    "$(tr '\0' ' ' <"/proc/$(status_of pid "twin$number")/cmdline")" "/usr/bin/sleep 400$number "
done
check 'a script that conf.d gives to s6 is supervised' shows true status_of up innocent
refuted 'one of start-stop-daemon is not' test -e "$scan/foreign"
check 'its own commands work' contains "$(rc-service foreign greet)" hello
outcome rc-service foreign reload
check 'it cannot be reloaded' [ "$code" != 0 ]
check 'the dependency on s6-svscan is added' contains "$(rc-service twin1 ineed)" s6-svscan
check 'for one of conf.d, too' contains "$(rc-service innocent ineed)" s6-svscan
check 'and for no others' lacks "$(rc-service foreign ineed)" s6-svscan
rc-service twin1 stop
outcome rc-service user status
equal 'who needs a service is stopped before it' "$code" 3
check 'its twin goes on' shows true status_of up twin2
outcome rc-service foreign stop
equal 'start-stop-daemon still stops' "$code" 0
outcome rc-service s6-svscan stop
equal 'the tree stops, and all that needs it' "$code" 0
check 'no daemon is left running' fails pgrep -f '^/usr/bin/sleep 400'
verdict
