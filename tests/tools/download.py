#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""download.py server|client ADDRESS SECONDS FOLDER: the server sends as fast as it can for so long.

It prints what its socket says of itself: the congestion control as the connection begins, and ten
times a second the smoothed round-trip time: "congestion NAME", then "rtt SECONDS MS" each. The
listening socket has the congestion control that $START_CONGESTION names.
"""
import os
import signal
import socket
import struct
import sys
import time

PORT = 7733
TCPI_RTT = 68  # offset in struct tcp_info, microseconds


def serve(sock, seconds):
    name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).split(b"\0")[0]
    print("congestion", name.decode(), flush=True)
    sock.setblocking(False)
    begin = time.monotonic()
    sample = begin
    while (now := time.monotonic()) < begin + seconds:
        try:
            sock.send(bytes(65536))
        except BlockingIOError:
            time.sleep(0.005)
        if now >= sample:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            print(f"rtt {now - begin:.1f} {struct.unpack_from('=I', info, TCPI_RTT)[0] / 1000:.1f}")
            sample += 0.1
    print("end", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
          .split(b"\0")[0].decode(), flush=True)


def main():
    side, address, seconds, folder = sys.argv[1:]
    signal.alarm(int(float(seconds)) + 20)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        if side == "server":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION,
                            os.environ["START_CONGESTION"].encode())
            sock.bind((address, PORT))
            sock.listen(1)
            open(os.path.join(folder, "listening"), "w", encoding="ascii").close()
            serve(sock.accept()[0], float(seconds))
            os._exit(0)  # what is queued may be lost
        sock.connect((address, PORT))
        end = time.monotonic() + float(seconds) + 1
        sock.settimeout(2)
        while time.monotonic() < end:
            try:
                if not sock.recv(1 << 18):
                    break
            except OSError:
                break


main()
