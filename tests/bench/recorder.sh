#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What recording costs: ns per invocation of a hook with and without, by two measures. The first is
# the kernel's own statistics of BPF programs, in pairs without, with; what the statistics themselves
# add is measured in the same runs by a program that does nothing, and told apart; once with bulk
# transfers, whose data drive the programs out of the caches between two hooks, once with messages to
# and fro, which do not. The second knows nothing of BPF: the CPU time of the same messages to and
# fro without, with, without a recorder, divided by the invocations, statistics off. Then what the
# parts of an observer cost here, the recorder's CPU time, and how many events a second its user
# space takes on one core, without loss, with a file in memory and one on the disk. Traffic is kept on
# the first processor and before ordinary processes, the recorder on the second. Needs root.
#   PAIRS=5 CONNECTIONS=20 BYTES=20000000 MESSAGES=20000 CPU_PAIRS=15
set -u
. "$(dirname "$0")/../lab/record.sh"
bench=$(cd "$(dirname "$0")" && pwd)
here=$(cd "$bench/../lab" && pwd)
setup
statistics=/proc/sys/kernel/bpf_stats_enabled
was=$(cat "$statistics")
trap 'echo "$was" >"$statistics"; cleanup' EXIT
echo 1 >"$statistics" || skip "no BPF statistics"

first=()
[ "$(nproc)" = 1 ] || first=(taskset -c 0)
chrt -f 1 true 2>/dev/null && first+=(chrt -f 1)
bulk() {
    "${first[@]}" /usr/bin/python3 "$here/traffic.py" "$base" "$cgroup" "${CONNECTIONS:-20}" \
        "${BYTES:-20000000}" 192.0.2.2 || fail "traffic"
}
# messages: sends MESSAGES to and fro; the CPU time they took, in ns, is in $taken.
messages() {
    echo "${1:-${MESSAGES:-20000}}" >&7
    read -r taken <&8 || fail "the messages ended"
}
recorder_goes_on() { # on its processor
    record "$work/file" --no-packets --cgroup "$cgroup"
    [ "$(nproc)" = 1 ] || taskset -cp 1 "$recorder" >"$work/pinned" 2>&1
}

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
mkfifo "$work/messages" "$work/taken"
"${first[@]}" "$OPTRAIL_BUILD/tests/recorder_pingpong" "$cgroup" "/run/netns/$base-a" "/run/netns/$base-b" \
    192.0.2.2 <"$work/messages" >"$work/taken" &
exec 7>"$work/messages" 8<"$work/taken"

# {"NAME": [run_time_ns, run_cnt]} of the programs on the cgroup, on one line.
sums() {
    bpftool -j prog show >"$work/programs"
    bpftool -j cgroup show "$cgroup" | /usr/bin/python3 -c 'import json, sys
on = {p["id"] for p in json.load(sys.stdin)}
print(json.dumps({p["name"]: [p.get("run_time_ns", 0), p.get("run_cnt", 0)]
                  for p in json.load(open(sys.argv[1])) if p["id"] in on}))' "$work/programs"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$recorder/stat"; }

# pairs NAME COMMAND: the first measure, of the traffic that the command makes.
pairs() {
for _ in $(seq "${PAIRS:-5}"); do
    sums; "$2"; sums
    recorder_goes_on
    sums; used=$(ticks); start=$(date +%s%N)
    "$2"
    end=$(date +%s%N); sums; used=$(($(ticks) - used))
    stop
    echo "[$((end - start)), $used, $(lost)]"
done >"$work/pairs"
/usr/bin/python3 - "$work/pairs" "$(getconf CLK_TCK)" "$1" <<'PY'
import json, statistics, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print("recorder, %s: ns of BPF programs per hook invocation, in pairs without, with" % sys.argv[3])
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
print("recorder, %s: %.0f ns added per event (median of %d pairs, best %.0f; goal 150), %.0f as the "
      "statistics count themselves in" % (sys.argv[3], statistics.median(net), len(net), min(net),
                                          statistics.median(raw)))
PY
}
lost() { sed -n 's/.*hook invocations (\([0-9]*\) lost).*/\1/p' "$work/said"; }
pairs "bulk transfers" bulk
pairs "messages" messages

# The second measure.
echo 0 >"$statistics"
bpftool cgroup detach "$cgroup" cgroup_sock_ops pinned "$work/bpf/parts/part_null"
before=$(invocations bench); messages; invocations=$(($(invocations bench) - before))
for _ in $(seq "${CPU_PAIRS:-15}"); do
    messages 500; messages; without=$taken
    recorder_goes_on
    messages 500; messages; with=$taken
    stop
    messages 500; messages
    echo "$without $with $taken $(lost)"
done >"$work/pairs"
/usr/bin/python3 - "$work/pairs" "$invocations" <<'PY'
import statistics, sys
rows = [[int(word) for word in line.split()] for line in open(sys.argv[1])]
n = int(sys.argv[2])
def told(values):
    return "%+.0f (quartiles %+.0f, %+.0f)" % (statistics.median(values), *statistics.quantiles(values, n=4)[::2])
print("recorder, messages: %s ns of CPU time added per event, all in all (%d times without, with, without; "
      "without and without differ by %s; a message costs %.0f per event; %d lost)" % (
      told([(b - (a + c) / 2) / n for a, b, c, _ in rows]), len(rows), told([(c - a) / n for a, _, c, _ in rows]),
      statistics.median([(a + c) / 2 / n for a, _, c, _ in rows]), sum(row[3] for row in rows)))
PY
echo 1 >"$statistics"
bpftool cgroup attach "$cgroup" cgroup_sock_ops pinned "$work/bpf/parts/part_null" multi

parts part_clock part_cookie part_lookup part_ringbuf part_atomic
sums >"$work/pairs"; bulk; sums >>"$work/pairs"
exec 7>&-
/usr/bin/python3 - "$work/pairs" <<'PY'
import json, sys
before, after = (json.loads(line) for line in open(sys.argv[1]))
cost = {name: (after[name][0] - before[name][0]) / (after[name][1] - before[name][1]) for name in before
        if name.startswith("part_")}
null = cost.pop("part_null")
print("recorder: what parts cost here: statistics %.0f ns a program; " % null + ", ".join(
      "%s %.1f" % (name[5:], (ns - null) / 4) for name, ns in sorted(cost.items())))
PY
# consume WHERE FILE HOW...
consume() {
    local where=$1 file=$2
    shift 2
    for _ in 1 2 3; do
        printf 'recorder: user space alone, a million events a second, %s: ' "$where"
        "$@" "$OPTRAIL_BUILD/tests/recorder_consumer" 3000000 "$file" || exit 1
        rm -f "$file"
    done
}
consume "a file in memory" "/dev/shm/$base"
chrt -r 1 true 2>/dev/null && consume "a file in memory, before ordinary processes" "/dev/shm/$base" chrt -r 1
consume "a file on the disk" "$work/consumed"
