# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# guest.sh - what the tests in the guest share: two hosts, "client" and "server", each a network
# namespace and a cgroup, joined by as many paths as wanted; traffic between them; BPF programs.
# Source it. $OPTRAIL_VM is the folder with the built programs.
set -u
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
probe=$OPTRAIL_VM/probe

fail() { echo "FAIL: $*"; exit 1; }
skip() { echo "SKIP: $*"; exit 77; }
note() { echo "  $*"; }

# Waits for a condition instead of sleeping: an emulated processor has no idea of time.
# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@" 2>/dev/null; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.3
    done
}

# make_hosts N: N paths; path i is 10.0.i.1 (client, device c<i>) to 10.0.i.2 (server, s<i>), and
# fd00:i::1 to fd00:i::2
make_hosts() {
    local host i
    for host in client server; do
        ip netns add $host
        ip -n $host link set lo up
        mkdir -p /sys/fs/cgroup/$host
        ip -n $host mptcp limits set subflow 8 add_addr_accepted 8
        on $host sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
            net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done
    for i in $(seq "$1"); do
        ip link add c$i netns client type veth peer name s$i netns server
        ip -n client addr add 10.0.$i.1/24 dev c$i
        ip -n server addr add 10.0.$i.2/24 dev s$i
        ip -n client addr add fd00:$i::1/64 dev c$i nodad
        ip -n server addr add fd00:$i::2/64 dev s$i nodad
        ip -n client link set c$i up
        ip -n server link set s$i up
    done
}

# shape PATH NETEM...: on both ends, so twice the delay makes a round trip
shape() {
    local i=$1; shift
    ip netns exec client tc qdisc replace dev c$i root netem limit 10000 "$@"
    ip netns exec server tc qdisc replace dev s$i root netem limit 10000 "$@"
}

# on HOST COMMAND...: in its namespace and cgroup
on() {
    local host=$1; shift
    (echo $BASHPID >/sys/fs/cgroup/$host/cgroup.procs
     exec nsenter --net=/run/netns/$host "$@")
}

serve() { # [--tcp] PORT
    local ready=/run/serving-$$-$RANDOM port=${*: -1}
    on server python3 "$vm/traffic.py" serve "$@" $ready &
    until_true 60 test -s $ready || fail "the server on port $port does not start"
}
client() { on client python3 "$vm/traffic.py" client "$@"; }

# load OBJECT HOST [VARIABLE=NUMBER]...; pinned as HOST-OBJECT
load() {
    local object=$1 host=$2; shift 2
    "$probe" load "$OPTRAIL_VM/$object.bpf.o" /sys/fs/cgroup/$host $host-$object "$@"
}
unload() { "$probe" unload "$2-$1"; }
# value OBJECT HOST VARIABLE: its number, or numbers with commas
value() { "$probe" read "$OPTRAIL_VM/$1.bpf.o" "$2-$1" "$3" | cut -d= -f2; }
# at_least OBJECT HOST VARIABLE NUMBER
at_least() { [ "$(value "$1" "$2" "$3")" -ge "$4" ]; }

# mib HOST NAME: a counter of /proc/net/netstat, 0 if it never counted
mib() { on "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2; exit }'; }
# octets HOST DEVICE rx|tx
octets() { ip netns exec "$1" cat "/sys/class/net/$2/statistics/${3}_bytes"; }
# within HOST COMMAND...: in its namespace alone, for what only looks; cheaper than ip netns exec, which mounts
within() { local host=$1; shift; nsenter --net=/run/netns/$host "$@"; }

# unreclaimable: KiB of the kernel's own objects (sockets, contexts, requests) once nothing is being freed any
# more. What one round of a test adds to it over the round before was not given back.
unreclaimable() {
    local last=0 now=-1 end=$((SECONDS + 60))
    while [ "$last" != "$now" ] && [ $SECONDS -lt $end ]; do
        last=$now
        echo 3 >/proc/sys/vm/drop_caches
        sleep 2
        now=$(awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo)
    done
    echo "$now"
}

# equal WHAT GOT WANTED, and the like
equal() { [ "$2" = "$3" ] || fail "$1: $2 instead of $3"; note "$1: $2"; }
more() { [ "$2" -ge "$3" ] || fail "$1: $2, less than $3"; note "$1: $2 (at least $3)"; }
less() { [ "$2" -le "$3" ] || fail "$1: $2, more than $3"; note "$1: $2 (at most $3)"; }
