#!/bin/sh
# Asks a service at intervals whether it is healthy, and has it restarted when it is not. Runs as a service beside it.
#
# health.sh BIN DIRECTORY SCRIPT DELAY TIMER
#   SCRIPT healthcheck is asked DELAY seconds after the daemon has started, then every TIMER seconds; 0 is not again.
#   The waiting is for the death of the daemon, which begins everything anew.
set -eu
bin=$1 directory=$2 script=$3 delay=$4 timer=$5

# Its stop signal, and SIGKILL if that has not ended it in the time that a stop may take; the supervisor starts it
# again. A `stop` in the meantime ends this program first.
restart() {
  "$script" unhealthy || true
  limit=$(cat "$directory/stop-timeout" 2>/dev/null || echo 5000)
  "$bin/s6-svc" -r "$directory"
  "$bin/s6-svwait" -t "$limit" -d "$directory" || "$bin/s6-svc" -k "$directory"
}

while :; do
  "$bin/s6-svwait" -t 0 -u "$directory"
  wait=$delay
  while code=0 && "$bin/s6-svwait" -t "${wait}000" -d "$directory" || code=$? && [ "$code" = 99 ]; do
    if ! "$script" healthcheck; then
      restart
      break
    fi
    wait=$timer  # 0: until it dies
  done
done
