# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What a nested guest does with its disk and its network card, and how this guest knows that it
# was really these.

USE_BLOCKS=4096		# so many of the disk's blocks are compared ...
USE_MARK_BLOCK=20000	# ... and this is one that nested guests write

# The disk is made of this file of the machine, and writes to it are lost.
use_expected_hash() {
	head -c $((USE_BLOCKS * 512)) "$MACHINE_CACHE/disk/blocks.img" | sha256sum | cut -d' ' -f1
}

use_disk() {
	use_got=$(nested 'dd if=/dev/nvme0n1 bs=512 skip=4711 count=1 iflag=direct 2>/dev/null | xargs') ||
		fail "the nested guest could not read its disk: $use_got"
	[ "$use_got" = 'iommufd-vfio block 4711' ] || fail "block 4711 is '$use_got'"
	use_got=$(nested "dd if=/dev/nvme0n1 bs=64k count=$((USE_BLOCKS / 128)) iflag=direct 2>/dev/null | sha256sum")
	[ "${use_got%% *}" = "$(use_expected_hash)" ] || fail "what the nested guest read has the hash $use_got"
	echo "the nested guest read block 4711, and $((USE_BLOCKS / 2)) KiB with the right hash"
}

use_network() {
	use_got=$(nested 'ip addr show dev eth0 | grep -q 10.0.2.15 || ip addr add 10.0.2.15/24 dev eth0; ping -q -c 20 -i 0.1 -w 40 10.0.2.2')
	use_received=$(echo "$use_got" | sed -n 's/.* \([0-9]*\) packets received.*/\1/p')
	[ "${use_received:-0}" -gt 0 ] || fail "no packet came back through the network card: $use_got"
	echo "the nested guest's network: $(echo "$use_got" | grep transmitted)"
}

# use_mark TEXT: the nested guest writes a block, which use_marked reads later.
use_mark() {
	nested "printf '%-511s\\n' '$1' | dd of=/dev/nvme0n1 bs=512 seek=$USE_MARK_BLOCK count=1 iflag=fullblock oflag=direct 2>/dev/null" ||
		fail 'the nested guest could not write its disk'
}

# The kernel of this guest itself has the disk now, or soon.
use_marked() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -b /dev/nvme0n1 ] || break
		sleep 0.5
	done
	use_got=$(dd if=/dev/nvme0n1 bs=512 skip=$USE_MARK_BLOCK count=1 2>/dev/null | xargs)
	[ "$use_got" = "$1" ] || fail "this guest's own kernel reads '$use_got' where '$1' was written"
	echo "this guest's own kernel reads what the nested guest wrote"
}

# A disk that was plugged in.
use_wait_for_disk() {
	# shellcheck disable=SC2016 # for the nested shell
	nested 'for _ in $(seq 100); do test ! -b /dev/nvme0n1 || exit 0; usleep 200000; done; exit 1' ||
		fail 'the nested guest does not see the disk that was plugged in'
}

use() {
	use_disk
	use_network
}

# Disk and network card are kept busy, in the background.
use_start_dma() {
	nested 'while :; do dd if=/dev/nvme0n1 of=/dev/null bs=128k count=64 iflag=direct; done >/dev/null 2>&1 &'
	nested 'ip addr add 10.0.2.15/24 dev eth0 2>/dev/null; ping -q -A -s 1400 10.0.2.2 >/dev/null 2>&1 &'
	use_before=$(nested 'cat /sys/block/nvme0n1/stat' | awk '{ print $1 }')
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		use_now=$(nested 'usleep 100000; cat /sys/block/nvme0n1/stat' | awk '{ print $1 }')
		[ "$use_now" -le "$use_before" ] || return 0
	done
	fail "the disk is not being read: $use_before requests, then $use_now"
}

use_report_log() {
	echo "the nested kernel's log:"
	nested_log 'nvme|igb'
}
