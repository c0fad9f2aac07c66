#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program sched: a client whose first path is slow asks its server for the redundant scheduler;
# and uses it itself; request and echo are on the wire; from then on all goes over both paths and comes
# by the faster one: the same dialogue takes far less time than with the default scheduler. What the
# kernel lacks fails: the connection goes on with what it has.
. "$(dirname "$0")/guest.sh"
. "$(dirname "$0")/programs.sh"

make_hosts 2
shape 1 delay 150ms
shape 2 delay 5ms
ip -n client mptcp endpoint add 10.0.2.1 dev c2 subflow
serve 5000

# talk: sets median (ms) of a dialogue
talk() {
    local said
    said=$(client 10.0.1.2 5000 talk 5 0.1) || fail "the connection breaks: $said"
    median=$(sed 's/.*median_ms \([0-9]*\).*/\1/' <<<"$said")
    note "$said"
}

talk
usual=$median
put client sched --set scheduler=redundant --set own=yes
put server sched
capture client c1
talk
captured
equal "requests carried out" "$(counter server sched applied)" 1
equal "requests echoed" "$(counter client sched echoed)" 1
more "segments with the request" "$(segments 1e06f0020001 '> 10.0.1.2.5000')" 1
more "segments with the echo" "$(segments 1e06f1020001 '> 10.0.1.1')" 1
less "with redundant, four times the median" $((median * 4)) $((usual * 3))
take_off client sched

put client sched --set scheduler=blest
talk
equal "a scheduler that the kernel lacks: failed" "$(counter server sched failed)" 1
equal "carried out" "$(counter server sched applied)" 1
take_off client sched
