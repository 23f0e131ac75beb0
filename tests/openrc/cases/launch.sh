# shellcheck shell=sh disable=SC2016,SC2317  # functions are called by check
# What arrives in the daemon: words, environment and process state, next to what OpenRC's own rules say.
# shellcheck source=tests/openrc/lib.sh
. /tests/lib.sh

# Writes down what it was given, and then does nothing. Zero bytes end the words, as no word can have them.
program /usr/local/bin/witness <<'END'
#!/bin/sh
where=/tmp/witness.$WITNESS
mkdir -p "$where"
printf '%s\0' "$@" >"$where/words"
cat /proc/self/environ >"$where/environment"
cp /proc/self/status /proc/self/limits "$where"
cat /proc/self/cgroup >"$where/cgroup"
cat /proc/self/oom_score_adj >"$where/oom"
nice >"$where/nice"
ionice >"$where/ionice"
pwd >"$where/directory"
umask >"$where/umask"
id >"$where/id"
setpriv --dump >"$where/privileges"
tr '\0' '\n' </proc/$$/cmdline | head -n 1 >"$where/argv0"
ls -l /proc/$$/fd >"$where/descriptors"
cat >"$where/input"
echo "to stdout"
echo "to stderr" >&2
touch "$where/complete"
exec sleep 1000
END
words() { tr '\0' '|' <"/tmp/witness.$1/words"; }
fact() { cat "/tmp/witness.$1/$2"; }
names() { tr '\n\0' '|\n' <"/tmp/witness.$1/environment" | sed 's/=.*//' | sort; }
variable() { tr '\n\0' '|\n' <"/tmp/witness.$1/environment" | sed -n "s/^$2=//p"; }
started() { rc-service "$1" start && eventually test -e "/tmp/witness.$1/complete"; }

# --- words: the same script with start-stop-daemon and with s6 --------------------------------------------------------

for supervisor in '' s6; do
  script "words$supervisor" <<END
supervisor=$supervisor
END
  cat >>"/etc/init.d/words$supervisor" <<'END'
command=/usr/local/bin/witness
command_background=yes
pidfile=/run/$RC_SVCNAME.pid
newline='one
two'
dollar='$HOME `id` "x"'
command_args="plain 'single  quoted' \"double 'both' quoted\" escaped\\ it\\'s \\\$dollar \"\$dollar\" \"\$newline\" '' * %s {x} ~
  next-line 'back\\slash' last"
export WITNESS=$RC_SVCNAME
export MULTI='first line
export RC_SVCNAME=not this
  third line=  with "quotes" and '\''those'\'' \ and trailing
'
export EQUALS='YWJj='
END
done
scripts_changed
rc-service words start
check 'the witness of start-stop-daemon' eventually test -e /tmp/witness.words/complete
check 'the witness of s6' started wordss6
equal 'words arrive as with start-stop-daemon' "$(words wordss6)" "$(words words)"
check 'with a newline in one of them' contains "$(words wordss6)" "|one
two|"
# Debian's start-stop-daemon is not OpenRC's, which takes these away.
equal 'so do the names of variables' "$(names wordss6)" \
  "$(names words | grep -Ev '^(RC_.*|EINFO_.*|SVCNAME)$')"
for variable in MULTI EQUALS HOME LANG PWD; do
  equal "the value of $variable arrives as with start-stop-daemon" \
    "$(variable wordss6 "$variable")" "$(variable words "$variable")"
done
check 'a value of several lines arrives whole' contains "$(variable wordss6 MULTI)" '|  third line=  with "quotes" and'
check 'its directories are not in PATH' lacks "$(variable wordss6 PATH)" /lib/rc
equal 'descriptors' "$(grep -c -- '->' /tmp/witness.wordss6/descriptors)" \
  "$(grep -c -- '->' /tmp/witness.words/descriptors)"

# --- process state ----------------------------------------------------------------------------------------------------

script state <<'END'
supervisor=s6
command=/usr/local/bin/witness
command_user=daemon:games
directory=/usr/share
umask=027
procname=other-name
input_file=/etc/hostname-of-test
no_new_privs=yes
rc_ulimit='-n 123 -c 0'
export SSD_NICELEVEL=5 SSD_IONICELEVEL=2:6 SSD_OOM_SCORE_ADJ=321
export WITNESS=state
END
echo 'this is the input' >/etc/hostname-of-test
scripts_changed
check 'it starts' started state
check 'command_user: user' contains "$(fact state id)" "uid=$(id -u daemon)(daemon)"
check 'command_user: group' contains "$(fact state id)" "gid=$(getent group games | cut -d: -f3)(games)"
equal 'HOME is that of the user' "$(variable state HOME)" "$(getent passwd daemon | cut -d: -f6)"
equal 'directory' "$(fact state directory)" /usr/share
equal 'umask' "$(fact state umask)" 0027
equal 'input_file' "$(fact state input)" 'this is the input'
check 'no_new_privs' grep -q '^NoNewPrivs:[[:space:]]*1' /tmp/witness.state/status
check 'rc_ulimit, first pair' grep -q '^Max open files *123 *123' /tmp/witness.state/limits
check 'rc_ulimit, second pair' grep -q '^Max core file size *0 *0' /tmp/witness.state/limits
equal 'SSD_NICELEVEL' "$(fact state nice)" 5
equal 'SSD_IONICELEVEL' "$(fact state ionice)" 'best-effort: prio 6'
equal 'SSD_OOM_SCORE_ADJ' "$(fact state oom)" 321

script procname <<'END'
supervisor=s6
command=/bin/sleep
command_args=1000
procname=other-name
pidfile=/run/procname.pid
END
script args <<'END'
supervisor=s6
command=/usr/local/bin/witness
start_stop_daemon_args="-N -7 --ionice 3 --oom-score-adj=234 -e 'GIVEN=by the args' --wait 10"
export WITNESS=args
END
script numbers <<'END'
supervisor=s6
command=/usr/local/bin/witness
command_user=12345:54321
capabilities='^cap_net_bind_service,!cap_sys_chroot'
secbits=0x2f
export WITNESS=numbers
END
scripts_changed
rc-service procname start
daemon=$(status_of pid procname)
equal 'procname' "$(tr '\0' ' ' <"/proc/$daemon/cmdline")" 'other-name 1000 '
equal 'pidfile has the pid of the daemon' "$(cat /run/procname.pid)" "$daemon"
rc-service procname stop
refuted 'pidfile is removed' test -e /run/procname.pid

check 'it starts' started args
equal 'start_stop_daemon_args: nice' "$(fact args nice)" -7
equal 'start_stop_daemon_args: ionice' "$(fact args ionice)" idle
equal 'start_stop_daemon_args: oom-score-adj' "$(fact args oom)" 234
equal 'start_stop_daemon_args: env' "$(variable args GIVEN)" 'by the args'

check 'it starts' started numbers
check 'command_user: numbers that nobody has' contains "$(fact numbers id)" 'uid=12345 gid=54321'
check 'capabilities: ambient' grep -q '^CapAmb:[[:space:]]*0000000000000400' /tmp/witness.numbers/status
check 'secbits' grep -qx 'Securebits: noroot,noroot_locked,no_setuid_fixup,no_setuid_fixup_locked,keep_caps_locked' \
  /tmp/witness.numbers/privileges
bound=$(sed -n 's/^CapBnd:[[:space:]]*//p' /tmp/witness.numbers/status)
equal 'capabilities: bounding set' "$((0x$bound >> 18 & 1))" 0

# --- chroot: the program, the directory and the files are in it -------------------------------------------------------

for part in bin lib lib64 usr etc dev tmp run/inner; do mkdir -p "/jail/$part"; done
for part in bin lib lib64 usr dev; do mount --rbind "/$part" "/jail/$part" 2>/dev/null || true; done
program /jail/only-here <<'END'
#!/bin/sh
echo out; echo err >&2
exec sleep 1000
END
script jail <<'END'
supervisor=s6
command=/only-here
chroot=/jail
directory=/run/inner
output_log=/run/inner/out
error_log=/run/inner/err
pidfile=/run/jail.pid
END
scripts_changed
check 'it starts' rc-service jail start
check 'output_log is in the chroot' eventually grep -qx out /jail/run/inner/out
check 'error_log is, too' eventually grep -qx err /jail/run/inner/err
daemon=$(status_of pid jail)
equal 'chroot' "$(readlink "/proc/$daemon/root")" /jail
equal 'directory is in the chroot' "$(readlink "/proc/$daemon/cwd")" /jail/run/inner
equal 'pidfile is in the chroot' "$(cat /jail/run/jail.pid)" "$daemon"
rc-service jail restart
check 'a log is appended to' eventually shows 2 grep -cx out /jail/run/inner/out
verdict
