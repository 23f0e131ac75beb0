# shellcheck shell=sh
# Sourced by the scripts of this project: how they speak, and how they get the packages they need. POSIX sh; it expects
# `set -eu`.

step() { printf '==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

if command -v apt-get >/dev/null 2>&1; then
  package_manager=apt
elif command -v apk >/dev/null 2>&1; then
  package_manager=apk
else
  package_manager=none
fi

# exists FILE...: one of them at least.
exists() {
  for file in "$@"; do
    [ ! -e "$file" ] || return 0
  done
  return 1
}

# have NEED: is it there? Looks for the command or file itself, so whatever put it there will do.
have() {
  case $1 in
    compiler) command -v gcc && command -v g++ ;;
    kernel-headers) exists /usr/include/linux/limits.h ;;
    # Where musl is the system's own libc, or not packaged as a second one, there is nothing to install.
    musl) [ "$package_manager" != apt ] || exists /usr/lib/*/musl-gcc.specs /usr/local/musl/lib/musl-gcc.specs ;;
    lintian) [ "$package_manager" != apt ] || command -v lintian ;;  # for packages of Debian, where there are such
    doctest) exists /usr/include/doctest/doctest.h /usr/local/include/doctest/doctest.h ;;
    libcap) exists /usr/include/sys/capability.h ;;
    # skarnet's own s6 and execline, where distributions put them: what the conformance tests compare with.
    reference) exists /usr/bin/s6-svscan /bin/s6-svscan && command -v execlineb ;;
    llvm-cov) command -v llvm-cov && command -v llvm-profdata ;;
    clang) command -v clang && command -v clang++ ;;
    clang-runtime) exists /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.* /usr/lib/clang/*/lib/*/libclang_rt.* ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# packages_for NEED: what this system's package manager calls it.
packages_for() {
  case $package_manager:$1 in
    apt:compiler) echo g++ libc6-dev ;;
    apk:compiler) echo g++ musl-dev ;;
    apt:ninja) echo ninja-build ;;
    apk:ninja) echo samurai ;;
    apt:kernel-headers) echo linux-libc-dev ;;
    apk:kernel-headers) echo linux-headers ;;
    apt:musl) echo musl-tools ;;
    *:pgrep) echo procps ;;
    apt:doctest) echo doctest-dev ;;
    *:libcap) echo libcap-dev ;;
    *:reference) echo s6 execline ;;
    *:llvm-cov) echo llvm ;;
    apt:dpkg-shlibdeps) echo dpkg-dev ;;
    apt:clang-runtime) echo libclang-rt-dev ;;
    apk:clang-runtime) echo compiler-rt ;;
    apk:clang-format) echo clang-extra-tools ;;
    *) echo "$1" ;;
  esac
}

# missing NEED...: those that are not there.
missing() {
  for wanted in "$@"; do
    have "$wanted" || printf '%s ' "$wanted"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    doas "$@"
  fi
}

# need NEED...: installs what is missing, or ends the script and says what to do by hand. Asks for root's rights only if
# something is missing.
need() {
  absent=$(missing "$@")
  [ -n "$absent" ] || return 0
  packages=$(for wanted in $absent; do packages_for "$wanted"; done | tr '\n' ' ')
  packages=${packages% }

  case $package_manager in
    apt) by_hand="apt-get update && apt-get install --no-install-recommends $packages" ;;
    apk) by_hand="apk add --no-cache $packages" ;;
    none) die "missing: ${absent% }. This system has neither apt-get nor apk: install them by its own means, then run this again." ;;
  esac
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1 && ! command -v doas >/dev/null 2>&1; then
    die "missing: ${absent% }. There is neither sudo nor doas here: run this as root, then try again:
  $by_hand"
  fi

  step "Installing what is missing: $packages"
  # shellcheck disable=SC2086  # one word per package
  case $package_manager in
    apt)
      # A source that cannot be reached now need not be the one that matters: the install itself decides.
      as_root apt-get -qq update </dev/null || true
      as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends $packages </dev/null ||
        absent=failed
      ;;
    apk) as_root apk add --no-cache $packages </dev/null || absent=failed ;;
  esac
  [ "$absent" != failed ] ||
    die "could not install the packages above; is there a connection to the network? As root, by hand:
  $by_hand"
  absent=$(missing "$@")
  [ -z "$absent" ] || die "still missing after installing $packages: ${absent% }"
}
