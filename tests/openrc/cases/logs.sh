# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# Where the output of daemons goes. No line of it may be lost.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

program /usr/local/bin/talker <<'END'
#!/bin/sh
echo "first to stdout"
echo "first to stderr" >&2
trap 'echo "last to stdout"; echo "last to stderr" >&2; kill $!; exit' TERM
echo >&3
exec 3>&-
sleep 1000 >/dev/null 2>&1 &
while ! wait; do :; done
END
talker() { # NAME LINE...
  printf 'supervisor=s6\nnotify=fd:3\ncommand=/usr/local/bin/talker\n' >/tmp/body
  service=$1
  shift
  printf '%s\n' "$@" >>/tmp/body
  script "$service" </tmp/body
}
mkdir /tmp/logs && chmod 1777 /tmp/logs
talker none ''
talker files output_log=/tmp/logs/files.out error_log=/tmp/logs/files.err
talker auto output_logger=auto error_logger=auto 's6_log_arguments="n3 s100000"'
talker auto-errors error_logger=auto
talker output-only output_logger=auto
talker commands command_user=daemon \
  "output_logger=\"id -un >/tmp/logs/commands.user; exec cat >>'/tmp/logs/commands out'\"" \
  "error_logger=\"exec cat >>/tmp/logs/commands.err\""
scripts_changed
services='none files auto auto-errors output-only commands'
for service in $services; do check "$service: start" rc-service "$service" start; done
for service in $services; do check "$service: stop" rc-service "$service" stop; done

# has FILE PREFIX...: the file has exactly the first and the last line of these streams, s6-log's stamps not counted.
has() {
  file=$1
  shift
  for stream in "$@"; do
    grep -q "first to $stream" "$file" && grep -q "last to $stream" "$file" || return 1
  done
  [ "$(wc -l <"$file")" = $(($# * 2)) ]
}
all=/run/openrc/s6-logs/current
check 'files: stdout' has /tmp/logs/files.out stdout
check 'files: stderr' has /tmp/logs/files.err stderr
check 'auto: both' has /var/log/auto/current stdout stderr
check 's6_log_arguments: without stamps' grep -qx 'first to stdout' /var/log/auto/current
check 'auto, of errors only' has /var/log/auto-errors/current stderr
check 'auto, of output only' has /var/log/output-only/current stdout
check 'commands: stdout' has '/tmp/logs/commands out' stdout
check 'commands: stderr' has /tmp/logs/commands.err stderr
equal 'a command logs as the user of the daemon' "$(cat /tmp/logs/commands.user)" daemon
equal 'the log of auto is nobody else'"'"'s to write' "$(stat -c %a /var/log/auto)" 2755

# What has no logger is in the log of the tree: all of `none`, stderr of output-only, stdout of auto-errors.
equal 'the log of the tree: stdout' "$(grep -c 'first to stdout' "$all")" 2
equal 'the log of the tree: stderr' "$(grep -c 'first to stderr' "$all")" 2
equal 'the log of the tree: last lines of stdout' "$(grep -c 'last to stdout' "$all")" 2
equal 'the log of the tree: last lines of stderr' "$(grep -c 'last to stderr' "$all")" 2

# A logger dies, the daemon goes on, and so does its log.
rc-service auto start
dead=$(s6-svstat -o pid "$scan/auto/log")
kill -KILL "$dead"
another() { now=$(s6-svstat -o pid "$scan/auto/log") && [ "$now" != "$dead" ] && [ "$now" != -1 ]; }
check 'a killed logger is replaced' eventually another
rc-service auto stop
check 'and has the last lines' grep -q 'last to stderr' /var/log/auto/current

# Many lines at once from a service without a logger: all of them, up to the end of the tree.
script flood <<'END'
supervisor=s6
command=/bin/sh
command_args="-c 'seq -f \"flood %g\" 20000; touch /tmp/flooded; exec sleep 1000'"
END
scripts_changed
rc-service flood start
check 'a flood' eventually test -e /tmp/flooded
rc-service s6-svscan stop
equal 'no line of a flood is lost' "$(cat /run/openrc/s6-logs/@* "$all" 2>/dev/null | grep -c ' flood ')" 20000
check 'nothing is left running' nothing_supervises
verdict
