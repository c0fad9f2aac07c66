# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# clamp-mss - lowers the Maximum Segment Size that both ends announce
#
# Real ones: almost every router in front of a tunnel or PPPoE link.
# Optrail should say: option.modified for kind-2 on SYN and SYN-ACK; option.intact for the rest.
#
# mss: the size in octets.

box_parameter mss 1200
box_affects_some

box_up() {
	if [[ ! ${box[mss]} =~ ^[0-9]{2,5}$ ]] || ((10#${box[mss]} < 64 || 10#${box[mss]} > 65535)); then
		lab_say "mss=${box[mss]}: not a number from 64 to 65535"
		return 2
	fi
	box_nft 'clamp the MSS' "tcp flags syn tcp option maxseg size set $((10#${box[mss]}));"
}

box_down() { box_nft_down; }
