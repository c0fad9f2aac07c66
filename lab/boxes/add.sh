# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# add - adds a TCP option of its own
#
# Real ones: WAN optimizers announce themselves to each other so (Riverbed: kinds 76 and 78);
# load balancers pass the client's address on in an option.
# Optrail should say: option.added for it, option.intact for the rest.
#
# option: the whole option in hex: kind, length, the rest. Segments whose header has no room pass
# as they are. The links of this lab then carry 1540 octets, so that full segments may grow.
# direction, segments: as for strip-shorten.

box_parameter option 4c04beef
box_parameter direction both
box_parameter segments all
box_affects_some

box_up() { forwarder_mtu 1540; forwarder_add add; }
box_down() { :; }
