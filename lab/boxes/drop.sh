# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# drop - loses a data segment
#
# Real ones: every queue that is full.
# Optrail should say: segment.lost for it, a finding and no interference; option.intact for the
# options of the others, and nothing about the fate of an option on the lost one.
#
# nth: which segment of each direction; 0: every one. segments: counted among which.

box_parameter nth 2
box_parameter direction forward
box_parameter segments data
box_affects_some
box_traffic repeat always

box_up() { forwarder_add drop; }
box_down() { :; }
