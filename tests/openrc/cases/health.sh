# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# healthcheck_timer and healthcheck_delay.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

script checked <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=6000
healthcheck_delay=1
healthcheck_timer=1
healthcheck() {
  echo asked >>/tmp/asked
  [ ! -e /tmp/sick ]
}
unhealthy() {
  echo unhealthy >>/tmp/asked
  rm -f /tmp/sick
}
END
scripts_changed
check 'it starts' rc-service checked start
daemon=$(status_of pid checked)
asked() { [ "$(grep -c asked /tmp/asked)" -ge "$1" ]; }
check 'it is asked again and again' eventually asked 2
equal 'as long as it is healthy nothing happens' "$(status_of pid checked)" "$daemon"
touch /tmp/sick
another() { now=$(status_of pid checked) && [ "$now" != "$daemon" ] && [ "$now" != -1 ]; }
check 'when it is not, it is restarted' eventually another
equal 'after unhealthy was called' "$(grep -c unhealthy /tmp/asked)" 1
check 'and asked again' eventually asked "$(($(grep -c asked /tmp/asked) + 1))"
outcome rc-service checked stop
equal 'stop' "$code" 0
check 'nobody asks any more' fails pgrep -f '/health\.sh /usr'
rc-service s6-svscan stop
check 'nothing is left running' nothing_supervises
verdict
