# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# libvirt, as three releases of Debian have it, each with a QEMU that knows iommufd:
#
#   libvirt_bookworm	Debian 12's libvirt; its QEMU is that of bookworm-backports
#   libvirt_trixie	Debian 13's
#   libvirt_forky	the next one's, whose libvirt uses iommufd itself
#
# Their libraries are not this machine's, so each part is a root file system of its own, with a
# C library: something to chroot into, in a guest. No package's scripts have run there; it has
# empty folders to mount /etc, /var and so on over.

IV_LIBVIRT=(libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients)
# Since Debian 13 a package of its own; and without libvirt-daemon-system there are profiles for
# AppArmor.
IV_LIBVIRT_SPLIT=(libvirt-daemon-driver-nodedev apparmor)

fetch_libvirt_bookworm() {
	local version

	# Backports have a newer libvirt, too: the versions are named.
	archive_open bookworm-backports
	version=$(libvirt_version bookworm)
	libvirt_root bookworm bookworm-backports libvirt0="$version" \
		"${IV_LIBVIRT[@]/%/=$version}"
}

fetch_libvirt_trixie() {
	archive_open trixie
	libvirt_root trixie trixie "${IV_LIBVIRT[@]}" "${IV_LIBVIRT_SPLIT[@]}"
}

fetch_libvirt_forky() {
	archive_open forky
	libvirt_root forky forky "${IV_LIBVIRT[@]}" "${IV_LIBVIRT_SPLIT[@]}"
}

# libvirt_version SUITE: the newest there.
libvirt_version() {
	apt-cache "${IV_APT[@]}" madison libvirt-daemon |
		awk -v suite="$1" '$6 ~ "^" suite "/" { print $3; exit }'
}

# libvirt_root NAME RELEASE PACKAGE...
libvirt_root() {
	local name=$1 release=$2 version tree=$IV_WORK/libvirt
	shift 2

	archive_download_root "$IV_WORK/debs" "$release" "$@" qemu-system-x86
	version=$(dpkg-deb -f "$IV_WORK"/debs/libvirt-daemon_*.deb Version)
	say "unpacking libvirt $version of $name"
	archive_unpack "$tree" "$IV_WORK"/debs/*.deb
	# libvirtd starts each QEMU that it finds, to ask what it can do.
	rm -r "$IV_WORK/debs" "$tree"/usr/share/{doc,man,locale} "$tree"/usr/bin/qemu-system-i386
	archive_merge_usr "$tree"
	mkdir -p "$tree"/{dev,etc,proc,run,sys,tmp,usr/lib/modules,var}
	publish_part "libvirt_$name" "$version" "$tree"
}
