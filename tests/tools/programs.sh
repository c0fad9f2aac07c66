# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# programs.sh - a client and a server for tests of option programs: two namespaces joined by a veth
# pair, and a cgroup each. Source after lib.sh; programs_up makes them, and they go with the script.
#
# What is decoded here is decoded by tcpdump, ss and getsockopt: nothing of Optrail's judges itself.

programs_dir=''
sockets_pin='' # see sockets_up
capture_interface=d0 # at the client
client_netns='' server_netns='' client_cgroup='' server_cgroup=''
declare -A client_address=([4]=10.99.0.1 [6]=fd99::1) server_address=([4]=10.99.0.2 [6]=fd99::2)

# Where cgroup v2 is mounted: at /sys/fs/cgroup, or below it beside version 1.
cgroup2_mount() { awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo; }

programs_down() {
    local cgroup
    trap - EXIT
    for cgroup in "$client_cgroup" "$server_cgroup"; do
        [[ -d $cgroup ]] || continue
        "$optrail" unload --all --cgroup "$cgroup"
        rmdir "$cgroup"
    done
    ip netns del "$client_netns" 2>/dev/null
    ip netns del "$server_netns" 2>/dev/null
    [[ -n $sockets_pin ]] && rm -f "$sockets_pin"
    rm -rf "$programs_dir"
}

programs_up() {
    local mount reason
    need ip nsenter tcpdump ss /usr/bin/python3 bpftool
    need_namespaces
    [[ -x $optrail ]] || skip "$optrail is not built"
    mount=$(cgroup2_mount)
    [[ -n $mount ]] || skip "no cgroup2 is mounted"
    programs_dir=$(mktemp -d)
    client_netns=optrail-pc-$$ server_netns=optrail-ps-$$
    client_cgroup=$mount/$client_netns server_cgroup=$mount/$server_netns
    trap programs_down EXIT
    mkdir "$client_cgroup" "$server_cgroup" || skip "cannot make cgroups below $mount"
    if ! reason=$("$optrail" load cc --cgroup "$client_cgroup" 2>&1); then
        if [[ $reason == *"needs the capabilities"* || $reason == *forbids* ]]; then
            skip "BPF is not permitted here: $reason"
        fi
        fail "load: $reason"
    fi
    "$optrail" unload cc --cgroup "$client_cgroup" || fail "unload"

    ip netns add "$client_netns" && ip netns add "$server_netns" || fail "namespaces"
    ip -n "$client_netns" link add d0 type veth peer name d0 netns "$server_netns" || fail "veth"
    # The sockets start with something other than reno, which the tests ask for.
    START_CONGESTION=$(tr ' ' '\n' </proc/sys/net/ipv4/tcp_available_congestion_control |
        grep -vx reno | head -1)
    [[ -n $START_CONGESTION ]] || skip "this kernel has no congestion control besides reno"
    export START_CONGESTION
    local side
    for side in client server; do
        local -n netns=${side}_netns address=${side}_address
        ip -n "$netns" address add "${address[4]}/24" dev d0
        ip -n "$netns" address add "${address[6]}/64" dev d0 nodad
        ip -n "$netns" link set lo up
        ip -n "$netns" link set d0 up
        unset -n netns address
    done
    wait_for "IPv6 between the namespaces" nsenter --net="/run/netns/$client_netns" \
        /usr/bin/python3 -c "import socket; socket.socket(socket.AF_INET6).bind(('${client_address[6]}', 0))"
}

# wait_for WHAT COMMAND...: until the command succeeds, at most 10 s.
wait_for() {
    local what=$1 try
    shift
    for ((try = 0; try < 100; try++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "$what: not within 10 s"
}

# on_side client|server COMMAND...: in its cgroup and namespace. The cgroup first: `ip netns exec`
# would hide /sys/fs/cgroup.
on_side() {
    local -n netns=${1}_netns cgroup=${1}_cgroup
    shift
    (
        echo "$BASHPID" >"$cgroup/cgroup.procs" || exit 1
        exec nsenter --net="/run/netns/$netns" -- "$@"
    )
}

# One connection over IPv4 (4) or IPv6 (6), captured at the client. Leaves, in $programs_dir:
#   frames   a line a TCP segment: tcpdump's reading, " | ", its octets in hexadecimal
#   ss       what `ss -tin` says about the server's connection while it is open
#   client, server   "congestion=NAME user_timeout_ms=N" by getsockopt of the two sockets
# A function called meanwhile, if there is one, runs while the connection is open, before ss.
#   client_sockets, server_sockets   after sockets_up: what the kernel has them set to
connection() {
    local family=$1 capture server client
    (cd "$programs_dir" && rm -f frames ss client server capture.pcap tcpdump listening hold)
    touch "$programs_dir/hold"
    nsenter --net="/run/netns/$client_netns" tcpdump --immediate-mode -Z root -U -i "$capture_interface" \
        -w "$programs_dir/capture.pcap" tcp 2>"$programs_dir/tcpdump" &
    capture=$!
    wait_for "tcpdump" grep -q "listening on" "$programs_dir/tcpdump"
    on_side server /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/one_connection.py" server \
        "${server_address[$family]}" "$programs_dir" &
    server=$!
    wait_for "the server" test -e "$programs_dir/listening"
    on_side client /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/one_connection.py" client \
        "${server_address[$family]}" "$programs_dir" &
    client=$!
    wait_for "the connection" test -e "$programs_dir/client" -a -e "$programs_dir/server"
    if [[ $(type -t meanwhile) == function ]]; then meanwhile; fi
    nsenter --net="/run/netns/$server_netns" ss -tinO "sport = :7722" \
        >"$programs_dir/ss" 2>/dev/null
    if [[ -n $sockets_pin ]]; then
        nsenter --net="/run/netns/$server_netns" cat "$sockets_pin" >"$programs_dir/server_sockets"
        nsenter --net="/run/netns/$client_netns" cat "$sockets_pin" >"$programs_dir/client_sockets"
    fi
    rm "$programs_dir/hold"
    wait "$client" || fail "the client failed"
    wait "$server" || fail "the server failed"
    sleep 0.2 # the last ACK
    kill -INT "$capture"
    wait "$capture"
    tcpdump -nn -t -x -r "$programs_dir/capture.pcap" 2>/dev/null | awk '
        /^[^\t]/ { if (line != "") print line; line = $0 " | "; next }
        { sub(/^[^:]*:/, ""); gsub(/[ \t]/, ""); line = line $0 }
        END { if (line != "") print line }' >"$programs_dir/frames"
    (($(wc -l <"$programs_dir/frames") >= 7)) || fail "too few segments were captured"
}

# From now on connection() asks the kernel for its sockets too, by an iterator that is not ours.
sockets_up() {
    need clang
    mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
    clang -target bpf -D"__TARGET_ARCH_$(bpf_arch)" -g -O2 \
        -idirafter "/usr/include/$(gcc -print-multiarch)" \
        -c "$OPTRAIL_SOURCE/tests/tools/sockets.bpf.c" -o "$programs_dir/sockets.o" || fail "clang"
    bpftool iter pin "$programs_dir/sockets.o" "/sys/fs/bpf/optrail-sockets-$$" \
        2>"$programs_dir/said" || fail "bpftool: $(<"$programs_dir/said")"
    sockets_pin=/sys/fs/bpf/optrail-sockets-$$
}

bpf_arch() {
    case $(uname -m) in
    x86_64) echo x86 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
    esac
}

# socket SIDE NAME: what the kernel has it set to, of the one connection that is open there.
socket() {
    local filter='^7722 > [1-9]'
    [[ $1 == client ]] && filter=' > 7722 '
    grep "$filter" "$programs_dir/${1}_sockets" | head -1 | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# The numbers of the segments that hold these octets, in order, on one line.
frames_with() { grep -n "| .*$1" "$programs_dir/frames" | cut -d: -f1 | xargs; }

# expect WHAT IS SHOULD
expect() {
    [[ $2 == "$3" ]] && return
    cat "$programs_dir/frames" >&2 2>/dev/null
    fail "$1: it is \"$2\", and should be \"$3\""
}

# counter SIDE PROGRAM NAME: as optrail status --json has it.
counter() {
    local -n cgroup=${1}_cgroup
    "$optrail" status --json --cgroup "$cgroup" | /usr/bin/python3 -c '
import json, sys
for program in json.load(sys.stdin)["programs"]:
    if program["program"] == sys.argv[1]:
        print(program["counters"][sys.argv[2]])' "$2" "$3"
}

load() { # SIDE PROGRAM [--set ...]
    local -n cgroup=${1}_cgroup
    "$optrail" load "$2" --cgroup "$cgroup" "${@:3}" || fail "load $2 at the $1"
}

unload_all() {
    "$optrail" unload --all --cgroup "$client_cgroup" &&
        "$optrail" unload --all --cgroup "$server_cgroup" || fail "unload"
}
