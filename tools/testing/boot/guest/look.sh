# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the checks look at, and what they expect of it.

fail() {
	echo "$*"
	exit 1
}

# expect WHAT IS WANTED
expect() {
	[ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}

expect_driver() {
	expect "the driver of $1" "$(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")" "$2"
}

# expect_node FILE 'MODE OWNER GROUP'
expect_node() {
	expect "$1" "$(stat -c '%a %U %G' "$1")" "$2"
}

device_file() {
	basename "/sys/bus/pci/devices/$1/vfio-dev"/vfio* | sed 's|^|/dev/vfio/devices/|'
}

group_file() {
	echo "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")"
}

# The modules that are loaded are those that were installed, none of the kernel's own.
expect_our_modules() {
	for module in iommufd vfio vfio_pci_core vfio_pci; do
		expect "the version of $module" "$(cat "/sys/module/$module/version")" \
			"$(cat /usr/local/lib/boot-check/version)"
		expect "the source of $module" "$(cat "/sys/module/$module/srcversion")" \
			"$(modinfo -F srcversion "/lib/modules/$(uname -r)/updates/iommufd-vfio/$(file_of $module)")"
	done
}

file_of() {
	case $1 in
	iommufd) echo iommufd.ko ;;
	*) echo "$1.ko" | tr _ - ;;
	esac
}

# as USER COMMAND...
as() {
	user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups "$@"
}

opens() {
	# shellcheck disable=SC2016 # for that shell
	as "$1" sh -c ': <>"$1"' sh "$2"
}

expect_forbidden() {
	! said=$(opens "$1" "$2" 2>&1) || fail "$1 can open $2"
	case $said in
	*'Permission denied'*) ;;
	*) fail "$1 can't open $2, but: $said" ;;
	esac
}

expect_no_failed_units() {
	# shellcheck disable=SC2154 # of boot-check
	[ "$state" = running ] || {
		echo "the machine's state is $state"
		systemctl list-units --failed --plain --no-legend | while read -r unit _; do
			systemctl status "$unit"
		done
		exit 1
	}
}
