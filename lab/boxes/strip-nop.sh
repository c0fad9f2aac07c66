# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# strip-nop - overwrites TCP options with NOPs; the header keeps its length
#
# Real ones: firewalls that "normalize" TCP and clear the options they don't know: Linux routers
# with TCPOPTSTRIP (iptables) or "reset tcp option" (nftables, as here), and the default of several
# commercial firewalls. Honda et al. (IMC 2011) met it on home, hotspot and cellular networks.
# Optrail should say: option.removed.nop for the options of these kinds, option.intact for the
# rest; with recordings of the far host's hooks, that nothing of them was parsed there.
#
# kinds: the option kinds to strip, decimal, separated by commas. segments: which segments lose
# them (nftables cannot tell all classes apart: then the forwarder does it).

box_parameter kinds 28,253,254
box_parameter direction both
box_parameter segments all
box_affects_some

box_up() {
	local kind rules=''
	for kind in ${box[kinds]//,/ }; do
		# 0 and 1 are the padding itself.
		if [[ ! $kind =~ ^[0-9]{1,3}$ ]] || ((10#$kind < 2 || 10#$kind > 255)); then
			lab_say "kinds=${box[kinds]}: '$kind' is no option kind from 2 to 255"
			return 2
		fi
	done
	if [[ ${box[segments]} != all ]]; then
		forwarder_add strip-nop
		return
	fi
	box_check_direction || return
	for kind in ${box[kinds]//,/ }; do rules+="${box_direction}reset tcp option $((10#$kind));"; done
	box_nft 'strip TCP options' "$rules"
}

box_down() { box_nft_down; }
