# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's devices and where they are.  The command in the guest finds the
# addresses in its environment:
#
#   IV_EDU		edu, alone in its IOMMU group
#   IV_SHARED_A		edu, function 0 of a slot ...
#   IV_SHARED_B		... edu, function 1: one group, two requester IDs
#   IV_NVME		NVMe disk of 16 MiB; each 512-byte block begins with the
#			text "iommufd-vfio block N"; writes are lost at the end
#   IV_IGB		igb network card behind a root port (it reaches nothing)
#   IV_PAIR_A, IV_PAIR_B	two edu functions of one slot behind a root port: a hot reset
#			of the bus resets both
#   IV_SHMEM		ivshmem: its BAR 2 is 16 MiB of memory, and it has an expansion ROM of
#			4 KiB; from 64 on, each 64 bytes begin with "iommufd-vfio ROM N"
#   IV_VGA, IV_VGA_OTHER	two graphics cards, both with the legacy VGA ranges; the second
#			one behind a root port, so that at first the other one has them
#   IV_HOTPLUG		edu behind a root port that it can be unplugged from
#   IV_HOTPLUG_PORT	that root port; IV_HOTPLUG_SLOT is the name of its slot in
#			/sys/bus/pci/slots (vm-unplug and vm-plug use it); QEMU can make the
#			port report errors by the name in IV_HOTPLUG_PORT_ID
#   IV_VIRTIO_BLK	virtio disk of 16 MiB with two queues, behind a root port; each
#			512-byte block begins with "iommufd-vfio virtio block N"; writes
#			are lost at the end
#   IV_AER		the same: it reports errors when QEMU is told so, by IV_AER_ID
#   IV_VIRTIO_NET	virtio network card, function 0 of a slot; 10.0.2.2 answers it ...
#   IV_VIRTIO_PARTNER	... virtio balloon, function 1: in the same group, and the one
#			device here that would bypass the IOMMU
#
# edu can reach all 64 bits of address here, not its usual 28.  The IOMMU is
# VT-d in scalable mode.  The intel-iommu device comes first on QEMU's command
# line, since devices made before it would bypass it.

IV_DEVICE_ENV='
IV_EDU=0000:00:04.0
IV_SHARED_A=0000:00:05.0
IV_SHARED_B=0000:00:05.1
IV_NVME=0000:00:06.0
IV_IGB=0000:01:00.0
IV_HOTPLUG=0000:02:00.0
IV_PAIR_A=0000:04:00.0
IV_PAIR_B=0000:04:00.1
IV_SHMEM=0000:00:0d.0
IV_VGA=0000:00:0e.0
IV_VGA_OTHER=0000:05:00.0
IV_HOTPLUG_PORT=0000:00:09.0
IV_HOTPLUG_SLOT=2
IV_HOTPLUG_PORT_ID=hotplug-port
IV_VIRTIO_BLK=0000:03:00.0
IV_AER=0000:03:00.0
IV_AER_ID=virtio-blk
IV_VIRTIO_NET=0000:00:0b.0
IV_VIRTIO_PARTNER=0000:00:0b.1
'
IV_EDU_ARGS=edu,dma_mask=0xffffffffffffffff
IV_VIRTIO_ARGS=disable-legacy=on,iommu_platform=on

# devices_set_args NVME-DISK VIRTIO-DISK ROM: sets IV_DEVICE_ARGS.
devices_set_args() {
	local disk=$1 virtio_disk=$2 rom=$3

	IV_DEVICE_ARGS=(
	-device intel-iommu,x-scalable-mode=on,intremap=on,eim=on
	-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off
	-device "$IV_EDU_ARGS,id=edu,addr=04.0"
	-device "$IV_EDU_ARGS,id=shared-a,addr=05.0,multifunction=on"
	-device "$IV_EDU_ARGS,id=shared-b,addr=05.1"
	-drive "if=none,id=disk,format=raw,file=$disk,snapshot=on"
	-device nvme,id=nvme,addr=06.0,serial=iommufd-vfio,drive=disk
	-device pcie-root-port,id=igb-port,addr=08.0,chassis=1,slot=1,hotplug=off
	-netdev user,id=no-net,restrict=on
	-device igb,id=igb,netdev=no-net,bus=igb-port,addr=00.0,romfile=
	-device pcie-root-port,id=hotplug-port,addr=09.0,chassis=2,slot=2
	-device "$IV_EDU_ARGS,id=hotplug,bus=hotplug-port,addr=00.0"
	-drive "if=none,id=virtio-disk,format=raw,file=$virtio_disk,snapshot=on"
	-device pcie-root-port,id=virtio-port,addr=0a.0,chassis=3,slot=3
	-device "virtio-blk-pci,$IV_VIRTIO_ARGS,id=virtio-blk,aer=on,bus=virtio-port,addr=00.0,drive=virtio-disk,num-queues=2"
	-netdev user,id=virtio-net,restrict=on
	-device "virtio-net-pci,$IV_VIRTIO_ARGS,id=virtio-net,addr=0b.0,netdev=virtio-net,multifunction=on,romfile="
	-device virtio-balloon-pci,disable-legacy=on,id=virtio-partner,addr=0b.1
	-device pcie-root-port,id=pair-port,addr=0c.0,chassis=5,slot=5,hotplug=off
	-device "$IV_EDU_ARGS,id=pair-a,bus=pair-port,addr=00.0,multifunction=on"
	-device "$IV_EDU_ARGS,id=pair-b,bus=pair-port,addr=00.1"
	-object memory-backend-ram,id=shmem-memory,size=16M,share=on
	-device "ivshmem-plain,id=shmem,memdev=shmem-memory,addr=0d.0,romfile=$rom"
	-device VGA,id=vga,addr=0e.0,vgamem_mb=1,romfile=
	-device pcie-root-port,id=vga-port,addr=0f.0,chassis=6,slot=6,hotplug=off
	-device VGA,id=vga-other,bus=vga-port,addr=00.0,vgamem_mb=1,romfile=
	)
}

# devices_make_disk FILE TEXT
devices_make_disk() {
	[ ! -f "$1" ] || return 0
	mkdir -p "${1%/*}"
	awk -v text="$2" 'BEGIN { for (n = 0; n < 32768; n++) printf "%-511s\n", text " " n }' \
		>"$1.$$"
	mv "$1.$$" "$1"
}

# devices_make_rom FILE: an expansion ROM of ivshmem that the firmware doesn't run,
# since its code is for no machine.
devices_make_rom() {
	[ ! -f "$1" ] || return 0
	mkdir -p "${1%/*}"
	{
		# The signature, at 0x18 where the structure that describes the image is, which
		# begins with PCIR and the device; and its end.
		printf '\125\252\010%021d\034\000%02d' 0 0 | tr 0 '\000'
		printf 'PCIR\364\032\020\021\000\000\030\000\000\000\000\005'
		printf '\010\000\000\000\377\200\000\000%012d' 0 | tr 0 '\000'
		awk 'BEGIN { for (n = 1; n < 64; n++) printf "%-63s\n", "iommufd-vfio ROM " n }'
	} >"$1.$$"
	mv "$1.$$" "$1"
}
