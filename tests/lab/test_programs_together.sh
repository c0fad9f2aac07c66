#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All option programs at once on one connection: the 40 octets of option space are respected, each
# option that fits is carried out, and who did not fit is counted, and said in the recording.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up
sockets_up
peers=10.99.0.0/24,fd99::/64
all='1c040022fd064f430001fd064f490014fd064f440400' # 22 octets beside 12 of timestamps

widest_header() { # octets of options in the widest TCP header of the capture
    tcpdump -nn -r "$programs_dir/capture.pcap" -w - 2>/dev/null | /usr/bin/python3 -c '
import struct, sys
data, at, widest = sys.stdin.buffer.read(), 24, 0
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16:at + 16 + length]
    ip = 14 + ((frame[14] & 15) * 4 if frame[14] >> 4 == 4 else 40)
    widest = max(widest, (frame[ip + 12] >> 4) * 4 - 20)
    at += 16 + length
print(widest)'
}

for family in 4 6; do
    load client uto --set timeout=34
    load client cc --set algorithm=reno
    load client iw --set segments=20
    load client delack --set divisor=4
    load server uto --set role=server
    load server cc
    load server iw --set trusted=$peers
    load server delack
    connection $family
    expect "IPv$family: the segment with all four, in the order of loading" "$(frames_with $all)" 3
    expect "IPv$family: user timeout" "$(socket server user_timeout_ms)" 34000
    expect "IPv$family: congestion control" "$(socket server congestion)" reno
    (($(socket server cwnd) >= 20)) || fail "IPv$family: the window is $(socket server cwnd)"
    expect "IPv$family: delay of acknowledgements, ticks" "$(socket server delack_max)" 2
    expect "IPv$family: octets of options in the widest header" "$(widest_header)" 36

    # One more of 8 octets: 42. It is the last, so it goes without; the others are as they were.
    load client option --set name=rate-exid --set limit=300
    record=$programs_dir/recording.pcapng
    rm -f "$record" "$programs_dir/ready"
    "$optrail" record -w "$record" --no-packets --cgroup "$client_cgroup" \
        --ready-file "$programs_dir/ready" 2>"$programs_dir/record" &
    recorder=$!
    wait_for "the recorder" test -e "$programs_dir/ready"
    connection $family
    kill -INT $recorder
    wait $recorder || fail "the recorder: $(<"$programs_dir/record")"
    expect "IPv$family: the segment with the four, beside a fifth" "$(frames_with $all)" 3
    expect "IPv$family: segments with the fifth" "$(frames_with fd084f52)" ""
    expect "IPv$family: octets of options in the widest header" "$(widest_header)" 36
    expect "IPv$family: the fifth, not written for want of space" \
        "$(counter client option-rate-exid no_space)" 1
    for program in uto cc iw delack; do
        expect "IPv$family: $program, without space" "$(counter client $program no_space)" 0
        expect "IPv$family: $program, written" "$(counter client $program written)" 2
    done
    # -28 is ENOSPC: the reservation of 8 octets by program option, in the recording.
    /usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/hook_records.py" "$record" | /usr/bin/python3 -c '
import json, sys
refused = [a for line in sys.stdin for r in [json.loads(line)] if r["type"] == "hook"
           for a in r["actions"] if a["kind"] == 1 and a["result"] == -28]
assert refused, "no reservation was refused"
assert {a["program"] for a in refused} == {"option"}, refused
assert {a["head"] for a in refused} == {"fd084f520000"}, refused' ||
        fail "IPv$family: the recording does not say who had no space"
    unload_all
done

echo "ok: four options in 36 octets, and the fifth said to have no space"
