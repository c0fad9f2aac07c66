#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What recording costs: ns per invocation of a hook with and without, from the kernel's own
# statistics of BPF programs, in pairs without, with; what the statistics themselves add is
# measured in the same runs by a program that does nothing, and told apart. Then what the parts of
# an observer cost here, the recorder's CPU time, and how many events a second its user space
# takes on one core, without loss. Needs root.
#   PAIRS=5 CONNECTIONS=20 BYTES=20000000
set -u
. "$(dirname "$0")/../lab/record.sh"
bench=$(cd "$(dirname "$0")" && pwd)
here=$(cd "$bench/../lab" && pwd)
setup
statistics=/proc/sys/kernel/bpf_stats_enabled
was=$(cat "$statistics")
trap 'echo "$was" >"$statistics"; cleanup' EXIT
echo 1 >"$statistics" || skip "no BPF statistics"

parts() { # attaches parts of recorder_parts.bpf.c, by their names
    local part
    for part; do
        bpftool cgroup attach "$cgroup" cgroup_sock_ops pinned "$work/bpf/parts/$part" multi ||
            fail "$part cannot be attached"
    done
}
clang -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(gcc -print-multiarch)" \
    -c "$bench/recorder_parts.bpf.c" -o "$work/parts.o" || fail "clang"
mkdir "$work/bpf/parts"
bpftool prog loadall "$work/parts.o" "$work/bpf/parts" >"$work/bpftool" 2>&1 || fail "$(cat "$work/bpftool")"
parts part_null
foreign bench "$cgroup"

# {"NAME": [run_time_ns, run_cnt]} of the programs on the cgroup, on one line.
sums() {
    bpftool -j prog show >"$work/programs"
    bpftool -j cgroup show "$cgroup" | /usr/bin/python3 -c 'import json, sys
on = {p["id"] for p in json.load(sys.stdin)}
print(json.dumps({p["name"]: [p.get("run_time_ns", 0), p.get("run_cnt", 0)]
                  for p in json.load(open(sys.argv[1])) if p["id"] in on}))' "$work/programs"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$recorder/stat"; }

for _ in $(seq "${PAIRS:-5}"); do
    sums; load "${CONNECTIONS:-20}" "${BYTES:-20000000}"; sums
    record "$work/file" --no-packets --cgroup "$cgroup"
    sums; used=$(ticks); start=$(date +%s%N)
    load "${CONNECTIONS:-20}" "${BYTES:-20000000}"
    end=$(date +%s%N); sums; used=$(($(ticks) - used))
    stop
    echo "[$((end - start)), $used, $(sed -n 's/.*hook invocations (\([0-9]*\) lost).*/\1/p' "$work/said")]"
done >"$work/pairs"
/usr/bin/python3 - "$work/pairs" "$(getconf CLK_TCK)" <<'PY'
import json, statistics, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print("recorder: ns of BPF programs per hook invocation, in pairs without, with")
raw, net = [], []
for pair in (lines[i:i + 5] for i in range(0, len(lines), 5)):
    def mean(before, after, name):
        count = after[name][1] - before[name][1]
        return (after[name][0] - before[name][0]) / count
    without = mean(*pair[0:2], "foreign")
    on = {name.replace("optrail_", ""): mean(*pair[2:4], name) for name in pair[2]}
    count = pair[3]["foreign"][1] - pair[2]["foreign"][1]
    wall, ticks, lost = pair[4]
    cpu = ticks / int(sys.argv[2])
    raw.append(on["foreign"] + on["entry"] + on["exit"] - without)
    net.append(raw[-1] - 2 * on["part_null"])
    print("  program %.0f without, %.0f with; observers %.0f + %.0f, of which statistics 2 x %.0f: %+.0f, "
          "%+.0f without the statistics; %d events, %.0f/s, %d lost, recorder %.0f ns of CPU an event" % (
          without, on["foreign"], on["entry"], on["exit"], on["part_null"], raw[-1], net[-1], count,
          count / wall * 1e9, lost, cpu / count * 1e9))
print("recorder: %.0f ns added per event (median of %d pairs; goal 150), %.0f as the statistics count "
      "themselves in" % (statistics.median(net), len(net), statistics.median(raw)))
PY

parts part_clock part_cookie part_lookup part_ringbuf part_atomic
sums >"$work/pairs"; load "${CONNECTIONS:-20}" "${BYTES:-20000000}"; sums >>"$work/pairs"
/usr/bin/python3 - "$work/pairs" <<'PY'
import json, sys
before, after = (json.loads(line) for line in open(sys.argv[1]))
cost = {name: (after[name][0] - before[name][0]) / (after[name][1] - before[name][1]) for name in before
        if name.startswith("part_")}
null = cost.pop("part_null")
print("recorder: what parts cost here: statistics %.0f ns a program; " % null + ", ".join(
      "%s %.1f" % (name[5:], (ns - null) / 4) for name, ns in sorted(cost.items())))
PY
for _ in 1 2 3; do
    printf 'recorder: user space alone, a million events a second: '
    "$OPTRAIL_BUILD/tests/recorder_consumer" 3000000 "$work/consumed" || exit 1
done
