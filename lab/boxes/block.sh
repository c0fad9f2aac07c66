# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# block - drops SYNs that carry certain TCP options
#
# Real ones: firewalls that take unknown options for an attack; some dropped SYNs with the TCP Fast
# Open option or with data (Apple, NANOG 67), others drop MP_CAPABLE.
# Optrail should say: syn.blocked for the connections whose SYN carries one; nothing for plain ones,
# of which the standard experiment has two.
#
# kinds: of the options.

box_parameter kinds 28,253,254
box_affects_some
box_traffic syn yes
box_traffic may-fail yes
box_traffic patience 3.5
box_traffic plain 2

box_up() {
	local kind rules=''
	for kind in ${box[kinds]//,/ }; do
		if [[ ! $kind =~ ^[0-9]{1,3}$ ]] || ((10#$kind < 2 || 10#$kind > 255)); then
			lab_say "kinds=${box[kinds]}: '$kind' is no option kind from 2 to 255"
			return 2
		fi
		rules+="tcp flags & (syn|ack) == syn tcp option $((10#$kind)) exists drop;"
	done
	box_nft 'drop SYNs' "$rules"
}

box_down() { box_nft_down; }
