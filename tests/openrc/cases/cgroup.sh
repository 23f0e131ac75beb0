# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# The cgroup of a service: the daemon is in it, with its limits, and its supervisor is not.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

grep -q pids /sys/fs/cgroup/cgroup.controllers && echo +pids >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
script limited <<'END'
supervisor=s6
command=/bin/sh
command_args='-c "sleep 5000 & echo >&3; exec 3>&-; exec sleep 5001"'
notify=fd:3
rc_cgroup_settings='
cgroup.max.descendants 7
cgroup.max.depth 3
'
rc_cgroup_cleanup=yes
END
scripts_changed
check 'it starts' rc-service limited start
daemon=$(status_of pid limited)
equal 'the daemon is in the cgroup of its service' "$(sed -n 's/^0:://p' "/proc/$daemon/cgroup")" /limited
equal 'its supervisor is not' "$(sed -n 's/^0:://p' "/proc/$(parent_of "$daemon")/cgroup")" /s6-svscan
equal 'rc_cgroup_settings, first line' "$(cat /sys/fs/cgroup/limited/cgroup.max.descendants)" 7
equal 'rc_cgroup_settings, second line' "$(cat /sys/fs/cgroup/limited/cgroup.max.depth)" 3
kill -KILL "$daemon"
another() { now=$(status_of pid limited) && [ "$now" != "$daemon" ] && [ "$now" != -1 ]; }
check 'it comes back' eventually another
in_it() { [ "$(sed -n 's/^0:://p' "/proc/$now/cgroup")" = /limited ]; }
check 'and is in it again' eventually in_it
outcome rc-service limited stop
equal 'stop' "$code" 0
check 'rc_cgroup_cleanup ends what the daemon left' eventually fails pgrep -f '^sleep 5000$'
rc-service s6-svscan stop
check 'nothing is left running' nothing_supervises
verdict
