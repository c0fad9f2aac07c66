#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 200 connections with cc, uto and a program that is not ours: there are as many hook records as
# the kernel counted runs of each program, the analyzer joins every WRITE that wrote to its
# segment, the sources stand in the file and in the report, and nothing is attached afterwards.
#   CONNECTIONS=200
set -u
. "$(dirname "$0")/record.sh"
setup
statistics=/proc/sys/kernel/bpf_stats_enabled
was=$(cat "$statistics")
trap 'echo "$was" >"$statistics"; "$optrail" unload --all --cgroup "$cgroup" >/dev/null 2>&1; cleanup' EXIT
foreign first "$cgroup"
"$optrail" load cc --cgroup "$cgroup" >"$work/load" 2>&1 || fail "cc: $(cat "$work/load")"
"$optrail" load uto --cgroup "$cgroup" >"$work/load" 2>&1 || fail "uto: $(cat "$work/load")"

# "NAME RUNS" of each program on the cgroup that is no observer.
runs() {
    bpftool -j prog show >"$work/programs"
    bpftool -j cgroup show "$cgroup" | /usr/bin/python3 -c 'import json, sys
count = {p["id"]: p.get("run_cnt", 0) for p in json.load(open(sys.argv[1]))}
for p in json.load(sys.stdin):
    if not p["name"].startswith("optrail_e"): print(p["name"], count[p["id"]])' "$work/programs"
}
record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
echo 1 >"$statistics" || skip "no BPF statistics"
runs >"$work/before"
traffic "${CONNECTIONS:-200}" 3000
runs >"$work/after"
stop
"$records" "$work/file" >"$work/records" || fail "not as documented"
hooks=$(grep -c '"type": "hook"' "$work/records")
[ "$(wc -l <"$work/after")" = 3 ] || fail "not three programs: $(cat "$work/after")"
while read -r name n; do
    had=$(awk -v name="$name" '$1 == name { print $2 }' "$work/before")
    echo "$name ran $((n - had)) times; $hooks hook records"
    [ $((n - had)) = "$hooks" ] || fail "$name: run_cnt differs"
done <"$work/after"
[ "$hooks" -gt $((${CONNECTIONS:-200} * 20)) ] || fail "hardly a hook: $hooks"

# The observers of the recorder watch both ends; the capture is at the one of the client.
/usr/bin/python3 - "$work/records" <<'PY' || fail "see above"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
wire = {(r["source"], r["destination"], r["seq"], r["ack"], r["tcp_flags"], r["options"])
        for r in records if r["type"] == "tcp"}
def padded(options): # what the kernel adds behind the programs: NOPs up to a whole word
    return options + "01" * (-len(options) // 2 % 4)
written = [r for r in records if r["type"] == "hook" and r["op"] == "WRITE" and len(r["options"]) > 2 * r["before"]]
missing = [h for h in written if (h["local"], h["remote"], h["seq"], h["ack"], h["tcp_flags"], padded(h["options"])) not in wire]
print("%d hooks wrote, %d of them without their segment" % (len(written), len(missing)))
sys.exit(bool(missing) or len(written) < 400)
PY
"$optrail" analyze "$work/file" --format json >"$work/report" 2>"$work/error"
[ $? -le 1 ] || [ $? = 4 ] || fail "analyze: $(cat "$work/error")"
/usr/bin/python3 - "$work/report" <<'PY' || fail "see above"
import collections, json, sys
report = json.load(open(sys.argv[1]))
text = json.dumps(report)
verdicts = collections.Counter()
for finding in report["findings"]:
    verdicts[finding["verdict"]] += finding.get("count", 1)
print("verdicts:", dict(verdicts))
for word in ("not-sent", "unjoined", "events-lost"):
    if any(word in v for v in verdicts):
        sys.exit("not so: every WRITE is joined: %s" % verdicts)
if not verdicts:
    sys.exit("not so: the analyzer says nothing")
if "observers in cgroup" not in text and "cannot see" not in text:
    sys.exit("not so: the report says what cannot be seen")
PY
"$optrail" unload --all --cgroup "$cgroup" >/dev/null || fail "unload"
[ "$(attached "$cgroup")" = foreign ] || fail "left attached: $(attached "$cgroup")"
