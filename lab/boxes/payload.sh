# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# payload - changes the octets that a data segment carries
#
# Real ones: application-level gateways (FTP, SIP), boxes that insert advertisements or headers; the
# example of RFC 8684 section 3.7.
# Optrail should say: segment.payload-modified for these segments; option.intact.
#
# nth: which data segment of the direction; 0: every one. at: which octet of its payload, negative
# from the end. flip: the bits, in hex. The length stays.

box_parameter nth 2
box_parameter at 0
box_parameter flip 20
box_parameter direction forward
box_parameter segments data
box_affects_some
box_traffic may-fail yes
box_traffic patience 10

box_up() { forwarder_add payload; }
box_down() { :; }
