# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reading the guest's kernel log.

IV_START_MARK='iommufd-vfio: the command starts'

# kernel_log_format FILE: records of /dev/kmsg, as dmesg shows them.
kernel_log_format() {
	[ ! -f "$1" ] || LC_ALL=C awk '
	/^[0-9]+,[0-9]+,[0-9]+,[^;]*;/ {
		split($0, f, ",")
		sub(/^[^;]*;/, "")
		printf "[%5d.%06d] %s\n", f[3] / 1000000, f[3] % 1000000, $0
	}' "$1"
}

# kernel_log_add_console CONSOLE LOG: what a dying kernel could still say only
# on its console, after the last line of the log.
kernel_log_add_console() {
	local console=$1 log=$2 last=''

	[ -s "$console" ] || return 0
	[ ! -s "$log" ] || last=$(tail -n 1 "$log")
	tr -d '\r' <"$console" | LC_ALL=C awk -v last="${last%%]*}" '
	function stamp(line) { return line ~ /^\[ *[0-9]+\.[0-9]+\]/ ? substr(line, 2) + 0 : -1 }
	BEGIN { from = last == "" ? -1 : substr(last, 2) + 0 }
	{ s = stamp($0); if (s > from || (s < 0 && started)) { started = 1; print } }
	' >>"$log"
}

# kernel_log_splats LOG: the lines of interest, some before and after each; fails
# when there is none.
kernel_log_splats() {
	sed "1,/$IV_START_MARK/d" "$1" >"$1.after"
	[ -s "$1.after" ] || cp "$1" "$1.after"
	LC_ALL=C grep -E -m 200 -B 3 -A 45 -f "$IV_VM/guest/splats" "$1.after"
}
