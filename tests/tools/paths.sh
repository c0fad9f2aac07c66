# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# paths.sh - a client and a server for tests of path managers on a kernel that is not patched: two
# namespaces whose MPTCP connections are for user space to manage, two links between them with IPv4
# and IPv6, and a cgroup each. Source after lib.sh; paths_up makes them, and they go with the script.
#
# All is waited for, a minute at most; what subflows there are is said by ss.

client=optrail-mc-$$ server=optrail-ms-$$
mount=''
work=''
serving='' talking=''
traffic=$OPTRAIL_SOURCE/tests/vm/traffic.py

paths_down() {
    local host
    trap - EXIT
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

paths_up() {
    local host i
    need ip nsenter ss nft /usr/bin/python3
    need_namespaces
    [[ -x $optrail ]] || skip "$optrail is not built"
    [[ -e /proc/sys/net/mptcp/pm_type ]] || skip "this kernel has no user-space path manager"
    grep -q ' bpf_mptcp_open_subflow$' /proc/kallsyms && skip "this kernel is patched"
    mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
    [[ -n $mount ]] || skip "no cgroup2 is mounted"
    work=$(mktemp -d)
    trap paths_down EXIT
    mkdir "$mount/$client" "$mount/$server" || skip "cannot make cgroups below $mount"
    ip netns add $client && ip netns add $server || fail "namespaces"
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
    until_true test -s "$work/ready" || fail "the server does not start"
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
$("$optrail" status --cgroup "$mount/$client")"
}
mesh() { # "LOCAL ..." "REMOTE ...": all between them
    local l r
    for l in $1; do for r in $2; do echo "$l > $r"; done; done
}
# The local ports of the subflows, on a line.
ports() { ip netns exec $client ss -tnH state established dport = 5000 | awk '{ print $3 }' | sort | xargs; }
changed() { [[ -n $(ports) && $(ports) != "$1" ]]; }
# How many joins the server has seen.
joins() { ip netns exec $server nstat -asz MPTcpExtMPJoinAckRx | awk '$1 ~ /^MPT/ { print $2 }'; }

begin() { # ADDRESS: a dialogue that goes on until finish
    enter $client /usr/bin/python3 "$traffic" client "$1" 5000 talk 900 0.1 >/dev/null 2>&1 &
    talking=$!
    until_true changed none || fail "no connection"
}
finish() {
    kill -0 $talking 2>/dev/null || fail "the connection broke"
    kill $talking
    wait $talking 2>/dev/null
    talking=''
    until_true has "" || fail "subflows are left"
}
