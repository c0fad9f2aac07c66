# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# record.sh - what the recorder's tests share: two namespaces joined by a link, a cgroup, traffic,
# the program of foreign.bpf.c, and a recorder in the background. Source it, then `setup`.

. "$(dirname "${BASH_SOURCE[0]}")/../tools/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
records=$here/../tools/hook_records.py
base=optrail-rec-$$
recorder=

# Skips what cannot run here, makes $work, $cgroup and the namespaces $base-a and $base-b with the
# interfaces link-a and link-b, all of which go away at the end.
setup() {
    need_namespaces
    need clang bpftool tshark capinfos ss /usr/bin/python3
    cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    [ -n "$cgroup" ] || skip "no cgroup v2"
    cgroup=$cgroup/$base
    mkdir "$cgroup" || skip "no cgroup can be made"
    trap cleanup EXIT
    work=$(mktemp -d "${TMPDIR:-/tmp}/$base-XXXXXX") # no dot: libbpf would not find its pins
    mkdir "$work/bpf" && mount -t bpf bpf "$work/bpf" || skip "no BPF file system"
    ip netns add "$base-a" && ip netns add "$base-b" || fail "no namespaces"
    ip link add name link-a netns "$base-a" type veth peer name link-b netns "$base-b"
    ip -n "$base-a" addr add 192.0.2.1/24 dev link-a
    ip -n "$base-b" addr add 192.0.2.2/24 dev link-b
    ip -n "$base-a" addr add 2001:db8::1/64 dev link-a nodad
    ip -n "$base-b" addr add 2001:db8::2/64 dev link-b nodad
    ip -n "$base-a" link set link-a up
    ip -n "$base-b" link set link-b up
    within "the link's own addresses" no_address_is_tentative
}
no_address_is_tentative() { ! ip -n "$base-a" -6 addr show dev link-a | grep -q 'fe80.*tentative'; }

# within WHAT COMMAND...: waits until the command succeeds. Machines may be busy: what has not
# happened after a minute and a half is taken for something that does not happen.
within() {
    local what=$1 end=$((SECONDS + 90))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain: $what: $(cat "$work/said" 2>/dev/null)"
        sleep 0.1
    done
}
said() { grep -q -e "$1" "$work/said"; }
gone() { ! kill -0 "$1" 2>/dev/null; }

# Waits until the recorder has fetched whatever happened before: it answers SIGUSR1 between two
# rounds, so between two answers lies a whole one.
fetched() {
    local answers
    for _ in 1 2; do
        answers=$(grep -c 'so far' "$work/said")
        kill -USR1 "$recorder"
        within "an answer to SIGUSR1" more_answers_than "$answers"
    done
}
more_answers_than() { [ "$(grep -c 'so far' "$work/said")" -gt "$1" ]; }

# Waits for the recorder to end by itself; its status is in $status.
ends() {
    within "the recorder's end" gone "$recorder"
    wait "$recorder"
    status=$?
    recorder=
}

cleanup() {
    local pid
    [ -z "$recorder" ] || kill -9 "$recorder" 2>/dev/null
    find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r pid; do
        kill -9 "$pid" 2>/dev/null
    done
    ip netns del "$base-a" 2>/dev/null
    ip netns del "$base-b" 2>/dev/null
    umount "$work/bpf" 2>/dev/null
    for _ in {1..100}; do # processes leave a cgroup a moment after they were killed
        find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
        [ -d "$cgroup" ] || break
        sleep 0.1
    done
    rm -rf "$work"
}

# foreign NAME CGROUP [MAGIC]: attaches the program to a cgroup; `invocations NAME` counts.
foreign() {
    local arch
    arch=$(gcc -print-multiarch 2>/dev/null || uname -m)-
    clang -O2 -g -target bpf -DMAGIC="${3:-0xbee5}" -idirafter "/usr/include/${arch%-}" \
        -c "$here/foreign.bpf.c" -o "$work/$1.o" || fail "clang"
    mkdir -p "$work/bpf/$1"
    bpftool prog loadall "$work/$1.o" "$work/bpf/$1" pinmaps "$work/bpf/$1" >"$work/bpftool" 2>&1 ||
        fail "bpftool: $(cat "$work/bpftool")"
    bpftool cgroup attach "$2" cgroup_sock_ops pinned "$work/bpf/$1/foreign" multi ||
        fail "the program cannot be attached"
}
invocations() {
    bpftool -j map dump pinned "$work/bpf/$1/invocations" |
        /usr/bin/python3 -c 'import json, sys
print(sum(e["formatted"]["value"] for e in json.load(sys.stdin)))'
}

# load N BYTES [ADDRESS [CGROUP]]: N connections from a to b, of BYTES octets each. `traffic` is the
# same, and waits until the kernel is done with them too, so that no hook runs any more.
load() {
    /usr/bin/python3 "$here/traffic.py" "$base" "${4:-$cgroup}" "$1" "$2" "${3:-192.0.2.2}" ||
        fail "traffic"
}
traffic() {
    load "$@"
    within "the end of all connections" no_connection_is_open
}
no_connection_is_open() {
    local end
    for end in a b; do # sockets in TIME-WAIT have no hooks
        [ -z "$(ip netns exec "$base-$end" ss -Htan state all exclude time-wait 2>/dev/null)" ] || return 1
    done
}

# record FILE ARGUMENTS...: starts a recorder and waits until it is ready; what it says is in
# $work/said. Its ring is large, so that it loses nothing when others keep the processors busy.
record() {
    local file=$1
    shift
    rm -f "$work/ready"
    "$optrail" record -w "$file" --ready-file "$work/ready" --ring-size 16384 "$@" 2>"$work/said" &
    recorder=$!
    within "the recorder's beginning" ready_or_gone
    [ -e "$work/ready" ] || fail "the recorder did not start: $(cat "$work/said")"
}
ready_or_gone() { [ -e "$work/ready" ] || gone "$recorder"; }

# Stops the recorder as ^C does; it must say so with success.
stop() {
    kill -INT "$recorder"
    ends
    [ "$status" = 0 ] || fail "the recorder ended with status $status: $(cat "$work/said")"
}

# account FILE HAPPENED: what FILE holds and what it says was lost add up to the invocations that
# HAPPENED, and its statistics say the same. Leaves both numbers in $recorded and $lost, in how many
# places loss is told in $places, and the file's records in $work/records.
account() {
    local dropped
    "$records" "$1" >"$work/records" || fail "not as documented"
    read -r recorded lost places dropped < <(/usr/bin/python3 - "$work/records" <<'PY'
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
end = records.pop()
of_hooks = [r for r in records if r["type"] in ("hook", "clock")] # not of packets
print(sum(r["type"] == "hook" for r in records), sum(r["lost"] for r in of_hooks),
      sum(r["lost"] > 0 for r in of_hooks), end["interfaces"][0]["dropped"])
PY
    )
    echo "$2 invocations: $recorded recorded, $lost lost, told in $places places"
    [ $((recorded + lost)) = "$2" ] || fail "the file does not account for all of them"
    [ "$dropped" = "$lost" ] || fail "its statistics say that $dropped were lost"
}

# attached CGROUP: programs of sock_ops on it, one name a line.
attached() {
    bpftool -j cgroup show "$1" 2>/dev/null | /usr/bin/python3 -c 'import json, sys
text = sys.stdin.read()
for p in json.loads(text) if text.strip() else []: print(p["name"])'
}
is_left() { [ "$(attached "$1")" = "$2" ]; } # the kernel frees links a moment after a process
