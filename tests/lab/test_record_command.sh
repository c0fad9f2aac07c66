#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `optrail record -- COMMAND` runs it in the cgroup and the namespace and stops with it; what
# cannot be recorded is refused in one line with the right exit status, and nothing is left.
set -u
. "$(dirname "$0")/record.sh"
setup

# run STATUS ARGUMENTS...: the exit status is that, what is said is in $work/said.
run() {
    local expected=$1 status
    shift
    timeout 90 "$optrail" record "$@" >"$work/out" 2>"$work/said"
    status=$?
    [ "$status" = "$expected" ] || fail "record $*: status $status, not $expected: $(cat "$work/said")"
}

run 0 -w "$work/file" --netns "$base-a" --cgroup "$cgroup" -- \
    bash -c 'cat /proc/self/cgroup; ip -o link; exit 0'
grep -q "^0::.*/$base\$" "$work/out" || fail "not in the cgroup: $(cat "$work/out")"
grep -q ' link-a@' "$work/out" || fail "not in the namespace: $(cat "$work/out")"
grep -q 'packets: link-a ' "$work/said" || fail "not on the interface that is up: $(cat "$work/said")"
[ "$(wc -l <"$work/said")" = 2 ] || fail "more than a line at the beginning and one at the end: $(cat "$work/said")"
run 1 -w "$work/file" --no-packets --cgroup "$cgroup" -- false
grep -q 'command false: exit status 1' "$work/said" || fail "$(cat "$work/said")"
run 0 -w - --no-packets --cgroup "$cgroup" -- true
"$records" "$work/out" | grep -q '"whole": true' || fail "standard output is no whole file"

# One line each, the right status, and no file where nothing was recorded.
refuse() {
    local status=$1 word=$2
    shift 2
    rm -f "$work/none"
    run "$status" -w "$work/none" "$@"
    [ "$(grep -vc '^Try: ' "$work/said")" = 1 ] || fail "record $*: not one line: $(cat "$work/said")"
    grep -q -e "$word" "$work/said" || fail "record $*: does not say '$word': $(cat "$work/said")"
    [ ! -e "$work/none" ] || fail "record $*: left a file"
    [ -z "$(attached "$cgroup")" ] || fail "record $*: left attached: $(attached "$cgroup")"
}
refuse 3 "interface optrail-none: there is none" -i optrail-none --cgroup "$cgroup"
refuse 2 "filter 'tcp prt 5'" --netns "$base-a" -i link-a -f 'tcp prt 5' --cgroup "$cgroup"
refuse 3 "No such file" --no-packets --cgroup "$cgroup/none"
refuse 3 "cgroup v2" --no-packets --cgroup "$work"
refuse 3 "--netns optrail-none" --netns optrail-none
refuse 3 "command optrail-no-such-command" --no-packets --cgroup "$cgroup" -- optrail-no-such-command
refuse 3 "ready" --no-packets --cgroup "$cgroup" --ready-file "$work/no/ready"
refuse 2 "nothing to record" --no-packets
refuse 2 "contradict" --no-packets -i link-a
refuse 2 "ring-size" --no-packets --cgroup "$cgroup" --ring-size 5
refuse 2 "unexpected" --no-packets --cgroup "$cgroup" unexpected
run 2 --no-packets --cgroup "$cgroup"
run 3 -w "$work" --no-packets --cgroup "$cgroup"
run 3 -w "$work/none/file" --no-packets --cgroup "$cgroup"
run 3 -w /dev/full --no-packets --cgroup "$cgroup" -- true
grep -q 'No space left' "$work/said" || fail "a full disk: $(cat "$work/said")"

# A file that is there is left alone until the recording begins; then it is written anew.
echo precious >"$work/old"
run 3 -w "$work/old" -i optrail-none
[ "$(cat "$work/old")" = precious ] || fail "a recording that did not begin emptied a file"
run 0 -w "$work/old" --no-packets --cgroup "$cgroup" -- true
"$records" "$work/old" | grep -q '"whole": true' || fail "the old file is not a recording now"
[ "$(stat -c %a "$work/old")" = 600 ] || fail "the old file can be read by others"

# Without privilege it says what is missing.
if command -v setpriv >/dev/null; then
    chmod 777 "$work"
    timeout 90 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
        "$optrail" record -w "$work/none" --no-packets --cgroup "$cgroup" 2>"$work/said"
    [ $? = 3 ] || fail "without privilege: $(cat "$work/said")"
    grep -q 'root' "$work/said" || fail "without privilege: $(cat "$work/said")"
fi

# Signals stop the command too.
record "$work/file" --no-packets --cgroup "$cgroup" -- sleep 100
kill -TERM "$recorder"
ends
for pid in $(cat "$cgroup/cgroup.procs"); do
    fail "the command still runs: $(cat "/proc/$pid/cmdline")"
done

# Capabilities are gone once everything is attached.
record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
bits=$(awk '/^CapEff/ { print $2 }' "/proc/$recorder/status")
[ $((0x$bits & ~(1 << 12 | 1 << 39))) = 0 ] || fail "it kept capabilities: $bits"
stop

# With --real-time it runs before ordinary processes where that is permitted, what it starts does not.
policy() { awk '/^policy/ { print $3 }' "/proc/$1/sched"; } # 0 SCHED_OTHER, 2 SCHED_RR
record "$work/file" --no-packets --real-time --cgroup "$cgroup" -- sleep 100
if [ -r "/proc/$recorder/sched" ] && ! said 'real-time: .*; going on as an ordinary process'; then
    [ "$(policy "$recorder")" = 2 ] || fail "--real-time: policy $(policy "$recorder")"
    [ "$(policy "$(head -n 1 "$cgroup/cgroup.procs")")" = 0 ] || fail "the command runs in real time too"
fi
kill -TERM "$recorder"
ends
