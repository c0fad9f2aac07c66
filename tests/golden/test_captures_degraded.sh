#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings that are worse than they should be make the analyzer say less, never something false:
# each recording of captures/ with B beginning late, ending early, cut to 60 octets, with lost
# packets that the file counts or does not, or with a clock 4 s off that gains 50 ppm. Nothing is
# called certain that is not so in the whole recordings, and the reason for silence is the right
# one; the clock changes nothing at all.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need /usr/bin/python3 gzip
tools=$OPTRAIL_SOURCE/tests/tools
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work # nobody's own option descriptions

count=0 faults=0
: >"$work/reasons"
for folder in "$OPTRAIL_SOURCE"/captures/*/; do
    name=$(basename "$folder")
    a=$folder/a.pcapng.gz b=$folder/b.pcapng.gz
    "$optrail" analyze --format json "$a" "$b" >"$work/good" || fail "$name: no report"
    for how in late early snaplen loss-counted loss-silent clock; do
        "$tools/degrade.py" "$how" "$b" "$work/b.pcapng" || fail "$name: could not be spoiled: $how"
        "$optrail" analyze --format json "$a" "$work/b.pcapng" >"$work/bad" 2>"$work/errors" ||
            fail "$name, $how: $(cat "$work/errors")"
        "$tools/degraded_check.py" "$name" "$how" "$work/good" "$work/bad" 2>>"$work/reasons" ||
            faults=$((faults + 1))
        count=$((count + 1))
    done
done
[ "$faults" = 0 ] || fail "$faults of $count judgements are false"

# Where the damage is named at all: most boxes' recordings lose something by each.
for reason in late:not-covered early:not-covered snaplen:snaplen loss-counted:capture-loss; do
    grep -q "^reasons .* ${reason%:*}: .*inconclusive.${reason#*:}" "$work/reasons" ||
        fail "no recording that is spoiled by ${reason%:*} is called inconclusive.${reason#*:}"
done
[ "$count" -ge 100 ] || fail "only $count judgements"
echo "$count judgements of spoiled recordings, none false"
