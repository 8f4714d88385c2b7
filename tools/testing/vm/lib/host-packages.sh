# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The Debian packages that a part of the work needs on this machine itself.
# Each line: the package, and the command or file that tells that it is there.

host_packages_build='
gcc		gcc
gcc-12		gcc-12
make		make
libc6-dev	/usr/include/stdio.h
linux-libc-dev	/usr/include/linux/types.h
libelf1		/usr/lib/x86_64-linux-gnu/libelf.so.1
kmod		depmod
'

host_packages_tools='
pkg-config	pkg-config
libnl-3-dev	/usr/include/libnl3/netlink/netlink.h
libnl-genl-3-dev	/usr/lib/x86_64-linux-gnu/libnl-genl-3.a
libsmartcols-dev	/usr/include/libsmartcols/libsmartcols.h
'

host_packages_guest='
cpio		cpio
kmod		depmod
xz-utils	xz
zstd		zstd
'

# To build the debug kernel.
host_packages_debug='
bc		bc
binutils	strip
bison		bison
flex		flex
libelf-dev	/usr/include/gelf.h
patch		patch
perl		perl
'

# To make a Debian and its disk.
host_packages_boot='
debootstrap	debootstrap
e2fsprogs	mke2fs
'

# To build mainline's vfio selftests.
host_packages_peer='
uuid-dev	/usr/include/uuid/uuid.h
'

host_packages_style='
man-db		man
cppcheck	cppcheck
sparse		sparse
codespell	codespell
shellcheck	shellcheck
perl		perl
'

# host_packages_missing TABLE...: the packages that are not there.
host_packages_missing() {
	local package sign

	while read -r package sign; do
		case $sign in
		'') ;;
		/*) [ -e "$sign" ] || printf '%s\n' "$package" ;;
		*) command -v "$sign" >/dev/null || printf '%s\n' "$package" ;;
		esac
	done <<<"$*" | sort -u
}

host_packages_install() {
	local missing

	missing=$(host_packages_missing "$@" | tr '\n' ' ')
	missing=${missing% }
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "these Debian packages are missing: $missing" \
		    "as root: apt-get install $missing"
	say "installing the Debian packages that are missing: $missing"
	host_packages_apt "$missing" 2>/dev/null || {
		say "reading the package lists of Debian's archive"
		apt-get -qq update || true
		host_packages_apt "$missing"
	} || die "these Debian packages could not be installed: $missing" \
		 "make 'apt-get install $missing' work on this machine, and run this again"
}

host_packages_apt() {
	# shellcheck disable=SC2086 # a list of names
	DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends \
		install $1 </dev/null >&2
}
