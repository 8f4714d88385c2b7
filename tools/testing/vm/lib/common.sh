# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts here: messages, and where the cache is.
#
# The cache holds what was fetched from Debian's archive, each part in a folder
# named after its version, with a symbolic link of the part's plain name to the
# one in use:
#
#   kernel  -> kernel-VERSION/   image, modules and headers, unpacked
#   source  -> source-VERSION/   the kernel's source tarball, parts of it unpacked
#   qemu    -> qemu-VERSION/     QEMU with the libraries that this machine lacks
#   busybox -> busybox-VERSION/  the guest's shell and commands
#   dpdk    -> dpdk-VERSION/     DPDK's testpmd with the libraries that this machine lacks
#   libvirt_RELEASE -> libvirt_RELEASE-VERSION/  libvirt of a release of Debian, a root file system
#   debian  -> debian-VERSION/   a minimal Debian 12 with systemd, to boot in a guest
#
# A part's link exists only when the part is whole.  Beside them: initramfs/ and
# disk/, made by the script run; apt/ and unfinished/, there while set-up runs.
# A newer version is fetched when the part's link is removed.

IV_CACHE=${IOMMUFD_VFIO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/iommufd-vfio}
IV_PROGRAM=${0##*/}

say() {
	printf '%s: %s\n' "$IV_PROGRAM" "$*" >&2
}

# die MESSAGE WHAT-TO-DO
die() {
	printf '%s: %s\n' "$IV_PROGRAM" "$1" >&2
	[ -z "${2-}" ] || printf '%s: %s\n' "$IV_PROGRAM" "$2" >&2
	exit "${IV_DIE_STATUS:-1}"
}

have_part() {
	[ -d "$IV_CACHE/$1/." ]
}

part_version() {
	local target
	target=$(readlink "$IV_CACHE/$1") || return 1
	printf '%s\n' "${target#"$1"-}"
}

# publish_part PART VERSION DIR: makes a finished DIR the one in use.
publish_part() {
	local part=$1 version=$2 dir=$3

	rm -rf "${IV_CACHE:?}/$part-$version"
	mv -T "$dir" "$IV_CACHE/$part-$version"
	ln -sfn "$part-$version" "$IV_CACHE/$part.new"
	mv -T "$IV_CACHE/$part.new" "$IV_CACHE/$part"
}

# Everything unfinished lives here; what an interrupted run left goes first.
fresh_work_dir() {
	IV_WORK=$IV_CACHE/unfinished
	rm -rf "$IV_WORK"
	mkdir -p "$IV_WORK"
}

# Runs a command of the set-up, keeping its words for the case that it fails.
quietly() {
	local log=$IV_WORK/log ticker status=0

	quietly_tick 9>&- &
	ticker=$!
	"$@" >"$log" 2>&1 || status=1
	kill "$ticker" 2>/dev/null || true
	! grep -q '^[EW]: Failed to fetch' "$log" || status=1
	[ "$status" -eq 0 ] || tail -n 60 "$log" | sed 's/^/    /' >&2
	return "$status"
}

# A line every ten seconds, later every minute, with no child that could outlive it.
quietly_tick() {
	local seconds=0 step=10 never

	exec {never}<> <(:)
	while ! read -r -t $step -u "$never" && kill -0 $$ 2>/dev/null; do
		seconds=$((seconds + step))
		say "... $seconds s"
		[ $seconds -lt 60 ] || step=60
	done
}
