# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# The service s6-svscan itself.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

export SOMETHING='of the caller'
exec 7>/tmp/of-the-caller
outcome rc-service s6-svscan start
equal 'start' "$code" 0
check 'it listens as soon as it is started' s6-svscanctl "$scan"
tree=$(cat /run/s6-svscan.pid)
equal 'its pid' "$(name_of "$tree")" s6-svscan
equal 'its environment is PATH' "$(tr '\0' '\n' <"/proc/$tree/environ" | sed 's/=.*//')" PATH
refuted 'it has no descriptor of its caller' sh -c "readlink /proc/$tree/fd/* | grep of-the-caller"
session_of() { ps -o sid= -p "$1" | tr -d ' '; }
refuted 'it is not of the session of its caller' [ "$(session_of "$tree")" = "$(session_of $$)" ]
exec 7>&-
check 'another s6-svscan on the same directory does no harm' fails s6-svscanboot "$scan"
check 'the tree is still there' s6-svscanctl "$scan"

# What the tree and services without a logger say is in its log, from the first line on.
mkdir -p "$scan/broken" "$scan/speaks"
program "$scan/speaks/run" <<'END'
#!/bin/sh
echo 'a line of a service'
exec sleep 7000
END
s6-svscanctl -a "$scan"
check 'a line of a service' eventually grep -q 'a line of a service' /run/openrc/s6-logs/current
check 'a message of a supervisor' eventually grep -q 's6-supervise.*run' /run/openrc/s6-logs/current

outcome rc-service s6-svscan stop
equal 'stop' "$code" 0
check 'nothing is left running' nothing_supervises
check 'nor any service' fails pgrep -f '^sleep 7000$'
outcome rc-service s6-svscan status
equal 'status of a stopped tree' "$code" 3

# conf.d
rm -rf "$scan"
cat >/etc/conf.d/s6-svscan <<'END'
catch_all_directory=/var/log/tree
catch_all_directives='n3 s50000'
catch_all_user=daemon
services_max=10
END
outcome rc-service s6-svscan start
equal 'start with everything configured' "$code" 0
equal 'catch_all_user' "$(stat -c %U /var/log/tree)" daemon
check 'catch_all_directives' sh -c "tr '\0' ' ' </proc/\$(pgrep s6-log)/cmdline | grep -q 'n3 s50000'"
check 'services_max' sh -c "tr '\0' ' ' </proc/\$(pgrep s6-svscan)/cmdline | grep -q -- '-C 10'"
outcome rc-service s6-svscan restart
equal 'restart' "$code" 0

# Why it does not start.
rc-service s6-svscan stop
echo 'catch_all_user=nobody-of-that-name' >>/etc/conf.d/s6-svscan
outcome rc-service s6-svscan start
check 'start with an unknown user fails' [ "$code" != 0 ]
check 'and says why' contains "$said" nobody-of-that-name
check 'nothing is left running' nothing_supervises
verdict
