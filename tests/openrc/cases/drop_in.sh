# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# OpenRC and its own s6 backend, unmodified, with the programs of this project in the place of skarnet's: a daemon that
# needs two seconds to get ready, with a logger, is started, killed, restarted and stopped.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

directory=/home/lazy
logs=/home/lazy-logs
mkdir -p "$logs"
program "$directory/run" <<'END'
#!/bin/sh
exec 2>&1
echo Service started
sleep 2
echo >&5
exec 5>&-
echo Service ready
exec sleep 120
END
echo 5 >"$directory/notification-fd"
program "$directory/log/run" <<END
#!/bin/sh
exec cat >>$logs/current
END

script lazy <<END
supervisor=s6
s6_service_path=$directory
s6_svwait_options_start="-U -t 10000"
depend() { need s6-svscan; }
END
# Debian's package has none; this is OpenRC's own of that version, in short.
script s6-svscan <<'END'
command=/usr/bin/s6-svscan
command_args="${RC_SVCDIR}/s6-scan"
command_background=yes
pidfile=/run/s6-svscan.pid
retry=TERM/10
start_pre() { checkpath -d -m 0755 "${RC_SVCDIR}/s6-scan"; }
stop_post() {
  s6-svc -dx "${RC_SVCDIR}"/s6-scan/* 2>/dev/null
  s6-svc -dx "${RC_SVCDIR}"/s6-scan/*/log 2>/dev/null
  return 0
}
END
scripts_changed

outcome rc-service lazy start
equal 'start succeeds' "$code" 0
check 'start blocks until the service is ready' [ "$took" -ge 2000 ]
check 'the supervisor says that it is ready' contains "$(s6-svstat "$directory")" ', ready '
daemon=$(status_of pid lazy)
supervisor=$(parent_of "$daemon")
equal 'the parent is a supervisor' "$(name_of "$supervisor")" s6-supervise
equal 'whose parent is the scanner' "$(name_of "$(parent_of "$supervisor")")" s6-svscan
check 'the log has it' grep -q 'Service ready' "$logs/current"

outcome rc-service lazy status
equal 'status succeeds' "$code" 0
check 'status is what the supervisor says' contains "$said" "up (pid $daemon"
check 'OpenRC shows it as started' contains "$(rc-status -a 2>&1)" 'started'

check 'a killed daemon comes back' s6-svlisten1 -t 20000 -r "$directory" kill -KILL "$daemon"
outcome rc-service lazy restart
equal 'restart succeeds' "$code" 0
refuted 'the killed daemon is no more' alive "$daemon"

# As Debian has it, rc-sstat runs into a syntax error of its own: dash does not know ${4/)/}.
outcome bash /sbin/rc-sstat
check 'rc-sstat under bash lists the service' contains "$said" lazy

outcome rc-service lazy stop
equal 'stop succeeds' "$code" 0
check 'the service is down' contains "$(s6-svstat "$directory")" 'down (signal SIGTERM)'
outcome rc-service s6-svscan stop
equal 's6-svscan stops' "$code" 0
check 'nothing is left' eventually nothing_supervises
verdict
