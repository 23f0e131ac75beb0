#!/bin/sh
# ./finish of a service directory that is made from the variables of a service script: the daemon is dead.
#
# finish.sh BIN STATE-DIRECTORY LIBEXEC SERVICE PIDFILE EXIT-CODE SIGNAL NAME PGID
set -eu
bin=$1 state=$2 libexec=$3 service=$4 pidfile=$5

rm -f pid
[ -z "$pidfile" ] || rm -f "$pidfile"

# 125: the supervisor shall not start it again. A daemon that dies while it is being started has failed to start.
[ ! -e starting ] || exit 125

# respawn_max, respawn_period. A daemon that is being stopped has not crashed.
[ -e respawn ] && [ "$("$bin/s6-svstat" -o wantedup .)" = true ] || exit 0
read -r period deaths <respawn
code=0
# All exit codes: a death by a signal has one as well, 128 and the signal.
"$bin/s6-permafailon" "$period" "$deaths" 0-255 true || code=$?
[ "$code" = 125 ] || exit 0

echo "$service has died $deaths times within $period seconds: given up"
"$libexec/sbin/mark_service_stopped" "$service"
"$libexec/sbin/mark_service_failed" "$service"
for name in "$service" "$service:health" "$service:error"; do rm -f "$state/s6-scan/$name"; done
"$bin/s6-svscanctl" -an "$state/s6-scan"
exit 125
