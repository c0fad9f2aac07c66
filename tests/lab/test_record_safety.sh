#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What can go wrong on a host that stays in production: the disk is full, the reader of a pipe goes
# away, an interface goes away, a cgroup is removed. The recorder says so in one line; what it
# wrote can be read; nothing stays attached; privileges are gone while it runs.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

only_foreign() { within "$1: nothing but the foreign program attached" is_left "$cgroup" foreign; }

# A full disk.
mkdir "$work/small"
mount -t tmpfs -o size=256k tmpfs "$work/small" || skip "no tmpfs"
record "$work/small/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
grep -q '^CapEff:[[:space:]]*0*[0-9a-f]\{1,10\}$' "/proc/$recorder/status" || fail "capabilities"
effective=$((16#$(awk '/^CapEff/ { print $2 }' "/proc/$recorder/status")))
[ $((effective & ~(1 << 12 | 1 << 39))) = 0 ] || fail "more than CAP_NET_ADMIN and CAP_BPF: $(printf %x $effective)"
for _ in 1 2 3 4; do traffic 20 20000; done
ends
[ "$status" = 1 ] && grep -q 'No space left on device; what was written before can be read' "$work/said" ||
    fail "a full disk: status $status: $(cat "$work/said")"
cp "$work/small/file" "$work/full"
umount "$work/small"
only_foreign "a full disk"
tshark -r "$work/full" >"$work/frames" 2>/dev/null
[ "$(wc -l <"$work/frames")" -gt 100 ] || fail "the file on the full disk cannot be read"
"$optrail" analyze "$work/full" >"$work/report" 2>&1
[ $? != 3 ] || fail "analyze does not read it: $(cat "$work/report")"

# The reader of a pipe goes away.
mkfifo "$work/pipe"
head -c 20000 "$work/pipe" >"$work/head" &
reader=$!
record "$work/pipe" --no-packets --cgroup "$cgroup"
for _ in 1 2 3; do traffic 20 20000; done
wait "$reader"
ends
[ "$status" = 1 ] && grep -q 'Broken pipe' "$work/said" || fail "a closed pipe: status $status: $(cat "$work/said")"
only_foreign "a closed pipe"
[ "$(stat -c %s "$work/head")" = 20000 ] || fail "the reader did not get what it asked for"

# A reader that does not read: what it does not take is lost from the ring, and counted, but the
# recorder hears signals and leaves it in the end.
rm "$work/pipe"
mkfifo "$work/pipe"
sleep 1000 <"$work/pipe" &
reader=$!
record "$work/pipe" --no-packets --cgroup "$cgroup"
traffic 200 20000
kill -INT "$recorder"
ends
[ "$status" = 1 ] && said 'its reader does not read' || fail "a stuck pipe: status $status: $(cat "$work/said")"
kill "$reader"
only_foreign "a stuck pipe"

# The same on standard output, which others share: it blocks for them as it did before.
"$optrail" record -w - --ready-file "$work/ready2" --no-packets --cgroup "$cgroup" 2>"$work/said" | {
    within "the recorder on a pipe" test -s "$work/ready2"
    traffic 200 20000
    kill -INT "$(cat "$work/ready2")"
    within "its end" gone "$(cat "$work/ready2")"
    cat >"$work/rest"
}
said 'its reader does not read' || fail "a stuck standard output: $(cat "$work/said")"
[ "$("$records" "$work/rest" | grep -c '"type": "hook"')" -gt 0 ] || fail "what was written before cannot be read"

# An interface goes away: the rest is recorded on.
ip link add name gone-a netns "$base-a" type veth peer name gone-b netns "$base-b"
ip -n "$base-a" link set gone-a up
ip -n "$base-b" link set gone-b up
record "$work/file" --netns "$base-a" -i link-a -i gone-a --cgroup "$cgroup"
traffic 2 1000
ip -n "$base-a" link del gone-a
within "the interface is missed" said 'interface gone-a: .*going on without it'
before=$(invocations first)
traffic 2 1000
stop
[ "$(grep -c 'interface gone-a: .*going on without it' "$work/said")" = 1 ] || fail "the lost interface: $(cat "$work/said")"
"$records" "$work/file" >"$work/records" || fail "not as documented"
/usr/bin/python3 - "$work/records" $(($(invocations first) - before)) <<'PY' || fail "nothing after it"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
packets = [r for r in records if r["type"] == "tcp" and r["interface"] == "link-a"]
sys.exit(not (len(packets) > 30 and sum(r["type"] == "hook" for r in records) > int(sys.argv[2])))
PY

# A cgroup is removed: the programs on it go, the recording ends whole.
mkdir "$cgroup/child"
record "$work/file" --no-packets --cgroup "$cgroup/child"
traffic 2 1000 192.0.2.2 "$cgroup/child"
within "the watched cgroup can be removed" rmdir "$cgroup/child"
clocks() { "$records" "$work/file" | grep -c '"type": "clock"'; }
had=$(clocks)
two_more_clocks() { [ "$(clocks)" -ge $((had + 2)) ]; } # two seconds more: it looks at the cgroup
within "the recorder goes on" two_more_clocks
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
[ "$(grep -c '"type": "hook"' "$work/records")" -gt 30 ] || fail "no hooks of the removed cgroup"
grep -q '"whole": true' "$work/records" || fail "the file has no end"
