# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# reorder-options - turns the order of the TCP options round
#
# Real ones: proxies and normalizers that write the options in an order of their own.
# Optrail should say: option.reordered; no option is removed or modified.
#
# direction, segments: as for strip-shorten.

box_parameter direction both
box_parameter segments all
box_affects_some

box_up() { forwarder_add reorder-options; }
box_down() { :; }
