# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# strip-mptcp - overwrites the Multipath TCP option with NOPs: connections fall back to TCP
#
# Real ones: the same firewalls as strip-nop's, for which MPTCP is an unknown option like others.
# Optrail should say: mptcp.fallback with the reason and the side that lost the signal, and
# option.removed.nop for the MPTCP options.
#
# direction: forward strips the client's (the server never hears of MPTCP), reverse the server's
# answer, both. The standard experiment uses MPTCP sockets.

box_parameter direction both
box_affects_some
box_traffic mptcp yes

box_up() {
	box_check_direction || return
	box_nft 'strip the MPTCP option' "${box_direction}reset tcp option 30;"
}

box_down() { box_nft_down; }
