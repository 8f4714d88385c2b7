# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A whole Debian 12 for a guest, with systemd, udev, kmod and initramfs-tools, as debootstrap
# makes it from the machine's own archive. It has no kernel.

IV_DEBIAN_PACKAGES=systemd-sysv,udev,kmod,initramfs-tools,zstd,login,libnl-genl-3-200,libsmartcols1

fetch_debian() {
	local version source=() options=() tree=$IV_WORK/debian

	[ "$(id -u)" -eq 0 ] ||
		die "debootstrap makes a root file system, which only root may" "as root run: $0 boot"
	archive_open
	debian_source
	say "making a Debian of its own for a guest (debootstrap, about 80 MB)"
	quietly debootstrap "${options[@]}" --variant=minbase --include="$IV_DEBIAN_PACKAGES" \
		bookworm "$tree" "${source[0]}" ||
		die "debootstrap could not make a Debian 12" \
		    "see its words above; run this again when the archive can be reached"
	rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}
	# The archive is the machine's own affair.
	: >"$tree/etc/apt/sources.list"
	version=$(<"$tree/etc/debian_version")
	publish_part debian "$version" "$tree"
}

# debian_source: sets source to where the suite bookworm is, and options to its keyring.
debian_source() {
	local line

	line=$(archive_sources '' | awk '/ bookworm / { print; exit }')
	[ -n "$line" ] || die "the suite bookworm itself is not among apt's sources" \
		"add it to /etc/apt/sources.list.d and run this again"
	mapfile -t source < <(tr ' ' '\n' <<<"$line" | grep -m 1 '://')
	[[ ! $line =~ signed-by=([^] ]+) ]] || options=(--keyring="${BASH_REMATCH[1]}")
}
