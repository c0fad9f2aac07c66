#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""programs_transfer - one end of one transfer, and what it cost: programs.sh measures with it.

  programs_transfer.py serve [--mptcp] ADDRESS FOLDER      makes FOLDER/listening
  programs_transfer.py send [--mptcp] ADDRESS FOLDER OCTETS

Each end writes FOLDER/serve or FOLDER/send: seconds, and user and system CPU seconds of the process
from the handshake to the last octet. Ends after 120 s at the latest.
"""
import os
import resource
import signal
import socket
import sys
import time

PORT = 7733
IPPROTO_MPTCP = 262
BLOCK = 1 << 20


def main():
    words = sys.argv[1:]
    protocol = IPPROTO_MPTCP if "--mptcp" in words else socket.IPPROTO_TCP
    side, address, folder, *octets = [word for word in words if word != "--mptcp"]
    signal.alarm(120)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    block = memoryview(bytearray(BLOCK))
    if side == "serve":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, PORT))
        sock.listen(1)
        open(folder + "/listening", "w", encoding="ascii").close()
        connection = sock.accept()[0]
    else:
        sock.connect((address, PORT))
        connection = sock
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    if side == "serve":
        while connection.recv_into(block):
            pass
        connection.sendall(b".")
    else:
        left = int(octets[0])
        while left:
            left -= connection.send(block[:left])
        connection.shutdown(socket.SHUT_WR)
        if connection.recv(1) != b".":
            raise ConnectionError("closed early")
    after = resource.getrusage(resource.RUSAGE_SELF)
    with open(f"{folder}/{side}.part", "w", encoding="ascii") as file:
        file.write("%.6f %.6f\n" % (time.monotonic() - start, after.ru_utime + after.ru_stime -
                                    before.ru_utime - before.ru_stime))
    os.rename(f"{folder}/{side}.part", f"{folder}/{side}")
    connection.close()


main()
