#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `optrail analyze` makes of input that it cannot use, or only a part of: one line that says
# what, where and what to do; exit status 3, or the readable part and 0; never a crash, and never
# half a report.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need /usr/bin/python3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# run STATUS ARGUMENT...: runs analyze, keeps out and err, and wants that exit status.
run() {
    local want=$1 status
    shift
    "$optrail" analyze "$@" >out 2>err </dev/null
    status=$?
    [ $status = "$want" ] || fail "analyze $*: exit status $status, not $want: $(cat err)"
}

# refused NAME ARGUMENT...: exit status 3, nothing on stdout, one line on stderr that names NAME.
refused() {
    local name=$1
    shift
    run 3 "$@"
    [ ! -s out ] || fail "analyze $*: printed something"
    [ "$(wc -l <err)" = 1 ] || fail "analyze $*: not one line: $(cat err)"
    grep -q "^optrail analyze: .*$name" err || fail "analyze $*: does not name $name: $(cat err)"
}

/usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/make_capture.py" good.pcap || fail "no capture made"
/usr/bin/python3 "$OPTRAIL_SOURCE/tests/tools/make_capture.py" --pcapng good.pcapng ||
    fail "no capture made"

# Sound files first, so that what follows does not fail for another reason.
for file in good.pcap good.pcapng; do
    run 0 "$file"
    [ ! -s err ] || fail "$file: warned: $(cat err)"
    grep -q "1 connection" out || fail "$file: no connection found"
done

: >empty.pcap
mkdir folder.pcap
head -c 20000 /dev/urandom >random.pcap
{ printf '\x0a\x0d\x0d\x0a'; head -c 5000 /dev/urandom; } >random.pcapng
printf 'this is no capture, but a text that somebody gave by mistake\n' >text.pcap
head -c 10 good.pcap >header.pcap
refused missing.pcap missing.pcap
refused empty.pcap empty.pcap
refused folder.pcap folder.pcap
refused random.pcap random.pcap
refused random.pcapng random.pcapng
refused text.pcap text.pcap
refused header.pcap header.pcap
refused missing.pcap good.pcap missing.pcap
refused empty.pcap good.pcap empty.pcap
refused missing.pcap missing.pcap good.pcap
if [ "$(id -u)" != 0 ]; then
    cp good.pcap secret.pcap
    chmod 0 secret.pcap
    refused secret.pcap secret.pcap
fi

# A capture cut in the middle of a block: the whole part, one warning, exit status 0.
for file in good.pcap good.pcapng; do
    size=$(stat -c %s "$file")
    head -c $((size - 7)) "$file" >"cut-$file"
    for format in text json; do
        run 0 --format $format "cut-$file"
        [ "$(wc -l <err)" = 1 ] || fail "cut-$file: not one warning: $(cat err)"
        grep -q "^optrail analyze: .*cut-$file" err || fail "cut-$file: not named: $(cat err)"
        [ -s out ] || fail "cut-$file: no report"
    done
    /usr/bin/python3 - "$file" <<'PYTHON' || fail "cut-$file: the readable part is not all there"
import json, sys
report = json.load(open("out"))
assert report["flows"], "no flow"
assert report["inputs"][0]["packets"] == 9, report["inputs"][0]
assert "cut-" + sys.argv[1] in report["inputs"][0]["warning"]
PYTHON
done

# Cut anywhere: a report or a refusal, nothing else.
size=$(stat -c %s good.pcapng)
for ((length = 1; length < size; length += 37)); do
    head -c $length good.pcapng >piece.pcapng
    "$optrail" analyze --format json piece.pcapng >out 2>err
    status=$?
    case $status in
    0) /usr/bin/python3 -c 'import json; json.load(open("out"))' || fail "cut at $length: no JSON" ;;
    3) [ ! -s out ] || fail "cut at $length: refused, and printed" ;;
    *) fail "cut at $length: exit status $status: $(cat err)" ;;
    esac
    [ "$(wc -l <err)" -le 1 ] || fail "cut at $length: $(cat err)"
done

# Damaged anywhere: the same. The damage is the same in each run of this test.
for seed in $(seq 1 40); do
    for file in good.pcap good.pcapng; do
        /usr/bin/python3 - "$file" "$seed" <<'PYTHON'
import random, sys
data = bytearray(open(sys.argv[1], "rb").read())
chance = random.Random(int(sys.argv[2]))
for _ in range(chance.choice([1, 3, 30])):
    data[chance.randrange(len(data))] = chance.randrange(256)
open("damaged", "wb").write(data)
PYTHON
        "$optrail" analyze --all-options --format json damaged good.pcap >out 2>err
        status=$?
        [ $status = 0 ] || [ $status = 3 ] || fail "$file, seed $seed: status $status: $(cat err)"
        [ $status = 3 ] || /usr/bin/python3 -c 'import json; json.load(open("out"))' ||
            fail "$file, seed $seed: no JSON"
    done
done

# The words of the command: exit status 2, at most three lines, nothing on stdout.
misused() {
    run 2 "$@"
    [ ! -s out ] || fail "analyze $*: printed something"
    [ "$(wc -l <err)" -le 3 ] || fail "analyze $*: $(cat err)"
    grep -q -- "--help" err || fail "analyze $*: does not say where help is"
}
misused
misused a b c
misused --format yaml good.pcap
misused --no-such-option good.pcap
misused --profile no-such-profile good.pcap
misused --assert none good.pcap
misused --assert 'verdict=option.inta' good.pcap
misused --assert 'colour=red' good.pcap
misused - -
misused -f 'no such filter' good.pcap
misused --b more.pcap good.pcap
misused --annotate out1 --annotate out2 good.pcap
misused --watch -
misused --annotate out1 -
run 3 --options no-such-folder good.pcap
run 0 --help
grep -q "^Usage: optrail analyze A \[B\]" out || fail "--help does not say the usage"

# A reader that leaves early is no error of ours; a full disk is.
"$optrail" analyze --format json good.pcap 2>err | true
[ "${PIPESTATUS[0]}" = 0 ] || fail "a closed pipe: exit status ${PIPESTATUS[0]}: $(cat err)"
if [ -w /dev/full ]; then
    for format in text json junit tap; do
        "$optrail" analyze --format $format --assert 'option=uto' good.pcap >/dev/full 2>err &&
            fail "$format: a full disk went unnoticed"
        [ "$(wc -l <err)" = 1 ] || fail "$format: a full disk: $(cat err)"
    done
fi

# Where the commented copy cannot be written it is told, and nothing is left behind.
mkdir closed
"$optrail" analyze --annotate no-such-folder/out good.pcap >out 2>err
[ $? = 1 ] && grep -q 'no-such-folder/out' err || fail "an annotated file nowhere: $(cat err)"
"$optrail" analyze --annotate closed good.pcap >out 2>err && fail "a folder was taken for a file to write"
[ -z "$(ls closed)" ] && [ -z "$(find . -name 'closed?*')" ] || fail "something was left behind: $(ls)"

# Standard input is a capture like any other.
"$optrail" analyze - <good.pcapng >out 2>err || fail "standard input: $(cat err)"
grep -q "1 connection" out || fail "standard input: no connection"
gzip -c good.pcapng | "$optrail" analyze - good.pcap >out 2>err || fail "compressed: $(cat err)"
grep -q "1 connection" out || fail "compressed: no connection"

# Assertions: 0, 1, 4.
run 0 --assert 'option=uto segment=syn sent=1' good.pcap
run 1 --assert 'option=uto sent>=100 segment=syn' --assert 'option=nothing' good.pcap
run 4 --assert 'option=uto verdict=option.intact' good.pcap
run 1 --assert 'option=uto verdict=option.intact' --assert 'option=nothing' good.pcap
for format in junit tap json; do
    run 4 --format $format --assert 'option=uto verdict=option.intact' good.pcap
    [ -s out ] || fail "$format: nothing was printed"
done
echo "refused, warned and reported as it should be"
