# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# coalesce - joins data segments that follow each other
#
# Real ones: proxies, and WAN optimizers that fill segments up. Of several headers one is left, and
# the options of the others are gone.
# Optrail should say: segment.coalesced, and whether the one kept the option. (GRO in a host joins
# segments too, only such with equal options, and is no interference.)
#
# size: payload octets of a joined segment, at most; up to 3900, for then the links of this lab carry
# 4000. wait: milliseconds that data waits for more. keep: whose options stay, the first's or the last's.

box_parameter size 1400
box_parameter wait 10
box_parameter keep first
box_parameter direction both
box_affects_some
box_traffic repeat always
box_traffic bytes 16000
box_traffic pieces 8

box_up() {
	# What is no number the forwarder refuses.
	if [[ ${box[size]} =~ ^[0-9]{4,5}$ ]] && ((10#${box[size]} > 1400)); then forwarder_mtu 4000; fi
	forwarder_add coalesce
}
box_down() { :; }
