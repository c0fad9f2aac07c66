# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# rst - ends connections in the name of the other end
#
# Real ones: intrusion prevention and censorship boxes, which send both ends a RST when something
# displeases them; firewalls that lost their state.
# Optrail should say: path.rst-injected for each RST that its supposed sender never sent.
#
# nth: after which data segment of the direction. to: both, client or server.

box_parameter nth 2
box_parameter to both
box_parameter direction forward
box_parameter segments data
box_affects_some
box_traffic may-fail yes
box_traffic patience 10

box_up() { forwarder_add rst; }
box_down() { :; }
