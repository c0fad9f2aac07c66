#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What we write is what Wireshark's programs read, and frames have the numbers that they give them.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need tshark capinfos /usr/bin/python3
tool=$OPTRAIL_BUILD/tests/pcapng_tool
[ -x "$tool" ] || skip "$tool is not built"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Nobody's preferences and plugins but Wireshark's own.
export HOME=$work WIRESHARK_CONFIG_DIR=$work WIRESHARK_PLUGIN_DIR=$work

# fields FILE: number, time, captured, length, drops, comment of every frame of an interface.
fields() {
    tshark -r "$1" -Y frame.interface_id -T fields -e frame.number \
        -e frame.time_epoch -e frame.cap_len -e frame.len -e frame.drop_count -e frame.comment 2>"$work/tshark.err" ||
        fail "tshark: $(cat "$work/tshark.err")"
}

# same FILE: our reader and tshark say the same of it.
same() {
    "$tool" list "$1" >"$work/ours" 2>"$work/warning" || fail "$1: $(cat "$work/warning")"
    [ -s "$work/warning" ] && fail "$1: $(cat "$work/warning")"
    fields "$1" >"$work/theirs"
    diff "$work/ours" "$work/theirs" >&2 || fail "$1 reads differently"
}

# --- what we write ---------------------------------------------------------------------------------
"$tool" write "$work/written.pcapng" || fail "writing"
capinfos -T -r -c "$work/written.pcapng" >"$work/infos" || fail "capinfos refuses the file"
[ "$(cut -f2 "$work/infos")" = 200 ] || fail "capinfos counts $(cut -f2 "$work/infos") of 200"
[ "$(wc -l <"$work/infos")" = 1 ] || fail "capinfos has more to say: $(cat "$work/infos")"
same "$work/written.pcapng"
[ "$(wc -l <"$work/ours")" = 200 ] || fail "we read $(wc -l <"$work/ours") of 200"

capinfos "$work/written.pcapng" >"$work/infos"
for wanted in "wire0" "optrail-hooks" "the wire" "a section's comment" "pcapng_tool" "tcp"; do
    grep -qF -- "$wanted" "$work/infos" || fail "capinfos does not show '$wanted'"
done
# Addresses and ports of hook records without a plugin; the dissector's name in the tag.
tshark -r "$work/written.pcapng" -Y 'exported_pdu.prot_name == "optrail.hook"' -T fields \
    -e exported_pdu.ipv4_src -e exported_pdu.ipv4_dst -e exported_pdu.src_port \
    -e exported_pdu.dst_port 2>/dev/null | sort | uniq -c >"$work/tags"
read -r count tags <"$work/tags"
[ "$count $tags" = "$(printf '100 192.0.2.1\t198.51.100.2\t40000\t443')" ] ||
    fail "the tags of hook records read: $(cat "$work/tags")"
tshark -r "$work/written.pcapng" -Y 'frame.comment contains "packet"' -T fields -e frame.number \
    2>/dev/null >"$work/out"
grep -qx 104 "$work/out" || fail "the packet comment is not on frame 104: $(cat "$work/out")"

# --- frame numbers of a file with all kinds of blocks, in both byte orders -------------------------
for order in '<' '>'; do
    /usr/bin/python3 - "$order" "$work/mixed.pcapng" <<'PYTHON' || fail "cannot make the file"
import struct, sys
order, path = sys.argv[1:]
p = lambda form, *values: struct.pack(order + form, *values)
def block(kind, body, length=None):
    body += bytes(-len(body) % 4)
    n = length or len(body) + 12
    return p('II', kind, n) + body + p('I', n)
def option(code, value):
    return p('HH', code, len(value)) + value + bytes(-len(value) % 4)
def section(): return block(0x0a0d0d0a, p('IHHq', 0x1a2b3c4d, 1, 0, -1))
def interface(resolution, offset=None):
    options = option(2, b'unit%d' % resolution) + option(9, bytes([resolution]))
    if offset is not None:
        options += option(14, p('q', offset))
    return block(1, p('HHI', 1, 0, 0) + options + option(0, b''))
def packet(number, units, octets=b'\xff' * 60, options=b'', length=None):
    return block(6, p('IIIII', number, units >> 32, units & 0xffffffff, len(octets),
                      len(octets) + 40) + octets + bytes(-len(octets) % 4) + options, length)
others = [
    block(4, p('HH', 0, 0)),                                          # names
    block(5, p('III', 0, 0, 0)),                                      # statistics
    block(5, p('III', 9, 0, 0)),                                      # of nobody's interface
    block(10, p('II', 0x544c534b, 4) + b'abcd'),                      # secrets
    block(0x1234, b'unknown!'),
    block(0x80000001, b'local...'),
    block(7, b'irig'), block(8, b'arinc'),
    block(0xbad, p('I', 12345) + b'custom'),                          # frames from here on
    block(0x40000bad, p('I', 12345) + b'custom'),
    block(9, b'__REALTIME_TIMESTAMP=1500000000000000\nMESSAGE=hi\n'),
    block(0x204, p('HQQIH', 0, 1, 2, 26, 3) + bytes(4)),
    packet(0, 1700000000000000000, b'\xff' * 61, b'', 12 + 20 + 61),  # padding not in the length
    packet(0, 1700000000000000001, b'\xff' * 62, option(1, b'why') + option(4, p('Q', 3))),
]
out = section() + interface(9) + interface(6, 100)
for other in others:
    out += packet(0, 1700000000123456789) + other
out += packet(1, 1700000000123456)
order = '>' if order == '<' else '<'
out += section() + interface(0x8a) + interface(3) + packet(0, 1024 * 1700000000 + 512)
out += packet(1, 1700000000123)
open(path, 'wb').write(out)
PYTHON
    same "$work/mixed.pcapng"
    [ "$(tail -n 1 "$work/ours" | cut -f1)" = 23 ] ||
        fail "the last frame is $(tail -n 1 "$work/ours")"
done

# --- a cut file: both stop behind the same frame ---------------------------------------------------
size=$(stat -c %s "$work/mixed.pcapng")
for cut in 1 7 50 333 700; do
    head -c $((size - cut)) "$work/mixed.pcapng" >"$work/cut.pcapng"
    "$tool" list "$work/cut.pcapng" >"$work/ours" 2>"$work/warning"
    [ "$(wc -l <"$work/warning")" = 1 ] || fail "cut by $cut: no warning"
    tshark -r "$work/cut.pcapng" -Y frame.interface_id -T fields -e frame.number \
        2>/dev/null >"$work/theirs"
    diff <(cut -f1 "$work/ours") "$work/theirs" >&2 || fail "cut by $cut: other frames"
done
echo "ok"
