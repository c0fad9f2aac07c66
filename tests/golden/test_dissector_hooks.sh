#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hook and clock records of a recording are decoded, filterable and readable; what is cut is flagged;
# the options' own fields stay with packets, so that a filter on them finds segments alone.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
"$OPTRAIL_SOURCE"/tests/tools/craft_hooks.py "$tshark_dir/x.pcapng"

fields() { # PREFIX FIELD...: the fields of all frames, without frames that have none
    local arguments=() prefix=$1 field
    shift
    for field in "$@"; do arguments+=(-e "$prefix$field"); done
    run_tshark -r "$tshark_dir/x.pcapng" -T fields -E separator='|' -e frame.number \
        "${arguments[@]}" 2>&1 | grep -v '^[0-9]*|*$'
}

same "the connection" "3|15|3|4097|9221|6494|192.0.2.1||40000|198.51.100.2||80
4|13|4|4097|9221|6494||2001:db8:1::2|80||2001:db8::1|40000
5|77|5|4097|9221|6494|192.0.2.1||40000|198.51.100.2||80
8|14|8|4097|9221|6494|192.0.2.1||40000|198.51.100.2||80
9|13|9|4097|9221|6494|198.51.100.2||80|192.0.2.1||40000" "$(fields optrail.hook. op id cookie cgroup \
    netns local.ip local.ipv6 local.port remote.ip remote.ipv6 remote.port)"

same "the segment, where there is one" "3|1001|5001|10|0x18|501|12
4|7|8|0|0x10|501|
8|0|0|0|0x02|501|0
9|0|0|0|0x10|501|" "$(fields optrail.hook. seq ack len tcp_flags window options_before)"

same "the socket and the moment" "3|71|72|10|250|1448|0xabcd1234|1|3|420|1700000000000000003|5003
4|71|72|10|250|1448|0xabcd1234|1|3||1700000000000000004|5004
5|71|72|10|250|1448|0xabcd1234|1|3||1700000000000000005|5005
8|71|72|10|250|1448|0xabcd1234|1|3|420|1700000000000000008|5008
9|71|72|10|250|1448|0xabcd1234|1|3||1700000000000000009|5009" "$(fields optrail.hook. snd_nxt rcv_nxt \
    cwnd srtt mss token state cpu duration time monotonic)"

same "the operation" "3|1|2|3|4|5|
4|1|2|3|4|5|
5|1|2|3|4|5|
8|1|2|3|4|5|8
9|1|2|3|4|5|" "$(fields optrail.hook. arg0 arg1 arg2 arg3 reply reserved)"

same "the options" "3|cc|fd064f430002
4|uto|
9|cc|" "$(fields optrail.hook. option written)"

same "what programs said" "3|2|cc|cc|0||6||
4|4,4|uto,cc|uto,cc|0,-2|18,13|34000|bbr|
5|99|new||0||||
9|5|cc|cc|||||2" "$(fields optrail.hook. action program action.option action.result action.name \
    action.value action.text action.reason)"

same "the clock" "1|49|1000|1700000000000000000|0
2|60|2000|1700000000000000000|-2000000" "$(fields optrail.clock. width monotonic realtime step)"

same "records that are cut" $'6|1\n7|1' "$(fields optrail. malformed)"

while IFS='|' read -r filter expected; do
    got=$(run_tshark -r "$tshark_dir/x.pcapng" -Y "$filter" -T fields -e frame.number 2>&1 | paste -sd' ')
    [ "$got" = "$expected" ] || fail "filter $filter: frames '$got' instead of '$expected'"
done <<'END'
optrail.hook|3 4 5 6 7 8 9
optrail.clock|1 2
optrail.hook.op == "WRITE_HDR_OPT_CB"|3
optrail.hook.option == "cc"|3 9
optrail.hook.action == "setsockopt" && optrail.hook.action.result < 0|4
optrail.hook.flags.outgoing == 1|3 8
optrail.option|
optrail.cc|
END

info=$(run_tshark -r "$tshark_dir/x.pcapng" -T fields -e _ws.col.Source -e _ws.col.Protocol -e _ws.col.Info)
for line in \
    $'192.0.2.1\tOptrail Hook\tWRITE_HDR_OPT_CB data seq=1001 ack=5001 len=10, wrote cc (algorithm: bbr (2)); cc: store cc 6, result 0' \
    $'2001:db8::1\tOptrail Hook\tPARSE_HDR_OPT_CB ack seq=7 ack=8 len=0, uto (granularity: seconds (0), value: 34, timeout: 34 s); uto: setsockopt TCP_USER_TIMEOUT 34000, result 0; cc: setsockopt TCP_CONGESTION bbr, result -2 (No such file or directory)' \
    $'192.0.2.1\tOptrail Hook\tHDR_OPT_LEN_CB syn seq=0 ack=0 len=0 reserved=8' \
    $'\tOptrail Clock\tThe clock was stepped by -2000000 ns'; do
    grep -qxF -- "$line" <<<"$info" || fail "no frame reads '$line' in: $info"
done
