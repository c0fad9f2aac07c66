#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a connection costs with each program at both ends: one transfer over a veth pair, without and
# with it by turns, each pair in the other order. Throughput, and user and system CPU of sender and
# receiver an octet, as ratios with to without: the median of the pairs, and their quartiles. Then
# what the kernel's statistics say of one more transfer: invocations, and ns an invocation. The rows
# "nothing" compare without to without: what their means and quartiles are away from 1 is noise.
# The statistics count some 115 ns of their own into each. Once with segmentation offload and, for
# some, once without: TCP still writes up to 64 KB at a time, which are cut before the device.
#   PAIRS=7 OCTETS=400000000 ROWS=cc    only rows whose names hold one of those words; needs root.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tools/lib.sh"
. "$here/../tools/programs.sh"
programs_up
statistics=/proc/sys/kernel/bpf_stats_enabled
was=$(cat "$statistics")
trap 'echo "$was" >"$statistics"; programs_down' EXIT
for netns in "$client_netns" "$server_netns"; do
    nsenter --net="/run/netns/$netns" sysctl -qw net.mptcp.pm_type=1 2>/dev/null
done

offload() {
    local netns
    for netns in "$client_netns" "$server_netns"; do
        nsenter --net="/run/netns/$netns" ethtool -K d0 tso "$1" gso "$1" gro "$1" || fail "ethtool"
    done
}
# transfer OCTETS [--mptcp]: prints seconds, CPU seconds
transfer() {
    local octets=$1 serving
    shift
    rm -f "$programs_dir"/{listening,serve,send}
    on_side server /usr/bin/python3 "$here/programs_transfer.py" serve "$@" "${server_address[4]}" "$programs_dir" &
    serving=$!
    wait_for "the server" test -e "$programs_dir/listening"
    on_side client /usr/bin/python3 "$here/programs_transfer.py" send "$@" "${server_address[4]}" \
        "$programs_dir" "$octets" || fail "the transfer"
    wait $serving || fail "the receiver"
    paste -d' ' "$programs_dir/send" "$programs_dir/serve" | awk '{ print $1, $2 + $4 }'
}
# put SIDE PROGRAM ...: in the namespace, which path managers want
put() {
    local -n cgroup=${1}_cgroup netns=${1}_netns
    nsenter --net="/run/netns/$netns" "$optrail" load "${@:2}" --cgroup "$cgroup" 2>"$programs_dir/said" ||
        fail "load ${*:2}: $(<"$programs_dir/said")"
}
invocations() { # of all programs on both cgroups: runs, ns
    local side
    for side in client server; do
        local -n cgroup=${side}_cgroup
        "$optrail" status --json --cgroup "$cgroup"
        unset -n cgroup
    done | /usr/bin/python3 -c 'import json, sys
text, at, runs, ns = sys.stdin.read(), 0, 0, 0
while text[at:].strip():
    one, end = json.JSONDecoder().raw_decode(text[at:].lstrip())
    at += len(text[at:]) - len(text[at:].lstrip()) + end
    runs += sum(p.get("runs", 0) for p in one["programs"])
    ns += sum(p.get("run_time_ns", 0) for p in one["programs"])
print(runs, ns)'
}
# row NAME OCTETS "TRANSFER WORDS" "CLIENT LOADS" "SERVER LOADS"; several loads with ; between them
row() {
    local name=$1 octets=$2 words=$3 on_client=$4 on_server=$5 pair kind load order
    if [[ -n ${ROWS:-} ]]; then
        local wanted=''
        for load in $ROWS; do [[ $name == *$load* ]] && wanted=1; done
        [[ -n $wanted ]] || return 0
    fi
    with() {
        local loads
        IFS=';' read -ra loads <<<"$on_client"
        for load in "${loads[@]}"; do put client $load; done
        IFS=';' read -ra loads <<<"$on_server"
        for load in "${loads[@]}"; do put server $load; done
    }
    for ((pair = 0; pair < ${PAIRS:-7}; pair++)); do
        ((pair % 2)) && order="with without" || order="without with"
        for kind in $order; do
            [[ $kind == with ]] && with
            echo "$kind $(transfer "$octets" $words)"
            [[ $kind == with ]] && unload_all
        done
    done >"$programs_dir/figures"
    echo 1 >"$statistics"
    with
    transfer "$octets" $words >/dev/null
    echo "runs $(invocations)" >>"$programs_dir/figures"
    unload_all
    echo "$was" >"$statistics"
    /usr/bin/python3 - "$name" "$octets" "$programs_dir/figures" <<'PY'
import math, statistics, sys
name, octets, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
took = {"with": [], "without": []}
for line in open(path, encoding="ascii"):
    kind, *figures = line.split()
    if kind == "runs":
        runs, ns = map(int, figures)
    else:
        took[kind].append(tuple(map(float, figures)))
def ratios(of):
    all_of = sorted(map(of, zip(took["without"], took["with"])))
    if len(all_of) == 1:
        return "%.3f" % all_of[0]
    logs = [math.log(ratio) for ratio in all_of]
    mean, error = statistics.mean(logs), statistics.stdev(logs) / math.sqrt(len(logs))
    low, _, high = statistics.quantiles(all_of, n=4)
    return "%.3f ± %.3f (%.3f to %.3f)" % (math.exp(mean), math.exp(mean) * error, low, high)
cpu = statistics.median(c for _, c in took["without"])
print("%-24s throughput %s  CPU %s  of %.2f Gbit/s, %.3f ns an octet; %d runs a MB, %d ns each: %.2f %%" % (
    name, ratios(lambda p: p[0][0] / p[1][0]), ratios(lambda p: p[1][1] / p[0][1]),
    octets * 8e-9 / statistics.median(s for s, _ in took["without"]), cpu / octets * 1e9,
    runs / octets * 1e6, ns / runs if runs else 0, ns / (cpu * 1e9) * 100), flush=True)
PY
}
octets=${OCTETS:-400000000}
row "nothing" "$octets" "" "" ""
row "cc" "$octets" "" "cc --set algorithm=cubic" "cc"
row "uto" "$octets" "" "uto --set timeout=34" "uto --set timeout=34"
row "iw" "$octets" "" "iw --set segments=20" "iw --set trusted=10.99.0.0/24"
row "delack" "$octets" "" "delack --set divisor=4" "delack --set divisor=4"
row "option" "$octets" "" "option --set name=sched-exid --set segments=ack" "option --set name=sched-exid --set segments=ack"
row "four programs" "$octets" "" "cc;uto --set timeout=34;iw --set segments=20;delack --set divisor=4" \
    "cc;uto --set timeout=34;iw --set trusted=10.99.0.0/24;delack --set divisor=4"
row "tune" "$octets" "" "tune --set rules=$OPTRAIL_SOURCE/bpf/tune/wide-area.rules" "tune --set rules=$OPTRAIL_SOURCE/bpf/tune/wide-area.rules"
row "explore" "$octets" "" "explore" "explore"
row "nothing, MPTCP" $((octets / 4)) --mptcp "" ""
row "rate" $((octets / 4)) --mptcp "rate --set limit=30000000" "rate"
row "sched" $((octets / 4)) --mptcp "sched --set scheduler=redundant" "sched"
row "delay" $((octets / 4)) --mptcp "delay --set threshold=100" "delay"
row "ito" $((octets / 4)) --mptcp "ito --set timeout=240" "ito"
row "fullmesh" $((octets / 4)) --mptcp "fullmesh" "announce"
row "refresh" $((octets / 4)) --mptcp "refresh --set age=3600" "announce"
row "delaying" $((octets / 4)) --mptcp "delaying --set octets=4000000000" "delaying --set role=server --set octets=4000000000"
offload off
row "nothing, no offload" $((octets / 4)) "" "" ""
row "cc, no offload" $((octets / 4)) "" "cc --set algorithm=cubic" "cc"
row "uto, no offload" $((octets / 4)) "" "uto --set timeout=34" "uto --set timeout=34"
row "delack, no offload" $((octets / 4)) "" "delack --set divisor=4" "delack --set divisor=4"
row "four, no offload" $((octets / 4)) "" "cc;uto --set timeout=34;iw --set segments=20;delack --set divisor=4" \
    "cc;uto --set timeout=34;iw --set trusted=10.99.0.0/24;delack --set divisor=4"
row "always, no offload" $((octets / 4)) "" "cc --set repeat=always" "cc"
row "rate, MPTCP, no offload" $((octets / 4)) --mptcp "rate --set limit=30000000" "rate"
