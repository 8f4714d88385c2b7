# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# QEMU from bookworm-backports: bookworm's own has no igb.  It is unpacked with
# the libraries that this machine lacks, and run by the script qemu; the machine's
# own packages stay as they are.

fetch_qemu() {
	local version tree=$IV_WORK/qemu

	archive_open
	archive_download_closure "$IV_WORK/debs" bookworm-backports qemu-system-x86
	version=$(dpkg-deb -f "$IV_WORK"/debs/qemu-system-x86_*.deb Version)
	say "unpacking QEMU ${version%%+*}"
	archive_unpack "$tree" "$IV_WORK"/debs/*.deb
	rm -r "$IV_WORK/debs"
	qemu_is_whole "$tree"
	publish_part qemu "${version#*:}" "$tree"
}

qemu_is_whole() {
	local root=$1 lacking

	lacking=$(LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
		ldd "$root/usr/bin/qemu-system-x86_64" | awk '/not found/ { printf "%s ", $1 }')
	[ -z "$lacking" ] ||
		die "QEMU lacks these libraries: $lacking" \
		    "apt's package state does not fit what is on this machine: run dpkg --audit, then this again"
}

fetch_busybox() {
	local version

	archive_open
	archive_download "$IV_WORK/debs" busybox-static
	version=$(dpkg-deb -f "$IV_WORK"/debs/busybox-static_*.deb Version)
	archive_unpack "$IV_WORK/busybox" "$IV_WORK"/debs/busybox-static_*.deb
	rm -r "$IV_WORK/debs"
	publish_part busybox "${version#*:}" "$IV_WORK/busybox"
}
