#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture of nothing but half-open connections, many more than there is room for, does not fill
# the memory: the analysis ends within a limit of memory, drops what is too much and says how many.
# OPTRAIL_FLOOD is their number.
# Without sanitizers: they take memory of their own.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$OPTRAIL_BUILD/tests/make_load" ] || skip "make_load is not built"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flood=${OPTRAIL_FLOOD:-1200000}
room=524288 # docs/limits.md
limit_kib=$((640 * 1024))

# Through a pipe, as from a recorder: nothing of it can be read twice or given back to a file.
"$OPTRAIL_BUILD/tests/make_load" /dev/stdout --packets "$flood" --flows "$flood" |
    (ulimit -v "$limit_kib" && exec "$optrail" analyze -) >"$work/report" ||
    fail "not within $limit_kib KiB"
grep -q '^INCONCLUSIVE' "$work/report" || fail "good news, though connections were dropped: $(<"$work/report")"
grep -q " $flood connections$" "$work/report" || fail "not all were counted: $(<"$work/report")"
dropped=$(sed -n 's/^ *\([0-9]*\) of them were dropped, \1 of them half-open.*/\1/p' "$work/report")
[ "${dropped:-0}" -ge $((flood - room)) ] || fail "it does not say what it dropped: $(<"$work/report")"
echo "$flood half-open connections: $dropped dropped"
