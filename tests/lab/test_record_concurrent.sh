#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several recorders on one cgroup, and one on a cgroup above it: each has every invocation that
# happened while it ran, once, with what programs reported; one that ends and one that is killed
# take nothing from the others; nothing stays attached.
set -u
. "$(dirname "$0")/record.sh"
setup
inner=$cgroup/inner
mkdir "$inner"
foreign first "$inner"
"$optrail" load cc --cgroup "$inner" --set algorithm=reno >"$work/load" 2>&1 || fail "load: $(cat "$work/load")"
trap '"$optrail" unload --all --cgroup "$inner" >/dev/null 2>&1; for pid in $others; do kill -9 "$pid" 2>/dev/null; done; cleanup' EXIT
others=

in_cgroup() { traffic "$1" "$2" 192.0.2.2 "$inner"; }
# another NAME ARGUMENTS...: one more recorder that has seen nothing yet; its pid is in ${pid[NAME]}.
declare -A pid from
another() {
    local name=$1
    shift
    recorder=
    record "$work/$name" --no-packets "$@"
    pid[$name]=$recorder
    others+=" $recorder"
    from[$name]=$(invocations first)
}
ends_well() { # NAME
    recorder=${pid[$1]}
    stop
    to=$(invocations first)
    holds "$1" $((to - from[$1]))
}
# holds NAME N: the file has N invocations, each once, and a report for each option of cc.
holds() {
    "$records" "$work/$1" >"$work/records" || fail "$1: not as documented"
    /usr/bin/python3 - "$work/records" "$1" "$2" <<'PY' || fail "see above"
import json, sys
hooks = [r for r in map(json.loads, open(sys.argv[1])) if r["type"] == "hook"]
name, wanted = sys.argv[2], int(sys.argv[3])
if len(hooks) != wanted or [h["id"] for h in hooks] != list(range(1, wanted + 1)):
    sys.exit("not so: %s has %d of %d invocations, numbered without a gap" % (name, len(hooks), wanted))
written = [h for h in hooks if h["op"] == "WRITE" and "fd064f43" in h["options"]]
told = [h for h in written if any(a["kind"] == 2 and a["program"] == "cc" for a in h["actions"])]
if not written or told != written:
    sys.exit("not so: %s has the report of each of %d options: %d" % (name, len(written), len(told)))
print("%s: %d invocations, %d options with their report" % (name, wanted, len(written)))
PY
}

another first --cgroup "$inner"
in_cgroup 5 20000
another second --cgroup "$inner" --durations
another above --cgroup "$cgroup"
in_cgroup 10 20000
ends_well first
another killed --cgroup "$inner"
in_cgroup 5 20000
kill -9 "${pid[killed]}"
wait "${pid[killed]}" 2>/dev/null
in_cgroup 10 20000
ends_well second
in_cgroup 5 20000
ends_well above
others= recorder=
no_observer() { ! attached "$inner" | grep -q '^optrail_e'; }
within "no observer attached" no_observer
within "nothing attached above them" is_left "$cgroup" ""
"$records" "$work/killed" >"$work/records" || fail "the killed one's file is not as documented"
exit 0
