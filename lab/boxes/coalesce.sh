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
# size: payload octets of a joined segment, at most; the links of this lab carry 4000 octets then.
# wait: milliseconds that data waits for more. keep: whose options stay, the first's or the last's.

box_parameter size 3000
box_parameter wait 5
box_parameter keep first
box_parameter direction both
box_affects_some
box_traffic bytes 40000

box_up() { forwarder_mtu 4000; forwarder_add coalesce; }
box_down() { :; }
