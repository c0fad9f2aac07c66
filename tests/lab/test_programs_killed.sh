#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A loader that is killed in front of any system call by which others could notice it: program and
# pin are there, or neither; a path manager has its process, or is not there; `optrail load` and
# `unload` put all in order. Two loaders at once on one cgroup; a bpffs that cannot be written; none.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need unshare
programs_up
kill_at=$OPTRAIL_BUILD/tests/kill_at
[[ -x $kill_at ]] || skip "kill_at is not built"
pins=/sys/fs/bpf/optrail/$(stat -c %i "$client_cgroup")
attached() { bpftool cgroup show "$client_cgroup" | grep -c sock_ops; }
links() { find "$pins" -name link 2>/dev/null | wc -l; }

# killed AT PROGRAM ...: loads, and kills the loader there. False when it had ended before.
killed() {
    local at=$1
    shift
    on_client "$kill_at" "$at" "$optrail" load "$@" --cgroup "$client_cgroup" >"$programs_dir/calls" 2>"$programs_dir/said"
    local status=$?
    ((status != 2)) || skip "nothing can be traced here: $(<"$programs_dir/said")"
    return $status
}
on_client() { nsenter --net="/run/netns/$client_netns" "$@"; }
followers() {
    local pid n=0
    for pid in $(ip netns pids "$client_netns"); do
        [[ $(cat "/proc/$pid/comm" 2>/dev/null) == optrail-follow ]] && n=$((n + 1))
    done
    echo $n
}
followers_are() { [[ $(followers) == "$1" ]]; }
gone() { [[ $(attached) == 0 && ! -e $pins && $(followers) == 0 ]]; }
# in_order AT: what a killed loader left is whole, and goes. A link that nobody holds is detached by
# the kernel a moment after its process has ended.
as_pinned() { [[ $(attached) == $(links) ]]; }
in_order() {
    wait_for "killed at $1: $(attached) attached, $(links) pinned" as_pinned
}

# --- at every call of the last ones, at some of the first ---------------------------------------
killed 0 cc --set algorithm=reno
calls=$(<"$programs_dir/calls")
"$optrail" unload cc --cgroup "$client_cgroup" || fail "unload cc"
((calls > 10)) || fail "only $calls calls to be killed at"
n_whole=0 n_nothing=0
points=$(for at in $(seq $((calls - 9)) "$calls") 1 $((calls / 4)) $((calls / 2)) $((3 * calls / 4)); do
    ((at < 1)) || echo "$at"; done | sort -nu; echo end)
for at in $points; do
    # How many calls there are depends on what others have pinned: it may have ended before.
    killed "$at" cc --set algorithm=reno
    in_order "$at"
    [[ $(links) == 1 ]] && n_whole=$((n_whole + 1)) || n_nothing=$((n_nothing + 1))
    # The next loader has what it asked for, whatever is there; every second time it is unload's turn.
    if [[ $at == *[13579] ]]; then
        "$optrail" load cc --cgroup "$client_cgroup" --replace || fail "load after a loader killed at $at"
        expect "attached after the next load ($at)" "$(attached) $(links)" "1 1"
    fi
    "$optrail" unload --all --cgroup "$client_cgroup" || fail "unload after a loader killed at $at"
    gone || fail "killed at $at, and unload left something"
done
((n_whole > 0 && n_nothing > 0)) || fail "killed $n_nothing times before it was there, $n_whole times after"

# --- in the place of another: the old or the new, never none ------------------------------------
for at in $(for at in $(seq $((calls - 4)) $((calls + 1))); do ((at < 1)) || echo "$at"; done); do
    load client cc --set algorithm=vegas
    killed "$at" cc --set algorithm=reno --replace # or has ended before
    in_order "$at"
    expect "replacing, killed at $at" "$(attached) $(links)" "1 1"
    "$optrail" status --cgroup "$client_cgroup" | grep -q 'algorithm=\(vegas\|reno\)' || fail "neither is there"
    "$optrail" unload cc --cgroup "$client_cgroup" || fail "unload"
done

# --- a path manager has its process, or is not there --------------------------------------------
if [[ -e /proc/sys/net/mptcp/pm_type ]] && on_client sysctl -qw net.mptcp.pm_type=1 2>/dev/null &&
    killed 0 ndiffports; [[ $(attached) == 1 ]]; then
    calls=$(<"$programs_dir/calls")
    "$optrail" unload --all --cgroup "$client_cgroup" || fail "unload ndiffports"
    wait_for "the process ends" followers_are 0
    for at in $((calls / 2)) $(seq $((calls - 4)) "$calls") end; do
        killed "$at" ndiffports
        in_order "ndiffports, $at"
        if [[ $(links) == 1 ]]; then
            wait_for "killed at $at: it is loaded, and no process is beside it" followers_are 2
        else
            wait_for "killed at $at: nothing is loaded, and a process waits" followers_are 0
        fi
        "$optrail" unload --all --cgroup "$client_cgroup" || fail "unload"
        wait_for "killed at $at: unload leaves something" gone
    done
fi

# --- two at once ---------------------------------------------------------------------------------
for round in 1 2 3; do
    "$optrail" load cc --cgroup "$client_cgroup" 2>"$programs_dir/one" & one=$!
    "$optrail" load cc --cgroup "$client_cgroup" 2>"$programs_dir/two" & two=$!
    "$optrail" load uto --set timeout=34 --cgroup "$client_cgroup" 2>"$programs_dir/three" & three=$!
    wait $one; code_one=$?
    wait $two; code_two=$?
    wait $three; code_three=$?
    expect "two of one and one of another at once" "$(printf '%s\n' $code_one $code_two | sort | xargs) $code_three" "0 3 0"
    cat "$programs_dir/one" "$programs_dir/two" | grep -q "cc is loaded on $client_cgroup already" ||
        fail "who came second does not say so: $(cat "$programs_dir/one" "$programs_dir/two")"
    expect "attached, pinned" "$(attached) $(links)" "2 2"
    "$optrail" unload --all --cgroup "$client_cgroup" & one=$!
    "$optrail" load delack --set divisor=4 --cgroup "$client_cgroup" 2>/dev/null & two=$!
    wait $one || fail "unload while another loads"
    wait $two || fail "load while another unloads"
    as_pinned || fail "attached $(attached), pinned $(links)"
    "$optrail" unload --all --cgroup "$client_cgroup" || fail "unload"
    gone || fail "something is left"
done

# --- a bpffs that cannot be written, and none ----------------------------------------------------
load server cc # so that folder and maps are there
said=$(unshare -m sh -c 'mount --make-rprivate / && mount --bind /sys/fs/bpf /sys/fs/bpf &&
    mount -o remount,bind,ro /sys/fs/bpf && exec "$@"' sh "$optrail" load uto --cgroup "$client_cgroup" 2>&1)
expect "exit status with a bpffs that is read-only" $? 3
[[ $said == *"Read-only file system"* && $(wc -l <<<"$said") == 1 ]] || fail "read-only: $said"
expect "attached with a bpffs that is read-only" "$(attached) $(links)" "0 0"
"$optrail" unload cc --cgroup "$server_cgroup" || fail "unload"
unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs none /sys/fs/bpf && "$1" load cc --cgroup "$2" &&
    grep -q " /sys/fs/bpf bpf " /proc/self/mounts && "$1" status --cgroup "$2" | grep -q "algorithm=cubic"' \
    sh "$optrail" "$client_cgroup" || fail "where no bpffs is mounted, none is made"
wait_for "it goes with the mount" gone

echo "ok: killed at $(wc -w <<<"$points") places ($n_nothing nothing, $n_whole whole), two at once, no bpffs"
