#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# takes long
# With a delay threshold, a thin stream uses its backup subflow when the other one becomes slower
# than that, and not before; without a threshold it does not.
. "$(dirname "$0")/guest.sh"

make_hosts 2
serve 5000

talk() { # THRESHOLD: sets backup, the octets on the second path, and median
    shape 1 delay 2ms
    shape 2 delay 2ms
    load event client open_v4=1 open_backup=1 delay_ms="$1" || fail "the program is refused"
    load event server delay_ms="$1" || fail "the program is refused"
    client 10.0.1.2 5000 talk 16 0.1 >/run/talk &
    local talk=$!
    until_true 30 at_least event server joins 1 || fail "no backup subflow"
    sleep 4
    fast=$(octets client c2 tx)
    shape 1 delay 150ms
    sleep 9
    backup=$(($(octets client c2 tx) - fast))
    wait $talk || fail "the connection breaks"
    note "threshold $1 ms: $fast octets on the backup path before, $backup after; $(cat /run/talk)"
    unload event client; unload event server
}

talk 0
less "without a threshold: octets on the backup path" "$backup" 3000
before=$fast
talk 100
less "with one, while the path is fast" $((fast - before)) 5000
more "with one, when it is slow" "$backup" 5000
