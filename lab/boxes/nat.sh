# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# nat - translates the client's address and port
#
# Real ones: every home gateway, and carriers' (RFC 2663, RFC 6888).
# Optrail should say: path.nat, a finding and no interference; option.intact for every option.
#
# ports: what the client's port becomes. affect: as everywhere, so many of that many connections.

box_parameter ports 20000-29999
box_parameter affect 1/1

box_up() {
	local some=''
	box[port]=0-65535
	box_check_affects || return
	if [[ ! ${box[ports]} =~ ^[0-9]{1,5}(-[0-9]{1,5})?$ ]]; then
		lab_say "ports=${box[ports]}: not a port, or LOW-HIGH"
		return 2
	fi
	# Only the first segment of a connection comes through here.
	((box_affected == box_of)) || some="numgen inc mod $box_of < $box_affected"
	network_step 'translate addresses with nftables' on box nft "table inet $(box_table) {
		chain act {
			meta l4proto tcp snat ip to 198.51.100.1:${box[ports]};
			meta l4proto tcp snat ip6 to [2001:db8:2::1]:${box[ports]}; }
		chain source { type nat hook postrouting priority 100;
			oifname \"to-server\" meta l4proto tcp $some jump act; }
		}"
}

box_down() { box_nft_down; }
