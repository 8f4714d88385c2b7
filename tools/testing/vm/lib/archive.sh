# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Fetches Debian packages without installing them, by an apt of our own: its
# sources are derived from the machine's (lib/sources.awk) and its lists and
# downloads are in the cache.  The machine's apt configuration and package
# state are read and never written.

IV_APT=() IV_APT_SUITE=''

# archive_open [SUITE]: with the packages of one more suite of the main archive.
archive_open() {
	local dir=$IV_CACHE/apt suite=${1-} sources

	[ ${#IV_APT[@]} -eq 0 ] || [ "$IV_APT_SUITE" != "$suite" ] || return 0
	IV_APT_SUITE=$suite
	rm -rf "$dir/sources.list.d"
	mkdir -p "$dir/sources.list.d" "$dir/lists/partial" "$dir/cache/archives/partial"
	sources=$(archive_sources "$suite")
	[ -n "$sources" ] ||
		die "apt has no source for Debian bookworm on this machine" \
		    "add Debian's archive to /etc/apt/sources.list.d (suite bookworm, and bookworm-security) and run this again"
	printf '%s\n' "$sources" >"$dir/sources.list.d/derived.list"
	IV_APT=(-qq -o Dir::Etc::sourcelist=/dev/null
		-o "Dir::Etc::sourceparts=$dir/sources.list.d"
		-o "Dir::State::lists=$dir/lists"
		-o "Dir::Cache=$dir/cache"
		-o Dir::State::status=/var/lib/dpkg/status
		-o Debug::NoLocking=true
		-o "APT::Sandbox::User=$(id -un)"
		-o Acquire::Retries=2)
	say "reading the package lists of Debian's archive"
	quietly apt-get "${IV_APT[@]}" update ||
		die "Debian's archive cannot be reached, and these packages are missing: $(archive_packages "$IV_MISSING")" \
		    "connect this machine to its package archive, or copy $IV_CACHE from a machine where set-up has finished"
}

archive_sources() {
	local files=() file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		    /etc/apt/sources.list.d/*.sources; do
		[ ! -s "$file" ] || files+=("$file")
	done
	[ ${#files[@]} -eq 0 ] || awk -v "more=$1" -f "$IV_VM/lib/sources.awk" "${files[@]}"
}

# archive_packages PARTS: the packages that the parts are made of.
archive_packages() {
	local part

	for part in $1; do
		case $part in
		kernel) printf '%s ' linux-image-6.12-amd64 linux-headers-6.12-amd64 ;;
		source) printf '%s ' linux-source-6.12 ;;
		qemu) printf '%s ' qemu-system-x86 '(of bookworm-backports)' ;;
		busybox) printf '%s ' busybox-static ;;
		dpdk) printf '%s ' dpdk-dev ;;
		libvirt_*) printf '%s ' libvirt-daemon "(of ${part#libvirt_})" ;;
		debian) printf '%s ' '(those of a minimal Debian 12)' ;;
		newer_source) printf '%s ' linux-source-7.3 '(of trixie-backports)' ;;
		debug_kernel) ;; # built from source
		esac
	done
}

archive_size() {
	apt-cache "${IV_APT[@]}" show --no-all-versions "$1" 2>/dev/null |
		awk '$1 == "Size:" { printf " (%d MB)", ($2 + 999999) / 1000000; exit }'
}

# archive_version PACKAGE: the version that would be fetched, or nothing.
archive_version() {
	apt-cache "${IV_APT[@]}" policy "$1" |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

archive_has() {
	apt-cache "${IV_APT[@]}" show "$1" >/dev/null 2>&1
}

# archive_download DIR PACKAGE[=VERSION]...: each package's .deb into DIR.
archive_download() {
	local dir=$1 package
	shift

	mkdir -p "$dir"
	for package; do
		say "fetching ${package%%=*}$(archive_size "$package")"
		(cd "$dir" && quietly apt-get "${IV_APT[@]}" download "$package") ||
			die "the package $package could not be fetched" \
			    "see apt's words above; run this again when the archive can be reached"
	done
}

# archive_download_closure DIR RELEASE PACKAGE...: the packages and all that they need
# and this machine lacks.
archive_download_closure() {
	local dir=$1 release=$2
	local archives=$IV_CACHE/apt/cache/archives
	shift 2

	say "fetching $1 and the libraries that it needs"
	rm -f "$archives"/*.deb
	quietly apt-get "${IV_APT[@]}" --yes --no-install-recommends --download-only \
		--target-release "$release" --reinstall install "$@" ||
		die "the package $1 could not be fetched from $release" \
		    "see apt's words above; run this again when the archive can be reached"
	mkdir -p "$dir"
	mv "$archives"/*.deb "$dir"
}

# archive_download_root DIR RELEASE PACKAGE...: the packages and all that they need, down to the C
# library, whatever this machine has.
archive_download_root() {
	local IV_APT=("${IV_APT[@]}" -o "Dir::State::status=$IV_WORK/status")

	: >"$IV_WORK/status"
	archive_download_closure "$@"
}

# archive_merge_usr ROOT: what older packages have beside /usr, moved into it, as on an installed
# system.
archive_merge_usr() {
	local root=$1 dir

	for dir in bin sbin lib lib64; do
		[ ! -L "$root/$dir" ] || continue
		mkdir -p "$root/usr/$dir" "$root/$dir"
		cp -a "$root/$dir/." "$root/usr/$dir"
		rm -r "${root:?}/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
}

# archive_unpack DIR DEB...
archive_unpack() {
	local dir=$1 deb
	shift

	mkdir -p "$dir"
	for deb; do
		dpkg-deb -x "$deb" "$dir" ||
			die "the package file $deb could not be unpacked" \
			    "check that the disk of $IV_CACHE is not full, and run this again"
	done
}

# archive_is_whole ROOT PROGRAM: are all libraries there that the unpacked program needs?
archive_is_whole() {
	local root=$1 program=$2 lacking

	lacking=$(LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
		ldd "$root/$program" | awk '/not found/ { printf "%s ", $1 }')
	[ -z "$lacking" ] ||
		die "${program##*/} lacks these libraries: $lacking" \
		    "apt's package state does not fit what is on this machine: run dpkg --audit, then this again"
}
