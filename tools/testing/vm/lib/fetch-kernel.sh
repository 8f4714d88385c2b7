# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Debian's stock 6.12 kernel: image, modules and headers, side by side in one
# tree that works from where it is.  In it, beside what the packages hold:
#
#   release            the kernel's release, as uname -r has it
#   headers            link to the folder to give to make -C
#   vmlinux            the image without its wrapping: boots faster under emulation

fetch_kernel() {
	local version release base tree=$IV_WORK/kernel

	archive_open
	version=$(archive_version linux-image-6.12-amd64)
	[ -n "$version" ] ||
		die "the package linux-image-6.12-amd64 is not in the machine's package sources" \
		    "add the suite bookworm-security to apt's sources and run this again"
	release=$(apt-cache "${IV_APT[@]}" show "linux-image-6.12-amd64=$version" |
		  sed -n 's/^Depends: linux-image-\([^ ]*\) .*/\1/p')
	base=${release%-amd64}
	archive_download "$IV_WORK/debs" "linux-image-$release=$version" \
		"linux-headers-$release=$version" \
		"linux-headers-$base-common=$version" \
		"linux-kbuild-$base=$version"
	say "unpacking kernel $release"
	archive_unpack "$tree" "$IV_WORK"/debs/linux-*.deb
	rm -r "$IV_WORK/debs"
	kernel_relocate "$tree" "$release"
	kernel_unwrap "$tree/boot/vmlinuz-$release" "$tree/vmlinux"
	printf '%s\n' "$release" >"$tree/release"
	publish_part kernel "$version" "$tree"
}

# The headers' one absolute include and the modules' links into /usr.
kernel_relocate() {
	local tree=$1 release=$2
	local headers=$tree/usr/src/linux-headers-$release

	# shellcheck disable=SC2016 # for make, not for the shell
	sed -i 's|^include /usr/src/|include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../|' \
		"$headers/Makefile"
	! grep -q ' /usr/' "$headers/Makefile" ||
		die "the Makefile of the package linux-headers-$release is not as expected" \
		    "compare $headers/Makefile with kernel_relocate() in ${BASH_SOURCE[0]}"
	ln -sfn "usr/src/linux-headers-$release" "$tree/headers"
	ln -sfn "../../../usr/src/linux-headers-$release" "$tree/lib/modules/$release/build"
	ln -sfn "../../../usr/src/linux-headers-${release%-amd64}-common" \
		"$tree/lib/modules/$release/source"
}

# kernel_unwrap BZIMAGE VMLINUX: takes the kernel out of its self-extracting
# image, whose header says where the compressed part is (Documentation/arch/x86/boot.rst).
kernel_unwrap() {
	local image=$1 out=$2 sectors offset length

	sectors=$(od -An -tu1 -j $((0x1f1)) -N1 "$image")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$image")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$image")
	tail -c +$(((sectors + 1) * 512 + offset + 1)) "$image" | head -c $((length)) |
		kernel_decompress >"$out"
	[ "$(head -c 4 "$out" | od -An -tx1 | tr -d ' \n')" = 7f454c46 ] ||
		die "no kernel was found inside $image" \
		    "boot it as it is: tools/testing/vm/run --kernel $image"
}

# The last four bytes are the unpacked size, which the decompressors call garbage.
kernel_decompress() {
	{ zstd -dcq 2>/dev/null || true; }
}
