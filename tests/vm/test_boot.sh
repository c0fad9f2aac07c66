#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test kernel boots and has what the other tests stand on: BTF, fentry, sock_ops in a cgroup,
# Multipath TCP over two paths, netem, nftables, congestion controls; and it complains of nothing.
. "$(dirname "$0")/guest.sh"

[ -r /sys/kernel/btf/vmlinux ] || fail "no BTF"
for algorithm in vegas bbr cubic reno; do
    grep -qw $algorithm /proc/sys/net/ipv4/tcp_available_congestion_control ||
        fail "congestion control $algorithm is missing"
done
zcat /proc/config.gz | grep -qx CONFIG_PROVE_LOCKING=y || fail "lockdep is not in this kernel"

make_hosts 2
shape 1 delay 5ms rate 20mbit
shape 2 delay 5ms rate 20mbit
on server nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }' ||
    fail "no nftables"
on client ip mptcp endpoint add 10.0.2.1 dev c2 subflow

load boot client || fail "the fentry program does not load"
serve 5000
client 10.0.1.2 5000 upload 3000000 || fail "no MPTCP connection"
more "segments that fentry counted" "$(value boot client segments)" 100
equal "subflows that sock_ops saw" "$(value boot client established)" 2
equal "MP_JOINs accepted" "$(mib server MPTcpExtMPJoinAckRx)" 1
more "octets on the second path" "$(octets client c2 tx)" 300000
unload boot client || fail "the pins do not go"
