#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Values of a box's parameters that make no sense are refused before anything happens: exit status
# 2 and one line. Every box has its line in `optrail lab list` and in the manual.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need nft
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for bad in strip-shorten:kinds=1 strip-shorten:kinds= modify:at=x modify:flip=100 add:option=4c05be \
    split:size=0 split:keep=some rst:to=nobody strip-nop:affect=3/2 strip-shorten:affect=1 add:port=70000 \
    strip-shorten:segments=none sequence:forward=much drop:nosuch=1 strip-mptcp:direction=up proxy:address=his \
    nat:ports=low clamp-mss:mss=10 nat+sequence:nosuch.forward=1; do
    "$optrail" lab run "${bad%%:*}" --set "${bad#*:}" -- true >"$work/out" 2>&1
    status=$?
    [ "$status" = 2 ] || fail "lab run ${bad%%:*} --set ${bad#*:}: status $status, not 2: $(cat "$work/out")"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "$bad: not one line: $(cat "$work/out")"
done

"$optrail" lab list >"$work/list" || fail "lab list: status $?"
for file in "$OPTRAIL_SOURCE"/lab/boxes/*.sh; do
    name=$(basename "$file" .sh)
    grep -q "^$name  *[a-z]" "$work/list" || fail "lab list does not say what $name does"
    grep -q "\`$name\`" "$OPTRAIL_SOURCE/docs/lab.md" || fail "docs/lab.md does not name $name"
done
echo "bad values are refused, every box is listed"
