#!/bin/sh
# Ends a daemon that has lost its supervisor. When that is killed, nothing removes ./pid, and the next supervisor would
# start a second daemon beside the first one.
#
# orphan.sh DIRECTORY
#   DIRECTORY/pid has the pid and the start time of the daemon: another process may have the pid by now.
file=$1/pid
read -r pid born 2>/dev/null <"$file" || exit 0
{ read -r stat <"/proc/$pid/stat"; } 2>/dev/null || exit 0
# shellcheck disable=SC2086  # its fields, from the third one on
set -- ${stat##*) }
[ "${20}" = "$born" ] || exit 0
echo "process $pid has lost its supervisor: ending it" >&2
exec start-stop-daemon --stop --quiet --pidfile "$file" --retry TERM/5/KILL/5
