#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A privileged program learns the connection's keys, and they are the right ones; a program of
# somebody who may load network programs but not read kernel memory is refused when it is loaded,
# while one that asks for nothing secret is not.
. "$(dirname "$0")/guest.sh"

make_hosts 1
load keys client || fail "the privileged program is refused"
load keys server || fail "the privileged program is refused"
serve 5000
client 10.0.1.2 5000 upload 10000 || fail "no connection"
[ "$(value keys client local_key)" != 0 ] || fail "no key"
equal "the client's key at both ends" \
    "$(value keys client local_key)" "$(value keys server remote_key)"
equal "the server's key at both ends" \
    "$(value keys server local_key)" "$(value keys client remote_key)"
unload keys client

# CAP_BPF and CAP_NET_ADMIN, as a network daemon has them
without_perfmon() { setpriv --bounding-set -sys_admin,-perfmon "$@"; }
mkdir -p /sys/fs/cgroup/third
without_perfmon "$probe" load "$OPTRAIL_VM/option.bpf.o" /sys/fs/cgroup/third third-option ||
    fail "even a harmless program is refused without CAP_PERFMON"
without_perfmon "$probe" load "$OPTRAIL_VM/keys.bpf.o" /sys/fs/cgroup/third third-keys 2>/run/refusal &&
    fail "keys without CAP_PERFMON"
grep -q 'bpf_mptcp_get_keys is not allowed' /run/refusal ||
    fail "refused for another reason: $(tail -n 3 /run/refusal)"
note "$(grep -m1 'is not allowed' /run/refusal)"
