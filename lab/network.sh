# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# network.sh - the lab's network: client - middlebox - server, as three network namespaces.
#
#   client                    box                      server
#   client0 ---------- to-client  to-server ---------- server0
#   192.0.2.2     192.0.2.1  198.51.100.1     198.51.100.2
#   2001:db8:1::2   2001:db8:1::1  2001:db8:2::1   2001:db8:2::2
#
# The links are veth pairs, the box routes (IPv4 and IPv6). Client and server have a cgroup of
# their own, to attach sock_ops programs to. Every name carries the number of the process that
# made it (optrail-PID-client), so that labs run side by side; the addresses are those reserved
# for documentation and exist only inside.
#
# Source this file in bash. It gives
#   network_up               builds it all; returns 1 after one line on stderr. Call network_down
#                            whatever it returned.
#   network_down             takes it all away, processes too; may be called at any time, twice too.
#   network_offload on|off   segmentation offload and GRO on every link.
#   network_mtu OCTETS       what every link carries; the ends go on sending at most 1500.
#   network_veth, network_address   make and configure a link, for what stands in the path.
#   on SIDE COMMAND...       runs COMMAND in a side's namespace (and cgroup): client, box, server.
#   enter SIDE COMMAND...    the same by exec, for a subshell: "(enter server X) &" makes $! be X.
#   network_export           OPTRAIL_LAB_* for the environment of commands that run in the lab.
# and sets lab_name, lab_ends, lab_netns[SIDE], lab_cgroup[SIDE], lab_interface[SIDE], lab_ipv4[SIDE],
# lab_ipv6[SIDE].
#
# Needs root (CAP_SYS_ADMIN, CAP_NET_ADMIN), iproute2, util-linux; ethtool for network_offload.

lab_name=optrail-$$
declare -A lab_netns=([client]=$lab_name-client [box]=$lab_name-box [server]=$lab_name-server)
declare -A lab_interface=([client]=client0 [server]=server0)
declare -A lab_ipv4=([client]=192.0.2.2 [server]=198.51.100.2)
declare -A lab_ipv6=([client]=2001:db8:1::2 [server]=2001:db8:2::2)
declare -A lab_cgroup=()
lab_ends=("client client0" "box to-client" "box to-server" "server server0") # of all links
lab_cgroup_root=''      # the lab's own folder in the cgroup2 tree
lab_cgroup_mount=''     # a cgroup2 mount that we made because there was none

lab_say() { printf 'lab: %s\n' "$*" >&2; }

# Runs a command of the set-up; when it fails says what could not be done and why, in one line.
network_step() {
	local what=$1 reason
	shift
	if ! reason=$("$@" 2>&1); then
		reason=${reason%%$'\n'*}
		lab_say "cannot $what: ${reason:-$1 failed}"
		return 1
	fi
}

# Finds a place for our cgroups: a writable cgroup2 mount wherever it is (hybrid hierarchies keep
# it in /sys/fs/cgroup/unified), else a mount of our own.
network_cgroup_up() {
	local point rest
	while read -r _ _ _ _ point rest; do
		[[ $rest == *' - cgroup2 '* ]] || continue
		printf -v point '%b' "$point" # mountinfo writes blanks as \040
		if mkdir "$point/$lab_name" 2>/dev/null; then
			lab_cgroup_root=$point/$lab_name
			break
		fi
	done </proc/self/mountinfo
	if [[ -z $lab_cgroup_root ]]; then
		point=$(mktemp -d "/tmp/$lab_name-cgroup2.XXXXXX") || return 1
		lab_cgroup_mount=$point
		network_step 'mount a cgroup2 hierarchy' mount -t cgroup2 none "$point" || return 1
		network_step 'make a cgroup' mkdir "$point/$lab_name" || return 1
		lab_cgroup_root=$point/$lab_name
	fi
	local side
	for side in client server; do
		network_step 'make a cgroup' mkdir "$lab_cgroup_root/$side" || return 1
		lab_cgroup[$side]=$lab_cgroup_root/$side
	done
}

# A veth pair between two namespaces.
network_veth() { # SIDE INTERFACE MAC PEER-SIDE PEER-INTERFACE PEER-MAC
	network_step 'make a veth link' \
		ip link add "$2" address "$3" netns "${lab_netns[$1]}" type veth \
		peer name "$5" address "$6" netns "${lab_netns[$4]}"
}

# Addresses, state and default route of the link between a side and the box.
network_address() { # SIDE BOX_INTERFACE IPV4_PREFIX IPV6_PREFIX
	local near=${lab_interface[$1]} far=$2 ipv4=$3 ipv6=$4
	local ns=${lab_netns[$1]} box=${lab_netns[box]}
	network_step 'configure a link' ip -n "$ns" addr add "$ipv4.2/24" dev "$near" &&
		network_step 'configure a link' ip -n "$box" addr add "$ipv4.1/24" dev "$far" &&
		network_step 'configure a link' ip -n "$ns" -6 addr add "$ipv6::2/64" dev "$near" &&
		network_step 'configure a link' ip -n "$box" -6 addr add "$ipv6::1/64" dev "$far" &&
		network_step 'bring a link up' ip -n "$box" link set "$far" up &&
		network_step 'bring a link up' ip -n "$ns" link set "$near" up &&
		network_step 'set a route' ip -n "$ns" route add default via "$ipv4.1" &&
		network_step 'set a route' ip -n "$ns" -6 route add default via "$ipv6::1"
}

network_link() { # SIDE BOX_INTERFACE IPV4_PREFIX IPV6_PREFIX MAC_PREFIX
	network_veth "$1" "${lab_interface[$1]}" "$5:02" box "$2" "$5:01" && network_address "$1" "$2" "$3" "$4"
}

network_set() { # SIDE SETTING VALUE, below /proc/sys
	# shellcheck disable=SC2016
	network_step "set $2" on "$1" bash -c 'echo "$2" >"/proc/sys/$1"' - "$2" "$3"
}

# Takes away what labs left that were killed before they could. Their names carry their process's
# number: one that is gone has no lab.
network_gone() { # PROCESS: it ended, reaped or not
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ $stat == *') Z '* ]]
}

network_sweep() {
	local path number side
	for path in /run/netns/optrail-*; do
		[[ ${path##*/} =~ ^optrail-([0-9]+)-(client|box|server|wire)$ ]] || continue
		network_gone "${BASH_REMATCH[1]}" && ip netns del "${path##*/}" 2>/dev/null
	done
	for path in /sys/fs/cgroup/optrail-* /sys/fs/cgroup/unified/optrail-*; do
		[[ ${path##*/} =~ ^optrail-([0-9]+)$ && -d $path ]] || continue
		number=${BASH_REMATCH[1]}
		network_gone "$number" || continue
		for side in client server; do
			[[ -d $path/$side ]] || continue
			"$OPTRAIL" unload --all --cgroup "$path/$side" >/dev/null 2>&1
			network_cgroup_remove "$path/$side"
		done
		rmdir "$path" 2>/dev/null
	done
	for path in /tmp/optrail-*; do
		[[ ${path##*/} =~ ^optrail-([0-9]+)([.-][a-zA-Z0-9.-]+)$ ]] || continue
		network_gone "${BASH_REMATCH[1]}" || continue
		umount "$path" 2>/dev/null # a cgroup2 mount of its own
		rm -rf --one-file-system -- "$path" 2>/dev/null
	done
	return 0
}

# Ends what a killed lab left running outside of its cgroups: recorders. Each carries the lab's name
# in its environment.
network_sweep_processes() {
	local path process name try
	for path in $(grep -lsz '^OPTRAIL_LAB_CLIENT_NETNS=optrail-' /proc/[0-9]*/environ); do
		process=${path#/proc/} process=${process%/environ}
		name=$({ tr '\0' '\n' <"$path"; } 2>/dev/null |
			sed -n 's/^OPTRAIL_LAB_CLIENT_NETNS=optrail-\([0-9]*\)-client$/\1/p')
		[[ -n $name ]] && network_gone "$name" || continue
		kill -TERM "$process" 2>/dev/null || continue
		for try in {1..100}; do
			network_gone "$process" && break
			sleep 0.05
		done
		kill -KILL "$process" 2>/dev/null
	done
}

network_up() {
	local side tool
	for tool in ip:iproute2 nsenter:util-linux; do
		command -v "${tool%:*}" >/dev/null && continue
		lab_say "cannot build the network: ${tool%:*} is missing (package ${tool#*:})"
		return 1
	done
	network_sweep_processes
	network_sweep
	for side in client box server; do
		network_step "make network namespaces (needs root: CAP_SYS_ADMIN)" \
			ip netns add "${lab_netns[$side]}" || return 1
		network_step 'bring the loopback up' ip -n "${lab_netns[$side]}" link set lo up || return 1
	done
	# The settings that what the lab shows depends on, whatever this host's defaults are.
	for side in client box server; do
		# Without duplicate address detection IPv6 addresses are usable at once, link-local too.
		network_set "$side" net/ipv6/conf/all/disable_ipv6 0 &&
			network_set "$side" net/ipv6/conf/default/disable_ipv6 0 &&
			network_set "$side" net/ipv6/conf/default/router_solicitations 0 &&
			network_set "$side" net/ipv6/conf/default/accept_dad 0 &&
			network_set "$side" net/ipv4/tcp_timestamps 1 &&
			network_set "$side" net/ipv4/tcp_sack 1 || return 1
	done
	network_set box net/ipv4/ip_forward 1 &&
		network_set box net/ipv6/conf/all/forwarding 1 || return 1
	network_link client to-client 192.0.2 2001:db8:1 02:00:00:00:01 || return 1
	network_link server to-server 198.51.100 2001:db8:2 02:00:00:00:02 || return 1
	network_wait_for_links || return 1
	network_in_order
	network_cgroup_up
}

# The kernel notices a new link's carrier with a delay; what is sent before gets lost.
network_wait_for_links() {
	local pair try
	for pair in "${lab_ends[@]}"; do
		for try in {1..600}; do
			[[ $(ip -n "${lab_netns[${pair% *}]}" -o link show "${pair#* }" 2>/dev/null) == *' state UP '* ]] && continue 2
			sleep 0.05
		done
		lab_say "the link ${pair#* } does not come up"
		return 1
	done
}

# Lets one CPU receive all that a link carries. Else two CPUs take turns with the segments of a
# connection, and a link that reorders them by itself is not what the lab is to show. Kernels
# without receive packet steering (CONFIG_RPS) do as they like.
network_in_order() {
	local pair
	for pair in "${lab_ends[@]}"; do
		# "ip netns exec", for it shows the namespace's interfaces in /sys.
		# shellcheck disable=SC2016
		ip netns exec "${lab_netns[${pair% *}]}" sh -c \
			'echo 1 >"/sys/class/net/$1/queues/rx-0/rps_cpus"' - "${pair#* }" 2>/dev/null
	done
	return 0
}

network_offload() {
	local state=$1 pair
	if ! command -v ethtool >/dev/null; then
		lab_say 'cannot switch the offloads: ethtool is missing (package ethtool)'
		return 1
	fi
	for pair in "${lab_ends[@]}"; do
		network_step "switch the offloads $state" \
			on "${pair% *}" ethtool -K "${pair#* }" tso "$state" gso "$state" gro "$state" || return 1
	done
}

# Room on every link for packets of so many octets, while the ends go on sending at most 1500.
network_mtu() {
	local pair side family
	for pair in "${lab_ends[@]}"; do
		network_step 'set an MTU' ip -n "${lab_netns[${pair% *}]}" link set "${pair#* }" mtu "$1" || return 1
	done
	for side in client server; do
		for family in -4 -6; do
			# shellcheck disable=SC2046
			network_step 'set a route' ip -n "${lab_netns[$side]}" "$family" route replace \
				$(ip -n "${lab_netns[$side]}" "$family" route show default | sed 's/ *$//; q') mtu 1500 || return 1
		done
	done
}

enter() {
	local side=$1
	shift
	# The cgroup first: it is a matter of the process, and found by a path that the namespace
	# may not have. nsenter, unlike "ip netns exec", leaves /sys as it is.
	if [[ -n ${lab_cgroup[$side]:-} ]]; then
		echo "$BASHPID" >"${lab_cgroup[$side]}/cgroup.procs" || exit 1
	fi
	exec nsenter --net="/run/netns/${lab_netns[$side]}" -- "$@"
}

on() { (enter "$@"); }

network_export() {
	local side
	for side in client box server; do
		export "OPTRAIL_LAB_${side^^}_NETNS=${lab_netns[$side]}"
	done
	for side in client server; do
		export "OPTRAIL_LAB_${side^^}_CGROUP=${lab_cgroup[$side]}"
		export "OPTRAIL_LAB_${side^^}_INTERFACE=${lab_interface[$side]}"
	done
}

# Ends the processes of a cgroup and removes it. A cgroup is busy until the last one is reaped.
network_cgroup_remove() {
	local dir=$1 try process
	for try in {1..400}; do
		rmdir "$dir" 2>/dev/null && return 0
		[[ -d $dir ]] || return 0
		if ! echo 1 2>/dev/null >"$dir/cgroup.kill"; then # before Linux 5.14
			while read -r process; do kill -KILL "$process" 2>/dev/null; done <"$dir/cgroup.procs"
		fi
		sleep 0.05
	done
	lab_say "cannot remove the cgroup $dir: it is still in use"
	return 1
}

network_down() {
	local side
	if [[ -n $lab_cgroup_root ]]; then
		network_cgroup_remove "$lab_cgroup_root/client"
		network_cgroup_remove "$lab_cgroup_root/server"
		rmdir "$lab_cgroup_root" 2>/dev/null
		lab_cgroup_root=''
		lab_cgroup=()
	fi
	if [[ -n $lab_cgroup_mount ]]; then
		umount "$lab_cgroup_mount" 2>/dev/null
		rmdir "$lab_cgroup_mount" 2>/dev/null
		lab_cgroup_mount=''
	fi
	for side in "${!lab_netns[@]}"; do # the links go with their namespaces
		[[ -e /run/netns/${lab_netns[$side]} ]] && ip netns del "${lab_netns[$side]}" 2>/dev/null
	done
	return 0
}
