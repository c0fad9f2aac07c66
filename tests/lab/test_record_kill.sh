#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder that is killed at random moments under load leaves a file that capinfos, tshark and
# optrail analyze read, and nothing attached.
#   OPTRAIL_KILLS=50  how often it is killed; with sanitizers, which slow everything down, 15
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"
[ "${OPTRAIL_SANITIZE:-0}" = 0 ] && kills=50 || kills=15
kills=${OPTRAIL_KILLS:-$kills}

while [ ! -e "$work/enough" ]; do load 5 20000; done &
load=$!
for n in $(seq "$kills"); do
    record "$work/file-$n" --netns "$base-a" -i link-a --cgroup "$cgroup"
    # Every other one lives until its file has records; the rest are killed as they come.
    has_records() { [ "$(stat -c %s "$work/file-$n")" -gt 30000 ]; }
    [ $((n % 2)) = 0 ] || within "records in the file" has_records
    sleep "0.$(printf %03d $((RANDOM % 300)))"
    [[ $(attached "$cgroup") == *optrail_exit* ]] || fail "no observer: $(attached "$cgroup")"
    kill -9 "$recorder"
    wait "$recorder" 2>/dev/null
    recorder=
    within "the kernel takes away what was attached" is_left "$cgroup" foreign
done
touch "$work/enough"
wait "$load" || fail "traffic suffered"

hooks=0
for n in $(seq "$kills"); do
    file=$work/file-$n
    capinfos "$file" >/dev/null 2>"$work/error" || fail "capinfos: $(cat "$work/error")"
    tshark -r "$file" >"$work/frames" 2>"$work/error"
    status=$?
    "$records" "$file" >"$work/records" || fail "file $n: the records cannot be read"
    frames=$(($(wc -l <"$work/records") - 1))
    [ "$(wc -l <"$work/frames")" = "$frames" ] ||
        fail "file $n: tshark (status $status) reads $(wc -l <"$work/frames") of $frames: $(cat "$work/error")"
    "$optrail" analyze "$file" >"$work/report" 2>"$work/error"
    status=$?
    [ "$status" -le 1 ] || [ "$status" = 4 ] || fail "file $n: analyze: status $status: $(cat "$work/error")"
    hooks=$((hooks + $(grep -c '"type": "hook"' "$work/records")))
done
echo "$kills files of killed recorders hold $hooks hook records"
[ "$hooks" -gt $((kills * 10)) ] || fail "hardly a hook was in the files when the recorder was killed: $hooks"

# The next one works as if nothing had been.
within "the end of all connections" no_connection_is_open
record "$work/next" --no-packets --cgroup "$cgroup"
before=$(invocations first)
traffic 2 1000
stop
"$records" "$work/next" >"$work/records"
[ "$(grep -c '"type": "hook"' "$work/records")" = $(($(invocations first) - before)) ] ||
    fail "the recorder after a killed one misses invocations"
