#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The process beside a path manager: killed, another takes its place and serves what begins then; it
# ends when the program is unloaded, replaced, or its cgroup is gone. Two path managers in two
# cgroups of one namespace leave each other alone.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/paths.sh"

# AddressSanitizer makes an exit of a SIGSEGV: here the signal itself is meant.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0

paths_up
# The processes "optrail-follow" of the client's namespace: the one that works, and who watches it.
followers() {
    local pid
    for pid in $(ip netns pids $client); do
        [[ $(cat /proc/$pid/comm 2>/dev/null) == optrail-follow ]] && echo $pid
    done
}
count_is() { [[ $(followers | wc -l) == "$1" ]]; }
# The one whose parent is another of them.
worker() {
    local pid
    for pid in $(followers); do
        followers | grep -qx "$(awk '{ print $4 }' /proc/$pid/stat)" && echo $pid
    done
}
another() { [[ -n $(worker) && $(worker) != "$1" ]]; }

load $client ndiffports --set n=2
until_true count_is 2 || fail "there are $(followers | wc -l) processes, not 2"
for signal in KILL TERM SEGV; do
    was=$(worker)
    kill -$signal $was
    until_true another $was || fail "killed by $signal, and nobody took its place"
done
until_true count_is 2 || fail "there are $(followers | wc -l) processes after some were killed"
# The new one is ready a moment after it is there: a connection too early goes without.
served() {
    begin 10.0.1.2
    local end=$((SECONDS + 5)) good=1
    until has "$(mesh 10.0.1.1 "10.0.1.2 10.0.1.2")"; do
        ((SECONDS < end)) || { good=''; break; }
        sleep 0.1
    done
    finish
    [[ -n $good ]]
}
until_true served || fail "who took its place opens nothing: $("$optrail" status --cgroup "$mount/$client")"

# In the place of the program another, with its process.
load $client ndiffports --set n=3 --replace
until_true count_is 2 || fail "there are $(followers | wc -l) processes after --replace"
begin 10.0.1.2
expect "the new one's number" "$(mesh 10.0.1.1 "10.0.1.2 10.0.1.2 10.0.1.2")"
finish

# Beside it another in a cgroup of its own, which opens two.
other=$mount/$client-other
mkdir "$other" && id=$(stat -c %i "$other") || fail "mkdir"
nsenter --net=/run/netns/$client "$optrail" load ndiffports --cgroup "$other" 2>/dev/null || fail "load on the other cgroup"
begin 10.0.1.2
expect "three in the first cgroup" "$(mesh 10.0.1.1 "10.0.1.2 10.0.1.2 10.0.1.2")"
(echo "$BASHPID" >"$other/cgroup.procs" && exec nsenter --net=/run/netns/$client \
    /usr/bin/python3 "$traffic" client fd00:1::2 5000 talk 900 0.1) >/dev/null 2>&1 &
second=$!
expect "two in the second" "$(mesh 10.0.1.1 "10.0.1.2 10.0.1.2 10.0.1.2"; mesh fd00:1::1 "fd00:1::2 fd00:1::2")"
kill $second
wait $second 2>/dev/null
finish
until_true count_is 4 || fail "there are $(followers | wc -l) processes with two programs"
until_true rmdir "$other" || fail "rmdir"
until_true count_is 2 || fail "there are $(followers | wc -l) processes when one cgroup is gone"
rm -r "/sys/fs/bpf/optrail/$id"

unload $client ndiffports
until_true count_is 0 || fail "unloaded, and there are $(followers | wc -l) processes"

echo "ok: the process beside a path manager"
