# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC3045 # busybox has ulimit -l
# shellcheck disable=SC2034,SC2154 # nested_* are vmm-nested.sh's
#
# libvirtd of a release of Debian, in a root file system of its own (see ../../vm/lib/fetch-libvirt.sh),
# with this guest's /dev, /proc, /run and /sys in it, and an empty /etc, /var and /tmp.  It is
# configured as Debian does it: QEMU runs as libvirt-qemu, who can open no node of a device by himself
# but /dev/kvm, in a mount namespace with a /dev that libvirt fills, and in a cgroup that allows the
# devices that libvirt names; and with libvirt_confine AppArmor, too.

LIBVIRT_DOMAIN=nested
LIBVIRT_UUID=6e657374-6564-4000-8000-000000000001
LIBVIRT_USER=64055	# libvirt-qemu, as in Debian
LIBVIRT_KVM=64056	# the group kvm, which may open /dev/kvm ...
LIBVIRT_VFIO=64057	# ... and vfio, as in the udev rule of `make install`

LIBVIRT_HOME=/run/libvirt-home
LIBVIRT_ENV="env -i LC_ALL=C PATH=/usr/sbin:/usr/bin HOME=$LIBVIRT_HOME XDG_RUNTIME_DIR=$LIBVIRT_HOME"

libvirt_root=''
libvirt_confined=''
libvirt_pid=''
libvirt_user=''		# whom libvirtd runs as, if not as root
libvirt_uri=qemu:///system
libvirt_state=/run/libvirt/qemu
libvirt_log=/var/log/libvirt/qemu

# libvirt_start RELEASE [LINE-OF-QEMU.CONF]...
libvirt_start() {
	libvirt_use "$1"
	shift
	# Without virtlogd, which would open a guest's files for it.
	printf '%s\n' 'stdio_handler = "file"' "$@" >"$libvirt_root/etc/libvirt/qemu.conf"
	chown 0:$LIBVIRT_KVM /dev/kvm
	chmod 660 /dev/kvm
	rm -rf /run/libvirt
	libvirt_daemon >/run/libvirtd 2>&1 &
	libvirt_pid=$!
	libvirt_answers
}

libvirt_answers() {
	for _ in $(seq 240); do
		! virsh version >/run/libvirt-version 2>&1 || break
		kill -0 "$libvirt_pid" 2>/dev/null || fail "libvirtd ended: $(tail -n 20 /run/libvirtd)"
		sleep 1
	done
	grep -E '^(Using library|Running hyper)' /run/libvirt-version ||
		fail "libvirtd does not answer: $(cat /run/libvirt-version; tail -n 20 /run/libvirtd)"
}

# libvirt_use RELEASE: from here on, libvirt's programs are those of that release.
libvirt_use() {
	libvirt_root=/libvirt/$1
	[ -e "$libvirt_root/proc/self" ] || libvirt_mount || fail "libvirt's files are not there"
}

libvirt_mount() {
	mkdir -p "$libvirt_root"
	mount -o bind "$MACHINE_CACHE/libvirt_${libvirt_root##*/}" "$libvirt_root" || return 1
	for libvirt_dir in etc var tmp; do
		mount -t tmpfs -o mode=755 tmpfs "$libvirt_root/$libvirt_dir" || return 1
	done
	[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup || return 1
	for libvirt_dir in dev proc run sys; do
		mount -o rbind "/$libvirt_dir" "$libvirt_root/$libvirt_dir" || return 1
	done
	# libvirt looks there for drivers that suit a device better than vfio-pci.
	mount -o bind /lib/modules "$libvirt_root/usr/lib/modules" || return 1
	ln -s /run "$libvirt_root/var/run"
	mkdir "$libvirt_root/etc/libvirt"
	printf 'root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:%d:%d::%s:/bin/false\n' \
		$LIBVIRT_USER $LIBVIRT_USER $LIBVIRT_HOME >"$libvirt_root/etc/passwd"
	printf 'root:x:0:\nlibvirt-qemu:x:%d:\nkvm:x:%d:libvirt-qemu\nvfio:x:%d:libvirt-qemu\n' \
		$LIBVIRT_USER $LIBVIRT_KVM $LIBVIRT_VFIO >"$libvirt_root/etc/group"
	printf 'log_outputs="1:stderr"\nlog_filters="1:util.iommufd"\n' \
		>"$libvirt_root/etc/libvirt/libvirtd.conf"
}

# libvirt_confine RELEASE: with the profiles of AppArmor that Debian has for libvirtd and QEMU.
libvirt_confine() {
	libvirt_use "$1"
	libvirt_confined=$libvirt_root
	mount -t securityfs securityfs "$libvirt_root/sys/kernel/security" || fail 'there is no securityfs'
	cp -r "$MACHINE_CACHE/libvirt_$1/etc/apparmor" "$MACHINE_CACHE/libvirt_$1/etc/apparmor.d" \
		"$libvirt_root/etc"
	libvirt_profiles -r || fail "AppArmor's profiles could not be loaded"
}

libvirt_unconfine() {
	[ -n "$libvirt_confined" ] || return 0
	libvirt_profiles -R
	umount "$libvirt_confined/sys/kernel/security"
	libvirt_confined=''
}

libvirt_profiles() {
	for libvirt_profile in usr.lib.libvirt.virt-aa-helper usr.sbin.libvirtd; do
		(libvirt_exec /usr/sbin/apparmor_parser "$1" /etc/apparmor.d/$libvirt_profile) || return 1
	done
}

# Becomes libvirtd, in a mount namespace whose root is that file system: libvirt enters the namespace
# that it makes for QEMU from outside, which takes it out of any chroot.
libvirt_daemon() {
	# shellcheck disable=SC2016,SC2086 # for the shell in the namespace; words
	exec unshare -m sh -c 'cd "$1" && mount -o move . / && shift && exec "$@"' sh \
		"$libvirt_root" $LIBVIRT_ENV chroot . /usr/sbin/libvirtd
}

# libvirt_start_in_pod RELEASE NODE...: as in a container of KubeVirt's. libvirtd is libvirt-qemu's, as
# QEMU is, and in its /dev are the plain nodes and copies of NODEs, all of them its own but /dev/iommu.
libvirt_start_in_pod() {
	libvirt_use "$1"
	shift
	libvirt_user=libvirt-qemu
	libvirt_uri=qemu:///session
	libvirt_state=$LIBVIRT_HOME/libvirt/qemu/run
	libvirt_log=$LIBVIRT_HOME/.cache/libvirt/qemu/log
	rm -rf $LIBVIRT_HOME
	mkdir -p $LIBVIRT_HOME/.config/libvirt $LIBVIRT_HOME/dev/vfio/devices $LIBVIRT_HOME/dev/pts
	echo 'stdio_handler = "file"' >$LIBVIRT_HOME/.config/libvirt/qemu.conf
	for libvirt_node in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/kvm "$@"; do
		mknod -m 600 "$LIBVIRT_HOME$libvirt_node" c \
			$((0x$(stat -c %t "$libvirt_node"))) $((0x$(stat -c %T "$libvirt_node")))
	done
	chown -R $LIBVIRT_USER:$LIBVIRT_USER $LIBVIRT_HOME
	chown 0:0 $LIBVIRT_HOME/dev/iommu
	libvirt_pod_daemon >/run/libvirtd 2>&1 &
	libvirt_pid=$!
	libvirt_answers
}

# The limit of locked memory is what KubeVirt gives to the container's processes from outside.
libvirt_pod_daemon() {
	ulimit -l $(((nested_memory + 1024) * 1024)) || exit 1
	# shellcheck disable=SC2016,SC2086 # for the shell in the namespace; words
	exec unshare -m sh -c 'cd "$1" && mount -o bind "$2/dev" dev &&
		mount -t devpts -o ptmxmode=666 devpts dev/pts && ln -s pts/ptmx dev/ptmx &&
		mount -o move . / && shift 2 && exec "$@"' sh \
		"$libvirt_root" $LIBVIRT_HOME $LIBVIRT_ENV chroot . /usr/sbin/capsh --user=$libvirt_user \
		--shell=/usr/sbin/libvirtd --
}

# libvirt_exec PROGRAM ARGUMENT...: becomes a program of that release.
libvirt_exec() {
	if [ -n "$libvirt_user" ]; then
		libvirt_program=$1
		shift
		set -- /usr/sbin/capsh --user="$libvirt_user" --shell="$libvirt_program" -- "$@"
	fi
	exec $LIBVIRT_ENV chroot "$libvirt_root" "$@"
}

virsh() {
	(libvirt_exec /usr/bin/virsh -q -c $libvirt_uri "$@")
}

# libvirt_says COMMAND...: of virsh; fails with its words and the daemon's.
libvirt_says() {
	virsh "$@" >/run/virsh 2>&1 || fail "virsh $*: $(cat /run/virsh; libvirt_words)"
	sed "s/^/virsh $1: /" /run/virsh
}

libvirt_words() {
	grep -v -E ' : (debug|info) |support requested feature' /run/libvirtd | tail -n 10
	grep -v 'support requested feature' "$libvirt_root$libvirt_log/$LIBVIRT_DOMAIN.log" |
		tail -n 60
}

libvirt_stop() {
	[ -n "$libvirt_pid" ] || return 0
	virsh destroy $LIBVIRT_DOMAIN >/dev/null 2>&1
	virsh undefine $LIBVIRT_DOMAIN >/dev/null 2>&1
	kill "$libvirt_pid"
	wait "$libvirt_pid"
	libvirt_pid=''
}

# libvirt_hostdev ADDRESS MANAGED [XML]: a device of this guest, for a domain.
libvirt_hostdev() {
	libvirt_function=${1##*.}
	libvirt_slot=${1%.*}
	libvirt_bus=${libvirt_slot%:*}
	printf "<hostdev mode='subsystem' type='pci' managed='%s'>%s<source>" "$2" "${3-}"
	printf "<address domain='0x%s' bus='0x%s' slot='0x%s' function='0x%s'/>" "${1%%:*}" \
		"${libvirt_bus##*:}" "${libvirt_slot##*:}" "$libvirt_function"
	printf "</source><rom enabled='no'/></hostdev>\n"
}

# libvirt_nodedev ADDRESS: its name as virsh nodedev-list has it.
libvirt_nodedev() {
	echo "pci_$1" | tr ':.' '__'
}

# libvirt_domain XML-OF-DEVICES [XML-OF-DOMAIN]: a nested guest as in vmm-nested.sh.
libvirt_domain() {
	cat <<-END
		<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		<name>$LIBVIRT_DOMAIN</name><uuid>$LIBVIRT_UUID</uuid>
		<memory unit='MiB'>$nested_memory</memory>
		<vcpu>1</vcpu>
		<os>
		  <type arch='x86_64' machine='q35'>hvm</type>
		  <kernel>$MACHINE_CACHE/kernel/vmlinux</kernel>
		  <initrd>$MACHINE_BUILD/nested.cpio</initrd>
		  <cmdline>$nested_words</cmdline>
		</os>
		<features><acpi/><apic/></features>
		<cpu mode='custom' match='exact' check='none'><model fallback='allow'>EPYC</model></cpu>
		${2-}
		<devices>
		  <emulator>/usr/bin/qemu-system-x86_64</emulator>
		  <controller type='usb' model='none'/>
		  <controller type='pci' model='pcie-root'/>
	END
	for libvirt_port in 1 2 3 4 5; do
		echo "<controller type='pci' index='$libvirt_port' model='pcie-root-port'/>"
	done
	for libvirt_port in kmsg status output; do
		echo "<channel type='file'><source path='$NESTED/$libvirt_port'/>"
		echo "<target type='virtio' name='$libvirt_port'/></channel>"
	done
	cat <<-END
		  <channel type='pipe'><source path='$NESTED/agent'/>
		    <target type='virtio' name='agent'/></channel>
		  <serial type='file'><source path='$NESTED/console'/></serial>
		  <memballoon model='none'/>
		  $1
		</devices>
		</domain>
	END
}

# libvirt_boot XML-OF-DEVICES [XML-OF-DOMAIN]: defines and starts it, and waits for its agent.
libvirt_boot() {
	libvirt_define "$@"
	libvirt_says start $LIBVIRT_DOMAIN
	libvirt_wait
}

libvirt_define() {
	nested_prepare
	[ -z "$libvirt_user" ] || chown -R $LIBVIRT_USER "$NESTED"
	libvirt_domain "$@" >/run/domain.xml
	libvirt_says define /run/domain.xml
}

# Of a domain that was started.
libvirt_wait() {
	ln -s "$libvirt_root$libvirt_log/$LIBVIRT_DOMAIN.log" "$NESTED/qemu"
	nested_pid=$(cat $libvirt_state/$LIBVIRT_DOMAIN.pid)
	nested_wait
}

# libvirt_destroy: returns when libvirt has given the devices back.
libvirt_destroy() {
	libvirt_says destroy $LIBVIRT_DOMAIN
	nested_pid=''
	exec 8>&- 9>&-
}
