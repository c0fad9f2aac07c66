# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# reorder - lets a data segment be overtaken
#
# Real ones: parallel links and queues inside routers, Wi-Fi retransmissions.
# Optrail should say: segment.reordered, a finding and no interference; option.intact.
#
# nth: which data segment of each direction waits; 0: every other one. by: how many others pass it.
# wait: milliseconds after which it goes anyway.

box_parameter nth 3
box_parameter by 1
box_parameter wait 200
box_parameter direction both
box_parameter segments data
box_affects_some
box_traffic repeat always
box_traffic bytes 16000
box_traffic pieces 8

box_up() { forwarder_add reorder; }
box_down() { :; }
