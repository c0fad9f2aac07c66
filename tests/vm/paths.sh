# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# paths.sh - what the tests of path managers share, after guest.sh and programs.sh: a connection that
# goes on, and which subflows it has, as ss tells.

# begin ADDRESS [CGROUP]: a dialogue with port 5000 of the server; finish ends it
begin() {
    (echo $BASHPID >"/sys/fs/cgroup/${2:-client}/cgroup.procs"
     exec nsenter --net=/run/netns/client python3 "$vm/traffic.py" client "$1" 5000 talk 600 0.2) >/run/talk 2>&1 &
    talking=$!
}
finish() {
    kill -0 $talking 2>/dev/null || fail "the connection broke: $(cat /run/talk)"
    kill $talking
    wait $talking 2>/dev/null
    until_true 60 no_subflows || fail "subflows are left: $(subflows)"
}
# subflows: a line each, "local > remote", without ports; those of the client
subflows() {
    within client ss -tnH state established dport = 5000 |
        awk '{ l = $3; r = $4; sub(/:[0-9]*$/, "", l); sub(/:[0-9]*$/, "", r); gsub(/[][]|::ffff:/, "", l); gsub(/[][]|::ffff:/, "", r); print l, ">", r }' | sort
}
no_subflows() { [ -z "$(subflows)" ]; }
has() { [ "$(subflows)" = "$(sort <<<"$1")" ]; } # exactly these
# expect WHAT SUBFLOWS
expect() {
    until_true 40 has "$2" || fail "$1: there are
$(subflows)
  instead of
$(sort <<<"$2")
$("$optrail" status)"
    note "$1: $(wc -l <<<"$2") subflows"
}
# mesh LOCALS REMOTES: a line for every two
mesh() { local l r; for l in $1; do for r in $2; do echo "$l > $r"; done; done; }
ports() { within client ss -tnH state established dport = 5000 | awk '{ print $3 }' | sort | xargs; }
