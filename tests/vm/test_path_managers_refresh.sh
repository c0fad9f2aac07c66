#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The path manager refresh: a connection whose subflow is reset ten times in a row has a new one each
# time.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"
. "$(dirname "$0")/paths.sh"

make_hosts 1
serve 5000
changed() { local now; now=$(ports); [ -n "$now" ] && [ "$now" != "$1" ]; }
# the server's end goes with a reset to the client
reset_subflows() { ip netns exec server ss -K state established sport = 5000 >/dev/null; }

put client refresh
begin 10.0.1.2
until_true 40 changed none || fail "no connection"
for i in $(seq 10); do
    sleep 0.3
    before=$(ports)
    reset_subflows
    until_true 40 changed "$before" || fail "no new subflow after reset $i: $("$optrail" status)"
done
note "ten resets, ten new subflows"
kill $talking
