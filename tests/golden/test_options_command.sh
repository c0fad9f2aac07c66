#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `optrail options`: what it lists, draws, refuses and generates, and its exit codes.
set -u
. "$(dirname "$0")/../tools/lib.sh"
golden=$(cd "$(dirname "$0")" && pwd)/options
[ -x "$optrail" ] || skip "$optrail is not built"
need python3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# The descriptions of whoever runs this stay out of it.
export XDG_CONFIG_HOME=$work/config LC_ALL=C

# expect CODE COMMAND...: runs it, leaving its output in `out` and `err`.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [ "$code" = "$wanted" ] || { cat out err >&2; fail "exit code $code, not $wanted: $*"; }
}
same() { diff -u "$1" "$2" >&2 || fail "$2 is not what $1 says"; }
has() { grep -qxF -- "$2" "$1" || { cat "$1" >&2; fail "no line '$2'"; }; }

a_built_in_is_listed_with_all_that_matters() {
    expect 0 "$optrail" options list
    grep -Eq '^NAME +ID +LENGTH +WHERE +WHO +FROM +TITLE$' out || fail "no heading"
    grep -Eq '^cc +exid 0x4F43 +6 +ack data +client +built-in +Congestion Control Request$' out ||
        fail "cc is not listed"
    grep -Eq '^uto +kind 28 +4 +any +both +built-in +User Timeout$' out || fail "uto is not listed"
    grep -Eq '^original-cc .*\(with --profile original or original-cc\)$' out ||
        fail "a profile is not named"
    [ ! -s err ] || fail "the built-ins complain"
}

a_profile_makes_options_active() {
    expect 0 "$optrail" options list --profile original
    grep -Eq '^original-cc .*original format$' out || fail "original-cc is not active"
    expect 2 "$optrail" options list --profile nonsense
    has err "optrail options: --profile nonsense: no option description names that profile"
}

the_list_is_json_for_programs() {
    expect 0 "$optrail" options list --json
    python3 - <<'PYTHON' || fail "the JSON does not say what it should"
import json
options = {o["name"]: o for o in json.load(open("out"))["options"]}
cc = options["cc"]
assert cc["carrier"] == "exid" and cc["id"] == 0x4F43 and cc["kinds"] == [253, 254]
assert cc["length_min"] == cc["length_max"] == 6 and cc["segments"] == ["ack", "data"]
assert cc["fields"][0]["values"][2] == {"number": 2, "name": "bbr"}
assert cc["active"] and cc["builtin"]
assert not options["original-iw"]["active"]
assert options["uto"]["fields"][2]["of"] == "value"
assert len(options) >= 36
PYTHON
}

an_option_is_drawn() {
    local name
    for name in uto cc rate delack bpf-selftest original-delay; do
        expect 0 "$optrail" options show "$name"
        same "$golden/show-$name.txt" out
    done
}

every_option_can_be_drawn() {
    local name
    for name in $("$optrail" options list | awk 'NR > 1 { print $1 }'); do
        expect 0 "$optrail" options show "$name"
        [ ! -s err ] || fail "$name: $(cat err)"
    done
}

an_unknown_name_is_refused() {
    expect 2 "$optrail" options show nonsense
    has err "optrail options: no option is called 'nonsense'; optrail options list names them all"
    expect 2 "$optrail" options header cc nonsense
    [ ! -s out ] || fail "half a header is printed"
}

cat >pace.opt <<'OPT'
[option]
name = pace
title = Pacing hint
carrier = exid
id = 0x5043
length = 8

[field rate]
bits = 32
unit = kbit/s
OPT

ten_lines_make_an_option() {
    expect 0 "$optrail" options check pace.opt
    has out "pace.opt: OK"
    mkdir -p config/optrail/options
    cp pace.opt config/optrail/options/
    expect 0 "$optrail" options list
    grep -Eq '^pace +exid 0x5043 +8 +any +both +file +Pacing hint$' out || fail "pace is not listed"
    rm config/optrail/options/pace.opt
    mkdir -p mine
    cp pace.opt mine/
    expect 0 "$optrail" options show --options mine pace
    has out "  optrail.pace.rate: uint, 32 bits, in kbit/s"
}

what_a_description_says_is_shown() {
    mkdir -p odd
    cat >odd/odd.opt <<'OPT'
[option]
name = odd
title = of "quotes" and \\\\
carrier = exid
kinds = 253
id = 0x5044
length = 22

[field address]
type = ipv6

[field size]
of = count
factor = 8
unit = octets

[field count]
bits = 16
OPT
    expect 0 "$optrail" options show --options odd odd
    grep -q 'kind 253 ' out || fail "the one kind is not drawn: $(cat out)"
    has out "  optrail.odd.size: computed from count times 8, in octets"
    expect 0 "$optrail" options --options odd -- show odd
    expect 0 "$optrail" options list --options odd --json
    python3 -c 'import json
o, = [o for o in json.load(open("out"))["options"] if o["name"] == "odd"]
assert o["title"] == "of \"quotes\" and \\\\" and o["kinds"] == [253], o' || fail "JSON: $(grep odd out)"
}

every_fault_has_its_line() {
    printf '[option]\nname = Pace\ncarrier = exid\nid = 0x5043\nlength = 7\nlenth = 8\n' >bad.opt
    printf '[option]\nname = cc\ncarrier = kind\nid = 99\nlength = 2\n' >taken.opt
    expect 3 "$optrail" options check bad.opt pace.opt taken.opt missing.opt .
    cat >wanted <<'OUT'
bad.opt:2: name = 'Pace': a name is a-z, then a-z, 0-9, _ and -, at most 40 characters
bad.opt:6: unknown key 'lenth' in [option]
pace.opt: OK
taken.opt:2: the name 'cc' is taken by the built-in cc.opt
missing.opt:1: no such file
.:1: not a regular file
OUT
    same wanted out
}

a_faulty_file_of_the_user_is_skipped() {
    mkdir -p config/optrail/options
    cp bad.opt pace.opt config/optrail/options/
    expect 0 "$optrail" options list
    grep -q '^pace ' out || fail "the right file is not there"
    grep -q '^optrail options: .*/bad\.opt:6: unknown key .lenth. in \[option\]; this file is left out$' err ||
        { cat err >&2; fail "the faulty file is not named"; }
    rm -r config/optrail/options
}

words_that_are_wrong() {
    expect 2 "$optrail" options
    expect 2 "$optrail" options nonsense
    expect 2 "$optrail" options show
    expect 2 "$optrail" options show cc uto
    expect 2 "$optrail" options check
    expect 2 "$optrail" options check --profile original pace.opt
    expect 2 "$optrail" options list cc
    expect 2 "$optrail" options show --json cc
    expect 2 "$optrail" options list --nonsense
    expect 3 "$optrail" options list --options /nowhere
    expect 0 "$optrail" options --help
}

the_header_compiles_for_user_space_and_bpf() {
    expect 0 "$optrail" options header
    same out <("$optrail" options header)
    cp out optrail_options.h
    cat >use.c <<'C'
#include "optrail_options.h"
#include "optrail_options.h"
_Static_assert(sizeof(struct optrail_cc) == OPTRAIL_CC_LENGTH, "cc");
_Static_assert(sizeof(struct optrail_uto) == OPTRAIL_UTO_LENGTH, "uto");
_Static_assert(sizeof(struct optrail_rate) == OPTRAIL_RATE_LENGTH, "rate");
_Static_assert(sizeof(struct optrail_tfo) == OPTRAIL_TFO_LENGTH_MAX, "tfo");
_Static_assert(sizeof(struct optrail_accecn0) == OPTRAIL_ACCECN0_LENGTH_MAX, "accecn0");
int use(void *option);
int use(void *option)
{
    optrail_uto_init(option);
    optrail_uto_set_granularity(option, OPTRAIL_UTO_GRANULARITY_MINUTES);
    optrail_uto_set_value(option, 1);
    return optrail_uto_get_timeout(option) == 60;
}
C
    local strict="-std=c11 -Wall -Wextra -Werror -Wconversion -Wshadow -Wundef -I."
    if command -v cc >/dev/null; then
        # shellcheck disable=SC2086
        cc $strict -O2 -c use.c -o use.o || fail "does not compile as C11"
    fi
    if command -v clang >/dev/null; then
        # shellcheck disable=SC2086
        clang -target bpf -g -O2 $strict -idirafter "/usr/include/$(uname -m)-linux-gnu" \
            -c use.c -o use.bpf.o || fail "does not compile as BPF"
    fi
}

what_the_header_writes_is_what_the_codec_reads() {
    command -v cc >/dev/null || return 0
    cat >write.c <<'C'
#include <stdio.h>
#include "optrail_options.h"
static void print(const unsigned char *o, int n)
{
    for (int i = 0; i < n; i++)
        printf("%02x%c", o[i], i + 1 < n ? ' ' : '\n');
}
int main(void)
{
    unsigned char o[40];
    for (int i = 0; i < 40; i++)
        o[i] = 0xEE;
    optrail_uto_init(o); optrail_uto_set_value(o, 1); optrail_uto_set_granularity(o, 1);
    print(o, OPTRAIL_UTO_LENGTH);
    optrail_uto_set_value(o, 0x7FFF); optrail_uto_set_granularity(o, 0);
    print(o, OPTRAIL_UTO_LENGTH);
    optrail_cc_init(o); optrail_cc_set_algorithm(o, OPTRAIL_CC_ALGORITHM_BBR);
    print(o, OPTRAIL_CC_LENGTH);
    optrail_rate_init(o); optrail_rate_set_limit(o, 4000);
    print(o, OPTRAIL_RATE_LENGTH);
    printf("%u\n", optrail_rate_get_limit(o));
    optrail_odd_init(o); optrail_odd_set_b(o, 0xFEDCBA9876543210ULL); optrail_odd_set_a(o, 5);
    print(o, OPTRAIL_ODD_LENGTH);
    printf("%llx %u %u\n", (unsigned long long)optrail_odd_get_b(o), optrail_odd_get_a(o),
           optrail_odd_get_c(o));
    return 0;
}
C
    mkdir -p odd
    printf '[option]\nname=odd\ncarrier=mptcp\nid=12\nlength=12\n[field a]\nbits=3\n[field b]\nbits=64\n[field c]\nbits=9\n' >odd/odd.opt
    expect 0 "$optrail" options header --options odd
    cp out optrail_options.h
    cc -std=c11 -Wall -Wextra -Werror -O2 -fsanitize=undefined -fno-sanitize-recover -I. write.c \
        -o write || fail "does not compile"
    expect 0 ./write
    cat >wanted <<'OUT'
1c 04 80 01
1c 04 7f ff
fd 06 4f 43 00 02
1e 08 f0 01 00 00 0f a0
4000
1e 0c cb fd b9 75 30 ec a8 64 20 00
fedcba9876543210 5 0
OUT
    same wanted out
}

a_header_of_chosen_options() {
    expect 0 "$optrail" options header original-cc
    has out "#define OPTRAIL_ORIGINAL_CC_KIND 66"
    grep -q 'OPTRAIL_UTO' out && fail "others are in it"
    return 0
}

for test in what_a_description_says_is_shown a_built_in_is_listed_with_all_that_matters a_profile_makes_options_active \
    the_list_is_json_for_programs an_option_is_drawn every_option_can_be_drawn \
    an_unknown_name_is_refused ten_lines_make_an_option every_fault_has_its_line \
    a_faulty_file_of_the_user_is_skipped words_that_are_wrong \
    the_header_compiles_for_user_space_and_bpf what_the_header_writes_is_what_the_codec_reads \
    a_header_of_chosen_options; do
    echo "$test"
    "$test"
done
