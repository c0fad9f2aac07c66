#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The JSON report follows docs/report.schema.json: what the reporter writes is accepted, from
# reports filled by hand with everything that is optional both ways, and documents that are wrong in
# one place are refused, so that the schema is no rubber stamp.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need /usr/bin/python3
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
views=$OPTRAIL_BUILD/bin/test_report_views
[ -x "$views" ] || skip "test_report_views is not built"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
for name in clean stripped one-capture many odd empty endpoint alone; do
    "$views" "$name" json >"$work/$name.json" || fail "no JSON for $name"
done
/usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/check_report.py" --refuses "$work"/*.json
