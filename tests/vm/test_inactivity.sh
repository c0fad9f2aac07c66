#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A connection that lost its last subflow is closed after its own inactivity timeout, and its owner
# is told ETIMEDOUT; without one it waits as long as the namespace says.
. "$(dirname "$0")/guest.sh"

make_hosts 1
serve 5000
count() { value event "$1" events | cut -d, -f$(($2 + 1)); }
counted() { [ "$(count "$1" "$2")" -ge "$3" ]; }
established=2 sub_closed=11

lose_subflow() { # TIMEOUT HOLD: prints what the client says
    load event client timeout_s="$1" || fail "the program is refused"
    client 10.0.1.2 5000 hold "$2" >/run/hold &
    local hold=$!
    until_true 30 counted client $established 1 || fail "not established"
    sleep 1
    # closed here, and silent, so that the other end does not close the connection
    ip netns exec client nft 'add table inet t
        add chain inet t o { type filter hook output priority 0; }
        add rule inet t o tcp flags & (rst | fin) != 0 drop'
    on client ss -K dst 10.0.1.2 dport = 5000 >/dev/null
    until_true 20 counted client $sub_closed 1 || fail "the subflow was not lost"
    wait $hold
    ip netns exec client nft delete table inet t
    equal "requests that failed" "$(value event client failed)" 0
    unload event client
    cat /run/hold
}

equal "with a timeout of 3 seconds" "$(lose_subflow 3 40 | tail -n 1)" "failed ETIMEDOUT"
equal "without one, for 10 seconds" "$(lose_subflow 0 10 | tail -n 1)" "held"
