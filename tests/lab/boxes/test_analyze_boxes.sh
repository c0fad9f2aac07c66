#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every behaviour of the lab, live: connections of which every other one is concerned are recorded
# at both ends, and the report says what the box did to those, and nothing of the others.
. "$(dirname "$0")/../../tools/lib.sh"
need_namespaces
need nft ethtool bpftool /usr/bin/python3
bpftool prog show >/dev/null 2>&1 || skip "no BPF here: $(bpftool prog show 2>&1 | head -n 1)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

judged() { # BOX[+BOX]... "LAB ARGUMENTS" VERDICT...
    local box=$1 arguments=$2
    shift 2
    rm -rf "$work/run"
    # shellcheck disable=SC2086
    "$optrail" lab run "$box" $arguments -n 4 -w "$work/run" >"$work/out" 2>&1 ||
        fail "lab run $box $arguments: $(tail -n 3 "$work/out")"
    "$optrail" analyze --format json "$work/run/a.pcapng" "$work/run/b.pcapng" >"$work/report" ||
        fail "analyze $box"
    "$OPTRAIL_SOURCE/tests/tools/only_findings.py" "$work/report" "${part:-1}" "${of:-2}" "$@" ||
        fail "$box $arguments"
}

half="--set affect=1/2"
judged none ""
for way in "--offload on" "--offload off -6"; do
    judged strip-nop "$half $way" option.removed.nop
    judged strip-shorten "$half $way" option.removed.shortened
    judged modify "$half $way" option.modified 'hook.action-failed?'
    judged add "$half $way" option.added:kind-76
    judged mirror "$half $way" option.mirrored:cc
    judged reorder-options "$half $way" option.reordered
    judged clamp-mss "$half $way" option.modified:kind-2
    judged sequence "$half $way" path.sequence-rewritten
    judged timestamps "$half $way" path.timestamps-rewritten
    judged nat "$half $way" path.nat
    judged nat-sequence "$half $way" path.nat path.sequence-rewritten
    judged payload "$half $way" segment.payload-modified
    judged split "$half $way" segment.split
    judged coalesce "$half $way" segment.coalesced
    judged reorder "$half $way" segment.reordered
    judged duplicate "$half $way" segment.duplicated
    judged drop "$half $way" segment.lost
    judged rst "$half $way" path.rst-injected
    judged proxy "$half $way" path.proxy
    judged strip-mptcp "$half $way" option.removed.nop:mptcp-0 mptcp.fallback 'hook.no-space?'
done
part=1 of=1
judged nat+sequence+strip-nop "" path.nat path.sequence-rewritten option.removed.nop
judged drop+strip-nop "" segment.lost option.removed.nop
echo "each box is found out, on the connections that it concerns and on no other"
