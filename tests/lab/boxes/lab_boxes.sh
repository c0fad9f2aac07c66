# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lab_boxes.sh - for the tests of the lab's boxes: runs the standard experiment across them, holds
# what was captured at both ends to what they claim, octet by octet (tools/box_check.py), and what
# the analyzer says about it to the truth (tools/verdict_check.py).
. "$(dirname "$0")/../../tools/lib.sh"
need_namespaces
need nft ethtool bpftool /usr/bin/python3
bpftool prog show >/dev/null 2>&1 || skip "no BPF here: $(bpftool prog show 2>&1 | head -n 1)"
judged=''    # "true": what the analyzer says is not looked at
may=''       # not empty: the analyzer may miss findings, not invent any
super_may='' # the same for both_ways' super-segments
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# across BOXES [KEY=VALUE]... [-- LAB-ARGUMENT...]: affect= and keep= are told to the check too.
# The lab's words are in $work/out, the recordings in $work/run.
across() {
    local boxes=$1 settings=() checked=() affect=1/1
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        settings+=(--set "$1")
        checked+=("$1")
        [[ $1 != affect=* ]] || affect=${1#*=}
        shift
    done
    [ $# -gt 0 ] && shift
    rm -rf "$work/run"
    "$optrail" lab run "$boxes" "${settings[@]}" --output "$work/run" "$@" >"$work/out" 2>"$work/errors" ||
        fail "lab run $boxes ${settings[*]} $*: status $?: $(cat "$work/errors")"
    [ ! -s "$work/errors" ] || fail "lab run $boxes $*: $(cat "$work/errors")"
    "$OPTRAIL_SOURCE/tests/tools/box_check.py" "$work/run/a.pcapng" "$work/run/b.pcapng" "$boxes" \
        "${checked[@]}" || fail "lab run $boxes ${settings[*]} $*"
    ${judged:-verdicts} "$boxes" "affect=$affect" ${may:+may} || fail "lab run $boxes ${settings[*]} $*"
}

# What the analyzer says about $work/run, held to the truth about BOXES.
verdicts() { # BOXES [WORD]...
    "$optrail" analyze --format json "$work/run/a.pcapng" "$work/run/b.pcapng" >"$work/report" || return
    "$OPTRAIL_SOURCE/tests/tools/verdict_check.py" "$work/report" "$@"
}

# The same over IPv4 with super-segments and over IPv6 without; with so many octets each.
both_ways() { # BOXES [KEY=VALUE]...
    may=$super_may across "$@" -- --offload on --bytes "${super_bytes:-40000}"
    across "$@" -- --offload off --ipv6 --bytes "${bytes:-40000}"
}

# through N: so many connections got through with all their data, at both ends.
through() {
    local total
    total=$(grep -Eo '[0-9]+ connections? ended' "$work/out" | awk '{ n += $1 } END { print n + 0 }')
    [ "$total" = $(($1 * 2)) ] || fail "$1 connections should get through: $(cat "$work/out")"
}
