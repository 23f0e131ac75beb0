# shellcheck shell=sh disable=SC2154,SC2317  # $code and $said are set by outcome; functions are called by check
# The life of the Debian packages: beside s6 of Debian, in its place, installed, used, upgraded, removed, purged. Runs
# inside the sandbox; /packages has them, and those of OpenRC, which is there but not known to dpkg.
# shellcheck source=tests/openrc/lib.sh
. /tests/openrc/lib.sh

programs=$(echo /packages/s6-native_*.deb)
glue=$(echo /packages/s6-native-openrc_*.deb)

dpkg() { command dpkg --force-unsafe-io "$@"; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
unknown() { ! dpkg-query -W "$1" >/dev/null 2>&1; }
belongs_to() { contains "$(dpkg -S "$2" 2>&1)" "$1: $2"; }

for package in openrc librc1 libeinfo1 insserv; do
  installed "$package" && continue
  dpkg-deb -f /packages/"${package}"_*.deb | sed '/^Package:/a Status: install ok installed' >>/var/lib/dpkg/status
  echo >>/var/lib/dpkg/status
  dpkg-deb --fsys-tarfile /packages/"${package}"_*.deb | tar -t | sed 's|^\.||; s|/$||; s|^$|/.|' \
    >"/var/lib/dpkg/info/$package.list"
done

# What a package may have left, or damaged. dpkg's own records are none of it.
persistent() {
  find /etc /usr /var /opt /srv -xdev \
    \( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache/man -o -path /var/cache/ldconfig \) -prune -o \
    \( -type d -printf '%m %u:%g %p\n' -o -printf '%m %u:%g %s %T@ %p %l\n' \) | LC_ALL=C sort
}

# needs_s6: a package that depends on s6, as those may that use programs which s6-native has not.
needs_s6() {
  mkdir -p /tmp/needs-s6/DEBIAN
  printf '%s\n' 'Package: needs-s6' 'Version: 1' 'Architecture: all' 'Maintainer: nobody' 'Depends: s6' \
    'Description: needs s6' >/tmp/needs-s6/DEBIAN/control
  dpkg-deb -b /tmp/needs-s6 >/dev/null
  dpkg -i /tmp/needs-s6.deb >/dev/null
}

beside_s6() {
  needs_s6
  outcome dpkg -i "$programs"
  check 's6 is needed: not installed' [ "$code" != 0 ]
  check 's6 is needed: the reason is told' contains "$said" 'needs-s6 depends on s6'
  check 's6 is needed: it stays' installed s6
  check 's6 is needed: its programs stay' belongs_to s6 /usr/bin/s6-svscan
  dpkg --purge needs-s6 >/dev/null

  outcome dpkg -i "$programs"
  equal 's6 is not needed: installed' "$code" 0
  refuted 's6 is not needed: it goes' installed s6
  check 's6 is not needed: nothing remains of it' [ ! -e /usr/bin/s6-ipcserver ]
  check 's6 is not needed: its programs are replaced' belongs_to s6-native /usr/bin/s6-svscan
  dpkg --purge s6-native >/dev/null
}
if installed s6; then
  beside_s6
else
  check 'no s6 is there that could be replaced, and it need not be' [ "${S6_TEST_REQUIRE_ALL:-}" != 1 ]
fi
check 'a system without s6' [ ! -e /usr/bin/s6-svscan ]
rmdir --ignore-fail-on-non-empty /etc/conf.d  # the sandbox made it; of Debian's packages none has it
persistent >/tmp/before

# --- installed --------------------------------------------------------------------------------------------------------

outcome dpkg -i "$glue"
check 'the glue alone is not configured' [ "$code" != 0 ]
outcome dpkg -i "$programs" "$glue"
equal 'both are' "$code" 0
equal 'all files are as they were packed' "$(dpkg --verify s6-native s6-native-openrc)" ''
equal 'nothing of it asks for a restart of the system, or of services' "$(pgrep -f s6-svscan)" ''

script daemon <<'EOF'
supervisor=s6
command=/bin/sleep
command_args_foreground=1000
EOF
script plain <<'EOF'
start() { ebegin "Starting plain"; eend 0; }
EOF
scripts_changed
outcome rc-service daemon start
equal 'a service starts' "$code" 0
check 'it is up' shows true status_of up daemon
pid=$(status_of pid daemon)
kill "$pid"
check 'killed, it comes back' eventually fails shows "$pid" status_of pid daemon
check 'it is up again' eventually shows true status_of up daemon
pid=$(status_of pid daemon)

outcome dpkg -i "$programs" "$glue"
equal 'the packages are upgraded' "$code" 0
equal 'services run on' "$(status_of pid daemon)" "$pid"
rc-update add s6-svscan default >/dev/null
echo '# changed' >>/etc/conf.d/s6-svscan

# --- removed ----------------------------------------------------------------------------------------------------------

outcome dpkg -r s6-native
check 'the programs cannot be removed while the glue needs them' [ "$code" != 0 ]
outcome dpkg -r s6-native-openrc
equal 'the glue is removed' "$code" 0
check 'then nothing of it runs any more' nothing_supervises
check 'nor the service' gone "$pid"
check 'the configuration stays' grep -q '# changed' /etc/conf.d/s6-svscan
scripts_changed
outcome rc-service plain start
equal 'OpenRC does not miss it' "$said$code" ' * Starting plain ... [ ok ]0'

outcome dpkg --purge s6-native-openrc s6-native
equal 'both are purged' "$code" 0
check 'dpkg does not know them any more' unknown s6-native-openrc
check 'neither of them' unknown s6-native
rm /etc/init.d/daemon /etc/init.d/plain
persistent >/tmp/after
equal 'everything is as it was before' "$(diff /tmp/before /tmp/after)" ''

verdict
