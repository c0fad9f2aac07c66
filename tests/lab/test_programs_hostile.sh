#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a server with cc and uto does with a peer that sends any octets: wrong lengths, ids without a
# meaning, zeros. Nothing is applied, it is counted, and the connection is unharmed; while the same
# request under the other experimental kind, 254, is as good as under 253.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need clang
programs_up
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
writer=/sys/fs/bpf/optrail-writer-$$

# sends OCTETS: one connection whose third ACK carries them ("fd 06 4f 43 00 01").
sends() {
    local list
    list=$(printf ',0x%s' $1)
    clang -target bpf -g -O2 -DOCTETS="${list#,}" -idirafter "/usr/include/$(gcc -print-multiarch)" \
        -c "$OPTRAIL_SOURCE/tests/tools/write_octets.bpf.c" -o "$programs_dir/writer.o" || fail "clang"
    bpftool prog load "$programs_dir/writer.o" "$writer" 2>"$programs_dir/said" ||
        fail "bpftool: $(<"$programs_dir/said")"
    bpftool cgroup attach "$client_cgroup" sock_ops pinned "$writer" multi || fail "attach"
    connection 4
    bpftool cgroup detach "$client_cgroup" sock_ops pinned "$writer"
    rm "$writer"
    expect "segments with $1" "$(frames_with "${1// /}")" 3
}

# is_declined PROGRAM OCTETS: found, declined, counted, nothing applied.
is_declined() {
    load server "$1"
    sends "$2"
    expect "$1 received $2" "$(counter server "$1" received)" 1
    expect "$1 declined $2" "$(counter server "$1" declined)" 1
    expect "$1 applied $2" "$(counter server "$1" applied)" 0
    expect "the server's socket after $2" "$(<"$programs_dir/server")" \
        "congestion=$START_CONGESTION user_timeout_ms=0"
    unload_all
}

is_declined cc "fd 06 4f 43 00 09"       # an id that no algorithm has
is_declined cc "fd 06 4f 43 ff ff"
is_declined cc "fd 08 4f 43 00 01 00 01" # too long
is_declined cc "fd 05 4f 43 00"          # too short
is_declined cc "fd 04 4f 43"
is_declined cc "fe 06 4f 43 00 09"
is_declined uto "1c 04 00 00"            # zero seconds, zero minutes
is_declined uto "1c 04 80 00"
is_declined uto "1c 03 00"               # too short
is_declined uto "1c 06 00 22 00 00"      # too long
is_declined uto "1c 10 00 22 00 00 00 00 00 00 00 00 00 00 00 00"

# The longest that fits the header, of somebody else's ExID: not ours, no concern of the program.
load server cc
sends "fd 08 be e5 00 01 00 01"
expect "cc received an option of another ExID" "$(counter server cc received)" 0
unload_all

# Kind 254 is the other experimental kind of RFC 4727.
load server cc
sends "fe 06 4f 43 00 01"
expect "cc applied, kind 254" "$(counter server cc applied)" 1
grep -q "congestion=reno" "$programs_dir/server" || fail "kind 254: $(<"$programs_dir/server")"
unload_all

# Minutes; and the most that can be said, limited.
load server uto
sends "1c 04 80 01"
expect "the server's user timeout for one minute" "$(<"$programs_dir/server")" \
    "congestion=$START_CONGESTION user_timeout_ms=60000"
unload_all
load server uto
sends "1c 04 ff ff"
expect "the server's user timeout for 32767 minutes" "$(<"$programs_dir/server")" \
    "congestion=$START_CONGESTION user_timeout_ms=86400000"
unload_all

echo "ok: hostile octets are declined and counted, and harm nothing"
