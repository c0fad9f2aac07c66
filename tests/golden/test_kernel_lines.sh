#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of docs/kernel.md that count the lines of kernel code are those of the patches as they are.
# Takes nothing but the source tree.
source=$(cd "$(dirname "$0")/../.." && pwd)
"$source/kernel/lines" --check "$source/docs/kernel.md" || { echo "FAIL: paste the tables above"; exit 1; }
