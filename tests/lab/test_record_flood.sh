#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flood that overruns a deliberately small ring: the drop counts of the file add up to exactly
# what was missed, each with its CPU, and where the analyzer would claim that something did not
# happen it says inconclusive.events-lost; without loss it claims nothing of the kind.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"
trap '"$optrail" unload --all --cgroup "$cgroup" >/dev/null 2>&1; cleanup' EXIT
"$optrail" load uto --cgroup "$cgroup" --set timeout=100 --set repeat=always >"$work/load" 2>&1 ||
    fail "uto: $(cat "$work/load")"

# verdicts FILE: "N VERDICT" of the analyzer, a line each.
verdicts() {
    "$optrail" analyze "$1" --format json >"$work/report" 2>"$work/error"
    local status=$?
    [ "$status" -le 1 ] || [ "$status" = 4 ] || fail "analyze: status $status: $(cat "$work/error")"
    /usr/bin/python3 - "$work/report" <<'PY'
import collections, json, sys
sums = collections.Counter()
for finding in json.load(open(sys.argv[1]))["findings"]:
    sums[finding["verdict"]] += finding.get("count", 1)
for verdict, n in sums.items(): print(n, verdict)
PY
}

before=$(invocations first)
record "$work/flood" --ring-size 4 -s 128 --netns "$base-a" -i link-a --cgroup "$cgroup"
for _ in 1 2 3; do
    seen=$(invocations first)
    load 1 "$((${OCTETS:-20} * 1000000))" &
    load=$!
    under_way() { [ "$(invocations first)" -gt $((seen + 50)) ]; }
    within "the flood" under_way
    kill -STOP "$recorder" # so that the ring overflows however fast the machine is
    wait "$load" || fail "traffic suffered"
    traffic 2 20000
    kill -CONT "$recorder"
    fetched
done
traffic 2 1000
stop
account "$work/flood" $(($(invocations first) - before))
[ "$lost" -gt 300 ] || fail "too little was lost: this shows nothing"
[ "$places" -ge 3 ] || fail "loss is told in $places places, and there were three at least"
verdicts "$work/flood" >"$work/verdicts"
cat "$work/verdicts"
grep -q ' inconclusive.events-lost$' "$work/verdicts" || fail "the analyzer does not say that events were lost"
grep -E ' hook\.(not-parsed|reserved-not-written)$' "$work/verdicts" &&
    fail "the analyzer claims that hooks did not run, while events were lost"

# The same traffic, nothing lost: nothing is inconclusive for that reason.
record "$work/whole" --netns "$base-a" -i link-a --cgroup "$cgroup"
for _ in 1 2 3; do traffic 22 10000; done
stop
verdicts "$work/whole" >"$work/verdicts"
grep -q ' inconclusive.events-lost$' "$work/verdicts" && fail "nothing was lost: $(cat "$work/verdicts")"
grep -q ' hook.written$' "$work/verdicts" || fail "no verdict on what was written: $(cat "$work/verdicts")"
exit 0
