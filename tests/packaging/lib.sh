# shellcheck shell=bash disable=SC2034,SC2154  # variables that the tests set, or use
# Sourced by the tests of packages, with the build directory in $build. They stop at the first thing that is wrong.

fail() {
  printf 'FAIL  %s\n' "$*"
  exit 1
}

skip() {
  printf 'skipped: %s\n' "$*"
  [ "${S6_TEST_REQUIRE_ALL:-}" != 1 ] || exit 1
  exit 77
}

# required PROGRAM...
required() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# make_packages GENERATOR: in $packages; twice, as the same sources have to make the same packages.
make_packages() {
  local time
  packages=$scratch/1
  for time in 1 2; do
    (cd "$build" && SOURCE_DATE_EPOCH=1700000000 cpack -G "$1" -B "$scratch/$time") >"$scratch/cpack" 2>&1 ||
      fail "cpack -G $1: $(cat "$scratch/cpack")"
    rm -r "$scratch/$time/_CPack_Packages"
  done
  diff -r "$scratch/1" "$scratch/2" || fail "cpack -G $1 does not make the same packages when it is run again"
}
