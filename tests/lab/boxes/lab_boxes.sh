# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lab_boxes.sh - for the tests of the lab's boxes: runs the standard experiment across them, holds
# what was captured at both ends to what they claim, octet by octet (tools/box_check.py), and what
# the analyzer says about it to the boxes' own account (tools/lab_truth.py). With OPTRAIL_KEEP in
# the environment, the recordings of what went wrong stay in that folder.
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
need_namespaces
need nft ethtool bpftool /usr/bin/python3
bpftool prog show >/dev/null 2>&1 || skip "no BPF here: $(bpftool prog show 2>&1 | head -n 1)"
tools=$OPTRAIL_SOURCE/tests/tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# across BOXES [KEY=VALUE]... [-- LAB-ARGUMENT...]: runs and checks. The lab's words are then in
# $work/out, the recordings and the account in $work/run. octets= leaves the octets unchecked, for
# combinations that box_check.py does not know.
across() {
    local boxes=$1 settings=() checked=() kinds=() try
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        settings+=(--set "$1")
        case $1 in
        affect=* | keep=* | size=*) checked+=("$1") ;;
        kinds=*) checked+=("$1") kinds=("$1") ;;
        esac
        shift
    done
    [ $# -gt 0 ] && shift
    # A recorder that could not keep up says so; what it did not see proves nothing.
    for try in 1 2 3; do
        rm -rf "$work/run"
        "$optrail" lab run "$boxes" "${settings[@]}" --output "$work/run" "$@" >"$work/out" 2>"$work/errors" ||
            wrong "lab run $boxes ${settings[*]} $*: status $?: $(cat "$work/errors")"
        [ ! -s "$work/errors" ] || wrong "lab run $boxes $*: $(cat "$work/errors")"
        "$optrail" analyze --format json "$work/run/a.pcapng" "$work/run/b.pcapng" >"$work/run/report" ||
            wrong "analyze $boxes: status $?"
        grep -Eq '"lost_(packets|events)" : [1-9]' "$work/run/report" || break
        echo "$boxes: the recorders lost something, try $try"
    done
    if [ -n "${octets-yes}" ]; then
        "$tools/box_check.py" "$work/run/a.pcapng" "$work/run/b.pcapng" "$boxes" "${checked[@]}" ||
            wrong "lab run $boxes ${settings[*]} $*"
    fi
    "$tools/lab_truth.py" "$work/run/a.pcapng" "$work/run/b.pcapng" "$work/run/box.tsv" \
        "$work/run/report" "${kinds[@]}" >"$work/demanded" || wrong "lab run $boxes ${settings[*]} $*"
}

wrong() {
    [ -z "${OPTRAIL_KEEP:-}" ] || [ ! -d "$work/run" ] || cp -r "$work/run" "$(mktemp -d "$OPTRAIL_KEEP/XXXXXX")"
    fail "$@"
}

# demanded VERDICT...: the run showed these: where the recordings cannot show what a box did the
# check demands nothing, and a test that demands nothing is none.
demanded() {
    local verdict
    for verdict in "$@"; do
        grep -qF -- "$verdict" "$work/demanded" || wrong "the run did not show $verdict: $(cat "$work/demanded")"
    done
}

# One connection over IPv4 with super-segments, and three over IPv6 without, of which two are
# concerned; with so many octets each. $shown are verdicts that the runs must show; with
# super-segments $super_shown, if that is set.
both_ways() { # BOXES [KEY=VALUE]...
    local some=()
    [[ $1 == none ]] || some=(affect=2/3)
    across "$@" -- --offload on --bytes "${super_bytes:-40000}"
    # shellcheck disable=SC2086
    demanded ${super_shown-${shown:-}}
    across "$@" "${some[@]}" -- --offload off --ipv6 --connections 3 --bytes "${bytes:-40000}"
    # shellcheck disable=SC2086
    demanded ${shown:-}
}

# through N: so many connections got through with all their data, at both ends.
through() {
    local total
    total=$(grep -Eo '[0-9]+ connections? ended' "$work/out" | awk '{ n += $1 } END { print n + 0 }')
    [ "$total" = $(($1 * 2)) ] || fail "$1 connections should get through: $(cat "$work/out")"
}
