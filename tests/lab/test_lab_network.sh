#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's network comes up, carries traffic over IPv4 and IPv6, and goes without a rest, however
# it ends: done, failed, interrupted.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need /usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What a lab of this process number has left behind.
rest() {
    ls -d "/run/netns/optrail-$1-"* "/tmp/optrail-$1"* 2>/dev/null
    find $(awk '/ - cgroup2 /{print $5}' /proc/self/mountinfo) -maxdepth 1 -name "optrail-$1" 2>/dev/null
    # A process would carry the environment of its lab.
    grep -lsz "OPTRAIL_LAB_CLIENT_NETNS=optrail-$1-client" /proc/[0-9]*/environ
}

# lab ARGUMENTS...: runs a lab; its output is in $work/out, its exit status in $status, and it has
# left nothing.
lab() {
    "$optrail" lab run "$@" >"$work/out" 2>&1 &
    local pid=$!
    wait "$pid"
    status=$?
    left=$(rest "$pid")
    [ -z "$left" ] || fail "lab run $*: left behind: $left"
}

cat >"$work/traffic" <<'EOS'
set -e
"$OPTRAIL_LAB_ON" server "$OPTRAIL_LAB_TRAFFIC" server "$OPTRAIL_LAB_SERVER" \
    --connections 2 --ready-file "$1/ready" &
for i in {1..600}; do [ -e "$1/ready" ] && break; sleep 0.05; done
rm "$1/ready"
"$OPTRAIL_LAB_TRAFFIC" client "$OPTRAIL_LAB_SERVER" --connections 2 --bytes 50000
wait $!
EOS
for box in none strip-nop; do
    for options in "" "--ipv6" "--offload off" "--ipv6 --offload on"; do
        [[ $options != *offload* ]] || command -v ethtool >/dev/null || continue
        lab "$box" $options -- bash "$work/traffic" "$work"
        [ "$status" = 0 ] || fail "$box $options: status $status: $(cat "$work/out")"
        for side in client server; do
            grep -q "^$side: connections=2 bytes=100000 " "$work/out" ||
                fail "$box $options: $side did not see 2 connections of 50000 octets: $(cat "$work/out")"
        done
    done
done

# Traffic goes through the box, not around it.
lab none -- bash -c 'cat /proc/self/cgroup; ip -o addr; "$OPTRAIL_LAB_ON" box ip -o link
    "$OPTRAIL_LAB_ON" box ip link set to-server down
    "$OPTRAIL_LAB_TRAFFIC" client "$OPTRAIL_LAB_SERVER" --timeout 2'
[ "$status" = 1 ] || fail "traffic passed though the box's link was down"
grep -q '^0::/.*optrail-[0-9]*/client$' "$work/out" || fail "the command is not in the client's cgroup"
grep -q 'client0 .*192.0.2.2/24' "$work/out" || fail "the command is not in the client's namespace"
grep -q 'to-server' "$work/out" || fail "OPTRAIL_LAB_ON does not reach the box"

# The command's exit status and its words come through as they are.
lab none -- bash -c 'printf "<%s>" "$@"; exit 41' - 'a b' '$(id)' '*' --
[ "$status" = 41 ] || fail "exit status 41 became $status"
[ "$(cat "$work/out")" = '<a b><$(id)><*><-->' ] || fail "the words changed: $(cat "$work/out")"

# A box that cannot come up, a command that does not exist or leaves a process behind: no rest.
lab strip-nop --set kinds=1 -- true
[ "$status" = 2 ] || fail "kinds=1 gave status $status"
lab none --set kinds=28 -- true
[ "$status" = 2 ] || fail "an unknown parameter gave status $status"
lab no-such-box -- true
[ "$status" = 2 ] || fail "an unknown box gave status $status"
lab none -- /nonexistent/program
[ "$status" = 127 ] || fail "a missing command gave status $status"
lab none -- bash -c 'sleep 60 & "$OPTRAIL_LAB_ON" server sleep 60 & exit 0'
[ "$status" = 0 ] || fail "a daemon: status $status"

# A process that a script puts into the background ignores SIGINT until the lab undoes that.
# Returns once it hears it.
wait_until_it_hears() { # PID
    local try mask
    for try in {1..1000}; do
        mask=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return
        ((0x${mask:-0} & 2)) || return 0
        sleep 0.02
    done
    fail "the lab goes on ignoring SIGINT"
}

# A signal, whenever it comes, ends the command and takes the lab away.
for signal in INT:130 TERM:143 HUP:129; do
    for delay in 0.05 0.15 0.3 1; do
        rm -f "$work/late"
        "$optrail" lab run strip-nop -- bash -c "sleep 60; touch $work/late" >"$work/out" 2>&1 &
        pid=$!
        wait_until_it_hears "$pid"
        sleep "$delay"
        kill "-${signal%:*}" "$pid"
        wait "$pid" 2>/dev/null
        status=$?
        # So early that bash had not set its traps: the signal itself ended it.
        [ "$status" = "${signal#*:}" ] || fail "$signal after $delay s: status $status"
        left=$(rest "$pid")
        [ -z "$left" ] || fail "$signal after $delay s left behind: $left"
        [ ! -e "$work/late" ] || fail "$signal after $delay s did not end the command"
    done
done

# One that is killed leaves things behind: the next one takes them away, recorders too.
"$optrail" lab run none -w "$work/killed" -- bash -c "touch $work/runs; sleep 300" >"$work/out" 2>&1 &
pid=$!
for _ in {1..600}; do [ -e "$work/runs" ] && break; sleep 0.05; done
[ -e "$work/runs" ] || fail "the command was not run: $(cat "$work/out")"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
[ -n "$(rest "$pid")" ] || fail "a killed lab left nothing: this test tests nothing"
lab none -- true
[ "$status" = 0 ] || fail "after a killed lab: status $status: $(cat "$work/out")"
left=$(rest "$pid")
[ -z "$left" ] || fail "a killed lab's rest stayed: $left"

# Two labs at a time do not meet.
"$optrail" lab run strip-nop -- bash "$work/traffic" "$(mktemp -d -p "$work")" >"$work/one" 2>&1 &
one=$!
"$optrail" lab run none -- bash "$work/traffic" "$(mktemp -d -p "$work")" >"$work/two" 2>&1 &
two=$!
wait "$one" || fail "of two labs the first failed: $(cat "$work/one")"
wait "$two" || fail "of two labs the second failed: $(cat "$work/two")"
left=$(rest "$one"; rest "$two")
[ -z "$left" ] || fail "two labs left behind: $left"
echo "the lab comes up, carries traffic and leaves nothing"
