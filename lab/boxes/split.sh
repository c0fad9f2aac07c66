# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# split - divides data segments into smaller ones
#
# Real ones: proxies and traffic shapers; boxes that lower the segment size after the handshake.
# Each part may get a copy of the options, or only one of them does.
# Optrail should say: segment.split; option.intact when a part kept the option (keep=all, first or
# last), which parts did stands in the finding.
#
# size: payload octets of a part, at most. keep: which parts keep the options of these kinds: all,
# first or last; the others get NOPs.

box_parameter size 400
box_parameter keep all
box_parameter kinds 28,253,254
box_parameter direction both
box_affects_some
box_traffic repeat always

box_up() { forwarder_add split; }
box_down() { :; }
