#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The report is coloured on a terminal, and nowhere else: not in a file, nor where NO_COLOR is set.
# Without the colours it is the same text.
set -u
. "$(dirname "$0")/../tools/lib.sh"
[ -x "$optrail" ] || skip "optrail is not built"
need /usr/bin/python3
/usr/bin/python3 - "$optrail" "$OPTRAIL_SOURCE/captures/strip-nop-a.pcapng" \
    "$OPTRAIL_SOURCE/captures/strip-nop-b.pcapng" <<'PYTHON' || fail "see above"
import os
import pty
import re
import subprocess
import sys


def on_terminal(**more):
    """What a terminal gets to see."""
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment.update(LC_ALL="C.UTF-8", **more)
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.argv[1], "analyze", *sys.argv[2:]], stdout=slave,
                               stderr=subprocess.DEVNULL, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        shown += piece
    assert process.wait() == 0
    return shown.replace(b"\r\n", b"\n")


plain = subprocess.run([sys.argv[1], "analyze", *sys.argv[2:]], stdout=subprocess.PIPE,
                       env=dict(os.environ, LC_ALL="C.UTF-8"), check=True).stdout
coloured = on_terminal()
assert b"\x1b" not in plain, "colours in a file"
assert coloured.startswith(b"\x1b["), "no colour on a terminal: %r" % coloured[:40]
assert coloured.endswith(plain[-20:]), "a colour goes on behind the report: %r" % coloured[-40:]
assert re.sub(rb"\x1b\[[0-9;]*m", b"", coloured) == plain, "another text on a terminal"
assert on_terminal(NO_COLOR="1") == plain, "NO_COLOR is not obeyed"
PYTHON
