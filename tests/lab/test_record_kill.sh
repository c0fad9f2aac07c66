#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder that is killed leaves a file that can be read and nothing attached.
# OPTRAIL_KILLS: how often it is killed (8).
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

hooks=0
for _ in $(seq "${OPTRAIL_KILLS:-8}"); do
    record "$work/file" --netns "$base-a" -i link-a --cgroup "$cgroup"
    names=$(attached "$cgroup")
    [[ $names == *optrail_exit* ]] || fail "no observer: $names"
    { for _ in 1 2 3 4 5; do traffic 20 50000; done; } &
    load=$!
    sleep "0.$((RANDOM % 8 + 2))"
    kill -9 "$recorder"
    wait "$recorder" 2>/dev/null
    recorder=
    for _ in {1..40}; do # the kernel frees links a moment later
        rest=$(attached "$cgroup" | grep -v foreign)
        [ -z "$rest" ] && break
        sleep 0.05
    done
    [ -z "$rest" ] || fail "left attached: $rest"
    wait "$load" || fail "traffic suffered"

    capinfos "$work/file" >/dev/null 2>"$work/error" || fail "capinfos: $(cat "$work/error")"
    tshark -r "$work/file" >"$work/frames" 2>/dev/null
    [ -s "$work/frames" ] || fail "tshark reads nothing"
    "$records" "$work/file" >"$work/records" || fail "the records cannot be read"
    tail -n 1 "$work/records" | grep -q '"type": "end"' || fail "the records have no end"
    "$optrail" analyze "$work/file" >"$work/report" 2>"$work/error"
    [ $? != 3 ] || fail "analyze: $(cat "$work/error")"
    hooks=$((hooks + $(grep -c '"type": "hook"' "$work/records")))
done
[ "$hooks" -gt 100 ] || fail "hardly a hook was in the files when the recorder was killed: $hooks"

# The next one works as if nothing had been.
record "$work/next" --no-packets --cgroup "$cgroup"
before=$(invocations first)
traffic 2 1000
stop
"$records" "$work/next" >"$work/records"
[ "$(grep -c '"type": "hook"' "$work/records")" = $(($(invocations first) - before)) ] ||
    fail "the recorder after a killed one misses invocations"
