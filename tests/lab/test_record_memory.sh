#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A recorder that may use little memory: rings that do not fit are refused with a word that helps and
# leave nothing attached; with small ones it records everything, however long it goes on. The limit
# is a cgroup's, which counts the memory of BPF maps too (kernel 5.11).
# Without sanitizers: they take more memory than the limit for themselves.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"

# The memory controller, of cgroup v2 or of v1.
root=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
limit=memory.limit_in_bytes
if [ -z "$root" ]; then
    root=${cgroup%/*} limit=memory.max
    [ -e "$cgroup/$limit" ] || echo +memory >"$root/cgroup.subtree_control" 2>/dev/null
fi
memory=$root/$base-memory
mkdir "$memory" 2>/dev/null && [ -e "$memory/$limit" ] || { rmdir "$memory" 2>/dev/null; skip "no limit of memory can be set"; }
trap 'cleanup; for _ in {1..100}; do rmdir "$memory" 2>/dev/null && break; sleep 0.1; done' EXIT

# A recorder that runs within the limit: `record` starts it.
printf '#!/bin/sh\necho 0 >"%s/cgroup.procs" || exit 9\nexec "%s" "$@"\n' "$memory" "$optrail" >"$work/limited"
chmod +x "$work/limited"

echo $((24 << 20)) >"$memory/$limit" || skip "no limit of memory can be set"
"$work/limited" record -w "$work/file" --no-packets --ring-size 65536 --cgroup "$cgroup" 2>"$work/said"
status=$?
[ "$status" = 3 ] && grep -q 'Cannot allocate memory; their rings take much memory at once, see --ring-size' "$work/said" ||
    fail "rings beyond the limit: status $status: $(cat "$work/said")"
within "nothing but the foreign program attached" is_left "$cgroup" foreign

before=$(invocations first)
optrail=$work/limited
record "$work/file" --netns "$base-a" -i link-a -B 1024 -s 128 --ring-size 1024 --cgroup "$cgroup"
for _ in {1..10}; do
    traffic 10 200000
    fetched
done
stop
account "$work/file" $(($(invocations first) - before))
[ "$recorded" -gt 1000 ] || fail "it recorded next to nothing"
grep -q '"whole": true' "$work/records" || fail "the file does not end as it should"
