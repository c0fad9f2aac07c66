# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# strip-shorten - cuts TCP options out; the header gets shorter
#
# Real ones: middleboxes that build TCP headers anew from what they understand: application
# firewalls, some load balancers and home gateways. Honda et al. (IMC 2011) met it for unknown
# options in SYNs, most often on port 80.
# Optrail should say: option.removed.shortened for the options of these kinds, option.intact for
# the rest.
#
# kinds: the option kinds to cut out. direction: forward (from the client), reverse, both.
# segments: all, or some of syn,synack,ack,data,fin,rst.

box_parameter kinds 28,253,254
box_parameter direction both
box_parameter segments all
box_affects_some

box_up() { forwarder_add strip-shorten; }
box_down() { :; }
