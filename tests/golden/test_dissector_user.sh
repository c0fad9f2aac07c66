#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file in the user's folder makes an option named and filterable, with nothing compiled; a faulty
# one is named with its line, and the others work.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
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

# A folder that a preference names is read too; and a row of the table makes an option at once.
rm -r "$options"
mkdir "$tshark_dir/more"
printf '[option]\nname = more\ntitle = More\ncarrier = exid\nid = 0xBEE3\nlength = 6\n[field a]\nbits = 16\n' \
    >"$tshark_dir/more/more.opt"
"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$tshark_dir/x.pcap" <<'END'
eth/ipv4 client data fd06bee30007
eth/ipv4 client data fd09bee49000000fa0
eth/ipv4 client data 1b0805aabbccddee
eth/ipv4 client data fd04bee5
END
row1='uat:optrail_options:"mine","My own","exid","0xBEE4","","data","none","mode:4:enum:1=slow;9=fast, pad:4:reserved, rate:32:uint:kbit/s"'
row2='uat:optrail_options:"quick","","kind","27","","","none",""'
got=$(run_tshark -r "$tshark_dir/x.pcap" -o "optrail.folder:$tshark_dir/more" -o "$row1" -o "$row2" \
    -T fields -E separator='|' -e frame.number -e optrail.option -e optrail.more.a \
    -e optrail.mine.mode -e optrail.mine.rate -e optrail.quick.octets -e tcp.options.qs.rate \
    -e optrail.misplaced 2>&1)
same "the preferences' options" '1|more|7|||||
2|mine||9|4000|||
3|quick||||05aabbccddee|5|
4|exid-0xBEE5||||||' "$got"
got=$(run_tshark -r "$tshark_dir/x.pcap" -o "$row1" -Y 'optrail.mine.mode == "fast" && optrail.mine.rate > 3999' \
    -T fields -e frame.number -e optrail.mine.first_in 2>&1)
same "a filter on a row's option" $'2\t2' "$got"

# A row that is wrong is refused with the reason, as a file would be.
while read -r bad; do
    if run_tshark -r "$tshark_dir/x.pcap" -o "uat:optrail_options:$bad" >/dev/null 2>"$tshark_dir/stderr"; then
        fail "the row $bad was taken"
    fi
    grep -q 'option:[0-9]*: .' "$tshark_dir/stderr" || fail "no reason: $(cat "$tshark_dir/stderr")"
done <<'END'
"mine","","exid","0x4F43","","","none",""
"mine","","exid","0xBEE4","6","","none","a:3"
"Mine","","exid","0xBEE4","","","none",""
END

# From the profile, as Wireshark keeps it; a second row that claims the same octets is left out.
mkdir -p "$tshark_dir/config/wireshark"
printf '"mine","","exid","0xBEE4","","","none",""\n"other","","exid","0xBEE4","","","none",""\n' \
    >"$tshark_dir/config/wireshark/optrail_options"
got=$(run_tshark -r "$tshark_dir/x.pcap" -Y optrail.mine -T fields -e frame.number \
    -e optrail.mine.octets 2>"$tshark_dir/stderr")
same "a row from the profile" $'2\t9000000fa0' "$got"
grep -q "row 2.*" "$tshark_dir/stderr" || fail "the second row: $(cat "$tshark_dir/stderr")"
