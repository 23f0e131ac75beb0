# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# One plain daemon through its life, and the tree below it.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

script plain <<'END'
supervisor=s6
command=/usr/bin/sleep
command_args=1000
END
scripts_changed

outcome rc-service plain start
equal 'start succeeds' "$code" 0
check 's6-svscan is started as a dependency, without being asked for' rc-service s6-svscan status
daemon=$(status_of pid plain)
equal 'it is the command' "$(name_of "$daemon")" sleep
equal 'its parent is a supervisor' "$(name_of "$(parent_of "$daemon")")" s6-supervise
tree=$(cat /run/s6-svscan.pid)
equal 'the tree is the parent of that' "$(parent_of "$(parent_of "$daemon")")" "$tree"

outcome rc-service plain status
equal 'status of a started service' "$code" 0
check 'status shows what the supervisor says' contains "$said" "up (pid $daemon"
check 'rc-status says started' contains "$(rc-status -s | grep plain)" started

outcome rc-service plain restart
equal 'restart succeeds' "$code" 0
check 'restart ends the daemon' gone "$daemon"
daemon=$(status_of pid plain)
check 'and starts another' alive "$daemon"

outcome rc-service plain stop
equal 'stop succeeds' "$code" 0
check 'stop ends the daemon' gone "$daemon"
refuted 'no link is left' test -L "$scan/plain"
refuted 'no supervisor is left' pgrep -f '^s6-supervise plain$'
outcome rc-service plain status
equal 'status of a stopped service' "$code" 3

rc-service plain start
rc-service plain stop
outcome rc-service s6-svscan restart
equal 'the tree restarts' "$code" 0
refuted 'a stopped service does not come back with it' test -L "$scan/plain"
rc-service plain start
outcome rc-service s6-svscan stop
equal 'the tree stops' "$code" 0
outcome rc-service plain status
equal 'its dependents are stopped before it' "$code" 3
check 'nothing is left running' nothing_supervises
verdict
