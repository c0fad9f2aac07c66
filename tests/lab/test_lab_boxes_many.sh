#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Of a hundred connections, and of two thousand, the analyzer finds exactly those that a box
# interfered with, and nothing about the others.
set -u
. "$(dirname "$0")/boxes/lab_boxes.sh"

across strip-shorten affect=3/10 -- --connections 100 --bytes 400
demanded option.removed.shortened:cc:forward=30
through 100
across nat+sequence+strip-nop affect=1/7 -- --connections 100 --bytes 400 --ipv6
demanded path.nat:*:*=15 path.sequence-rewritten:*:*=15 option.removed.nop:uto:reverse=15
across modify affect=1/100 -- --connections 2000 --bytes 400
demanded option.modified:cc:forward=20
through 2000
echo "exactly the connections that boxes interfered with are found, of 100 and of 2,000"
