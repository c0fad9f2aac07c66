#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file in the user's folder makes an option named and filterable, with nothing compiled; a faulty
# one is named with its line, and the others work.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap 'rm -rf "$tshark_dir"' EXIT
options=$tshark_dir/config/optrail/options
mkdir -p "$options"

cat >"$options/tonight.opt" <<'END'
[option]
name = tonight
title = Invented tonight
carrier = exid
id = 0xBEEF
length = 12
[field mode]
bits = 4
type = enum
values = 1:slow;9:fast
[field flag]
bits = 1
type = bool
[field pad]
bits = 3
type = reserved
[field colour]
bits = 24
base = hex
[field host]
bits = 32
type = ipv4
[field double]
of = colour
factor = 2
unit = ms
END
cat >"$options/quick-start.opt" <<'END'
[option]
name = my-kind
title = A kind that Wireshark knows
carrier = kind
id = 27
length = 8
[field rate]
bits = 8
[field rest]
bits = rest
type = bytes
END
cat >"$options/new-kind.opt" <<'END'
[option]
name = new-kind
title = A kind that nobody knows
carrier = kind
id = 200
length = 2-40
[field text]
bits = rest
type = string
END
cat >"$options/subtype.opt" <<'END'
[option]
name = subtype
title = A subtype of Multipath TCP
carrier = mptcp
id = 12
length = 4
[field upper]
bits = 4
[field lower]
bits = 8
END
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <<'END'
eth/ipv4 client data fd0cbeef9812345610203040
eth/ipv4 client data 1b08050600000000
eth/ipv6 server data c80768656c6c6f
eth/ipv4 client data 1e04c1ff,fd064f430002
eth/ipv4 client data fd0cbeef2812345610203040
END

fields=(-T fields -E separator='|' -e optrail.option -e optrail.tonight.mode -e optrail.tonight.flag
    -e optrail.tonight.colour -e optrail.tonight.host -e optrail.tonight.double
    -e optrail.my-kind.rate -e optrail.my-kind.rest -e tcp.options.qs.rate -e optrail.new-kind.text
    -e optrail.subtype.upper -e optrail.subtype.lower -e optrail.cc.algorithm -e optrail.range)
expected='tonight|9|1|0x123456|16.32.48.64|2386092||||||||
my-kind||||||5|0600000000|5|||||
new-kind|||||||||hello||||
subtype,cc||||||||||1|255|2|
tonight|2|1|0x123456|16.32.48.64|2386092||||||||1'
got=$(run_tshark -r "$tshark_dir/x.pcap" "${fields[@]}" 2>&1)
same "fields of the user's options" "$expected" "$got"

got=$(run_tshark -r "$tshark_dir/x.pcap" -Y 'optrail.tonight.mode == "fast"' -T fields -e frame.number 2>&1)
[ "$got" = 1 ] || fail "a filter on the user's option: '$got'"

# Faults: a folder with a good and two bad files.
printf '[option]\nname = broken\ntitle = Broken\ncarrier = exid\nid = 0xBEE1\nlength = 6\n[field a]\nbits = 7\n' \
    >"$options/broken.opt"
printf '[option]\nname = cc\ntitle = Taken\ncarrier = exid\nid = 0xBEE2\nlength = 4\n' >"$options/taken.opt"
got=$(run_tshark -r "$tshark_dir/x.pcap" "${fields[@]}" 2>"$tshark_dir/stderr")
same "a faulty file took others with it" "$expected" "$got"
grep -q "^$options/broken.opt:[0-9]*: ." "$tshark_dir/stderr" || fail "broken.opt: $(cat "$tshark_dir/stderr")"
grep -q "^$options/taken.opt:2: .*cc" "$tshark_dir/stderr" || fail "taken.opt: $(cat "$tshark_dir/stderr")"
[ "$(grep -vc "^$options/\(broken\|taken\).opt:[0-9]*: " "$tshark_dir/stderr")" = 0 ] ||
    fail "more on stderr: $(cat "$tshark_dir/stderr")"
