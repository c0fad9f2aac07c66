#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# optrail load, unload and status: beside programs that are not Optrail's, against an exclusive one,
# with a loader that is killed, with wrong words; and nothing is left when all is unloaded.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need clang
programs_up
pins=/sys/fs/bpf/optrail
foreign_pin=/sys/fs/bpf/optrail-test-$$

# refuses CODE PATTERN COMMAND...: that exit status, one line (with usage: two) on stderr like it.
refuses() {
    local code=$1 pattern=$2 said status lines=1
    shift 2
    said=$("$optrail" "$@" 2>&1 >/dev/null)
    status=$?
    expect "exit status of: $*" "$status" "$code"
    [[ $said == *$pattern* ]] || fail "$*: said \"$said\", not \"$pattern\""
    ((code == 2)) && lines=2
    (($(wc -l <<<"$said") <= lines)) || fail "$*: says too much: $said"
}

attached() { bpftool cgroup show "$1" | grep -c sock_ops; }

# --- what cannot be, is named -------------------------------------------------------------------
refuses 2 "there are: uto, cc, iw, delack, rate, sched, delay, ito, ndiffports, fullmesh, refresh, delaying, announce, option, tune, explore" load nothing --cgroup "$client_cgroup"
refuses 2 "--cgroup DIR is missing" load cc
refuses 2 "algorithm is one of vegas, reno, bbr, cubic" load cc --cgroup "$client_cgroup" --set algorithm=tahoe
refuses 2 "it has algorithm, repeat, role" load cc --cgroup "$client_cgroup" --set timeout=3
refuses 2 "a number from 0 to 1966020 (s)" load uto --cgroup "$client_cgroup" --set timeout=1966021
refuses 2 "write KEY=VALUE" load uto --cgroup "$client_cgroup" --set timeout
refuses 2 "lower is at most upper" load uto --cgroup "$client_cgroup" --set lower=20 --set upper=10
refuses 3 "No such file" load cc --cgroup "$client_cgroup/none"
refuses 3 "not a cgroup of version 2; they are below $(cgroup2_mount)" load cc --cgroup /tmp
refuses 3 "cc is not loaded on" unload cc --cgroup "$client_cgroup"
expect "attached after all that" "$(attached "$client_cgroup")" 0

# --- twice: once --------------------------------------------------------------------------------
load client cc
refuses 3 "is loaded on $client_cgroup already; to put this in its place: --replace" load cc --cgroup "$client_cgroup"
expect "attached after loading twice" "$(attached "$client_cgroup")" 1
"$optrail" status --cgroup "$client_cgroup" | grep -q "algorithm=cubic  repeat=once  role=both" ||
    fail "status does not show the parameters"
"$optrail" unload cc --cgroup "$client_cgroup" || fail "unload cc"
expect "attached after unload" "$(attached "$client_cgroup")" 0

# --- without privilege: named in one line -----------------------------------------------------------
if command -v setpriv >/dev/null; then
    said=$(setpriv --bounding-set=-all --inh-caps=-all "$optrail" load cc --cgroup "$client_cgroup" 2>&1)
    expect "exit status without capabilities" $? 3
    [[ $said == *"needs the capabilities"* && $(wc -l <<<"$said") == 1 ]] || fail "without capabilities: $said"
fi

# --- beside a program that is not ours ----------------------------------------------------------
clang -target bpf -g -O2 -idirafter "/usr/include/$(gcc -print-multiarch)" \
    -c "$OPTRAIL_SOURCE/tests/tools/overwrites_flags.bpf.c" -o "$programs_dir/foreign.o" || fail "clang"
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
bpftool prog load "$programs_dir/foreign.o" "$foreign_pin" 2>"$programs_dir/said" ||
    fail "bpftool: $(<"$programs_dir/said")"
foreign_map=$(bpftool map show name foreign_rtts -j | python3 -c '
import json, sys
maps = json.load(sys.stdin)
print(max(m["id"] for m in (maps if isinstance(maps, list) else [maps])))')
rtts() { bpftool map dump id "$foreign_map" -j | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["formatted"]["value"])'; }
bpftool cgroup attach "$client_cgroup" sock_ops pinned "$foreign_pin" multi || fail "attach the foreign one"
load client cc --set algorithm=reno
load client uto --set timeout=34
load server cc
load server uto
"$optrail" status --cgroup "$client_cgroup" | grep -q "not Optrail's: foreign" ||
    fail "status does not name the foreign program"
connection 4
expect "both options beside a foreign program" "$(frames_with 'fd064f4300011c040022')" 3
grep -q "congestion=reno user_timeout_ms=34000" "$programs_dir/server" || fail "beside a foreign program: $(<"$programs_dir/server")"
(($(rtts) > 0)) || fail "the foreign program lost its callback"
unload_all
bpftool cgroup show "$client_cgroup" | grep -q foreign || fail "unload took the foreign program too"
bpftool cgroup detach "$client_cgroup" sock_ops pinned "$foreign_pin"

# --- against one that is attached exclusively ---------------------------------------------------
bpftool cgroup attach "$client_cgroup" sock_ops pinned "$foreign_pin" || fail "attach exclusively"
refuses 3 "program foreign (id " load cc --cgroup "$client_cgroup"
refuses 3 "is attached exclusively to $client_cgroup" load cc --cgroup "$client_cgroup"
bpftool cgroup detach "$client_cgroup" sock_ops pinned "$foreign_pin"
rm "$foreign_pin"

# --- a loader that is killed leaves all or nothing ----------------------------------------------
for delay in 0.002 0.005 0.01 0.02 0.04 0.08; do
    "$optrail" load cc --cgroup "$client_cgroup" &
    loader=$!
    sleep $delay
    kill -KILL $loader 2>/dev/null
    wait $loader 2>/dev/null
    sleep 0.1
    n_pins=$(find "$pins" -path "*/$(stat -c %i "$client_cgroup")/cc/link" 2>/dev/null | wc -l)
    expect "attached programs and pins, killed after $delay s" "$(attached "$client_cgroup")" "$n_pins"
    "$optrail" unload --all --cgroup "$client_cgroup" || fail "unload after a killed loader"
    expect "attached, killed after $delay s and unloaded" "$(attached "$client_cgroup")" 0
done

# --- a cgroup that went away --------------------------------------------------------------------
gone=$client_cgroup-gone
mkdir "$gone"
gone_id=$(stat -c %i "$gone")
"$optrail" load uto --cgroup "$gone" || fail "load on the third cgroup"
rmdir "$gone"
# The kernel detaches what was on it a moment later. Others' programs may be shown beside ours.
says_gone() {
    "$optrail" status --json | python3 -c '
import json, sys
[row] = [p for p in json.load(sys.stdin)["programs"] if p["cgroup_id"] == int(sys.argv[1])]
sys.exit(row["attached"] is not False or row["cgroup"] is not None)' "$gone_id"
}
wait_for "status says that the cgroup is gone" says_gone
"$optrail" status | grep -q "not attached any more" || fail "status for people hides it"
rm -r "${pins:?}/$gone_id" # not unload --all: others may have programs on their cgroups

# --- nothing is left ----------------------------------------------------------------------------
for side in client server; do
    declare -n cgroup=${side}_cgroup
    expect "attached at the end" "$(attached "$cgroup")" 0
    [[ ! -e $pins/$(stat -c %i "$cgroup") ]] || fail "pins are left for $cgroup"
    "$optrail" status --cgroup "$cgroup" | grep -q "No program of Optrail" || fail "status at the end"
    unset -n cgroup
done

echo "ok: loads, refuses and cleans up as it says"
