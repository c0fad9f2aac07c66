#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast captures are analysed: user CPU and largest memory of `optrail analyze` beside what other
# programs need for the same files, in turns (ours, theirs, ours, theirs), as medians of ratios.
#   capinfos -c        counts packets, nothing else
#   tcptrace -n        follows connections                       (skipped where it is not installed)
#   tshark -T fields   prints five fields, on a tenth of the packets; so does tshark -z conv,tcp
# And the floor: tests/bench/read_loop.c, which only walks the packets. Then what a second core gives,
# in time by the wall; what an analysis finds is the same with one.
#   PAIRS=5 PACKETS=2000000   MORE=1: also 20 million packets, to see that the cost stays linear
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need capinfos
pairs=${PAIRS:-5} packets=${PACKETS:-2000000}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/optrail-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
make=$OPTRAIL_BUILD/tests/make_load
tenth=$((packets / 10))

# turns NAME PACKETS GOAL [-- COMMAND...] twice: ours and theirs. GOAL: largest ratio, or -.
turns() {
    /usr/bin/python3 - "$pairs" "$@" <<'PY'
import os, statistics, subprocess, sys
pairs, name, packets, goal = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
rest = sys.argv[6:]
ours, theirs = rest[:rest.index('--')], rest[rest.index('--') + 1:]
def run(command):
    null = os.open(os.devnull, os.O_WRONLY)
    process = subprocess.Popen(command, stdout=null, stderr=null)
    _, status, usage = os.wait4(process.pid, 0)
    os.close(null)
    if status != 0:
        sys.exit('%s: exit status %d' % (' '.join(command), os.waitstatus_to_exitcode(status)))
    return usage.ru_utime, usage.ru_maxrss / 1024
run(ours) # both find their files in memory
run(theirs)
runs = [(run(ours), run(theirs)) for _ in range(pairs)]
ratios = sorted(a[0] / max(b[0], 1e-6) for a, b in runs)
mid = statistics.median
ours_us, theirs_us = (mid(pair[i][0] for pair in runs) / packets * 1e6 for i in (0, 1))
print('%-46s x%.3g (%.3g-%.3g%s); %.3f µs a packet against %.3f, %.1f million a second; '
      '%.0f MiB against %.0f' % (
    name, mid(ratios), ratios[0], ratios[-1], '' if goal == '-' else '; goal %s' % goal,
    ours_us, theirs_us, 1 / ours_us, max(a[1] for a, _ in runs), max(b[1] for _, b in runs)))
PY
}

# cores NAME COMMAND...: time by the wall with one core and with all, in turns.
cores() {
    /usr/bin/python3 - "$pairs" "$@" <<'PY'
import os, statistics, subprocess, sys, time
pairs, name, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
every = sorted(os.sched_getaffinity(0))
def run(cores):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                   preexec_fn=lambda: os.sched_setaffinity(0, cores))
    return time.monotonic() - begin
run(every)
runs = [(run(every[:1]), run(every)) for _ in range(pairs)]
ratios = sorted(b / a for a, b in runs)
mid = statistics.median
print('%-46s x%.2f (%.2f-%.2f) with %d cores of the time with one: %.2f s instead of %.2f' % (
    name, mid(ratios), ratios[0], ratios[-1], len(every), mid(b for _, b in runs),
    mid(a for a, _ in runs)))
PY
}

echo "ratio of user CPU, ours to theirs: median of $pairs pairs (least-most; goal)"
"$make" "$work/a" --packets "$packets"
"$make" "$work/b" --packets "$packets" --later 10000
loop=$OPTRAIL_BUILD/tests/read_loop
turns "one capture : capinfos -c" "$packets" 1.0 -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
turns "one capture : our bare loop" "$packets" - -- "$optrail" analyze "$work/a" -- "$loop" "$work/a"
turns "two captures joined : capinfos -c of both" "$((2 * packets))" 3.0 -- \
    "$optrail" analyze "$work/a" "$work/b" -- capinfos -c "$work/a" "$work/b"
if command -v tcptrace >/dev/null; then
    turns "one capture : tcptrace -n" "$packets" - -- "$optrail" analyze "$work/a" -- tcptrace -n "$work/a"
else
    echo "one capture : tcptrace -n                      not measured: tcptrace is not installed"
fi
"$make" "$work/tenth" --packets "$tenth" --flows 650
fields=(-T fields -e frame.number -e ip.src -e tcp.seq -e tcp.ack -e tcp.options)
turns "a tenth : tshark -T fields" "$tenth" 0.01 -- "$optrail" analyze "$work/tenth" -- tshark -n -r "$work/tenth" "${fields[@]}"
turns "a tenth : tshark -z conv,tcp" "$tenth" - -- "$optrail" analyze "$work/tenth" -- tshark -n -q -z conv,tcp -r "$work/tenth"
rm "$work/tenth"

echo "time by the wall"
gzip -1 -c "$work/a" >"$work/a.gz"
gzip -1 -c "$work/b" >"$work/b.gz"
cores "one capture" "$optrail" analyze "$work/a"
cores "two captures joined" "$optrail" analyze "$work/a" "$work/b"
cores "one capture, compressed by gzip" "$optrail" analyze "$work/a.gz"
cores "two captures, compressed by gzip" "$optrail" analyze "$work/a.gz" "$work/b.gz"
rm "$work/a.gz" "$work/b.gz"

echo "user CPU, other captures"
# UTO may stand on any segment.
"$make" "$work/a" --packets "$packets" --option 1c04001e
"$make" "$work/b" --packets "$packets" --option 1c04001e --later 10000
turns "an option on every packet : capinfos -c" "$packets" 1.0 -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
turns "the same, two captures joined" "$((2 * packets))" 3.0 -- \
    "$optrail" analyze "$work/a" "$work/b" -- capinfos -c "$work/a" "$work/b"
rm "$work/b"
"$make" "$work/a" --packets "$packets" --flows 1
turns "one connection : capinfos -c" "$packets" 1.0 -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
"$make" "$work/a" --packets "$((5 * packets))" --flows "$((packets / 2))" --live 2000
turns "a connection for every 10 packets" "$((5 * packets))" - -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
"$make" "$work/a" --packets "$packets" --flows "$packets"
turns "half-open connections alone" "$packets" - -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
if [ -n "${MORE:-}" ]; then
    "$make" "$work/a" --packets "$((10 * packets))" --flows 65000
    turns "ten times the packets" "$((10 * packets))" 1.0 -- "$optrail" analyze "$work/a" -- capinfos -c "$work/a"
fi
