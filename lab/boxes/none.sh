# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# none - a clean path: the box routes and changes nothing
#
# Real ones: a router as RFC 1812 and RFC 8504 want it, that looks no further than the IP header.
# Optrail should say: option.intact for every option, overall verdict intact.

box_up() { :; }
box_down() { :; }
