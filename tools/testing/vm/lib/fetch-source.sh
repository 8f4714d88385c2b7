# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel's source package: the tarball is kept, since a debug kernel is
# built from it, and what the tests and `make style` need is unpacked to tree/.

IV_SOURCE_MEMBERS=(
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h
	tools/testing/selftests/iommu
	tools/testing/selftests/lib.mk
	tools/net/ynl
	Documentation/netlink
	tools/include
	scripts/checkpatch.pl
	scripts/const_structs.checkpatch
	scripts/spelling.txt
	usr/include
)

fetch_source() {
	local version wanted tree=$IV_WORK/source

	archive_open
	version=$(archive_version linux-source-6.12)
	[ -n "$version" ] ||
		die "the package linux-source-6.12 is not in the machine's package sources" \
		    "add the suite bookworm-security to apt's sources and run this again"
	wanted=$(part_version kernel) || wanted=$version
	if [ "$wanted" != "$version" ] && archive_has "linux-source-6.12=$wanted"; then
		version=$wanted
	fi
	archive_download "$IV_WORK/debs" "linux-source-6.12=$version"
	archive_unpack "$IV_WORK/unpacked" "$IV_WORK"/debs/linux-source-*.deb
	rm -r "$IV_WORK/debs"
	mkdir -p "$tree/tree"
	mv "$IV_WORK/unpacked/usr/src/linux-source-6.12.tar.xz" "$tree"
	say "unpacking the kernel's test harness (reads the whole source: about 20 s)"
	source_extract "$tree/linux-source-6.12.tar.xz" "$tree/tree"
	publish_part source "$version" "$tree"
}

source_extract() {
	local tarball=$1 dir=$2

	xz -dc -T0 "$tarball" |
		tar -x -C "$dir" --strip-components=1 "${IV_SOURCE_MEMBERS[@]/#/linux-source-6.12/}" ||
		die "the kernel's source could not be unpacked from $tarball" \
		    "check that the disk of $IV_CACHE is not full, and run this again"
}
