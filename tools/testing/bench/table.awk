# SPDX-License-Identifier: GPL-2.0-only
#
# Joins the results of both sides into a table, and, into the file that the
# variable json names, a JSON object a line.  Input: targets, then the results.

# The value of a key in a line as bench prints it: no quotes or commas in texts.
function field(key,    at, value)
{
	at = index($0, "\"" key "\":")
	if (!at)
		return ""
	value = substr($0, at + length(key) + 3)
	sub(/[,}].*/, "", value)
	gsub(/"/, "", value)
	return value
}

function show(value)
{
	if (value == "")
		return "-"
	if (value == int(value) || value >= 1000)
		return sprintf("%.0f", value)
	return sprintf(value > -1 && value < 1 ? "%.3f" : "%.1f", value)
}

function verdict(reached)
{
	if (reached)
		hits++
	else
		misses++
	return reached ? "✓" : "✗"
}

FNR == 1 {
	file++
}

file == 1 && /^(max )?[0-9]/ {
	most = $1 == "max"
	value = most ? $2 : $1
	sub(/^(max )?[0-9.]+[ \t]+/, "")
	target[$0] = value
	is_most[$0] = most
	next
}

file == 2 && /^\{/ {
	key = field("name") SUBSEP field("mib")
	if (!(key in unit))
		order[++rows] = key
	unit[key] = field("unit")
	divide[key] = field("divide")
	name[key] = field("name")
	mib[key] = field("mib") + 0
	side = field("side")
	missing[key, side] = field("missing")
	best[key, side] = field("min")
	median[key, side] = field("median")
	if (mib[key] >= largest[name[key]])
		largest[name[key]] = mib[key]
}

function per_unit(key, side)
{
	return best[key, side] == "" ? "" : best[key, side] / divide[key]
}

function print_json(key, ratio, goal, reached,    side, i)
{
	printf "{\"name\":\"%s\",\"mib\":%d,\"unit\":\"%s\"", name[key], mib[key], unit[key] >json
	for (i = 1; i <= 2; i++) {
		side = i == 1 ? "ours" : "stock"
		if (best[key, side] != "")
			printf ",\"%s\":{\"value\":%.3f,\"min\":%s,\"median\":%s}", side,
			       per_unit(key, side), best[key, side], median[key, side] >json
		else if (missing[key, side] != "")
			printf ",\"%s\":{\"missing\":\"%s\"}", side, missing[key, side] >json
	}
	if (ratio != "")
		printf ",\"ratio\":%.3f", ratio >json
	if (goal != "")
		printf ",\"%s\":%s,\"reached\":%s", is_most[name[key]] ? "most" : "target", goal,
		       reached ? "true" : "false" >json
	print "}" >json
}

function print_row(key,    ours, stock, ratio, goal, reached, shown_goal)
{
	ours = per_unit(key, "ours")
	stock = per_unit(key, "stock")
	ratio = ours > 0 && stock != "" && unit[key] ~ /^[nu]s/ ? stock / ours : ""
	if (name[key] in target && mib[key] == largest[name[key]])
		goal = target[name[key]]
	if (goal != "" && is_most[name[key]] && ours != "")
		reached = ours <= goal
	else if (goal != "" && ratio != "")
		reached = ratio >= goal
	else
		goal = ""
	if (goal != "")
		shown_goal = sprintf("%s %s %s", is_most[name[key]] ? "≤" : "≥", goal,
				     verdict(reached))
	printf "%-30s %8s %9s %9s %-8s %10s  %s\n", name[key],
	       mib[key] ? mib[key] " MiB" : "", \
	       missing[key, "ours"] ? "not there" : show(ours), show(stock), unit[key], \
	       ratio == "" ? "" : sprintf("%.2f", ratio), shown_goal
	print_json(key, ratio, goal, reached)
}

# What ours takes above what the kernel takes by itself, in percent of ours.
function add_share(key,    floor_key, share_key, above)
{
	floor_key = "floor " name[key] SUBSEP mib[key]
	if (best[floor_key, "ours"] == "")
		return
	share_key = "share " name[key] SUBSEP mib[key]
	above = per_unit(key, "ours") - per_unit(floor_key, "ours")
	order[++rows] = share_key
	name[share_key] = "engine share " name[key]
	mib[share_key] = mib[key]
	unit[share_key] = "%"
	divide[share_key] = 1
	best[share_key, "ours"] = median[share_key, "ours"] = 100 * above / per_unit(key, "ours")
	largest[name[share_key]] = mib[key]
}

END {
	measured = rows
	for (i = 1; i <= measured; i++)
		add_share(order[i])
	printf "%-30s %8s %9s %9s %-8s %10s  %s\n", "", "", "ours", "stock", "",
	       "stock/ours", "target"
	for (i = 1; i <= rows; i++)
		print_row(order[i])
	printf "%d of %d targets reached\n", hits, hits + misses
}
