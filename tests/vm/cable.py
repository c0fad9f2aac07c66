#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A cable between two guests: carries the packets of a TUN device over a serial line.

  cable.py DEVICE LINE      makes DEVICE and runs for ever

The test kernels have no network card; a serial line they have. Packets are framed as RFC 1055 (SLIP)
says.
"""
import errno
import fcntl
import os
import select
import struct
import sys
import termios
import tty

TUNSETIFF = 0x400454ca
IFF_TUN, IFF_NO_PI = 1, 0x1000
END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"


def deliver(tun, packet):
    """As a cable does: what comes to a device that is not up yet is lost."""
    try:
        os.write(tun, packet)
    except OSError as error:
        if error.errno != errno.EIO:
            raise


def main():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI))
    line = os.open(sys.argv[2], os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    speed = termios.tcgetattr(line)
    speed[4] = speed[5] = termios.B115200
    termios.tcsetattr(line, termios.TCSANOW, speed)

    rest = b""
    while True:
        ready = select.select([tun, line], [], [])[0]
        if tun in ready:
            packet = os.read(tun, 65535)
            left = END + packet.replace(ESC, ESC_ESC).replace(END, ESC_END) + END
            while left:
                left = left[os.write(line, left):]
        if line in ready:
            *frames, rest = (rest + os.read(line, 4096)).split(END)
            for frame in frames:
                packet = frame.replace(ESC_END, END).replace(ESC_ESC, ESC)
                # what the line lost in the middle is no packet
                if packet and packet[0] >> 4 in (4, 6):
                    deliver(tun, packet)


main()
