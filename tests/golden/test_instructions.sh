#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a packet costs the analyzer, counted in instructions and not timed: no more than 3 % above
# what tests/bench/instructions says. A smaller count is no failure, but wants to be written there:
# `tests/golden/test_instructions.sh --write`.
#
# The count of a larger capture less that of a smaller one, so that starting up does not matter.
# It depends on the compiler: with another than the figures were made with, nothing can be said.
# Without sanitizers: they multiply instructions.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need valgrind gcc
figures=$OPTRAIL_SOURCE/tests/bench/instructions
compiler="gcc $(gcc -dumpfullversion), libc $(ldd --version | sed -n '1s/.* //p')"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# instructions FILE...: how many one analysis of them takes.
instructions() {
    # The pool of threads would add its waiting.
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$optrail" analyze "$@" 2>&1 >/dev/null |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# per_packet NAME VANTAGES ARGUMENT...: prints "NAME INSTRUCTIONS".
per_packet() {
    local name=$1 vantages=$2 size small large i
    shift 2
    for size in 30000 90000; do
        for ((i = 0; i < vantages; i++)); do
            "$OPTRAIL_BUILD/tests/make_load" "$work/$size-$i" --packets "$size" --flows $((size / 300)) --live 100 \
                --later $((i * 10000)) "$@"
        done
    done
    small=$(instructions "$work"/30000-*)
    large=$(instructions "$work"/90000-*)
    rm -f "$work"/30000-* "$work"/90000-*
    echo "$name $(((large - small) / 60000 / vantages))"
}

{
    echo "# Instructions a packet, by callgrind; tests/golden/test_instructions.sh compares and writes."
    echo "# $compiler"
    per_packet one-capture 1
    per_packet two-captures 2
    per_packet option-on-every-packet 1 --option 1c04001e
    per_packet option-on-every-packet-of-two 2 --option 1c04001e
} >"$work/now"

if [ "${1:-}" = --write ]; then
    cp "$work/now" "$figures"
    exit 0
fi
cat "$work/now"
grep -qxF "# $compiler" "$figures" || skip "figures of $compiler: there are those of $(sed -n '2s/# //p' "$figures")"
while read -r name count; do
    was=$(sed -n "s/^$name //p" "$figures")
    [ -n "$was" ] || fail "$name: not in $figures"
    [ $((count * 100)) -le $((was * 103)) ] || fail "$name: $count instructions a packet, more than 3 % above $was"
    [ $((count * 100)) -ge $((was * 90)) ] || echo "$name: $count instead of $was instructions a packet: write it down"
done < <(grep -v '^#' "$work/now")
