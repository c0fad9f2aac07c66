# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# sequence - shifts the sequence numbers of each direction
#
# Real ones: firewalls that randomize initial sequence numbers for hosts that choose them badly;
# Cisco's do by default, both directions. Some forget the SACK option (sack=keep), which then names
# octets that were never sent. NSDI 2012 (Raiciu et al.) counted one path in ten.
# Optrail should say: path.sequence-rewritten with both offsets; option.intact for every option.
#
# forward, reverse: what is added to the client's and to the server's sequence numbers, modulo
# 2^32; acknowledgements are shifted back. sack: translate or keep.

box_parameter forward 123456789
box_parameter reverse -987654321
box_parameter sack translate
box_affects_some

box_up() { forwarder_add sequence; }
box_down() { :; }
