# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# timestamps - shifts the values of the Timestamps option
#
# Real ones: firewalls that hide the uptime of hosts, or make one host out of many.
# Optrail should say: path.timestamps-rewritten with the offset, and no option.modified for kind 8;
# option.intact for every other option.
#
# forward, reverse: what is added to the client's and to the server's TSval, modulo 2^32; the
# echoed value is shifted back.

box_parameter forward 1000000
box_parameter reverse -2000000
box_affects_some

box_up() { forwarder_add timestamps; }
box_down() { :; }
