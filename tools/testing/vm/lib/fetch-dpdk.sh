# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# DPDK's testpmd.  It is in dpdk-dev, of which only the program is wanted, with the libraries
# that this names among what it depends on, and the drivers of the network cards and the
# memory pools that are used.

fetch_dpdk() {
	local version libraries tree=$IV_WORK/dpdk

	archive_open
	version=$(archive_version dpdk-dev)
	[ -n "$version" ] ||
		die "the package dpdk-dev is not in the machine's package sources" \
		    "add Debian's suite bookworm to apt's sources and run this again"
	mapfile -t libraries < <(dpdk_libraries "$version")
	archive_download_closure "$IV_WORK/debs" bookworm librte-net-e1000-23 "${libraries[@]}"
	archive_download "$IV_WORK/debs" "dpdk-dev=$version"
	# The machine has a C library, and it is the one that its dynamic linker fits.
	rm -f "$IV_WORK"/debs/libc6_*.deb
	archive_unpack "$tree" "$IV_WORK"/debs/{lib,ibverbs,dpdk-dev}*.deb
	rm -r "$IV_WORK/debs"
	archive_is_whole "$tree" usr/bin/dpdk-testpmd
	publish_part dpdk "${version#*:}" "$tree"
}

# The libraries, without what is for compiling programs.
dpdk_libraries() {
	apt-cache "${IV_APT[@]}" show "dpdk-dev=$1" | sed -n 's/^Depends: //p' | tr ',' '\n' |
		awk '$1 ~ /^lib.*[0-9]$/ && $1 != "libc6" { print $1 }'
}
