# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The machine's own programs in the guest: its root file system, read-only, through 9p at
# /host, with the guest's /dev, /proc, /run and /sys in it.  What runs there sees the guest's
# devices and the machine's files.
#
# Three folders of the machine are also at a place of their own, so that users who may not
# enter root's home can use what is in them:

MACHINE_VM=/run/machine/vm		# ../../vm
MACHINE_BUILD=/run/machine/build	# what check-vmm made for its guests
MACHINE_CACHE=/run/machine/cache	# what set-up fetched

host_mount() {
	[ ! -e /host/proc/self ] || return 0
	# shellcheck source=/dev/null
	. /etc/vmm/environment # VMM_VM, VMM_BUILD and VMM_CACHE: where these folders are
	modprobe -a 9pnet_virtio 9p && mkdir -p /host &&
		mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose hostroot /host &&
		host_bind "$VMM_VM" $MACHINE_VM && host_bind "$VMM_BUILD" $MACHINE_BUILD &&
		host_bind "$VMM_CACHE" $MACHINE_CACHE || return 1
	for host_dir in dev proc run sys; do
		mount -o rbind "/$host_dir" "/host/$host_dir" || return 1
	done
}

host_bind() {
	mkdir -p "$2" && mount -o bind "/host$1" "$2"
}

# host_exec COMMAND...: becomes a command of the machine.
host_exec() {
	exec chroot /host /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		IOMMUFD_VFIO_CACHE=$MACHINE_CACHE "$@"
}

fail() {
	echo "FAILED: $*"
	exit 1
}

bind_to_vfio() {
	for address; do
		vm-bind "$address" || fail "$address could not be bound to vfio-pci"
	done
}

# device_file ADDRESS: of a device that is bound to vfio-pci.
device_file() {
	set -- "/sys/bus/pci/devices/$1/vfio-dev"/*
	echo "/dev/vfio/devices/${1##*/}"
}

pinned_pages() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { a = $2 } $1 == "nr_foll_pin_released" { r = $2 }
	     END { print a - r }' /proc/vmstat
}

# expect_nothing_pinned EVENT
expect_nothing_pinned() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(pinned_pages)
		[ "$left" -ne 0 ] || return 0
		sleep 0.2
	done
	fail "$left pages are still pinned 2 s after $1"
}

# run_case CASE: runs the function test_CASE of this script.
run_case() {
	grep -q "^test_$1() {" "$0" || {
		echo "there is no case '$1'; there are: $(sed -n 's/^test_\([a-z_0-9]*\)() {/\1/p' "$0" | xargs)"
		exit 2
	}
	host_mount || fail "the machine's files are not there"
	"test_$1"
}
