# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# forwarder.sh - a second middlebox, for what nftables cannot do: a wire that misbehaves.
#
#   client -- box -- wire -- server
#
# The wire is a network namespace with two interfaces, to-box and to-end, and the program
# forwarder (lab/forwarder), which carries frames from one to the other and does to TCP segments
# what the behaviours say that boxes added. It stands in the path only when one was added.
#
# Source after network.sh. It gives
#   forwarder_add NAME        adds a behaviour with the parameters of the part at hand, box[].
#   forwarder_mtu OCTETS      makes room on every link for packets that grow on their way; ends go
#                             on sending at most 1500.
#   forwarder_up              puts the wire into the path when something was added; returns 0, 2 for
#                             a bad parameter, or 1, after one line on stderr.
#   forwarder_down            ends it, which completes its account ($lab_account, see box.sh); twice
#                             does no harm.
#   program_start SIDE NAME ARGUMENT...   starts a program of libexec/optrail and waits for its
#                             "ready"; sets program_pid. Returns the program's status if it ends.
#   program_stop PID          ends one, and passes on what it says on stderr.

forwarder_words=()
forwarder_link_mtu=1500
forwarder_pid=''
program_pid=''
declare -A program_logs=()

forwarder_add() {
	local key
	forwarder_words+=("$1")
	for key in "${!box[@]}"; do forwarder_words+=("$key=${box[$key]}"); done
}

forwarder_mtu() { (($1 > forwarder_link_mtu)) && forwarder_link_mtu=$1; return 0; }

program_start() {
	local side=$1 name=$2 program log try
	shift 2
	program=$(readlink -f -- "$(command -v "$OPTRAIL")")
	program=${OPTRAIL_LIBEXEC:-${program%/*}/../libexec/optrail}/$name
	if [[ ! -x $program ]]; then
		lab_say "cannot find the program $program; build it, or name its folder in \$OPTRAIL_LIBEXEC"
		return 1
	fi
	log=$(mktemp "/tmp/$lab_name-$name.XXXXXX") || return 1
	(enter "$side" "$program" "$@") >"$log" 2>&1 </dev/null &
	program_pid=$!
	program_logs[$program_pid]=$log
	for try in {1..1500}; do
		[[ $(<"$log") == ready ]] && return 0
		kill -0 "$program_pid" 2>/dev/null || break
		sleep 0.02
	done
	local status=1
	if kill -0 "$program_pid" 2>/dev/null; then
		kill -TERM "$program_pid"
		wait "$program_pid" 2>/dev/null
	else
		wait "$program_pid"
		status=$?
	fi
	lab_say "$(sed 's/^forwarder: usage: //; q' "$log")"
	rm -f -- "$log"
	unset "program_logs[$program_pid]"
	return "$status"
}

program_stop() {
	local log=${program_logs[$1]:-}
	[[ -n $log ]] || return 0
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	sed '/^ready$/d' "$log" >&2
	rm -f -- "$log"
	unset "program_logs[$1]"
}

# Cuts the link between box and server and puts the wire in between; addresses stay.
forwarder_links() {
	local side address
	network_step 'make a network namespace' ip netns add "$lab_name-wire" || return 1
	lab_netns[wire]=$lab_name-wire
	lab_ends+=("wire to-box" "wire to-end")
	# The wire itself speaks to nobody.
	network_set wire net/ipv6/conf/all/disable_ipv6 1 &&
		network_set wire net/ipv6/conf/default/disable_ipv6 1 &&
		network_step 'cut a link' ip -n "${lab_netns[box]}" link del to-server &&
		network_veth server "${lab_interface[server]}" 02:00:00:00:02:02 wire to-end 02:00:00:00:03:02 &&
		network_veth box to-server 02:00:00:00:02:01 wire to-box 02:00:00:00:03:01 &&
		network_step 'bring a link up' ip -n "${lab_netns[wire]}" link set to-box up &&
		network_step 'bring a link up' ip -n "${lab_netns[wire]}" link set to-end up &&
		network_address server to-server 198.51.100 2001:db8:2 &&
		network_wait_for_links && network_in_order
}

forwarder_up() {
	((${#forwarder_words[@]})) || return 0
	forwarder_links || return 1
	if ((forwarder_link_mtu > 1500)); then network_mtu "$forwarder_link_mtu" || return 1; fi
	program_start wire forwarder --account "$lab_account" to-box to-end "${forwarder_words[@]}" || return
	forwarder_pid=$program_pid
}

forwarder_down() {
	[[ -n $forwarder_pid ]] && program_stop "$forwarder_pid"
	forwarder_pid=''
}
