# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The debug kernel: Debian's 6.12 source with the patches, and in the configuration,
# of debug-kernel/.  A patch says why it is there.
# In the cache, as debug-kernel/VERSION-KEY/, where the key is of all that it was
# made from, so that two checkouts with different ones don't get in each other's
# way:
#
#   vmlinux            the image, to be booted as it is
#   lib/modules/       its modules
#   headers/           what to give to make -C
#   release, config    what uname -r says, and the whole configuration
#
# Such a folder exists only when it is whole.

IV_DEBUG_CC=gcc-12
IV_DEBUG_CONFIGS=("$IV_VM/debug-kernel/base.config" "$IV_VM/debug-kernel/debug.config")
IV_DEBUG_PATCHES=("$IV_VM"/debug-kernel/*.patch)
IV_DEBUG_KEPT=3

# All that decides what is built, besides source and compiler. What only explains does not: nobody
# is to build a kernel again for the sake of a comment.
debug_kernel_recipe() {
	grep -h CONFIG_ "${IV_DEBUG_CONFIGS[@]}"
	sed -n -s '/^--- /,$p' "${IV_DEBUG_PATCHES[@]}"
	grep -v '^[[:space:]]*#' "$IV_VM/lib/debug-kernel.sh"
}

# Where the kernel is, or will be; fails while the source or the compiler is not there.
debug_kernel_dir() {
	local version key compiler

	version=$(part_version source) || return 1
	compiler=$("$IV_DEBUG_CC" --version 2>/dev/null | head -n 1) || return 1
	key=$({ printf '%s\n' "$compiler"; debug_kernel_recipe; } | sha256sum)
	printf '%s\n' "$IV_CACHE/debug-kernel/$version-${key:0:12}"
}

have_debug_kernel() {
	local dir

	dir=$(debug_kernel_dir) && [ -d "$dir" ]
}

# Called with the set-up's lock held, the source being there.
fetch_debug_kernel() {
	local dir work=$IV_WORK/debug-kernel

	dir=$(debug_kernel_dir)
	mkdir -p "$work/out" "$work/tree"
	say "unpacking the kernel's source"
	xz -dc -T0 "$IV_CACHE/source/linux-source-6.12.tar.xz" | tar -x -C "$work" ||
		die "the kernel's source could not be unpacked" \
		    "check that the disk of $IV_CACHE has 3 GB free, and run this again"
	cat "${IV_DEBUG_PATCHES[@]}" | quietly patch -d "$work/linux-source-6.12" -p1 ||
		die "the patches do not fit the kernel's source" "see patch's words above, and $IV_VM/debug-kernel"
	debug_kernel_configure "$work"
	say "building the debug kernel, once: about 18 minutes of one processor"
	debug_kernel_make "$work" "-j$(nproc)" vmlinux modules
	debug_kernel_collect "$work" "$work/tree"
	mkdir -p "${dir%/*}"
	mv -T "$work/tree" "$dir"
	debug_kernel_prune
}

# debug_kernel_make WORK WORD...: quiet unless it fails.
debug_kernel_make() {
	local work=$1
	shift

	quietly make -C "$work/linux-source-6.12" O="$work/out" \
		CC="$IV_DEBUG_CC" HOSTCC="$IV_DEBUG_CC" KBUILD_BUILD_VERSION=1 "$@" ||
		die "the debug kernel could not be built" \
		    "see make's words above, and the configuration in $IV_VM/debug-kernel"
}

# Every line of ours must be in the result: Kconfig drops silently what it does not know or
# what depends on something else.
debug_kernel_configure() {
	local work=$1 lost

	debug_kernel_make "$work" tinyconfig
	cat "${IV_DEBUG_CONFIGS[@]}" >>"$work/out/.config"
	debug_kernel_make "$work" olddefconfig
	lost=$(grep -h '^CONFIG_[A-Z0-9_]*=[^n]' "${IV_DEBUG_CONFIGS[@]}" |
		grep -vxF -f "$work/out/.config" || true)
	[ -z "$lost" ] || die "these lines have no effect on the debug kernel: ${lost//$'\n'/, }" \
		"see what they depend on in the kernel's Kconfig files"
}

debug_kernel_collect() {
	local work=$1 tree=$2 release

	release=$(cat "$work/out/include/config/kernel.release")
	debug_kernel_make "$work" INSTALL_MOD_PATH="$tree" INSTALL_MOD_STRIP=1 DEPMOD=true modules_install
	rm -f "$tree/lib/modules/$release/build"
	strip -o "$tree/vmlinux" "$work/out/vmlinux"
	# shellcheck disable=SC2016 # for make, not for the shell
	debug_kernel_make "$work" run-command \
		KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build '"$tree/headers"
	# An external module is to be built by the same compiler.
	sed -i "s/^CC\\([[:space:]]*\\)= \\\$(CROSS_COMPILE)gcc\$/CC\\1= $IV_DEBUG_CC/" "$tree/headers/Makefile"
	cp "$work/out/.config" "$tree/config"
	printf '%s\n' "$release" >"$tree/release"
}

# Only the newest few are kept.
debug_kernel_prune() {
	local old

	find "$IV_CACHE/debug-kernel" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn |
		tail -n +$((IV_DEBUG_KEPT + 1)) | while read -r _ old; do rm -rf "$old"; done
}
