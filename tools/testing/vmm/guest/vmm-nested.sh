# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC3045,SC3013 # busybox has read -t and ulimit -l
#
# A nested guest: the machine's QEMU in this guest, with devices of this guest passed through.
# It boots the same stock kernel, and an initramfs whose agent does what it is asked (see
# ../nested/agent).  There is one at a time; its files are in /run/vmm:
#
#   kmsg		its kernel's log
#   console		what its firmware and its kernel say on the serial line
#   qemu		what QEMU says
#   qmp			QEMU's machine protocol
#   agent.in, .out	to and from its agent: descriptors 8 and 9 of ours
#
# Its PCI Express ports are port0 and port1.

NESTED=/run/vmm
nested_pid=''
nested_user=''		# whom QEMU runs as; nobody is a user without any rights
nested_memory=256	# MiB
nested_patience=300	# seconds that it may be silent while it boots

# nested_prepare: its files, and its kernel's words.
nested_prepare() {
	rm -rf $NESTED
	mkdir -p $NESTED
	mkfifo $NESTED/agent.in $NESTED/agent.out
	exec 8<>$NESTED/agent.in 9<>$NESTED/agent.out
	: >$NESTED/kmsg
	nested_words='console=ttyS0 loglevel=4 panic=-1 oops=panic rdinit=/init mitigations=off'
	nested_words="$nested_words nokaslr audit=0 random.trust_cpu=on printk.devkmsg=on"
}

# nested_start OPENINGS QEMU-ARGUMENT...: starts QEMU with descriptors that OPENINGS, such as
# "5<>/dev/iommu", give it; does not wait for the guest.
nested_start() {
	nested_openings=$1
	shift
	nested_prepare
	[ -z "$nested_user" ] || chown -R "$nested_user" $NESTED
	for port in kmsg status output; do
		set -- -chardev "file,id=$port,path=$NESTED/$port" \
			-device "virtserialport,bus=ports.0,name=$port,chardev=$port" "$@"
	done
	# Nothing that the guest would probe for in vain, and a CPU newer than those with an IOMMU
	# in their north bridge: each access to I/O ports takes long.
	set -- -machine q35,sata=off,smbus=off,smm=off,vmport=off,hpet=off -cpu qemu64,family=25 \
		-accel kvm -m "$nested_memory" \
		-nodefaults -no-user-config -display none \
		-kernel "$MACHINE_CACHE/kernel/vmlinux" \
		-initrd "$MACHINE_BUILD/nested.cpio" -append "$nested_words" \
		-serial "file:$NESTED/console" \
		-chardev "socket,id=qmp,path=$NESTED/qmp,server=on,wait=off" \
		-mon chardev=qmp,mode=control \
		-device virtio-serial-pci,id=ports,addr=02.0 \
		-chardev "pipe,id=agent,path=$NESTED/agent" \
		-device virtserialport,bus=ports.0,name=agent,chardev=agent \
		-device pcie-root-port,id=port0,addr=03.0,chassis=1,slot=1 \
		-device pcie-root-port,id=port1,addr=04.0,chassis=2,slot=2 "$@"
	nested_exec "$@" </dev/null >$NESTED/qemu 2>&1 8>&- 9>&- &
	nested_pid=$!
}

nested_exec() {
	[ -z "$nested_openings" ] || eval "exec $nested_openings" || exit 1
	set -- "$MACHINE_VM/qemu" "$@"
	if [ -n "$nested_user" ]; then
		# What libvirt allows a guest with passed-through devices: its memory, and 1 GiB.
		ulimit -l $(((nested_memory + 1024) * 1024)) || exit 1
		set -- /usr/bin/setpriv --reuid "$nested_user" --regid nogroup --clear-groups \
			--inh-caps=-all --bounding-set=-all "$@"
	fi
	host_exec "$@"
}

nested_runs() {
	kill -0 "$nested_pid" 2>/dev/null
}

# nested_line SECONDS: the agent's next line into $line. A read whose time is over drops what it has of
# a line, so it is looked first whether there is something to read.
nested_line() {
	nested_tries=$(($1 * 10))
	until read -r -t 0 line <&9; do
		nested_runs || fail "QEMU ended: $(tail -n 5 $NESTED/qemu)"
		nested_tries=$((nested_tries - 1))
		[ $nested_tries -gt 0 ] || {
			tail -n 20 $NESTED/kmsg
			tail -n 5 $NESTED/qemu $NESTED/console
			fail "the nested guest said nothing for $1 s"
		}
		usleep 100000
	done
	IFS= read -r -t 60 line <&9 || fail 'the nested guest did not end its line'
}

# Until the agent is there.
nested_wait() {
	line=''
	until [ "$line" = ready ]; do
		nested_line $nested_patience
	done
}

# nested COMMAND: runs it in the nested guest, prints its output, fails if it does.
nested() {
	printf '%s\n' "$1" >&8
	while :; do
		nested_line 60
		case $line in
		'status 0') return 0 ;;
		'status '*) return 1 ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

nested_qmp() {
	vmm-qmp $NESTED/qmp "$@"
}

# nested_kill: kill -9, and waits until the process is gone.
nested_kill() {
	[ -n "$nested_pid" ] || return 0
	kill -9 "$nested_pid" 2>/dev/null
	wait "$nested_pid" 2>/dev/null
	nested_pid=''
	exec 8>&- 9>&-
}

# nested_log WORDS: the lines of the nested kernel's log with WORDS, as dmesg has them.
nested_log() {
	sed -n 's/^[0-9]*,[0-9]*,\([0-9]*\),[^;]*;/\1 /p' $NESTED/kmsg | grep -E "$1" |
		awk '{ t = $1; sub(/^[0-9]+ /, ""); printf "    [%5d.%06d] %s\n", t / 1000000, t % 1000000, $0 }'
}
