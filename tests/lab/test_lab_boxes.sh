#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each box does to one hand-made SYN, as tcpdump sees it at both ends: `none` changes no
# octet, `strip-nop` makes NOPs of the kinds asked for and of nothing else. The far host answers,
# so the checksum is right.
set -u
. "$(dirname "$0")/../tools/lib.sh"
need_namespaces
need nft tcpdump /usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mss=020405b4 cc=fd064f430001 uto=1c040022 tfo=fe04f989 pad=0101
export options=$mss$cc$uto$tfo$pad tools=$OPTRAIL_SOURCE/tests/tools work
nops() { printf '01%.0s' $(seq "$1"); }

cat >"$work/run" <<'EOS'
capture() { # SIDE INTERFACE FILE
    "$OPTRAIL_LAB_ON" "$1" tcpdump --immediate-mode -U -n -Z root -i "$2" -w "$3" tcp 2>"$3.log" &
    for i in {1..600}; do grep -qs listening "$3.log" && break; sleep 0.05; done
}
capture client client0 "$work/a"; a=$!
capture server server0 "$work/b"; b=$!
"$tools/send_syn.py" "$OPTRAIL_LAB_SERVER" 9 "$options"
# Until the answer is in both files; the SYN is there by then, or never.
for i in {1..600}; do
    tcpdump -n -r "$work/a" 'src port 9' 2>/dev/null | grep -q . &&
        tcpdump -n -r "$work/b" 'src port 9' 2>/dev/null | grep -q . && break
    sleep 0.05
done
kill "$a" "$b"
wait
EOS

# The option octets of the SYN in a capture, in hex. The header is the last 20 + options octets.
options_in() {
    tcpdump -n -x -r "$1" 'dst port 9' 2>/dev/null |
        sed -n 's/^\t0x[0-9a-f]*:  //p' | tr -d ' \n' | tail -c $((${#options}))
}

check() { # BOX EXPECTED-AT-B [LAB-OPTION...]
    local box=$1 expected=$2 seen
    shift 2
    rm -f "$work"/[ab]{,.log} # a log of before would say "listening" too early
    "$optrail" lab run "$box" "$@" -- bash "$work/run" || fail "$box $*: status $?"
    seen=$(options_in "$work/a")
    [ "$seen" = "$options" ] || fail "$box $*: sent $options, but $seen at the client's end"
    seen=$(options_in "$work/b")
    [ "$seen" = "$expected" ] || fail "$box $*: $seen at the server's end, not $expected"
    tcpdump -n -r "$work/a" 'src port 9' 2>/dev/null | grep -q 'Flags \[R\.\]' ||
        fail "$box $*: the server did not answer the SYN; is its checksum wrong?"
}

for family in "" --ipv6; do
    check none "$options" $family
    check strip-nop "$mss$(nops 14)$pad" $family
    check strip-nop "$mss$cc$(nops 4)$tfo$pad" $family --set kinds=28
    check strip-nop "$(nops 4)$(nops 6)$uto$tfo$pad" $family --set kinds=2,253
done
echo "none changes nothing, strip-nop makes NOPs of the kinds asked for"
