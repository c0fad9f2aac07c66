#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demo tells the truth: what its two reports say of cc and uto is what an independent decoder
# counts in the recordings, and what the sockets themselves had in the end.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need nft tshark bpftool /usr/bin/python3
work=$(mktemp -d)
chmod a+rx "$work" # tshark takes a plugin from a build only when it does not run as root
trap 'rm -rf "$work"' EXIT
export OPTRAIL=$optrail OPTRAIL_DEMO=$work/demo
demo=$OPTRAIL_SOURCE/lab/demo

"$demo" >"$work/out" 2>"$work/errors" || fail "the demo failed: $(cat "$work/errors")"
[ ! -s "$work/errors" ] || fail "noise on stderr: $(cat "$work/errors")"
if cannot=$(grep -m 1 'cannot run here' "$work/out"); then
    # A machine's fault only if others cannot use BPF either.
    bpftool prog show >/dev/null 2>&1 && fail "there is BPF, but: $cannot"
    skip "$cannot"
fi

# Without Optrail: the server's socket was asked for another congestion control, and both got a
# user timeout, exactly where nothing was stripped.
path() { sed -n "/^$1\\. /,/^$2/p" "$work/out"; }
path 1 2 | grep '^Server ' | grep -v 'as it began' | grep -q 'user timeout 34 s' ||
    fail "on the clean path the server's socket did not change: $(path 1 2 | grep '^Server ')"
path 1 2 | grep '^Client ' | grep 'as it began' | grep -q 'user timeout 34 s' ||
    fail "on the clean path the client's socket: $(path 1 2 | grep '^Client ')"
for side in Server Client; do
    path 2 To | grep "^$side " | grep 'as it began' | grep -q 'no user timeout' ||
        fail "behind the stripping box a socket changed: $(path 2 To | grep "^$side ")"
done

# What it says in short is what the two reports say.
grep -q '^1\. clean path  *INTACT: ' "$work/out" || fail "in short: $(grep '^1\. clean' "$work/out")"
grep -q '^2\. stripping path  *INTERFERED: ' "$work/out" || fail "in short: $(grep '^2\. strip' "$work/out")"

# The three commands at the end work as they stand.
sed -n '/^To look further/,$s/^  //p' "$work/out" >"$work/commands"
[ "$(wc -l <"$work/commands")" = 3 ] || fail "not three commands: $(cat "$work/commands")"
grep 'analyze' "$work/commands" >"$work/json-command"
bash "$work/json-command" >"$work/again.json" || fail "does not run: $(cat "$work/json-command")"
grep 'options show' "$work/commands" >"$work/show-command"
bash "$work/show-command" | grep -qi 'congestion control' || fail "does not show cc: $(cat "$work/show-command")"
grep 'tshark' "$work/commands" >"$work/tshark-command"
if [ "${OPTRAIL_SANITIZE:-0}" = 0 ] && ! grep -q 'not as root' "$work/tshark-command"; then
    bash "$work/tshark-command" >"$work/frames" 2>"$work/errors" || fail "tshark: $(cat "$work/errors")"
    grep -q 'WRITE_HDR_OPT.*wrote cc (algorithm: reno' "$work/frames" || fail "no hook: $(cat "$work/frames")"
    grep -q 'TCP.*ExID=4F43' "$work/frames" || fail "no segment with cc: $(cat "$work/frames")"
fi

for path in clean strip-nop; do
    for side in a b; do
        tshark -r "$work/demo/$path/$side.pcapng" -Y tcp -T fields -e ip.src -e tcp.options \
            >"$work/$path.$side.segments" 2>/dev/null || fail "tshark cannot read $path/$side.pcapng"
    done
    "$optrail" analyze --format json "$work/demo/$path/a.pcapng" "$work/demo/$path/b.pcapng" \
        >"$work/$path.json" || fail "$path: no JSON report"
    /usr/bin/python3 - "$work" "$path" <<'EOP' || exit 1
import json, sys
work, path = sys.argv[1:]
report = json.load(open(f"{work}/{path}.json"))
clean = path == "clean"

def check(what, is_, should):
    if is_ != should:
        sys.exit(f"FAIL: {path}: {what} is {is_!r}, not {should!r}")

def on_the_wire(side, source, head):
    """Segments from `source` with an option that begins so, counted in tshark's raw octets."""
    count = 0
    for line in open(f"{work}/{path}.{side}.segments"):
        address, _, octets = line.rstrip("\n").partition("\t")
        octets = bytes.fromhex(octets.replace(":", ""))
        while octets and address == source:
            length = 1 if octets[0] in (0, 1) else octets[1]
            count += octets[:length].startswith(head)
            octets = octets[length:]
    return count

def total(option, direction, column):
    return sum(row[column] or 0 for row in report["options"]
               if row["option"] == option and row["direction"] == direction)

CLIENT, SERVER = "192.0.2.2", "198.51.100.2"
CC, UTO = bytes.fromhex("fd064f430001"), bytes.fromhex("1c040022")

check("the overall verdict", report["verdict"], "intact" if clean else "interfered")
check("the number of flows", len(report["flows"]), 1)
check("how the flow was paired", report["flows"][0]["paired_by"], "tuple")
check("lost packets and events", [i[k] for i in report["inputs"] for k in ("lost_packets", "lost_events")],
      [0, 0, 0, 0])

# cc: one segment, the client's third acknowledgement, as the only decoder of tshark's octets says.
check("cc on the wire at A", on_the_wire("a", CLIENT, CC), 1)
check("cc on the wire at B", on_the_wire("b", CLIENT, CC), int(clean))
rows = [row for row in report["options"] if row["option"] == "cc"]
check("cc's rows", [(r["direction"], r["segment"]) for r in rows], [("forward", "ack")])
check("cc's funnel", [rows[0][c] for c in ("reserved", "written", "sent", "arrived", "parsed", "applied")],
      [1, 1, 1, 1, 1, 1] if clean else [1, 1, 1, 0, 0, 0])

# uto: each direction, all segment classes together.
for direction, source, near, far in (("forward", CLIENT, "a", "b"), ("reverse", SERVER, "b", "a")):
    sent = on_the_wire(near, source, UTO)
    if sent == 0:
        sys.exit(f"FAIL: {path}: no uto {direction} on the wire")
    for column in "written", "sent":
        check(f"uto {direction} {column}", total("uto", direction, column), sent)
    check(f"uto {direction} arrived", total("uto", direction, "arrived"), on_the_wire(far, source, UTO))
    check(f"uto {direction} arrived at all", total("uto", direction, "arrived"), sent if clean else 0)
    check(f"uto {direction} applied at all", total("uto", direction, "applied") > 0, clean)
    if not clean:
        check(f"uto {direction} parsed", total("uto", direction, "parsed"), 0)

# The verdicts, and nothing that did not happen.
for row in report["options"]:
    check(f"{row['option']} {row['direction']} {row['segment']}", (row["verdict"], row["confidence"]),
          ("option.intact" if clean else "option.removed.nop", "certain"))
seen = {verdict for row in report["options"] for verdict in row["counts"]}
seen |= {finding["verdict"] for finding in report["findings"]}
known = {"hook.written"} | ({"option.intact", "hook.applied"} if clean else {"option.removed.nop"})
check("what is missing of the verdicts", sorted(known - seen), [])
check("verdicts on what did not happen", sorted(seen - known), [])
EOP
done

# Without any privilege the demo says so, and shows the same of the shipped recordings.
need setpriv
setpriv --bounding-set=-all "$demo" >"$work/without" 2>"$work/errors" ||
    fail "without privilege the demo failed: $(cat "$work/errors")"
[ "$(grep -c 'cannot run here' "$work/without")" = 1 ] || fail "does not say why it does not run"
grep -q 'captures/strip-nop-a.pcapng' "$work/without" || fail "does not analyse the shipped recordings"
echo "the demo tells the truth"
