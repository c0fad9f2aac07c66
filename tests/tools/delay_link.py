#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""delay_link.py NETNS-A NETNS-B DELAY-MS READY-FILE: joins two namespaces by a link with delay.

Makes an interface "far" in each (TUN: IP packets, no Ethernet) and carries packets from one to the
other, each after that delay, in order, for at most 280 s. For kernels that have no netem.
"""
import collections
import ctypes
import fcntl
import os
import select
import signal
import struct
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 1, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def tun(namespace):
    with open("/run/netns/" + namespace, encoding="ascii") as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET) != 0:
            sys.exit("setns: " + os.strerror(ctypes.get_errno()))
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"far", IFF_TUN | IFF_NO_PI))
    return fd


def main():
    a, b, delay, ready = sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000, sys.argv[4]
    signal.alarm(280)
    ends = [tun(a), tun(b)]
    queues = [collections.deque(), collections.deque()]  # of (when, packet) towards ends[i]
    open(ready, "w", encoding="ascii").close()
    while True:
        first = min((q[0][0] for q in queues if q), default=None)
        wait = None if first is None else max(0, first - time.monotonic())
        for fd in select.select(ends, [], [], wait)[0]:
            towards = queues[1 - ends.index(fd)]
            while True:
                try:
                    towards.append((time.monotonic() + delay, os.read(fd, 65536)))
                except BlockingIOError:
                    break
                except OSError:  # the interface is down as yet
                    break
        now = time.monotonic()
        for fd, queue in zip(ends, queues):
            while queue and queue[0][0] <= now:
                try:
                    os.write(fd, queue.popleft()[1])
                except OSError:
                    pass  # down, or no room: lost, as on any link


main()
