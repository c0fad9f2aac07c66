#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each operation, event and function of the patched kernel, and each event of MPTCP's path manager, is
# named in the Info column and in a field, with its arguments, and a filter by name finds it alone:
# the cases of tests/golden/dissector/records.json. With OPTRAIL_UPDATE=1 writes the expectations anew.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need /usr/bin/python3
prepare_tshark
trap remove_tshark EXIT
tools=$OPTRAIL_SOURCE/tests/tools cases=$OPTRAIL_SOURCE/tests/golden/dissector/records.json
file=$tshark_dir/records

"$tools/craft_hooks.py" "$file.pcapng" "$cases"
run_tshark -r "$file.pcapng" -T json --no-duplicate-keys >"$file.json"
run_tshark -r "$file.pcapng" -T fields -e _ws.col.Info >"$file.info"
if [ "${OPTRAIL_UPDATE:-0}" = 1 ]; then
    "$tools/check_records.py" update "$file.json" "$file.info" "$cases"
fi
"$tools/check_records.py" check "$file.json" "$file.info" "$cases" || fail "records are shown otherwise"

number=0
while IFS= read -r filter; do
    number=$((number + 1))
    got=$(run_tshark -r "$file.pcapng" -Y "$filter" -T fields -e frame.number | paste -sd' ')
    [ "$got" = "$number" ] || fail "filter $filter: frames '$got', not $number"
done < <(/usr/bin/python3 -c 'import json, sys
for case in json.load(open(sys.argv[1])): print(case["filter"])' "$cases")
[ "$number" -gt 30 ] || fail "only $number cases"

# What the kernel has names for has a case.
for name in $(sed -n 's/.*"\(bpf_mptcp_[a-z_]*\)".*/\1/p' "$OPTRAIL_SOURCE/wire/hook_names.c"); do
    grep -qF "\\\"$name\\\"" "$cases" || fail "no case calls $name"
done
echo "$number records are named, shown and found by their names"
