# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# box.sh - finds and loads a middlebox behaviour: one file, boxes/NAME.sh, for each.
#
# A box file begins with a comment: "# NAME - what it does", then which real middleboxes do this
# and what Optrail should say. At its top level it only names its parameters,
#   box_parameter KEY DEFAULT
# whose values it reads from box[KEY], and defines
#   box_up     makes the box namespace behave so; returns 0, or non-zero after lab_say, 2 for a
#              bad parameter
#   box_down   takes that back, whatever box_up returned. What lives in the box namespace goes with
#              it anyway, but processes do not.
# They may use all that network.sh gives: "on box COMMAND...", the interfaces to-client and
# to-server.

declare -A box=() # the loaded box's parameters

box_parameter() { box[$1]=$2; }

# Loads boxes/NAME.sh below `lab_dir` and sets its parameters from KEY=VALUE words.
# Returns 2 after one line on stderr when there is no such box, parameter or value.
box_load() { # NAME [KEY=VALUE]...
	local name=$1 setting
	shift
	if [[ ! $name =~ ^[a-z][a-z0-9-]*$ || ! -f $lab_dir/boxes/$name.sh ]]; then
		lab_say "no box '$name'; these are known: $(box_names)"
		return 2
	fi
	# shellcheck source=/dev/null
	. "$lab_dir/boxes/$name.sh" || return 1
	for setting in "$@"; do
		if [[ $setting != ?*=* || ! -v box[${setting%%=*}] ]]; then
			lab_say "--set $setting: $name has ${!box[*]:-no parameters}${box[*]:+ (KEY=VALUE)}"
			return 2
		fi
		box[${setting%%=*}]=${setting#*=}
	done
}

box_names() {
	local file names=()
	for file in "$lab_dir"/boxes/*.sh; do
		file=${file##*/}
		names+=("${file%.sh}")
	done
	echo "${names[*]}"
}

# One line per box: what it does, and below it its parameters with their defaults.
box_list() {
	local name summary
	for name in $(box_names); do
		summary=$(sed -n "s/^# $name - //p" "$lab_dir/boxes/$name.sh")
		printf '%-12s %s\n' "$name" "$summary"
		(
			box_load "$name" || exit 1
			for key in "${!box[@]}"; do printf '%-12s   --set %s=%s\n' '' "$key" "${box[$key]}"; done
		)
	done
}
