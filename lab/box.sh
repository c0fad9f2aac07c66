# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# box.sh - finds and loads middlebox behaviours: one file, boxes/NAME.sh, for each.
#
# A box file begins with a comment: "# NAME - what it does", then which real middleboxes do this
# and what Optrail should say. At its top level it only says what it is:
#   box_parameter KEY DEFAULT   a parameter; its value is in box[KEY] when box_up runs
#   box_affects_some            it can be limited to some connections: parameters affect and port
#   box_traffic KEY VALUE       what the standard experiment needs to show it; see experiment.sh
#   box_made_of NAME...         nothing of its own, but these boxes together
# and, unless made of others, defines
#   box_up     makes the box namespace behave so; returns 0, or non-zero after lab_say, 2 for a
#              bad parameter
#   box_down   takes that back, whatever box_up returned. What lives in the box namespace goes with
#              it anyway, but processes do not.
# They may use all that network.sh gives ("on box COMMAND...", the interfaces to-client and
# to-server), box_nft for what nftables can do, and forwarder_add for what it cannot (forwarder.sh).
#
# Several boxes stand in one path as "nat+sequence+strip-nop". Those made with nftables work in the
# box namespace, before (seen from the client) those of the forwarder; these in the order named.
# --set KEY=VALUE means every part that has the parameter, NAME.KEY=VALUE one of them.
#
# $lab_account is the boxes' own account of what they did, complete when boxes_down returns. The
# forwarder writes a line for each segment that it did something to (forwarder/note.h); what
# nftables does is one line for each box with the client ports of the connections concerned:
#   behaviour  ports  PORT,PORT...      or   behaviour  ports  any

declare -A box=()          # the parameters of the part at hand
declare -A box_settings=() # of all parts: [NUMBER:KEY]
declare -A box_wants=()    # what box_traffic said
box_names=()               # the parts
box_part=''                # the name of the part at hand
box_made_of=()

box_parameter() { box[$1]=$2; }
box_traffic() { box_wants[$1]=$2; }
box_made_of() { box_made_of=("$@"); }
box_affects_some() {
	box_parameter affect 1/1
	box_parameter port 0-65535
}

# Reads one box file. Returns 2 after one line on stderr when there is no such box.
box_read() { # NAME
	if [[ ! $1 =~ ^[a-z][a-z0-9-]*$ || ! -f $lab_dir/boxes/$1.sh ]]; then
		lab_say "no box '$1'; these are known: $(box_known)"
		return 2
	fi
	box=()
	box_made_of=()
	unset -f box_up box_down
	# shellcheck source=/dev/null
	. "$lab_dir/boxes/$1.sh" || return 1
}

# Loads the boxes that NAME[+NAME]... means and sets their parameters from KEY=VALUE words.
# Returns 2 after one line on stderr when there is no such box or parameter.
box_load() { # NAMES [[NAME.]KEY=VALUE]...
	local names=$1 name key number setting waiting
	shift
	box_names=()
	box_settings=()
	box_wants=()
	IFS=+ read -ra waiting <<<"$names"
	while ((${#waiting[@]})); do
		name=${waiting[0]}
		box_read "$name" || return
		if ((${#box_made_of[@]})); then
			waiting=("${box_made_of[@]}" "${waiting[@]:1}")
			continue
		fi
		waiting=("${waiting[@]:1}")
		number=${#box_names[@]}
		box_names+=("$name")
		for key in "${!box[@]}"; do box_settings[$number:$key]=${box[$key]}; done
		# Each part keeps its own two functions.
		eval "box_${number}_$(declare -f box_up)"
		eval "box_${number}_$(declare -f box_down)"
	done
	if ((!${#box_names[@]})); then
		lab_say "no box '$names'; these are known: $(box_known)"
		return 2
	fi
	for setting in "$@"; do
		box_set "$setting" || return
	done
}

box_set() { # [NAME.]KEY=VALUE
	local setting=$1 key=${1%%=*} value=${1#*=} part='' number found=''
	[[ $setting == ?*=* ]] || key=''
	if [[ $key == ?*.?* ]]; then part=${key%%.*} key=${key#*.}; fi
	for number in "${!box_names[@]}"; do
		[[ -z $part || $part == "${box_names[number]}" ]] || continue
		[[ -n $key && -v box_settings[$number:$key] ]] || continue
		box_settings[$number:$key]=$value
		found=yes
	done
	[[ -n $found ]] && return
	local has
	has=$(printf '%s\n' "${!box_settings[@]}" | sed 's/^[0-9]*://; /^$/d' | sort -u | tr '\n' ' ')
	has=${has% }
	lab_say "--set $setting: ${box_names[*]} has ${has:-no parameters}${has:+ (KEY=VALUE)}"
	return 2
}

# The parameters of a part, into box[].
box_take_part() { # NUMBER
	local key
	box=()
	box_part=${box_names[$1]}
	for key in "${!box_settings[@]}"; do
		[[ $key == "$1:"* ]] && box[${key#*:}]=${box_settings[$key]}
	done
	return 0
}

lab_account='' # the file

# All parts, then the forwarder with what they added. Returns 0, 2 for a bad parameter, or 1.
boxes_up() {
	local number
	lab_account=$(mktemp "/tmp/$lab_name-account.XXXXXX") || return 1
	for number in "${!box_names[@]}"; do
		box_take_part "$number"
		"box_${number}_box_up" || return
	done
	forwarder_up
}

boxes_down() {
	local number
	forwarder_down
	for number in "${!box_names[@]}"; do
		box_take_part "$number"
		"box_${number}_box_down"
	done
	if [[ -n $lab_account && -n $experiment_output && -d $experiment_output ]]; then
		cat "$lab_account" >"$experiment_output/box.tsv"
	fi
	rm -f -- "$lab_account"
	lab_account=''
}

box_known() {
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
	for name in $(box_known); do
		summary=$(sed -n "s/^# $name - //p" "$lab_dir/boxes/$name.sh")
		printf '%-16s %s\n' "$name" "$summary"
		(
			box_load "$name" || exit 1
			for key in "${!box_settings[@]}"; do
				part=''
				# Which of several it belongs to.
				((${#box_names[@]} > 1)) && part=${box_names[${key%%:*}]}.
				printf '%-16s   --set %s=%s\n' '' "$part${key#*:}" "${box_settings[$key]}"
			done | sort
		)
	done
}

# --- nftables -----------------------------------------------------------------------------------

# Checks affect=N/M and port=LOW[-HIGH]; sets box_affected, box_of, or returns 2.
box_check_affects() {
	local affect=${box[affect]} port=${box[port]}
	if [[ ! $affect =~ ^([0-9]{1,7})/([0-9]{1,7})$ ]] ||
		((10#${BASH_REMATCH[2]} == 0 || 10#${BASH_REMATCH[1]} > 10#${BASH_REMATCH[2]})); then
		lab_say "affect=$affect: not N/M, so many of that many connections"
		return 2
	fi
	box_affected=$((10#${BASH_REMATCH[1]})) box_of=$((10#${BASH_REMATCH[2]}))
	if [[ ! $port =~ ^([0-9]{1,5})(-([0-9]{1,5}))?$ ]]; then
		lab_say "port=$port: not a port, or LOW-HIGH"
		return 2
	fi
}

# Checks direction=; sets box_direction to an nftables match, empty for both, or returns 2.
box_check_direction() {
	case ${box[direction]} in
	both) box_direction='' ;;
	forward) box_direction='iifname "to-client" ' ;;
	reverse) box_direction='iifname "to-server" ' ;;
	*)
		lab_say "direction=${box[direction]}: not forward, reverse or both"
		return 2
		;;
	esac
}

# The part's name as nftables writes names.
box_table() { echo "optrail_${box_part//-/_}"; }

# Applies RULES to the forwarded segments of the connections that affect= and port= mean, which
# are counted by the SYNs of their client's port. HOOK is nftables' words for another chain.
box_nft() { # WHAT RULES [HOOK]
	local rules=$2 hook=${3:-type filter hook forward priority 0} begin choose ports=''
	box_check_affects || return
	begin='tcp flags & (syn|ack) == syn'
	[[ ${box[port]} == 0-65535 ]] || ports="tcp sport != ${box[port]} tcp dport != ${box[port]} return;"
	if ((box_affected == box_of)); then
		choose='meta l4proto tcp jump act;'
	else
		choose="$begin tcp sport != @seen numgen inc mod $box_of < $box_affected add @affected { tcp sport };
			$begin add @seen { tcp sport };
			tcp sport @affected jump act; tcp dport @affected jump act;"
	fi
	network_step "$1 with nftables" on box nft "table inet $(box_table) {
		set seen { type inet_service; flags dynamic, timeout; size 65535; timeout 1h; }
		set affected { type inet_service; flags dynamic, timeout; size 65535; timeout 1h; }
		chain act { $rules; }
		chain choose { $hook; $ports $choose }
	}"
}

# Writes into the account which connections were concerned.
box_nft_account() {
	local ports=any
	[[ -n $lab_account ]] && on box nft list table inet "$(box_table)" >/dev/null 2>&1 || return 0
	if [[ ${box[affect]} != 1/1 ]]; then
		ports=$(on box nft -j list set inet "$(box_table)" affected 2>/dev/null |
			grep -o '"val": *[0-9]*' | grep -o '[0-9]*$' | paste -sd ,)
	fi
	printf '%s\tports\t%s\n' "$box_part" "${ports:-none}" >>"$lab_account"
}

box_nft_down() {
	box_nft_account
	on box nft delete table inet "$(box_table)" 2>/dev/null
	return 0
}
