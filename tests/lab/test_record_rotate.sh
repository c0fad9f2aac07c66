#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files rotate as tcpdump's do (-C, -G, -W): nothing is missing between one and the next, each is a
# whole recording of its own, readable by its owner alone; -c ends a recording; SIGUSR1 tells how
# far it has come; a service manager is told when it is ready.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

# whole FILE...: prints the number of hook records of each, and fails unless each stands alone.
whole() {
    local file
    for file; do
        [ "$(stat -c %a "$file")" = 600 ] || fail "$file: $(stat -c %a "$file")"
        "$records" "$file" >"$work/records" || fail "$file: not as documented"
        /usr/bin/python3 - "$work/records" "$file" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
end = records.pop()
def check(claim, holds):
    if not holds:
        sys.exit("%s: not so: %s" % (sys.argv[2], claim))
hooks = [r for r in records if r["type"] == "hook"]
check("whole: %s" % end, end["whole"] and "observers" in end["comment"])
check("numbered from 1", [h["id"] for h in hooks] == list(range(1, len(hooks) + 1)))
check("a sample of the clock is at its beginning: %s" % records[:3], not records or "clock" in [r["type"] for r in records[:50]])
check("statistics are its own", end["interfaces"][0]["received"] == len(hooks) and
      end["interfaces"][0]["dropped"] == 0)
print(len(hooks))
PY
    done
}
sum() { awk '{ n += $1 } END { print n + 0 }'; }

record "$work/size" -C 1 --netns "$base-a" -i link-a --cgroup "$cgroup"
traffic 100 20000
stop
[ -e "$work/size1" ] && [ -e "$work/size2" ] || fail "no rotation by size: $(ls "$work")"
[ "$(stat -c %s "$work/size")" -lt 1100000 ] || fail "the file is larger than it may be"
total=$(whole "$work"/size "$work"/size[0-9]* | sum)
[ "$total" = "$(invocations first)" ] || fail "$total of $(invocations first) hook records in all files"
"$optrail" analyze "$work/size1" >"$work/report" 2>&1
[ $? != 3 ] || fail "a file from the middle is no recording: $(cat "$work/report")"

# A ring of two files; the last records are there.
record "$work/ring" -C 1 -W 2 --netns "$base-a" -i link-a --cgroup "$cgroup"
traffic 150 20000
stop
[ "$(cd "$work" && echo ring*)" = "ring0 ring1" ] || fail "no ring of two: $(ls "$work")"
whole "$work/ring0" "$work/ring1" >"$work/n"

# By time, a template, under traffic: nothing is missing between one file and the next.
before=$(invocations first)
record "$work/time-%s" -G 1 --no-packets --cgroup "$cgroup"
files() { ls "$work" | grep -c "^$1"; }
four_files() { traffic 2 1000; [ "$(files time-)" -ge 4 ]; }
within "four files" four_files
stop
total=$(whole "$work"/time-* | sum)
[ "$total" = $(($(invocations first) - before)) ] ||
    fail "$total of $(($(invocations first) - before)) hook records in all files: $(ls "$work")"

# With a bound the recording ends by itself, whether or not anything happens.
record "$work/three-%s" -G 1 -W 3 --no-packets --cgroup "$cgroup"
ends
[ "$status" = 0 ] || fail "it ends with status $status: $(cat "$work/said")"
[ "$(files three-)" = 3 ] || fail "not three files: $(ls "$work")"
whole "$work"/three-* >"$work/n"

# A template that says too little: no file is written over the one before.
record "$work/little" -G 1 -W 3 --no-packets --cgroup "$cgroup"
ends
[ "$(cd "$work" && echo little*)" = "little little1 little2" ] || fail "not numbered: $(ls "$work")"

# -c ends it with exactly so many packets, or hooks.
record "$work/count" -c 20 --netns "$base-a" -i link-a
traffic 5 1000
ends
[ "$status" = 0 ] || fail "-c: $(cat "$work/said")"
[ "$(tshark -r "$work/count" 2>/dev/null | wc -l)" = 20 ] || fail "not 20 packets"
record "$work/count" -c 7 --no-packets --cgroup "$cgroup"
traffic 5 1000
ends
[ "$status" = 0 ] || fail "-c without packets: $(cat "$work/said")"
"$records" "$work/count" | grep -c '"type": "hook"' | grep -qx 7 || fail "not 7 hooks"

# SIGUSR1, sd_notify.
/usr/bin/python3 - "$work/notify" >"$work/notified" <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(90)
print(s.recv(1000).decode(), flush=True); print(s.recv(1000).decode())
PY
listener=$!
within "a socket for the service manager" test -S "$work/notify"
NOTIFY_SOCKET=$work/notify record "$work/file" --no-packets --cgroup "$cgroup"
within "word to the service manager" grep -q '^READY=1' "$work/notified"
traffic 2 1000
fetched
said 'so far 0 packets (0 lost), [1-9][0-9]* hook invocations (0 lost)' || fail "SIGUSR1: $(cat "$work/said")"
stop
wait "$listener" || fail "not told of the end"
grep -q '^STOPPING=1' "$work/notified" || fail "not told of the end: $(cat "$work/notified")"

# On a terminal it counts, again and again.
rm -f "$work/ready"
script -qefc "$optrail record -w $work/file --no-packets --cgroup $cgroup --ready-file $work/ready" /dev/null \
    >"$work/terminal" 2>&1 </dev/null &
terminal=$!
within "the recorder on a terminal" test -s "$work/ready"
counts_three_times() {
    [ "$(tr '\r' '\n' <"$work/terminal" | grep -c 'hook invocations (0 lost), [0-9]* octets')" -ge 3 ]
}
within "counting on a terminal" counts_three_times
kill -INT "$(cat "$work/ready")"
wait "$terminal" || fail "on a terminal: $(cat "$work/terminal")"

for wrong in "-C 1 -w -" "-W 3 -w $work/x" "-c -1 -w $work/x" "-B 0 -w $work/x"; do
    # shellcheck disable=SC2086
    "$optrail" record $wrong --no-packets --cgroup "$cgroup" -- true >/dev/null 2>"$work/said"
    [ $? = 2 ] || fail "record $wrong: not refused: $(cat "$work/said")"
done
