#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -z optrail,tree counts options, who asked and answered, space and hooks; -z optrail,trail follows
# each option from its reservation to its effect, and says why where it narrows.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
need mergecap
trap remove_tshark EXIT
x=$tshark_dir/x.pcapng

"$OPTRAIL_SOURCE"/tests/tools/craft_segments.py "$x" <<'END'
eth/ipv4 client syn    020405b4,0402,fd06beef0001
eth/ipv4 server synack fd06beef0001
eth/ipv4 client ack    fd064f430002,1c040022
eth/ipv4 client data   fd064f430002
eth/ipv4 client data   fd064f430001
eth/ipv4 client data   080a0000000100000002
eth/ipv4/icmp client data fd064f430002
END
for passes in "" -2; do
    got=$(run_tshark -r "$x" $passes -q -z optrail,tree 2>&1 |
        sed -n 's/^\( *[A-Za-z0-9][A-Za-z0-9 -]*[A-Za-z0-9]\)  *\([0-9][0-9]*\)  .*/\1: \2/p' | LC_ALL=C sort)
    same "tree ($passes)" "$(LC_ALL=C sort <<<'Options by name: 6
 cc: 3
  data: 2
  ack: 1
 exid-0xBEEF: 2
  syn: 1
  synack: 1
 uto: 1
  ack: 1
Asked and answered: 5
 exid-0xBEEF: 2
  asked: 1
  answered: 1
 cc: 2
  asked: 1
  changed: 1
 uto: 1
  asked: 1
Octets of options: 0
 0-8: 3
 9-16: 2
 17-24: 0
 25-32: 0
 33-39: 0
 40: 0
Hook invocations: 0')" "$got"
done

# option reserved written on-wire parsed applied, of the recordings of two ends in one file.
trail() {
    mergecap -w "$x" "$OPTRAIL_SOURCE/captures/$1-a.pcapng" "$OPTRAIL_SOURCE/captures/$1-b.pcapng"
    run_tshark -r "$x" "${@:2}" -q -z optrail,trail 2>&1 | sed -n 's/^[0-9[].*:[0-9]* *\(.*\)/\1/p' |
        tr -s ' ' | sort
}
same "trails on a clean path" $'cc 1 1 1/1 1 1\nuto 1 1 1/1 1 1\nuto 1 1 1/1 1 1' "$(trail clean)"
same "the same in two passes" $'cc 1 1 1/1 1 1\nuto 1 1 1/1 1 1\nuto 1 1 1/1 1 1' "$(trail clean -2)"
[ "$(trail strip-nop-ipv6 | grep -c '^cc 1 1 1/0 0 0$')" = 1 ] ||
    fail "a stripped option's trail: $(trail strip-nop-ipv6)"

# Hooks alone, of one end: what the other did nobody knows.
"$OPTRAIL_SOURCE"/tests/tools/craft_hooks.py "$x"
got=$(run_tshark -r "$x" -q -z optrail,trail 2>&1 | tr -s ' ' | sed '1,3d;$d')
same "what hooks say" '192.0.2.1:40000 198.51.100.2:80 cc 0 1 - 1 0
 cc declined: unknown id
[2001:db8::1]:40000 [2001:db8:1::2]:80 uto - - - 1 1
[2001:db8::1]:40000 [2001:db8:1::2]:80 cc - - - 0 0
 setsockopt by cc failed: No such file or directory' "$got"

# A filter may follow.
got=$(run_tshark -r "$x" -q -z optrail,trail,optrail.hook.id==4 2>&1 | grep -c '^\(192\|\[\)')
same "a filter" 2 "$got"
