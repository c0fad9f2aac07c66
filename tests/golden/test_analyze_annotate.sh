#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `optrail analyze --annotate`: the capture once more, in which tshark finds the findings as comments
# of the very frames that the report names, and everything else as it was. `--watch`: a file that
# grows is judged anew, and an interrupt ends it.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need tshark /usr/bin/python3
work=$(mktemp -d) || exit 1
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null; rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work
a=$OPTRAIL_SOURCE/captures/strip-nop-a.pcapng
b=$OPTRAIL_SOURCE/captures/strip-nop-b.pcapng

"$optrail" analyze --format json --annotate "$work/a.pcapng" --annotate "$work/b.pcapng" "$a" "$b" \
    >"$work/report" || fail "no report"
[ "$(stat -c %a "$work/a.pcapng")" = 600 ] || fail "others can read the commented copy"
for side in a b; do
    original=$a
    [ $side = a ] || original=$b
    tshark -r "$work/$side.pcapng" -T fields -e frame.number -e frame.comment \
        -E separator=/t >"$work/comments-$side" 2>"$work/err" || fail "tshark: $(cat "$work/err")"
    for file in "$original" "$work/$side.pcapng"; do
        tshark -r "$file" -T fields -e frame.number -e frame.time_epoch -e frame.len \
            -e frame.cap_len -e frame.interface_name 2>/dev/null
    done >"$work/both"
    lines=$(wc -l <"$work/both")
    diff <(head -n $((lines / 2)) "$work/both") <(tail -n $((lines / 2)) "$work/both") ||
        fail "$side: other frames than were there"
done
/usr/bin/python3 - "$work" <<'PY' || fail "see above"
import json, sys
work = sys.argv[1]
report = json.load(open(work + "/report"))
for side in "ab":
    wanted = {}
    for finding in report["findings"]:
        frames = set(finding["frames_" + side])
        frames |= {event["frame"] for event in finding["events"] if event["vantage"] == side}
        for frame in frames:
            wanted.setdefault(frame, set()).add(finding["verdict"])
    commented = {}
    for line in open("%s/comments-%s" % (work, side)):
        number, _, comment = line.rstrip("\n").partition("\t")
        if "optrail:" in comment:
            commented[int(number)] = comment
    assert wanted, "nothing was found at " + side
    assert set(commented) == set(wanted), (side, sorted(commented), sorted(wanted))
    for frame, verdicts in wanted.items():
        for verdict in verdicts:
            assert "optrail: %s (" % verdict in commented[frame], (side, frame, commented[frame])
PY

# A growing file: what is there first, then all of it. Conditions are waited for, a minute at most.
wait_for() {
    local try
    for try in $(seq 600); do
        grep -q "$1" "$work/watched" && return
        kill -0 "$watcher" 2>/dev/null || break
        sleep 0.1
    done
    fail "--watch never said '$1': $(tail -c 500 "$work/watched")"
}
size=$(stat -c %s "$a")
head -c $((size / 2)) "$a" >"$work/growing.pcapng"
"$optrail" analyze --watch --format json "$work/growing.pcapng" "$b" >"$work/watched" 2>/dev/null &
watcher=$!
wait_for '"verdict" : "in'
grep -q '"packets" : 16,' <(head -n 20 "$work/watched") && fail "half a file holds everything"
tail -c +$((size / 2 + 1)) "$a" >>"$work/growing.pcapng"
wait_for '"verdict" : "interfered"'
kill -INT "$watcher"
wait "$watcher"
status=$?
watcher=
[ $status = 0 ] || fail "--watch ended with exit status $status"
echo "comments stand at the frames that the report names; a growing file is judged anew"
