#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""traffic.py BASE CGROUP N BYTES ADDRESS: N TCP connections between the namespaces BASE-a and
BASE-b, of BYTES octets each towards b and two back, with both ends in CGROUP.  Fails if octets are
missing; gives up when nothing moves for two minutes. With MPTCP=1 in the environment, of Multipath TCP."""
import ctypes
import os
import socket
import sys

base, cgroup, count, size, address = sys.argv[1:]
count, size = int(count), int(size)
libc = ctypes.CDLL(None, use_errno=True)
family = socket.AF_INET6 if ":" in address else socket.AF_INET
protocol = 262 if os.environ.get("MPTCP") == "1" else 0  # IPPROTO_MPTCP


def enter(namespace):
    with open(cgroup + "/cgroup.procs", "w") as procs:
        procs.write("0")
    with open("/run/netns/" + namespace) as netns:
        if libc.setns(netns.fileno(), 0x40000000) != 0:
            sys.exit("setns: " + os.strerror(ctypes.get_errno()))


def serve(listener):
    for _ in range(count):
        connection, _ = listener.accept()
        left = size
        while left > 0:
            octets = connection.recv(65536)
            if not octets:
                return 1
            left -= len(octets)
        connection.sendall(b"ok")
        connection.recv(1)
        connection.close()
    return 0


socket.setdefaulttimeout(120)
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    enter(base + "-b")
    listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    listener.bind((address, 0))
    listener.listen(64)
    os.write(tell, b"%d\n" % listener.getsockname()[1])
    os._exit(serve(listener))
os.close(tell)
enter(base + "-a")
port = int(os.fdopen(ready).readline())
for _ in range(count):
    connection = socket.socket(family, socket.SOCK_STREAM, protocol)
    connection.connect((address, port))
    connection.sendall(b"x" * size)
    if connection.recv(2) != b"ok":
        sys.exit("no answer")
    connection.close()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
