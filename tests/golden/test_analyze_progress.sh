#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `optrail analyze` says of its progress: on a terminal, and nowhere else.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need /usr/bin/python3
/usr/bin/python3 - "$optrail" <<'PYTHON' || fail "see above"
"""A capture that goes on and on through a pipe, until progress was seen or has had its chance."""
import os
import pty
import re
import select
import struct
import subprocess
import sys
import time

PATIENCE_S = 60
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)  # raw IP
TCP = bytes.fromhex("45000028000000004006000001020304050607089c4000500000000100000000500203e800000000")


def chunk(number):
    """A few hundred segments."""
    record = struct.pack("<IIII", 1700000000 + number, 0, len(TCP), len(TCP)) + TCP
    return record * 500


def run(stderr, seen, enough):
    """Feeds the analyzer until `seen` or `enough` says so; the octets fed, the report, the status."""
    process = subprocess.Popen([sys.argv[1], "analyze", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=stderr)
    process.stdin.write(HEADER)
    fed, end = 0, time.monotonic() + PATIENCE_S
    while not seen() and not enough(fed) and time.monotonic() < end:
        process.stdin.write(chunk(fed))
        process.stdin.flush()
        fed += 1
        time.sleep(0.001)
    process.stdin.close()
    report = process.stdout.read().decode()
    return fed, report, process.wait()


def main():
    master, slave = pty.openpty()
    shown = bytearray()

    def seen():
        while select.select([master], [], [], 0)[0]:
            shown.extend(os.read(master, 4096))
        return b"read" in shown

    begun = time.monotonic()
    fed, report, status = run(slave, seen, lambda fed: False)
    took = time.monotonic() - begun
    seen()
    os.close(slave)
    assert re.search(rb"\roptrail analyze: read +\d+\.\d MB ", shown), "no progress: %r" % shown
    assert shown.endswith(b"\r\x1b[K"), "the line is left there: %r" % shown
    assert status == 0 and "read" not in report.splitlines()[0], "the report: %r" % report[:200]
    # The same for as long, with nobody at a terminal.
    begun = time.monotonic()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pipe:
        _, other, status = run(pipe.stdin, lambda: False,
                               lambda n: n >= fed and time.monotonic() - begun >= took)
        said = pipe.communicate()[0]
    assert status == 0 and said == b"", "into a pipe: %r" % said
    assert other.splitlines()[0] == report.splitlines()[0], "another answer"
    print("progress is on terminals alone, and gone when the report comes")


main()
PYTHON
