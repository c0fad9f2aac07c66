# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# modify - turns bits over in the value of TCP options
#
# Real ones: rare for options that a box does not know; those that it knows it rewrites in good
# faith (MSS, window scale). Broken NICs and memory do it to any.
# Optrail should say: option.modified for the options of these kinds, option.intact for the rest.
#
# kinds: of the options. at: which octet of the option, from its kind; negative from its end.
# flip: the bits, in hex. direction, segments: as for strip-shorten.

box_parameter kinds 28,253,254
box_parameter at -1
box_parameter flip 01
box_parameter direction both
box_parameter segments all
box_affects_some

box_up() { forwarder_add modify; }
box_down() { :; }
