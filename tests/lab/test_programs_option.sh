#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `optrail load option` with a user's own description: exactly its octets stand on the wire, on the
# segments that were asked for and no others; several at once; what cannot be is refused.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up
folder=$programs_dir/options
mkdir "$folder"
cat >"$folder/myopt.opt" <<EOF
[option]
name = myopt
title = An option of one's own
carrier = exid
id = 0xA11CE5ED
length = 12

[field mode]
bits = 4
type = enum
values = 0:off;5:fast

[field spare]
bits = 4
type = reserved

[field limit]
bits = 24
max = 70000

[field tag]
bits = 16
base = hex
EOF
cat >"$folder/bare.opt" <<EOF
[option]
name = bare
title = A kind of its own
carrier = kind
id = 79
length = 3

[field level]
bits = 8
EOF

refuses() { # PATTERN --set ...
    local pattern=$1 said
    shift
    said=$("$optrail" load option --cgroup "$client_cgroup" --options "$folder" "$@" 2>&1)
    expect "exit status of: $*" $? 2
    [[ $said == *$pattern* ]] || fail "$*: said \"$said\", not \"$pattern\""
}
refuses "which option" --set segments=ack
refuses "no option yours" --set name=yours
refuses "colour" --set name=myopt --set colour=blue
refuses "limit" --set name=myopt --set limit=70001
refuses "mode" --set name=myopt --set mode=slow
refuses "some of syn, synack, ack, data, fin" --set name=myopt --set segments=rst

own=(--options "$folder" --set name=myopt --set mode=fast --set limit=300 --set tag=0xbeef)
octets=fd0ca11ce5ed50 # kind, length, ExID of 32 bits, mode and spare
octets+=00012cbeef    # limit, tag

numbers() { grep -n "$1" "$programs_dir/frames" | cut -d: -f1 | xargs; }
for family in 4 6; do
    load client option "${own[@]}" --set segments=ack
    load server option "${own[@]}" --set segments=ack --set role=client
    connection $family
    expect "IPv$family: once, on an ACK: the third" "$(frames_with $octets)" 3
    unload_all

    load client option "${own[@]}" --set segments=ack --set repeat=always
    connection $family
    # Not counting the last one, which may come from what is left of a closed socket.
    closing=$(numbers '\.7722: Flags \[F' | cut -d' ' -f1)
    until_closing() { for n in $1; do ((n < closing)) && printf '%s ' "$n"; done; }
    expect "IPv$family: on every pure ACK of the client" "$(until_closing "$(frames_with $octets)")" \
        "$(until_closing "$(numbers '\.7722: Flags \[\.\].*length 0')")"
    unload_all

    load client option "${own[@]}" --set segments='data;fin' --set repeat=always
    connection $family
    expect "IPv$family: on data and FIN" "$(frames_with $octets)" \
        "$(numbers '\.7722: Flags \[\(F\.\|P\.\)\]')"
    unload_all

    # On SYN and SYN-ACK: either end's, each time; and seen by the other where it can be.
    load client option "${own[@]}" --set segments=syn
    load server option "${own[@]}" --set segments=synack
    connection $family
    expect "IPv$family: on SYN and SYN-ACK" "$(frames_with $octets)" "1 2"
    expect "IPv$family: received on the SYN-ACK" "$(counter client option-myopt received)" 1
    unload_all

    # Two descriptions at once; any order of fields; an odd length.
    load client option "${own[@]}" --set repeat=always
    load client option --options "$folder" --set name=bare --set level=7 --set repeat=always
    connection $family
    expect "IPv$family: both on the third ACK" "$(frames_with "${octets}4f0307" | cut -d' ' -f1)" 3
    "$optrail" status --cgroup "$client_cgroup" | grep -q "option-bare  name=bare  segments=ack;data  repeat=always  role=both  fields=level=7" ||
        fail "status: $("$optrail" status --cgroup "$client_cgroup")"
    "$optrail" unload option-bare --cgroup "$client_cgroup" || fail "unload one of two"
    expect "attached, after one of two" "$(bpftool cgroup show "$client_cgroup" | grep -c sock_ops)" 1
    unload_all
done

# What can be loaded has been encoded by the same code as the description's example. Bytes of
# built-in options: those that their descriptions' documentation gives.
for example in "delay-exid threshold=100 fd064f540064" "ito-exid timeout=240 fd064f4f00f0" \
    "sched-exid scheduler=redundant fd064f530001" "uto timeout=60 1c04003c"; do
    read -r name field should <<<"$example"
    load client option --set name="$name" --set "$field"
    connection 4
    expect "the segment with $name, $field" "$(frames_with "$should")" 3
    unload_all
done

echo "ok: $octets, and nothing else, where it was asked for"
