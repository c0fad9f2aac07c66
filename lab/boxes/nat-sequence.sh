# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# nat-sequence - translates the client's address and port and shifts sequence numbers
#
# Real ones: firewalls at the edge of a company, which do both; a flow then looks the same at the
# two ends in nothing but what it carries.
# Optrail should say: path.nat and path.sequence-rewritten; option.intact for every option.

box_made_of nat sequence
