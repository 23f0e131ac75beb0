# shellcheck shell=sh disable=SC2034  # variables for the cases
# Sourced by the cases, which run as root inside the sandbox. A case is a list of checks, and ends with `verdict`.

failures=0

# check LABEL COMMAND...: the command has to succeed.
check() {
  label=$1
  shift
  if "$@"; then
    echo "ok    $label"
  else
    echo "FAIL  $label"
    failures=$((failures + 1))
  fi
}

# refuted LABEL COMMAND...: the command has to fail.
refuted() {
  label=$1
  shift
  check "$label" fails "$@"
}

fails() { ! "$@"; }

# equal LABEL GOT WANTED
equal() {
  check "$1" [ "$2" = "$3" ]
  [ "$2" = "$3" ] || printf '      got:    %s\n      wanted: %s\n' "$2" "$3"
}

# contains TEXT PART
contains() {
  case $1 in
    *"$2"*) ;;
    *)
      printf '      %s\n' "$1" | sed '2,$s/^/      /'
      return 1
      ;;
  esac
}

lacks() { ! contains "$@" >/dev/null; }

# eventually COMMAND...: succeeds as soon as the command does; a failing test ends after 20 seconds.
eventually() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || return 1
    sleep 0.05
  done
}

# shows WANTED COMMAND...: prints the command exactly this? For eventually, which has to ask again.
shows() {
  wanted=$1
  shift
  [ "$("$@" 2>/dev/null)" = "$wanted" ]
}

# outcome COMMAND...: leaves its exit code in $code, what it said in $said, and the time it took in $took (ms).
outcome() {
  start=$(date +%s%3N)
  code=0
  said=$("$@" 2>&1) || code=$?
  took=$(($(date +%s%3N) - start))
}

# script NAME: stdin is the body of an OpenRC service script.
script() {
  { echo '#!/sbin/openrc-run' && cat; } >"/etc/init.d/$1"
  chmod 755 "/etc/init.d/$1"
}

# Scripts made within one second of the last look are not seen otherwise.
scripts_changed() { rc-update -u >/dev/null 2>&1; }

# program FILE: stdin is an executable.
program() {
  mkdir -p "${1%/*}"
  cat >"$1"
  chmod 755 "$1"
}

scan=/run/openrc/s6-scan

alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! alive "$1"; }
parent_of() { ps -o ppid= -p "$1" | tr -d ' '; }
name_of() { ps -o comm= -p "$1"; }
status_of() { s6-svstat -o "$1" "$scan/$2"; }
is_empty() { [ -z "$(find "$1" -mindepth 1 ! -name '.*' 2>/dev/null)" ]; }
nothing_supervises() { ! pgrep -f '(^|/)s6-(svscan|supervise|log)' >/dev/null; }

# skip REASON: this case cannot run here.
skip() {
  echo "skipped: $*"
  [ "${S6_TEST_REQUIRE_ALL:-}" != 1 ] || exit 1
  exit 77
}

verdict() {
  [ "$failures" = 0 ] || echo "$failures checks failed"
  [ "$failures" = 0 ]
  exit
}
