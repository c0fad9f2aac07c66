# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# duplicate - sends a data segment twice
#
# Real ones: link layers that lost an acknowledgement, misconfigured bridges, mirror ports.
# Optrail should say: segment.duplicated, a finding and no interference; option.intact.
#
# nth: which segment of each direction; 0: every one. segments: counted among which.

box_parameter nth 2
box_parameter direction both
box_parameter segments data
box_affects_some
box_traffic repeat always

box_up() { forwarder_add duplicate; }
box_down() { :; }
