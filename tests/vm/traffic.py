#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic for the tests in the guest, over Multipath TCP unless told otherwise.

  traffic.py serve [--tcp] PORT READY_FILE
      Serves any number of connections, IPv4 and IPv6; the client's first line says how.
  traffic.py client [--tcp] [--from ADDRESS] ADDRESS PORT WORD...
      upload N     send N octets; the server counts them and says how many arrived
      download N   receive N octets
      talk S PERIOD  one line and its echo every PERIOD seconds, for S seconds; prints the
                   median and the largest time that an echo took, in milliseconds
      hold S       say nothing for S seconds

The client prints one line and ends with status 0, or the error's name and 1.
"""
import errno
import os
import socket
import statistics
import sys
import threading
import time

IPPROTO_MPTCP = 262


def receive(sock, n):
    """Receives exactly n octets and tells how many came."""
    got = 0
    while got < n:
        data = sock.recv(min(n - got, 1 << 18))
        if not data:
            break
        got += len(data)
    return got


def serve_one(sock):
    lines = sock.makefile("rb", buffering=0)
    words = lines.readline().decode().split()
    if not words:
        return
    if words[0] == "upload":
        sock.sendall(b"%d\n" % receive(sock, int(words[1])))
    elif words[0] == "download":
        block = bytes(1 << 18)
        left = int(words[1])
        while left:
            left -= sock.send(block[:left])
    else:
        while line := lines.readline():
            sock.sendall(line)
    # the last acknowledgements are part of what tests look at
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(4096):
        pass


def serve_guarded(sock):
    with sock:
        try:
            serve_one(sock)
        except OSError as error:
            print("server:", errno.errorcode.get(error.errno, error), flush=True)


def serve(protocol, port, ready):
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", port))
    listener.listen(512)
    with open(ready, "w", encoding="ascii") as file:
        file.write("%d\n" % os.getpid())
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_guarded, args=(sock,), daemon=True).start()


def client(protocol, source, address, port, words):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, protocol) as sock:
        if source:
            sock.bind((source, 0))
        sock.connect((address, port))
        sock.sendall((" ".join(words) + "\n").encode())
        start = time.monotonic()
        if words[0] == "upload":
            block = bytes(1 << 18)
            left = int(words[1])
            while left:
                left -= sock.send(block[:left])
            arrived = sock.makefile("rb").readline().decode().strip()
            print("uploaded", arrived, "%.3f s" % (time.monotonic() - start))
            return arrived == words[1]
        if words[0] == "download":
            got = receive(sock, int(words[1]))
            print("downloaded", got, "%.3f s" % (time.monotonic() - start))
            return got == int(words[1])
        lines = sock.makefile("rb", buffering=0)
        took = []
        end = start + float(words[1])
        while words[0] == "talk" and time.monotonic() < end:
            asked = time.monotonic()
            sock.sendall(b"x" * 99 + b"\n")
            if not lines.readline():
                print("closed by the server")
                return False
            took.append((time.monotonic() - asked) * 1000)
            time.sleep(float(words[2]))
        if words[0] == "hold":
            sock.settimeout(float(words[1]))
            try:
                print("got", len(sock.recv(1)))
                return False
            except socket.timeout as error:
                # ETIMEDOUT, the connection's end, is the same class to Python
                if error.errno:
                    raise
                print("held")
        if took:
            print("talked %d median_ms %.1f max_ms %.1f"
                  % (len(took), statistics.median(took), max(took)))
        return True


def main():
    words = sys.argv[1:]
    role = words.pop(0)
    protocol = IPPROTO_MPTCP
    source = None
    while words[0].startswith("--"):
        word = words.pop(0)
        if word == "--tcp":
            protocol = socket.IPPROTO_TCP
        elif word == "--from":
            source = words.pop(0)
    if role == "serve":
        serve(protocol, int(words[0]), words[1])
    try:
        return 0 if client(protocol, source, words[0], int(words[1]), words[2:]) else 1
    except OSError as error:
        print("failed", errno.errorcode.get(error.errno, error))
        return 1


sys.exit(main())
