# SPDX-License-Identifier: GPL-2.0-only
#
# Reads apt's source files in either format (deb822 or one line) and prints, as
# one-line entries, those that name a bookworm suite, with the main archive's
# once more as bookworm-backports, and as the suite that the variable more names,
# if any.  The machine's own files stay as they are.

function emit(types, options, uris, suites, components,    u, s, i, j, nu, ns) {
	if (types !~ /(^| )deb( |$)/)
		return
	nu = split(uris, u, " ")
	ns = split(suites, s, " ")
	for (i = 1; i <= nu; i++)
		for (j = 1; j <= ns; j++) {
			if (s[j] !~ /^bookworm(-updates|-security|-backports)?$/)
				continue
			add("deb" options " " u[i] " " s[j] " " components)
			if (s[j] == "bookworm") {
				add("deb" options " " u[i] " bookworm-backports " components)
				if (more != "")
					add("deb" options " " u[i] " " more " " components)
			}
		}
}

function add(line) {
	if (!(line in seen))
		print line
	seen[line] = 1
}

function end_stanza() {
	if (field["enabled"] !~ /^(no|false|0|off)$/ && field["types"] != "")
		emit(field["types"], keyring(field["signed-by"]), field["uris"],
		     field["suites"], field["components"])
	split("", field)
	name = ""
}

# An embedded key is not a path; apt's default keyrings then have to do.
function keyring(value) {
	return value ~ /^\// ? " [signed-by=" value "]" : ""
}

FNR == 1 { end_stanza() }
/^[[:space:]]*#/ { next }
/^[[:space:]]*$/ { end_stanza(); next }

/^deb(-src)?[[:space:]]/ {
	if ($1 != "deb")
		next
	options = ""
	i = 2
	if ($2 ~ /^\[/) {
		do
			options = options " " $i
		while ($(i++) !~ /\]$/ && i <= NF)
	}
	uri = $(i++)
	suite = $(i++)
	components = $(i++)
	while (i <= NF)
		components = components " " $(i++)
	emit("deb", options, uri, suite, components)
	next
}

/^[A-Za-z-]+:/ {
	name = tolower($0)
	sub(/:.*/, "", name)
	value = $0
	sub(/^[^:]*:[[:space:]]*/, "", value)
	sub(/[[:space:]]+$/, "", value)
	field[name] = value
	next
}

/^[[:space:]]/ && name != "" {
	sub(/^[[:space:]]+/, "")
	field[name] = field[name] " " $0
}

END { end_stanza() }
