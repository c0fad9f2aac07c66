#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The example captures, judged: the truth about each path, which whoever recorded it knows, as
# assertions; the whole JSON report against the one kept in captures/; and the schema. With
# OPTRAIL_UPDATE_GOLDEN=1 in the environment the reports are written anew: read them before you
# commit them.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
golden=$OPTRAIL_SOURCE/tests/golden/captures
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work # nobody's own option descriptions
# File names stand in the report as they are given.
cd "$OPTRAIL_SOURCE/captures" || exit 1

# judged NAME ASSERTION...: all hold for NAME-a.pcapng and NAME-b.pcapng, and the report is as kept.
judged() {
    local name=$1 assertions=()
    shift
    for assertion in "$@"; do
        assertions+=(--assert "$assertion")
    done
    "$optrail" analyze --format tap "${assertions[@]}" "$name-a.pcapng" "$name-b.pcapng" \
        >"$work/tap" 2>&1 || fail "$name: $(grep -v '^ok' "$work/tap")"
    "$optrail" analyze --format json "$name-a.pcapng" "$name-b.pcapng" >"$work/$name.json" ||
        fail "$name: no report"
    if [ -n "${OPTRAIL_UPDATE_GOLDEN:-}" ]; then
        mkdir -p "$golden" && cp "$work/$name.json" "$golden/"
    fi
    diff -u "$golden/$name.json" "$work/$name.json" || fail "$name: another report than was kept"
}

for name in clean clean-ipv6; do
    judged "$name" \
        'option=cc direction=forward segment=ack verdict=option.intact' \
        'option=cc reserved>=1 written>=1 sent>=1 arrived>=1 parsed>=1 applied>=1' \
        'option=uto direction=forward verdict=option.intact' \
        'option=uto direction=reverse verdict=option.intact' \
        'option=uto reserved>=1 written>=1 sent>=1 arrived>=1 parsed>=1 applied>=1' \
        'none option.removed' 'none option.modified' 'none path' 'none segment' \
        'none hook.not-on-wire' 'none hook.not-parsed' 'none inconclusive'
done
for name in strip-nop strip-nop-ipv6; do
    judged "$name" \
        'option=cc direction=forward segment=ack verdict=option.removed.nop' \
        'option=cc reserved>=1 written>=1 sent>=1 arrived=0 parsed=0 applied=0' \
        'option=uto direction=forward verdict=option.removed.nop' \
        'option=uto direction=reverse verdict=option.removed.nop' \
        'option=uto written>=1 sent>=1 arrived=0 parsed=0 applied=0' \
        'none option.modified' 'none path' 'none segment' \
        'none hook.not-on-wire' 'none hook.not-parsed' 'none inconclusive'
done

# One end alone proves no loss: it says what it saw, and that the rest is not known.
"$optrail" analyze --assert 'option=cc verdict=option.removed' strip-nop-a.pcapng >"$work/out" 2>&1
[ $? != 0 ] || fail "one capture claimed a removal"
if "$optrail" analyze --format json strip-nop-a.pcapng | grep -q '"verdict" : "interfered"'; then
    fail "one capture claimed interference"
fi

if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/check_report.py" "$work"/*.json ||
        fail "the schema refuses a report"
fi
echo "all example captures are judged as they should be"
