# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# proxy - ends each connection and continues it with one of its own
#
# Real ones: performance-enhancing proxies in cellular and satellite networks (RFC 3135), web
# proxies, firewalls that inspect content: at port 80 of many access networks.
# Optrail should say: path.proxy for these connections; with address=own also path.nat.
#
# address: client (transparent: the server sees the client's address and port) or own.
# It is a relay of sockets in the box (lab/relay), reached by nftables' tproxy.

box_parameter address client
box_affects_some

proxy_pid=''

box_up() {
	if [[ ${box[address]} != client && ${box[address]} != own ]]; then
		lab_say "address=${box[address]}: not client or own"
		return 2
	fi
	local family
	for family in -4 -6; do
		# What the rules mark belongs to sockets of the box, whatever its address.
		network_step 'set a rule' ip -n "${lab_netns[box]}" "$family" rule add fwmark 1 lookup 100 &&
			network_step 'set a route' ip -n "${lab_netns[box]}" "$family" route add local default \
				dev lo table 100 || return 1
	done
	program_start box relay 7700 "${box[address]}" || return 1
	proxy_pid=$program_pid
	box_nft 'redirect connections' 'socket transparent 1 meta mark set 1 accept;
		iifname "to-client" meta l4proto tcp tproxy to :7700 meta mark set 1 accept' \
		'type filter hook prerouting priority -150'
}

box_down() {
	[[ -n $proxy_pid ]] && program_stop "$proxy_pid"
	proxy_pid=''
	box_nft_down
}
