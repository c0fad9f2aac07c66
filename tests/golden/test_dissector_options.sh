#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every option that is built in has its name and its values in Wireshark, whatever carries it; what
# nothing describes has a name too; what Wireshark knows is left to it.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
failures=0

# expect OCTETS EXPECTED FIELD... : the fields of a data segment of the client with these options.
expect() {
    local octets=$1 expected=$2 got arguments=()
    shift 2
    "$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <<<"$layers client ${segment:-data} $octets"
    for field in "$@"; do arguments+=(-e "$field"); done
    got=$(run_tshark -r "$tshark_dir/x.pcap" "${preferences[@]}" -T fields -E separator='|' \
        "${arguments[@]}" 2>&1)
    got=${got//True/1} got=${got//False/0} # 4.4 shows booleans in words
    if [ "$got" != "$expected" ]; then
        echo "FAIL: $layers $octets ${preferences[*]}: $*: '$got' instead of '$expected'" >&2
        failures=$((failures + 1))
    fi
}

preferences=()
faults=(optrail.malformed optrail.misplaced optrail.range optrail.duplicate optrail.unknown)

for layers in eth/ipv4 eth/ipv6 vlan/ipv4 vlan/ipv6 eth/ipv4/icmp eth/ipv6/icmp eth/ipv4/gre \
    eth/ipv6/gre eth/ipv4/vxlan eth/ipv6/vxlan; do
    expect 1c048001 'uto|1|1|60|||||' optrail.option optrail.uto.granularity optrail.uto.value \
        optrail.uto.timeout "${faults[@]}"
    expect fd064f430002,1e06f0030064 'cc,delay|2|100|||||' optrail.option optrail.cc.algorithm \
        optrail.delay.threshold "${faults[@]}"
done

layers=eth/ipv4
expect 1c040022 'uto|0|34|34' optrail.option optrail.uto.granularity optrail.uto.value optrail.uto.timeout
expect fd064f430001 'cc|1' optrail.option optrail.cc.algorithm
expect fe064f430001 'cc|1' optrail.option optrail.cc.algorithm
expect fd064f490014 'iw|20|' optrail.option optrail.iw.segments optrail.range
expect fd064f44040a 'delack|4|10' optrail.option optrail.delack.divisor optrail.delack.segments
expect 1e08f00100000fa0 'rate|4000|0' optrail.option optrail.rate.limit optrail.rate.echo
expect 1e08f10100000fa0 'rate|4000|1' optrail.option optrail.rate.limit optrail.rate.echo
expect 1e06f0020001 'sched|1' optrail.option optrail.sched.scheduler
expect 1e06f0030064 'delay|100' optrail.option optrail.delay.threshold
expect 1e06f00400f0 'ito|240' optrail.option optrail.ito.timeout
expect fd084f5200000fa0 'rate-exid|4000' optrail.option optrail.rate-exid.limit
expect fd064f530003 'sched-exid|3' optrail.option optrail.sched-exid.scheduler
expect fd064f540064 'delay-exid|100' optrail.option optrail.delay-exid.threshold
expect fd064f4f00f0 'ito-exid|240' optrail.option optrail.ito-exid.timeout
expect fd06e2d4c3d9 'smc-r|' optrail.option "${faults[0]}"
expect fe06e2d4c3c4 'smc-d|' optrail.option "${faults[0]}"

# Four octets of subtype 15 are an experiment of somebody else's, unless the profile says whose.
expect 1e04f064 'mptcp-15|f064|||1' optrail.option optrail.octets optrail.original-rate.limit \
    optrail.rate.limit optrail.unknown
expect 42040001,1e04900a 'mptcp-9,kind-66|900a,0001' optrail.option optrail.octets
preferences=(-o optrail.profile:original)
expect 42040001 'original-cc|1' optrail.option optrail.original-cc.algorithm
expect 4304040a 'original-delack|4|10' optrail.option optrail.original-delack.divisor optrail.original-delack.segments
expect 1e04f00c 'original-rate|12|4096' optrail.option optrail.original-rate.exponent optrail.original-rate.limit
expect 1e04e001 'original-sched|1' optrail.option optrail.original-sched.scheduler
expect 1e04b164 'original-delay|100' optrail.option optrail.original-delay.threshold
preferences=(-o optrail.profile:original-iw)
expect 42040014 'original-iw|20' optrail.option optrail.original-iw.segments
preferences=(-o optrail.profile:original-rate-kbyte)
expect 1e04f064 'original-rate-kbyte|100' optrail.option optrail.original-rate-kbyte.limit
preferences=(-o optrail.profile:original-ito)
expect 1e04f064 'original-ito|100' optrail.option optrail.original-ito.timeout
preferences=()

# Nothing is said of what Wireshark knows, nothing shown twice of what it decodes.
expect 020405b4,0402,01030307,080a0000000100000002,1e0440000000 '|' optrail.option "${faults[4]}"
segment=syn expect fe0cf9890102030405060708 'tfo||0102030405060708' optrail.option \
    optrail.tfo.cookie tcp.options.tfo.cookie
expect fd06beef0102 'exid-0xBEEF|1|0xbeef' optrail.option optrail.unknown tcp.options.experimental.exid

# Filters by value and by name, and the name of the plugin as a filter.
cat >"$tshark_dir/lines" <<'END'
eth/ipv4 client ack  fd064f430001
eth/ipv4 client ack  fd064f430002
eth/ipv4 client data 1c040022
eth/ipv4 client data 080a0000000100000002
vlan/ipv6 client data fd064f430002,1c040022
END
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <"$tshark_dir/lines"
while IFS='|' read -r filter expected; do
    got=$(run_tshark -r "$tshark_dir/x.pcap" -Y "$filter" -T fields -e frame.number 2>&1 | paste -sd' ')
    if [ "$got" != "$expected" ]; then
        echo "FAIL: filter $filter: frames '$got' instead of '$expected'" >&2
        failures=$((failures + 1))
    fi
done <<'END'
optrail.option == "cc" && optrail.cc.algorithm == 2|2 5
optrail.cc.algorithm == "bbr"|2 5
optrail.uto.timeout >= 34|3 5
optrail|1 2 3 5
END

[ "$failures" = 0 ] || fail "$failures of the claims above"
