#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recording of every behaviour of the lab, and of combinations, judged without any privilege: the
# report says what the boxes' own account says, nothing else, and what it said when it was kept.
# With OPTRAIL_UPDATE_GOLDEN=1 in the environment the kept reports are written anew.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need /usr/bin/python3 gzip
tools=$OPTRAIL_SOURCE/tests/tools captures=$OPTRAIL_SOURCE/captures
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work # nobody's own option descriptions

# What each recording must show, or the account proves nothing. "nothing": no finding at all.
declare -A shows=(
    [none]=nothing [strip-nop]=option.removed.nop:cc:forward [strip-shorten]=option.removed.shortened:uto:reverse
    [modify]=option.modified:cc:forward [add]=option.added:kind-76:reverse [mirror]=option.mirrored:cc:reverse
    [reorder-options]=option.reordered:*:forward [clamp-mss]=option.modified:kind-2:reverse
    [timestamps]=path.timestamps-rewritten [strip-mptcp]=mptcp.fallback [nat]=path.nat
    [sequence]=path.sequence-rewritten [nat-sequence]='path.nat path.sequence-rewritten' [proxy]=path.proxy
    [block]=syn.blocked:uto:forward [rst]='path.rst-injected:*:forward path.rst-injected:*:reverse'
    [split]=segment.split:*:forward [coalesce]=segment.coalesced:*:forward [reorder]=segment.reordered:*:forward
    [duplicate]=segment.duplicated:*:reverse [drop]=segment.lost:*:forward
    [payload]=segment.payload-modified:*:forward [super-segments]=option.removed.nop:uto:reverse
    [rst-super-segments]='path.rst-injected:*:forward path.rst-injected:*:reverse'
    [split-repeated]=segment.split:*:forward
    [nat+sequence+strip-nop]='path.nat path.sequence-rewritten option.removed.nop:cc:forward'
    [split-first-half]=segment.split:*:reverse [split-last-half]=segment.split:*:reverse
    [drop+strip-nop]='segment.lost:*:forward option.removed.nop:uto:reverse'
)

for box in "$OPTRAIL_SOURCE"/lab/boxes/*.sh; do
    [ -n "${shows[$(basename "$box" .sh)]:-}" ] || fail "$(basename "$box" .sh) has no recording"
done
for name in "${!shows[@]}"; do
    here=$captures/$name
    grep -q "^| \`$name\` " "$captures/README.md" || fail "$name has no line in captures/README.md"
    for side in a b; do
        gzip -dc "$here/$side.pcapng.gz" >"$work/$side.pcapng" || fail "$name: no recording"
        grep -a -o -E 'Linux|[0-9]+\.[0-9]+\.[0-9]+-[a-z0-9]+|/(home|root)/' "$work/$side.pcapng" &&
            fail "$name names the machine"
    done
    (cd "$here" && "$optrail" analyze --format json a.pcapng.gz b.pcapng.gz) >"$work/report" || fail "$name: no report"
    "$tools/lab_truth.py" "$work/a.pcapng" "$work/b.pcapng" "$here/box.tsv" "$work/report" >"$work/demanded" ||
        fail "$name is not judged as it was"
    for what in ${shows[$name]}; do
        grep -qF -- "$what" "$work/demanded" || fail "$name does not show $what: $(cat "$work/demanded")"
    done
    "$tools/report_digest.py" "$work/report" >"$work/digest" || fail "$name: no digest"
    [ -z "${OPTRAIL_UPDATE_GOLDEN:-}" ] || cp "$work/digest" "$here/report"
    diff -u "$here/report" "$work/digest" || fail "$name: another report than was kept"
done
echo "${#shows[@]} recordings are judged as the boxes' own accounts say"
