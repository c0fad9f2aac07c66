#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies PDML from stdin to stdout, one packet after the other, without what Optrail added: its
items with all below them, and the name of its protocol at the end of a frame's list of protocols.

With --sound also without packets that any dissector found malformed.
"""
import re
import sys
import xml.etree.ElementTree as tree


def strip(node):
    for child in list(node):
        if child.get("name", "").split(".")[0] == "optrail":
            node.remove(child)
        else:
            strip(child)
            if child.get("name") == "frame.protocols":
                for key in ("show", "showname"):
                    child.set(key, re.sub(r":optrail\.(hook|clock|mptcp)$", "", child.get(key)))


document = tree.parse(sys.stdin)
for packet in document.getroot():
    if "--sound" in sys.argv and packet.find(".//*[@name='_ws.malformed']") is not None:
        continue
    strip(packet)
    tree.indent(packet)
    print(tree.tostring(packet, encoding="unicode"))
