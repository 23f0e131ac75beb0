# shellcheck shell=bash disable=SC2034,SC2154  # variables for portage, and of it
# Copyright 2026 the s6-native authors
# Distributed under the terms of the ISC License

EAPI=8

inherit cmake

DESCRIPTION="Process supervision, compatible with s6"
HOMEPAGE="https://s6-native.invalid"
if [[ ${PV} == 9999 ]]; then
	inherit git-r3
	# Where the sources are: EGIT_OVERRIDE_REPO_S6_NATIVE in the environment takes its place.
	EGIT_REPO_URI="https://s6-native.invalid/s6-native.git"
else
	SRC_URI="https://s6-native.invalid/${P}.tar.gz"
	KEYWORDS="~amd64 ~arm64 ~x86"
fi

LICENSE="ISC"
SLOT="0"
IUSE="+openrc test"
RESTRICT="!test? ( test )"

# Programs of the same names.
RDEPEND="
	sys-libs/libcap
	!sys-apps/s6
	openrc? ( >=sys-apps/openrc-0.45 )
"
DEPEND="
	sys-libs/libcap
	sys-kernel/linux-headers
	test? ( dev-cpp/doctest )
"

src_configure() {
	local CMAKE_BUILD_TYPE=Release # without libstdc++
	local mycmakeargs=(
		-DS6_LINK=dynamic
		-DS6_TESTS="$(usex test)"
	)
	cmake_src_configure
}

# The other tests start processes, and compare with skarnet's s6.
src_test() {
	cmake_src_test -R '^unit'
}

src_install() {
	cmake_src_install
	if use openrc; then
		DESTDIR="${D}" cmake --install "${BUILD_DIR}" --component openrc || die
	fi
}
