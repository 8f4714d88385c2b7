# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The vfio selftests of a newer kernel, out of the newest source package that Debian has built
# for trixie-backports.  Of the source only these are kept, and the headers of drivers that they
# include by symbolic links.

IV_NEWER_MEMBERS=(
	tools/testing/selftests/vfio
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h
	tools/include
	tools/arch/x86/include
	include/linux/pci_ids.h
	include/uapi/linux/pci_regs.h
	drivers/dma/ioat/hw.h
	drivers/dma/ioat/registers.h
	drivers/dma/idxd/registers.h
	drivers/net/ethernet/intel/igb
)

fetch_newer_source() {
	local package version tree=$IV_WORK/newer-source

	archive_open trixie-backports
	package=$(apt-cache "${IV_APT[@]}" pkgnames linux-source- |
		grep -E '^linux-source-[0-9]+\.[0-9]+$' | sort -V | tail -n 1)
	[ -n "$package" ] ||
		die "there is no source of a newer kernel in the machine's package sources" \
		    "check that Debian's archive has the suite trixie-backports"
	version=$(archive_version "$package")
	archive_download "$IV_WORK/debs" "$package=$version"
	archive_unpack "$IV_WORK/unpacked" "$IV_WORK"/debs/linux-source-*.deb
	rm -r "$IV_WORK/debs"
	mkdir -p "$tree"
	say "unpacking the selftests of ${package#linux-source-} (reads the whole source: about 20 s)"
	xz -dc -T0 "$IV_WORK/unpacked/usr/src/$package.tar.xz" |
		tar -x -C "$tree" --strip-components=1 "${IV_NEWER_MEMBERS[@]/#/$package/}" ||
		die "the source of $package could not be unpacked" \
		    "check that the disk of $IV_CACHE is not full, and run this again"
	rm -r "$IV_WORK/unpacked"
	publish_part newer_source "$version" "$tree"
}
