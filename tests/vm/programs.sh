# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# programs.sh - what the tests of Optrail's own programs share, after guest.sh: loading them on a
# host, what they counted, and what stood on the wire as tcpdump reads it. Takes the program of
# $OPTRAIL_BUILD (build).
optrail=${OPTRAIL_BUILD:-$vm/../../build}/bin/optrail
[ -x "$optrail" ] || skip "$optrail is not built"

# put HOST PROGRAM [--set KEY=VALUE]...
put() {
    local host=$1 program=$2; shift 2
    on "$host" "$optrail" load "$program" --cgroup "/sys/fs/cgroup/$host" "$@" || fail "load $program on $host"
}
take_off() { on "$1" "$optrail" unload "$2" --cgroup "/sys/fs/cgroup/$1" || fail "unload $2 on $1"; }

# counter HOST PROGRAM NAME: as optrail status has it
counter() {
    "$optrail" status --json --cgroup "/sys/fs/cgroup/$1" | python3 -c '
import json, sys
print(sum(p["counters"][sys.argv[2]] for p in json.load(sys.stdin)["programs"] if p["program"] == sys.argv[1]))' \
        "$2" "$3"
}
counted() { [ "$(counter "$1" "$2" "$3")" -ge "$4" ]; } # HOST PROGRAM NAME NUMBER

# capture HOST DEVICE; then captured, which ends it and leaves a line for each segment in $frames:
# tcpdump's reading, " | ", its octets in hexadecimal
frames=/run/frames
capture() {
    rm -f /run/capture.pcap /run/capture.log
    ip netns exec "$1" tcpdump -i "$2" --immediate-mode -Z root -U -s 160 -w /run/capture.pcap tcp 2>/run/capture.log &
    capturing=$!
    until_true 30 grep -q 'listening on' /run/capture.log || fail "tcpdump: $(cat /run/capture.log)"
}
captured() {
    kill -INT $capturing
    wait $capturing
    tcpdump -nn -t -x -r /run/capture.pcap 2>/dev/null | awk '
        /^[^\t]/ { if (line != "") print line; line = $0 " | "; next }
        { sub(/^[^:]*:/, ""); gsub(/[ \t]/, ""); line = line $0 }
        END { if (line != "") print line }' >$frames
}
# segments OCTETS [WORD]: how many hold these octets, of those whose reading has the word
segments() { grep -F -- "${2:-}" $frames | grep -c "| .*$1"; }
