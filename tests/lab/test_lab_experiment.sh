#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The standard experiment in its variants: over IPv6, without offloads, several connections, a box
# that strips one kind and lets the other pass; and both ends recorded around a command of the
# user's.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need nft ethtool bpftool /usr/bin/python3
bpftool prog show >/dev/null 2>&1 || skip "no BPF here: $(bpftool prog show 2>&1 | head -n 1)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# experiment NAME LAB-ARGUMENT...: runs it, its words in $work/out, its recordings in $work/NAME.
experiment() {
    local name=$1
    shift
    "$optrail" lab run --output "$work/$name" "$@" >"$work/out" 2>"$work/errors" ||
        fail "lab run $*: status $?: $(cat "$work/errors")"
}

# holds NAME ASSERTION...: the report of NAME's recordings fulfils each assertion.
holds() {
    local name=$1 assertions=() one
    shift
    for one in "$@"; do assertions+=(--assert "$one"); done
    "$optrail" analyze "$work/$name/a.pcapng" "$work/$name/b.pcapng" "${assertions[@]}" \
        >"$work/report" 2>&1 || fail "$name: status $?: $(cat "$work/report")"
}

experiment clean none --ipv6 --offload off --connections 5
grep -q '^Server .*5 connections ended .*user timeout 34 s' "$work/out" || fail "$(grep ^Server "$work/out")"
grep -q '2001:db8:' "$work/out" || fail "--ipv6 did not use IPv6"
holds clean 'option=cc verdict=option.intact' 'option=uto direction=reverse verdict=option.intact' \
    'applied>=1 option=uto' 'arrived>=1 option=cc' 'none option.removed' 'none segment.lost'
flows=$("$optrail" analyze --format json "$work/clean/a.pcapng" "$work/clean/b.pcapng" |
    /usr/bin/python3 -c 'import json, sys
rows = [r for r in json.load(sys.stdin)["options"] if r["option"] == "cc"]
print(len({r["flow"] for r in rows}), sum(r["applied"] for r in rows))')
[ "$flows" = "5 5" ] || fail "cc in and applied in: $flows connections, not 5 5"

# The box takes what it is told to take, and only that.
experiment strip strip-nop --set kinds=253 --offload on --connections 2
grep -q '^Server .*2 connections ended .* as it began, user timeout 34 s' "$work/out" ||
    fail "without cc, with uto: $(grep ^Server "$work/out")"
holds strip 'option=cc direction=forward verdict=option.removed.nop' 'option=uto verdict=option.intact'

# A command's own traffic, with a program that it loads itself; the lab unloads it again.
cat >"$work/command.sh" <<'EOS'
set -e
stat -c %i "$OPTRAIL_LAB_CLIENT_CGROUP" >"$1/cgroup"
"$OPTRAIL" load uto --cgroup "$OPTRAIL_LAB_CLIENT_CGROUP" --set timeout=77 >&2
"$OPTRAIL_LAB_ON" server "$OPTRAIL_LAB_TRAFFIC" server "$OPTRAIL_LAB_SERVER" --ready-file "$1/ready" >&2 &
for i in {1..600}; do [ -e "$1/ready" ] && break; sleep 0.05; done
"$OPTRAIL_LAB_TRAFFIC" client "$OPTRAIL_LAB_SERVER" >&2
wait $!
EOS
experiment command strip-nop -- bash "$work/command.sh" "$work"
"$optrail" status 2>&1 | grep -F "cgroup $(cat "$work/cgroup")" && fail "a program of the command stayed loaded"
holds command 'option=uto direction=forward verdict=option.removed.nop' 'none hook.applied'

# Bad words are refused before anything is built.
for words in "run" "run none more" "run none --connections 0" "run none --bytes -1" \
    "run none --offload maybe" "run none --" "fly" "list none"; do
    # shellcheck disable=SC2086
    "$optrail" lab $words >/dev/null 2>"$work/errors"
    [ $? = 2 ] || fail "lab $words was not refused as bad usage"
    [ "$(wc -l <"$work/errors")" -le 3 ] || fail "lab $words: $(cat "$work/errors")"
done
echo "the experiment holds in its variants"
