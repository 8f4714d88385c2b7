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
	archive_is_whole "$tree" usr/bin/qemu-system-x86_64
	publish_part qemu "${version#*:}" "$tree"
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
