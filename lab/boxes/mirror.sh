# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# mirror - sends the client's own TCP options back to it
#
# Real ones: boxes and hosts that answer a SYN by turning it round, options that they don't know
# included: a good part of what looked like MPTCP servers in Internet scans (Aschenbrenner et al.
# 2021, Shreedhar et al. 2022).
# Optrail should say: option.mirrored for the options of these kinds, in the direction of the copy;
# in two captures also option.added, for the server never sent it.
#
# kinds: of the options; the first in a segment is sent back in the next segment the other way.
# direction: whose options are sent back. segments: of which segments.

box_parameter kinds 253,254
box_parameter direction forward
box_parameter segments all
box_affects_some

box_up() { forwarder_mtu 1540; forwarder_add mirror; }
box_down() { :; }
