#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Four recorders at the server see the same live traffic across a box: one sees all of it, one begins
# in the middle, one keeps 60 octets of each packet, one is held up until its buffer overflows, which
# it counts; and a tcpdump that is held up too, whose file says nothing about it. Nothing is called
# certain of the worse recordings that is not so in the whole one, nor when the whole one's clock is
# 4 s ahead and gains 50 ppm; what cannot be known any more is said with the right reason.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need nft ethtool bpftool tcpdump /usr/bin/python3
bpftool prog show >/dev/null 2>&1 || skip "no BPF here: $(bpftool prog show 2>&1 | head -n 1)"
tools=$OPTRAIL_SOURCE/tests/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export optrail work

cat >"$work/run" <<'EOS'
set -u
here=$work/more
mkdir -p "$here"
for side in CLIENT SERVER; do
    cgroup=OPTRAIL_LAB_${side}_CGROUP
    "$optrail" load cc --cgroup "${!cgroup}" --set algorithm=reno --set repeat=always >/dev/null || exit 1
    "$optrail" load uto --cgroup "${!cgroup}" --set timeout=34 --set repeat=always >/dev/null || exit 1
done

recorders=()
recorder() { # NAME OPTION...
    local name=$1 i
    shift
    env --default-signal=INT "$optrail" record -w "$here/$name.pcapng" --netns "$OPTRAIL_LAB_SERVER_NETNS" \
        --cgroup "$OPTRAIL_LAB_SERVER_CGROUP" -i "$OPTRAIL_LAB_SERVER_INTERFACE" -f tcp \
        --ready-file "$here/$name.ready" "$@" >/dev/null 2>"$here/$name.log" &
    recorders+=($!)
    for i in {1..600}; do [ -e "$here/$name.ready" ] && return; sleep 0.05; done
    echo "recorder $name: $(cat "$here/$name.log")" >&2
    exit 1
}

traffic() { # BYTES CONNECTIONS
    local i server
    rm -f "$here/listens"
    "$OPTRAIL_LAB_ON" server "$OPTRAIL_LAB_TRAFFIC" server "$OPTRAIL_LAB_SERVER" --connections "$2" --timeout 100 \
        --ready-file "$here/listens" >/dev/null &
    server=$!
    for i in {1..600}; do [ -e "$here/listens" ] && break; sleep 0.05; done
    "$OPTRAIL_LAB_TRAFFIC" client "$OPTRAIL_LAB_SERVER" --connections "$2" --bytes "$1" --rounds 40 --timeout 100 >/dev/null
    wait "$server"
}

recorder snaplen -s 60
recorder loss -B 64
lossy=${recorders[-1]}
"$OPTRAIL_LAB_ON" server tcpdump --immediate-mode -U -n -Z root -B 64 -i "$OPTRAIL_LAB_SERVER_INTERFACE" \
    -w "$here/silent.pcapng" tcp 2>"$here/silent.log" &
for i in {1..600}; do grep -qs listening "$here/silent.log" && break; sleep 0.05; done
silent=$(pgrep -x tcpdump -P $! || echo $!)
traffic 4000 2
kill -STOP "$lossy" "$silent"
traffic 400000 2 &
under_way=$!
recorder late # while those two connections are under way, or just over
wait "$under_way"
kill -CONT "$lossy" "$silent"
traffic 4000 2
kill -INT "${recorders[@]}" "$silent"
wait
EOS

judge() { # NAME HOW B
    "$optrail" analyze --format json "$work/whole/a.pcapng" "$3" >"$work/bad" 2>"$work/errors" ||
        fail "$1, $2: $(cat "$work/errors")"
    "$tools/degraded_check.py" "$1" "$2" "$work/good" "$work/bad" 2>>"$work/reasons" || faults=$((faults + 1))
}

faults=0
: >"$work/reasons"
for box in strip-nop nat+sequence+strip-nop drop+strip-nop; do
    for family in "" --ipv6; do
        some=(--set affect=1/2)
        [ "$box" != nat+sequence+strip-nop ] || some=()
        rm -rf "$work/whole" "$work/more"
        # shellcheck disable=SC2086
        "$optrail" lab run "$box" "${some[@]}" $family --offload off --output "$work/whole" -- bash "$work/run" \
            >"$work/out" 2>&1 || fail "lab run $box: $(tail -n 3 "$work/out")"
        "$optrail" analyze --format json "$work/whole/a.pcapng" "$work/whole/b.pcapng" >"$work/good" || fail "analyze $box"
        grep -Eq '"lost_(packets|events)" : [1-9]' "$work/good" && { echo "$box: the whole recording is none"; continue; }
        judge "$box $family" late "$work/more/late.pcapng"
        judge "$box $family" snaplen "$work/more/snaplen.pcapng"
        judge "$box $family" loss-hole "$work/more/loss.pcapng"
        grep -Eq '"lost_packets" : [1-9]' "$work/bad" || fail "$box: the recorder that was held up counts no loss"
        judge "$box $family" loss-silent "$work/more/silent.pcapng"
        "$tools/degrade.py" clock "$work/whole/b.pcapng" "$work/clock.pcapng" || fail "degrade.py"
        judge "$box $family" clock "$work/clock.pcapng"
    done
done
[ "$faults" = 0 ] || fail "$faults judgements are false"
for reason in late:not-covered snaplen:snaplen loss-hole:capture-loss; do
    grep -q "^reasons .* ${reason%:*}: .*inconclusive.${reason#*:}" "$work/reasons" ||
        fail "no recording spoiled by ${reason%:*} is called inconclusive.${reason#*:}: $(cat "$work/reasons")"
done
echo "$(wc -l <"$work/reasons") judgements of worse recordings of live traffic, none false"
