# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The checks, each a function test_BOOT_*.  The boots are
#
#   installed	after make install, with nothing configured; ends with what the documentation
#		says, for IV_NVME by its address and for IV_IGB by its ID
#   prepared	has all that; ends with taking it back, but for the modules
#   undone	has no more than modules that are loaded

rule=/etc/udev/rules.d/60-iommufd-vfio.rules
kept=/etc/udev/rules.d/70-iommufd-ctl-$IV_NVME.rules

test_installed_has_no_failed_units() {
	expect_no_failed_units
}

# What the later boots have to prevent
test_installed_own_drivers_are_in_the_initramfs() {
	lsinitramfs "/boot/initrd.img-$(uname -r)" >/tmp/initramfs
	grep '/nvme\.ko' /tmp/initramfs
	grep '/igb\.ko' /tmp/initramfs
}

test_installed_own_drivers_have_the_devices() {
	expect_driver "$IV_NVME" nvme
	expect_driver "$IV_IGB" igb
}

test_installed_modprobe_takes_ours() {
	modprobe --show-depends vfio-pci >/tmp/depends
	for module in iommufd vfio vfio_pci_core vfio_pci; do
		grep "^insmod /lib/modules/$(uname -r)/updates/iommufd-vfio/$(file_of $module)" /tmp/depends ||
			fail "modprobe vfio-pci doesn't take our $module: $(cat /tmp/depends)"
	done
}

# The lines of Documentation/vmm.md.
test_installed_can_be_prepared() {
	sh -ex /usr/local/lib/boot-check/prepare
}

test_installed_persistent_bind_works_at_once() {
	expect_driver "$IV_NVME" vfio-pci
	expect_our_modules
}

# By the rule as it was installed.
test_installed_udev_keeps_the_files_to_root() {
	udevadm settle
	expect_node /dev/iommu '600 root root'
	expect_node "$(device_file "$IV_NVME")" '600 root root'
	expect_node "$(group_file "$IV_NVME")" '600 root root'
	expect_node /dev/vfio/vfio '666 root root'
	# What the kernel chooses is the same, so udev is asked whether it is the rule.
	udevadm test /sys/class/misc/iommu 2>&1 | grep "60-iommufd-vfio.rules.* MODE 0600"
}

# The lines that are commented out, and what the rule's head says of them.
test_installed_rule_can_be_changed() {
	groupadd --system vfio
	useradd --groups vfio member
	useradd stranger
	sed 's/^#\([KS][A-Z]*==\)/\1/' /usr/lib/udev/rules.d/60-iommufd-vfio.rules >$rule
	grep '^KERNEL.*GROUP="vfio"' $rule
}

test_prepared_has_no_failed_units() {
	expect_no_failed_units
}

test_prepared_chosen_by_id_is_with_vfio_pci() {
	expect_driver "$IV_IGB" vfio-pci
	expect_our_modules
}

test_prepared_persistent_bind_has_outlived_the_boot() {
	expect_driver "$IV_NVME" vfio-pci
}

test_prepared_initramfs_has_no_vfio_but_ours() {
	lsinitramfs "/boot/initrd.img-$(uname -r)" >/tmp/initramfs
	grep 'updates/iommufd-vfio/vfio-pci.ko' /tmp/initramfs || fail "there is no vfio-pci in it"
	! grep 'kernel/drivers/vfio/' /tmp/initramfs || fail "the kernel's own are in it, too"
}

test_prepared_group_can_open_and_others_not() {
	for file in /dev/iommu "$(device_file "$IV_NVME")" "$(device_file "$IV_IGB")" \
		    "$(group_file "$IV_IGB")"; do
		expect_node "$file" '660 root vfio'
		opens member "$file"
		expect_forbidden stranger "$file"
	done
	expect_node /dev/vfio/vfio '666 root root'
	opens stranger /dev/vfio/vfio
}

test_prepared_doctor_finds_nothing() {
	iommufd-ctl doctor
	as member iommufd-ctl doctor
}

test_prepared_member_can_use_a_device() {
	as member iommufd-ctl probe "$IV_NVME"
}

test_prepared_unbind_gives_it_back() {
	iommufd-ctl device unbind "$IV_NVME"
	expect_driver "$IV_NVME" nvme
	for file in "$kept" /etc/modules-load.d/iommufd-ctl.conf; do
		[ ! -e "$file" ] || fail "$file is still there"
	done
	test -b "/dev/$(basename "/sys/bus/pci/devices/$IV_NVME/nvme"/nvme*)n1"
}

test_prepared_can_be_undone() {
	rm /etc/modprobe.d/vfio-pci.conf $rule
	update-initramfs -u
}

test_undone_has_no_failed_units() {
	expect_no_failed_units
}

test_undone_own_drivers_have_the_devices() {
	expect_driver "$IV_NVME" nvme
	expect_driver "$IV_IGB" igb
}

# Here nobody else loads them. What it says is known by its own name: of its unit the journal doesn't
# know if it had ended before the journal began.
test_undone_systemd_has_loaded_our_modules() {
	journalctl -b -t systemd-modules-load >/tmp/journal
	for module in iommufd vfio_pci; do
		grep "Inserted module '$module'" /tmp/journal ||
			fail "systemd-modules-load has not loaded $module: $(cat /tmp/journal)"
	done
	expect_our_modules
}

test_undone_files_are_kept_to_root() {
	expect_node /dev/iommu '600 root root'
	expect_node /dev/vfio/vfio '666 root root'
	expect_forbidden member /dev/iommu
}

test_undone_doctor_finds_nothing() {
	iommufd-ctl doctor
}
