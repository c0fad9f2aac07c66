#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happened to an option on its connection: who asked, who answered and where, how often, what
# changed and what never came. Links back are there in one pass, links forward in two. Each broken
# rule has its own expert item.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT

capable=1e0c0081aabbccddeeff0011
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <<END
eth/ipv4 client syn    020405b4,0402,fd06beef0001              #  1 not answered
eth/ipv4 server synack 020405b4,0402
eth/ipv4 client ack    fd064f430002,1c040022                   #  3 asks uto
eth/ipv4 client data   1e06f0030064                            #  4 on plain TCP
eth/ipv4 server data   1e06f1030064,1c040078                   #  5 echo; uto answered
eth/ipv4 server data   1e06f1030065,1c040079                   #  6 another value; uto changed
eth/ipv4 client data   fd064f430002                            #  7
eth/ipv6 client syn    fd06beef0001 stream=1                   #  8 answered
eth/ipv6 server synack fd06beef0002 stream=1                   #  9
eth/ipv4 client syn    $capable stream=2                       # 10
eth/ipv4 server synack $capable stream=2                       # 11
eth/ipv4 client data   1e06f0030064,fd3f4f430002 stream=2      # 12 no echo; more than 40 octets
eth/ipv4/icmp client data 1e06f1030064 stream=2                # 13 quoted in an error
eth/ipv4 client syn    fd06beef0001 stream=3                   # 14 nobody replies
END

story() { # PASSES NAME: frames with the option NAME, and its story
    run_tshark -r "$tshark_dir/x.pcap" $1 -T fields -E separator='|' -E occurrence=f -e frame.number \
        -e optrail.$2asked_in -e optrail.$2answered_in -e optrail.$2first_in -e optrail.$2last_in \
        -e optrail.$2count -e optrail.$2differs_from -Y "optrail.$2first_in" 2>&1
}

# frame | asked_in answered_in first_in last_in count differs_from
same "uto, two passes" $'3||5|3|3|1|
5|3||5|6|2|
6|3||5|6|2|5' "$(story -2 uto.)"
same "uto, one pass" $'3|||3|||
5|3||5|||
6|3||5|||5' "$(story '' uto.)"
same "cc, which has no answer" $'3|||3|7|2|
7|||3|7|2|
12|||12|12|1|' "$(story -2 cc.)"
same "delay and its echoes" $'4||5|4|4|1|
5|4||5|6|2|
6|4||5|6|2|4
12|||12|12|1|' "$(story -2 delay.)"
got=$(run_tshark -r "$tshark_dir/x.pcap" -2 -Y 'optrail.option == "exid-0xBEEF"' -T fields \
    -E separator='|' -e frame.number -e optrail.asked_in -e optrail.answered_in 2>&1)
same "an experiment that nothing describes" $'1||\n8||9\n9|8|\n14||' "$got"
got=$(run_tshark -r "$tshark_dir/x.pcap" -2 -Y optrail.answered_in -T fields -e frame.number 2>&1)
same "by the generic name" $'3\n4\n8' "$got"

flagged() { # PASSES RULE: the frames that break it
    run_tshark -r "$tshark_dir/x.pcap" $1 -Y "optrail.$2" -T fields -e frame.number 2>&1 | paste -sd' '
}
while read -r rule once twice; do
    same "$rule in one pass" "${once//,/ }" "$(flagged "" "$rule")"
    same "$rule in two passes" "${twice//,/ }" "$(flagged -2 "$rule")"
done <<'END'
unanswered   2      1,2,12,14
limits       3      3
changed      6      6
contradicted 6      6
plain_tcp    4,5,6  4,5,6
overrun      12     12
END
got=$(run_tshark -r "$tshark_dir/x.pcap" -Y optrail.missing -T fields -e frame.number \
    -e optrail.missing -e optrail.asked_in 2>&1)
same "what a SYN-ACK lacks" $'2\texid-0xBEEF\t1' "$got"

got=$(run_tshark -r "$tshark_dir/x.pcap" -2 -Y optrail.mptcp.stream -T fields -E separator='|' \
    -e frame.number -e optrail.mptcp.subflow -e optrail.mptcp.master -e tcp.stream 2>&1)
same "connection and subflow" '12|1|2|2' "$got"

got=$(run_tshark -r "$tshark_dir/x.pcap" -T fields -E separator='|' -e frame.number \
    -e optrail.space.used -e optrail.space.free -e optrail.space.padding -e optrail.space.by 2>&1 |
    sed -n '1p;3p;5p;12p')
same "the 40 octets" '1|12|28|0|mss,sack-permitted,exid-0xBEEF
3|12|28|2|cc,uto
5|12|28|2|delay,uto
12|12|28|0|delay,cc' "$got"

info=$(run_tshark -r "$tshark_dir/x.pcap" -2 -T fields -e _ws.col.Info)
for text in ' | cc=bbr (2), uto=34 s (answered in #5)' \
    ' | delay=100 ms, echo (answers #4), uto=120 s (answers #3)' ' | exid-0xBEEF (answers #8)'; do
    grep -qF -- "$text" <<<"$info" || fail "no Info column ends in '$text': $info"
done
