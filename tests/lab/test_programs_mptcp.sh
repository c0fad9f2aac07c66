#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The four requests of Multipath TCP on a kernel that is not patched, as experimental options: their
# octets on the wire, on pure ACKs alone, `tries` times and not once more; on the subflows that are
# meant; a rate that is asked for is kept to by the peer, and what a peer's kernel cannot do is said
# at loading, declined and counted, and harms nothing; plain TCP is left alone.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

grep -q ' bpf_mptcp_open_subflow$' /proc/kallsyms && skip "this kernel is patched"
/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' 2>/dev/null ||
    skip "this kernel has no Multipath TCP"
programs_up
traffic=$OPTRAIL_SOURCE/tests/vm/traffic.py
options=$OPTRAIL_SOURCE/tests/tools/tcp_options.py
serving='' capture='' talking=''
trap 'kill $serving $capture $talking 2>/dev/null; programs_down' EXIT
on_side_as() { # the same in place of this shell, so that $! is it
    local -n netns=${1}_netns cgroup=${1}_cgroup
    echo "$BASHPID" >"$cgroup/cgroup.procs" && exec nsenter --net="/run/netns/$netns" -- "${@:2}"
}
on_side_as server /usr/bin/python3 "$traffic" serve 5000 "$programs_dir/serving" >/dev/null 2>&1 &
serving=$!
wait_for "the server" test -s "$programs_dir/serving"

begin_capture() {
    rm -f "$programs_dir/capture.pcap"
    nsenter --net="/run/netns/$client_netns" tcpdump --immediate-mode -Z root -U -i d0 -s 128 \
        -w "$programs_dir/capture.pcap" tcp port 5000 2>"$programs_dir/tcpdump" &
    capture=$!
    wait_for "tcpdump" grep -q "listening on" "$programs_dir/tcpdump"
}
end_capture() {
    kill -INT $capture
    wait $capture
    capture=''
}
begin() { # FAMILY
    on_side_as client /usr/bin/python3 "$traffic" client "${server_address[$1]}" 5000 talk 900 0.1 >/dev/null 2>&1 &
    talking=$!
}
finish() {
    kill -0 $talking 2>/dev/null || fail "the connection broke"
    kill $talking
    wait $talking 2>/dev/null
    talking=''
}
says() { # PATTERN COMMAND...: loads, and says that
    "$optrail" load "${@:2}" 2>"$programs_dir/said" || fail "load ${*:2}: $(<"$programs_dir/said")"
    [[ $(<"$programs_dir/said") == *"$1"* ]] || fail "load ${*:2} says \"$(<"$programs_dir/said")\", not \"$1\""
}
until_true() {
    local end=$((SECONDS + 60))
    until "$@" 2>/dev/null; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
counter_is() { [[ $(counter "$1" "$2" "$3") == "$4" ]]; }
# A dozen pure ACKs were seen since the last with that option.
went_on() { (($(/usr/bin/python3 "$options" "$programs_dir/capture.pcap" "$1" --after | sed -n 's/^acks //p') >= 12)); }

# asked PROGRAM SETTING EXID OPTION FAMILY TRIES
asked() {
    local program=$1 setting=$2 exid=$3 option=$4 family=$5 tries=$6
    says "ExID" "$program" --cgroup "$client_cgroup" --set "$setting" --set tries="$tries"
    begin_capture
    begin "$family"
    until_true counter_is client "$program" written "$tries" ||
        fail "$program: written $(counter client "$program" written) times, not $tries"
    until_true went_on "$exid" || fail "$program: no ACKs without it after the last"
    finish
    end_capture
    /usr/bin/python3 "$options" "$programs_dir/capture.pcap" "$exid" | grep -v ^acks >"$programs_dir/seen"
    expect "$program over IPv$family: on the wire" "$(cut -d' ' -f2- "$programs_dir/seen" | sort | uniq -c | xargs)" \
        "$tries 5000 ack $option"
    expect "$program over IPv$family: written" "$(counter client "$program" written)" "$tries"
    "$optrail" unload "$program" --cgroup "$client_cgroup" || fail "unload $program"
}

for family in 4 6; do
    # --- rate: the peer can, and does it once ---------------------------------------------------
    says "cannot close a subflow" rate --cgroup "$server_cgroup"
    asked rate limit=4000 fd084f52 fd084f5200000fa0 $family 5
    expect "rate over IPv$family: applied" "$(counter server rate applied)" 1
    expect "rate over IPv$family: asked for again" "$(counter server rate unchanged)" 4
    unload_all

    # --- the others: it cannot ------------------------------------------------------------------
    says "cannot change the scheduler" sched --cgroup "$server_cgroup"
    asked sched scheduler=redundant fd064f53 fd064f530001 $family 3
    says "cannot use backup subflows by delay" delay --cgroup "$server_cgroup"
    asked delay threshold=100 fd064f54 fd064f540064 $family 1
    says "cannot set the inactivity timeout" ito --cgroup "$server_cgroup"
    asked ito timeout=240 fd064f4f fd064f4f00f0 $family 4
    for program in sched delay ito; do
        expect "$program over IPv$family: applied" "$(counter server $program applied)" 0
        expect "$program over IPv$family: declined" "$(counter server $program declined)" 1
    done
    unload_all
done

# --- a subflow that is to be closed stays, and that is said ------------------------------------
load server rate
asked rate closing=yes fd084f52 fd084f5200000000 4 2
expect "a limit of 0: applied" "$(counter server rate applied)" 0
expect "a limit of 0: declined" "$(counter server rate declined)" 1
unload_all

# --- the peer's rate is what was asked for ------------------------------------------------------
# 4 Mbit/s are 500,000 octets a second: 2 MB cannot take less than 3 s, less what came before the
# request was there.
load server rate
load client rate --set limit=4000
began=$(date +%s%N)
on_side client /usr/bin/python3 "$traffic" client "${server_address[4]}" 5000 download 2000000 >/dev/null &
talking=$!
limited() {
    nsenter --net="/run/netns/$server_netns" ss -tin "sport = :5000" | grep -q 'pacing_rate [^ ]*/4000000bps\|pacing_rate [^ ]*/4Mbps'
}
until_true limited || fail "ss shows no limit of 4 Mbit/s: $(nsenter --net="/run/netns/$server_netns" ss -tin)"
wait $talking || fail "the download"
talking=''
took=$((($(date +%s%N) - began) / 1000000))
((took >= 2000)) || fail "2 MB at 4 Mbit/s took $took ms"
unload_all

# --- only on joined subflows ---------------------------------------------------------------------
if nsenter --net="/run/netns/$client_netns" sysctl -qw net.mptcp.pm_type=1 2>/dev/null; then
    nsenter --net="/run/netns/$server_netns" sysctl -qw net.mptcp.pm_type=1
    nsenter --net="/run/netns/$client_netns" "$optrail" load ndiffports --cgroup "$client_cgroup" 2>/dev/null || fail "ndiffports"
    # A transfer that is over before the second subflow is there says nothing: another then.
    asked_joined() {
        on_side client /usr/bin/python3 "$traffic" client "${server_address[4]}" 5000 download 20000000 >/dev/null &&
            (($(counter client rate written) >= 1))
    }
    load client rate --set limit=1000000 --set subflows=joined --set tries=1
    begin_capture
    until_true asked_joined || fail "nothing is asked on the joined subflow"
    end_capture
    # First subflows' SYNs hold MP_CAPABLE of version 1, joined ones' MP_JOIN.
    ports_with() {
        /usr/bin/python3 "$options" "$programs_dir/capture.pcap" "$1" | grep " 5000 $2 " | cut -d' ' -f1 | sort -u
    }
    ports_with 1e0c syn >"$programs_dir/joined"
    ports_with fd084f52 ack >"$programs_dir/asking"
    [[ -s $programs_dir/asking ]] || fail "no request in the capture"
    grep -qvxFf "$programs_dir/joined" "$programs_dir/asking" &&
        fail "on ports $(xargs <"$programs_dir/asking") was asked, joined are $(xargs <"$programs_dir/joined")"
    unload_all
fi

# --- plain TCP -----------------------------------------------------------------------------------
load client rate --set limit=4000
load client sched --set scheduler=redundant
connection 4
expect "on plain TCP" "$(frames_with 'fd084f52')$(frames_with 'fd064f53')" ""
unload_all

echo "ok: the four requests without a patched kernel"
