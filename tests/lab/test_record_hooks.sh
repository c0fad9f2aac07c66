#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One hook record per invocation of a program that is not ours, with the octets that stand in the
# captured segment, in one file that is ordered by time and that others can read.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

record "$work/file" --durations --netns "$base-a" -i link-a --cgroup "$cgroup"
[ "$(invocations first)" = 0 ] || fail "there was traffic before"
traffic 20 20000
traffic 5 3000 2001:db8::2
stop

[ "$(stat -c %a "$work/file")" = 600 ] || fail "others may read the recording"
[ -z "$(attached "$cgroup" | grep -v foreign)" ] || fail "left attached: $(attached "$cgroup")"
capinfos "$work/file" | grep -q 'Strict time order:.*True' || fail "not in order of time"
tshark -r "$work/file" >/dev/null 2>"$work/tshark" || fail "tshark: $(cat "$work/tshark")"
tshark -r "$work/file" -T fields -e frame.time_epoch 2>/dev/null | sort -n -c ||
    fail "tshark sees times that go back"

"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" "$(invocations first)" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
invocations, end = int(sys.argv[2]), records.pop()
hooks = [r for r in records if r["type"] == "hook"]
packets = [r for r in records if r["type"] == "tcp"]
PROBE, FULLSOCK, HEADER, ENTRY, RESERVED, OUTGOING = 1, 2, 4, 8, 16, 32

entry = "BPF_F_PREORDER" not in end["comment"]  # else this kernel has no entry observer

def check(claim, holds):
    if not holds:
        sys.exit("not so: " + claim)

check("%d invocations, %d hook records" % (invocations, len(hooks)), len(hooks) == invocations)
check("ids count from 1", [h["id"] for h in hooks] == list(range(1, len(hooks) + 1)))
check("nothing was lost", all(r["lost"] == 0 for r in records))
check("statistics agree", end["interfaces"][0]["received"] == invocations and
      all(i["dropped"] == 0 for i in end["interfaces"]) and
      end["interfaces"][1]["received"] == len([r for r in records if r["interface"] == "link-a"]))
check("the programs are named", " foreign" in end["comment"] and "observers" in end["comment"])

# The segments of the client as they left, and of the server as they came: both were captured at a.
wire = {}
for p in packets:
    wire.setdefault((p["source"], p["destination"], p["seq"], p["ack"], p["tcp_flags"],
                     p["options"]), p)
client = [h for h in hooks if h["op"] == "WRITE" and h["local"].startswith(("192.0.2.1 ", "2001:db8::1 "))]
server = [h for h in hooks if h["op"] == "WRITE" and h not in client]
check("both ends wrote", len(client) > 50 and len(server) > 50)
written = 0
for h in client + server:
    key = (h["local"], h["remote"], h["seq"], h["ack"], h["tcp_flags"], h["options"])
    check("the segment of %s is in the capture" % (key,), key in wire)
    check("its length is right", wire[key]["segment"] == h["segment"])
    check("its window is right", wire[key]["window"] == h["window"])
    added = h["options"][2 * h["before"]:]
    check("an entry observer ran", not entry or (h["flags"] & ENTRY and h["duration_ns"] > 0))
    if added:
        check("8 octets were reserved and written", (h["reserved"] == 8 or not entry) and
              added.startswith("fd08bee5") and len(added) == 16)
        written += 1
    check("flags", h["flags"] & HEADER and h["flags"] & OUTGOING)
check("options were written", written > 100)

# Every option on the wire has its WRITE record.
numbers = {h["options"][-8:] for h in client + server}
for p in packets:
    at = p["options"].find("fd08bee5")
    check("frame %d has a record" % p["frame"], at < 0 or p["options"][at + 8:at + 16] in numbers)

parsed = [h for h in hooks if h["op"] in ("PARSE", "PASSIVE", "ACTIVE")]
for h in parsed:
    check("what was parsed was captured", (h["remote"], h["local"], h["seq"], h["ack"],
          h["tcp_flags"], h["options"]) in wire)
    check("nothing was written there", h["before"] * 2 == len(h["options"]))
check("options were parsed", sum("fd08bee5" in h["options"] for h in parsed) > 50)

lens = [h for h in hooks if h["op"] == "LEN"]
probes = [h for h in lens if h["flags"] & PROBE]
check("arguments survive a reply", not entry or probes and all(h["a0"] == 1 for h in probes) and
      all(h["reply"] == 0xffffffff for h in hooks))
check("reserved octets are seen", not entry or all(h["reserved"] == (0 if h["tcp_flags"] & 2 else 8)
      for h in lens if h["flags"] & RESERVED and not h["tcp_flags"] & 4) and
      sum(h["flags"] & RESERVED != 0 for h in lens) > 100)
established = [h for h in hooks if h["op"] == "PASSIVE"]
check("state of the socket", all(h["cwnd"] >= 10 and h["mss"] > 1000 and h["rcv_nxt"] for h in established))
check("25 connections", len(established) == 25 == len({h["cookie"] for h in established}))
check("two namespaces", len({h["netns"] for h in hooks}) == 2 and all(h["netns"] for h in hooks))

# Hooks of what is sent come before the packet, as exactly as the samples of the clock say.
late = [wire[k]["time"] - h["time"] for h in client for k in
        [(h["local"], h["remote"], h["seq"], h["ack"], h["tcp_flags"], h["options"])]]
widths = [r["width_ns"] for r in records if r["type"] == "clock"]
check("clocks agree: %s; samples: %s" % (late, widths), widths and min(late) > -50000 - max(widths))
PY
