#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""one_connection - one end of one short connection, for tests: one_connection.py SIDE ADDRESS DIR

The client sends some octets, the server sends them back; then each end writes what its socket says
of itself into DIR/client or DIR/server. The connection stays open as long as DIR/hold is there,
with octets to and fro when PING is in the environment.
The server makes DIR/listening. Everything ends after 20 s at the latest.
"""
import os
import signal
import socket
import sys
import time

PORT = 7722
PAYLOAD = b"abcdefgh" * (int(os.environ.get("PAYLOAD_OCTETS", "64")) // 8)


def receive(sock):
    data = b""
    while len(data) < len(PAYLOAD):
        part = sock.recv(len(PAYLOAD) - len(data))
        if not part:
            raise ConnectionError("closed early")
        data += part
    return data


def write(path, text):
    with open(path + ".part", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".part", path)


def say(sock, path):
    name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    timeout = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    name = name.split(b"\0")[0].decode()
    write(path, f"congestion={name} user_timeout_ms={timeout}\n")


def main():
    side, address, folder = sys.argv[1:]
    signal.alarm(20)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    start = os.environ["START_CONGESTION"].encode()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, start)
    own_timeout = int(os.environ.get("OWN_TIMEOUT_MS", "0"))
    if own_timeout:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, own_timeout)
    if side == "server":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, PORT))
        sock.listen(8)
        write(folder + "/listening", "")
        connection = sock.accept()[0]
        connection.sendall(receive(connection))
        say(connection, folder + "/server")
        while data := connection.recv(65536):
            connection.sendall(data)
    else:
        sock.connect((address, PORT))
        sock.sendall(PAYLOAD)
        if receive(sock) != PAYLOAD:
            raise ConnectionError("other octets came back")
        say(sock, folder + "/client")
        while os.path.exists(folder + "/hold"):
            time.sleep(0.02)
            if "PING" in os.environ:
                sock.sendall(b"ping")
                sock.recv(4)
    sock.close()


main()
