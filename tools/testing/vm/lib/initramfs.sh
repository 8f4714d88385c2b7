# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's root file system: two cpio archives, one after the other.  The
# first (busybox, the stock kernel's modules) changes with the kernel only and
# is cached; the second (our modules, the guest's scripts, what the caller
# adds) is made for each run.

IV_STOCK_MODULES='vfio vfio_iommu_type1 vfio-pci mdev irqbypass nvme igb igbvf uio_pci_generic kvm_amd kvm_intel virtio_blk virtio_net 9p 9pnet_virtio'

# initramfs_base KERNEL-TREE RELEASE: sets IV_BASE to the folder that has root/
# and root.cpio.
initramfs_base() {
	local tree=$1 release=$2 key

	# Kernels of one release and with the same modules may still be configured otherwise: the
	# debug kernel's folder is named by that.
	key=$({ cat "$IV_VM/lib/initramfs.sh" "$tree/lib/modules/$release/modules.order" &&
		realpath "$tree"; } | cksum | cut -d' ' -f1)
	IV_BASE=$IV_CACHE/initramfs/$release-$(part_version busybox)-$key
	[ ! -f "$IV_BASE/root.cpio" ] || return 0

	say "making the root file system of a guest with kernel $release"
	rm -rf "$IV_BASE.$$"
	mkdir -p "$IV_BASE.$$/root"
	initramfs_busybox "$IV_BASE.$$/root"
	initramfs_stock_modules "$tree" "$release" "$IV_BASE.$$/root"
	initramfs_pack "$IV_BASE.$$/root" >"$IV_BASE.$$/root.cpio"
	mv -T "$IV_BASE.$$" "$IV_BASE" 2>/dev/null || rm -rf "$IV_BASE.$$"
}

initramfs_busybox() {
	local root=$1 applet

	mkdir -p "$root"/{bin,dev,etc,lib,lib64,proc,root,run,sys,tmp,usr/bin,usr/lib,var}
	ln -s bin "$root/sbin"
	cp "$IV_CACHE/busybox/bin/busybox" "$root/bin/busybox"
	"$root/bin/busybox" --list | while read -r applet; do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' \
		>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}

initramfs_stock_modules() {
	local tree=$1/lib/modules/$2 root=$3/lib/modules/$2 name

	mkdir -p "$root"
	find "$tree" -name '*.ko*' >"$root/.list"
	for name in $IV_STOCK_MODULES; do
		initramfs_stock_module "$tree" "$root" "$name"
	done
	rm "$root/.list"
	cp "$tree"/modules.{builtin,builtin.modinfo,order} "$root"
}

# One module and what it depends on; a kernel may have it built in or not at all.
initramfs_stock_module() {
	local tree=$1 root=$2 name=$3 file to dependency

	file=$(grep -E "/${name//[-_]/[-_]}\.ko(\.xz|\.zst|\.gz)?$" "$root/.list" | head -n 1)
	[ -n "$file" ] || return 0
	to=$root/${file#"$tree"/}
	to=${to%.ko*}.ko
	[ ! -e "$to" ] || return 0
	mkdir -p "${to%/*}"
	case $file in
	*.xz) xz -dc "$file" >"$to" ;;
	*.zst) zstd -dcq "$file" >"$to" ;;
	*.gz) gzip -dc "$file" >"$to" ;;
	*) cp "$file" "$to" ;;
	esac
	for dependency in $(modinfo -F depends "$to" | tr , ' '); do
		initramfs_stock_module "$tree" "$root" "$dependency"
	done
}

initramfs_pack() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet --create --format=newc --owner=0:0)
}

# initramfs_add ROOT HOSTPATH GUESTPATH: with the libraries that programs need.
initramfs_add() {
	local root=$1 from=$2 to=$3 file

	[ -e "$from" ] || die "there is no '$from' to add to the guest" "build it first (make tools tests)"
	mkdir -p "$root$(dirname "$to")"
	if [ -d "$from" ]; then
		mkdir -p "$root$to"
		cp -rL "$from/." "$root$to"
	else
		cp -L "$from" "$root$to"
	fi
	find -L "$from" -type f -perm /111 | while read -r file; do
		initramfs_add_libraries "$root" "$file"
	done
}

initramfs_add_libraries() {
	local root=$1 library

	{ ldd "$2" 2>/dev/null || true; } | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
	while read -r library; do
		[ ! -e "$root$library" ] || continue
		mkdir -p "$root${library%/*}"
		cp -L "$library" "$root$library"
	done
}

# initramfs_modules ROOT RELEASE DIR: our modules, preferred by modprobe to the
# stock kernel's of the same name.  DIR may be empty: stock modules only.
initramfs_modules() {
	local root=$1 release=$2 dir=$3 modules=$1/lib/modules/$2

	mkdir -p "$modules"
	cp -a "$IV_BASE/root/lib/modules/$release/." "$modules"
	if [ -n "$dir" ]; then
		mkdir "$modules/updates"
		initramfs_list_modules "$dir" | xargs -d '\n' cp -L -t "$modules/updates"
	fi
	depmod -b "$root" "$release"
	find "$modules" -mindepth 1 -maxdepth 1 ! -name updates ! -name 'modules.*' \
		-exec rm -r {} +
}

# What the last build made, not what older builds left.
initramfs_list_modules() {
	if [ -f "$1/modules.order" ]; then
		sed 's/\.o$/.ko/' "$1/modules.order"
	else
		find "$1" -name '*.ko'
	fi
}
