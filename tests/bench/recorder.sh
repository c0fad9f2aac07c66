#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What recording costs: ns per invocation of a hook with and without (the kernel's own statistics
# of BPF programs, in pairs without, with), events a second and what was lost of them, the
# recorder's CPU time. Needs root.
#   PAIRS=5 CONNECTIONS=20 BYTES=20000000
set -u
. "$(dirname "$0")/../lab/record.sh"
here=$(cd "$(dirname "$0")/../lab" && pwd)
setup
statistics=/proc/sys/kernel/bpf_stats_enabled
was=$(cat "$statistics")
trap 'echo "$was" >"$statistics"; cleanup' EXIT
echo 1 >"$statistics" || skip "no BPF statistics"
foreign bench "$cgroup"

# Sums of run_time_ns and run_cnt: "TIME COUNT of the program, TIME of the observers".
sums() {
    bpftool -j prog show | /usr/bin/python3 -c 'import json, sys
own = {int(i) for i in sys.argv[1:]}
programs = [p for p in json.load(sys.stdin) if p["id"] in own]
ours = [p for p in programs if p["name"].startswith("optrail_e")]
rest = [p for p in programs if p not in ours]
total = lambda of, key: sum(p.get(key, 0) for p in of)
print(total(rest, "run_time_ns"), total(rest, "run_cnt"), total(ours, "run_time_ns"))' \
        $(bpftool -j cgroup show "$cgroup" | /usr/bin/python3 -c 'import json, sys
print(*(p["id"] for p in json.load(sys.stdin)))')
}
load() { traffic "${CONNECTIONS:-20}" "${BYTES:-20000000}"; }

: >"$work/pairs"
for pair in $(seq "${PAIRS:-5}"); do
    before=$(sums); load; after=$(sums)
    without="$before $after"
    record "$work/file" --no-packets --cgroup "$cgroup"
    before=$(sums); read -r -a cpu0 <"/proc/$recorder/stat"; start=$(date +%s%N)
    load
    end=$(date +%s%N); after=$(sums); read -r -a cpu1 <"/proc/$recorder/stat"
    stop
    lost=$(sed -n 's/.*hook invocations (\([0-9]*\) lost).*/\1/p' "$work/said")
    echo "$without $before $after $((end - start)) $((cpu1[13] + cpu1[14] - cpu0[13] - cpu0[14])) $lost" >>"$work/pairs"
done
/usr/bin/python3 - "$work/pairs" "$(getconf CLK_TCK)" <<'PY'
import statistics, sys
added, rates = [], []
print("recorder: pairs without, with (ns of BPF programs per hook invocation, statistics' own cost included)")
for line in open(sys.argv[1]):
    v = [int(x) for x in line.split()]
    a, b = v[0:6], v[6:12]
    without = (a[3] - a[0]) / (a[4] - a[1])
    count = b[4] - b[1]
    program, observers = (b[3] - b[0]) / count, (b[5] - b[2]) / count
    wall, ticks, lost = v[12:15]
    cpu = ticks / int(sys.argv[2])
    added.append(program + observers - without)
    rates.append(count / wall * 1e9)
    print("  %6.0f without, %6.0f with (program %.0f, observers %.0f): %+.0f; %d events, %.0f/s, %d lost, "
          "recorder %.2f s CPU = %.0f ns an event" % (without, program + observers, program, observers,
          added[-1], count, rates[-1], lost, cpu, cpu / count * 1e9))
print("recorder: %.0f ns added per event (median; goal 150), at up to %.0f events/s" % (
      statistics.median(added), max(rates)))
PY
for _ in 1 2 3; do
    printf 'recorder: user space alone, to /dev/null: '
    "$OPTRAIL_BUILD/tests/recorder_consumer" 2000000 /dev/null || exit 1
done
