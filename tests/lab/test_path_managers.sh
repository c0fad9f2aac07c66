#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The path managers on a kernel that is not patched: by netlink, from a process beside the program.
# Several subflows between two addresses; a full mesh of both families with what the server
# announces, after an address goes and comes; a subflow anew after resets; a mesh once enough came.
. "$(dirname "$0")/../tools/lib.sh"

need ip nsenter ss /usr/bin/python3
need_namespaces
[[ -x $optrail ]] || skip "$optrail is not built"
[[ -e /proc/sys/net/mptcp/pm_type ]] || skip "this kernel has no user-space path manager"
grep -q ' bpf_mptcp_open_subflow$' /proc/kallsyms && skip "this kernel is patched"
mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
[[ -n $mount ]] || skip "no cgroup2 is mounted"
client=optrail-mc-$$ server=optrail-ms-$$
work=$(mktemp -d)
serving='' talking=''

down() {
    local host
    [[ -z $talking ]] || kill "$talking" 2>/dev/null
    [[ -z $serving ]] || kill "$serving" 2>/dev/null
    wait 2>/dev/null
    for host in $client $server; do
        [[ -d $mount/$host ]] && "$optrail" unload --all --cgroup "$mount/$host"
        ip netns del $host 2>/dev/null
        [[ -d $mount/$host ]] && until_true rmdir "$mount/$host"
    done
    rm -rf "$work"
}
# until_true COMMAND...: at most 60 s
until_true() {
    local end=$((SECONDS + 60))
    until "$@" 2>/dev/null; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
on() { # HOST COMMAND...
    local host=$1
    shift
    (enter "$host" "$@")
}
enter() { # the same in place of this shell: what runs in the background is then $!
    echo "$BASHPID" >"$mount/$1/cgroup.procs" && exec nsenter --net=/run/netns/"$1" "${@:2}"
}
load() { # HOST PROGRAM ...; the process beside it is to be in the namespace, not in the cgroup
    local host=$1
    shift
    nsenter --net=/run/netns/$host "$optrail" load "$@" --cgroup "$mount/$host" 2>"$work/said" || {
        [[ $(<"$work/said") == *forbids* || $(<"$work/said") == *"needs the cap"* ]] && skip "$(<"$work/said")"
        fail "load $*: $(<"$work/said")"
    }
    grep -q 'by netlink' "$work/said" || fail "it does not say which way it took: $(<"$work/said")"
}
unload() { "$optrail" unload "$2" --cgroup "$mount/$1" || fail "unload $2"; }
# subflows: "local > remote", a line each, without ports
subflows() {
    ip netns exec $client ss -tnH state established dport = 5000 |
        sed -E 's/^ *[0-9]+ +[0-9]+ +\[?(::ffff:)?([^] ]*)\]?:[0-9]+ +\[?(::ffff:)?([^] ]*)\]?:[0-9]+.*/\2 > \4/' | sort
}
has() { [[ $(subflows) == "$(sort <<<"$1")" ]]; }
# expect WHAT SUBFLOWS: exactly these
expect() {
    until_true has "$2" || fail "$1: there are
$(subflows)
instead of
$(sort <<<"$2")
$("$optrail" status)"
}
mesh() {
    local l r
    for l in $1; do for r in $2; do echo "$l > $r"; done; done
}
traffic=$OPTRAIL_SOURCE/tests/vm/traffic.py
begin() {
    enter $client /usr/bin/python3 "$traffic" client "$1" 5000 talk 900 0.1 >/dev/null 2>&1 &
    talking=$!
}
finish() {
    kill -0 $talking 2>/dev/null || fail "the connection broke"
    kill $talking
    wait $talking 2>/dev/null
    talking=''
    until_true has "" || fail "subflows are left"
}
ports() { ip netns exec $client ss -tnH state established dport = 5000 | awk '{ print $3 }' | sort | xargs; }
changed() { [[ -n $(ports) && $(ports) != "$1" ]]; }

trap down EXIT
mkdir "$mount/$client" "$mount/$server" || skip "cannot make cgroups below $mount"
ip netns add $client && ip netns add $server || fail "namespaces"
nsenter --net=/run/netns/$client "$optrail" load ndiffports --cgroup "$mount/$client" 2>"$work/said" &&
    fail "loaded, though the kernel manages paths"
grep -q 'net.mptcp.pm_type=1' "$work/said" || fail "it does not say what to do: $(<"$work/said")"
for host in $client $server; do
    ip -n $host link set lo up
    ip netns exec $host sysctl -qw net.mptcp.pm_type=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
done
for i in 1 2; do
    ip -n $client link add c$i type veth peer name s$i netns $server || fail "veth"
    ip -n $client addr add 10.0.$i.1/24 dev c$i
    ip -n $server addr add 10.0.$i.2/24 dev s$i
    ip -n $client addr add fd00:$i::1/64 dev c$i nodad
    ip -n $server addr add fd00:$i::2/64 dev s$i nodad
    ip -n $client link set c$i up
    ip -n $server link set s$i up
done
enter $server /usr/bin/python3 "$traffic" serve 5000 "$work/ready" >/dev/null 2>&1 &
serving=$!
load $server announce
until_true test -s "$work/ready" || fail "the server does not start"

load $client ndiffports --set n=3
begin 10.0.1.2
expect "ndiffports, three" "$(for i in 1 2 3; do echo "10.0.1.1 > 10.0.1.2"; done)"
finish
unload $client ndiffports

load $client fullmesh
begin 10.0.1.2
expect "a mesh of IPv4" "$(mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")"
finish
begin fd00:1::2
both=$(mesh "fd00:1::1 fd00:2::1" "fd00:1::2 fd00:2::2"; mesh "10.0.1.1 10.0.2.1" "10.0.1.2 10.0.2.2")
expect "a mesh of both families" "$both"
ip -n $client addr del fd00:2::1/64 dev c2
expect "an address goes" "$(grep -v '^fd00:2::1' <<<"$both")"
ip -n $client addr add fd00:2::1/64 dev c2 nodad
expect "and comes back" "$both"
ip -n $server addr del 10.0.2.2/24 dev s2
expect "the server withdraws one" "$(grep -v '10.0.2.2$' <<<"$both")"
finish
unload $client fullmesh

load $client refresh
begin 10.0.1.2
until_true changed none || fail "no connection"
if [[ $(ip netns exec $server ss -HK state established sport = 5000 2>&1) != *"not supp"* ]]; then
    for i in 1 2 3; do
        sleep 0.3
        before=$(ports)
        ip netns exec $server ss -HK state established sport = 5000 >/dev/null 2>&1
        until_true changed "$before" || fail "no new subflow after reset $i: $("$optrail" status)"
    done
fi
kill $talking
wait $talking 2>/dev/null
talking=''
until_true has "" || fail "subflows are left"
unload $client refresh

joins() { ip netns exec $server nstat -asz MPTcpExtMPJoinAckRx | awk '$1 ~ /^MPT/ { print $2 }'; }
load $client delaying --set octets=1000000
before=$(joins)
on $client /usr/bin/python3 "$traffic" client 10.0.1.2 5000 download 100000 >/dev/null || fail "the transfer"
[[ $(joins) == "$before" ]] || fail "a short connection got subflows"
begin 10.0.1.2
sleep 1
expect "a dialogue with little in it" "10.0.1.1 > 10.0.1.2"
finish
unload $client delaying
unload $server announce

echo "ok: path managers by netlink"
