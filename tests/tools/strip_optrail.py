#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies PDML from stdin to stdout, one packet after the other, without what Optrail added.

With --sound also without packets that any dissector found malformed.
"""
import sys
import xml.etree.ElementTree as tree


def strip(node):
    for child in list(node):
        if child.get("name", "").split(".")[0] == "optrail":
            node.remove(child)
        else:
            strip(child)


document = tree.parse(sys.stdin)
for packet in document.getroot():
    if "--sound" in sys.argv and packet.find(".//*[@name='_ws.malformed']") is not None:
        continue
    strip(packet)
    tree.indent(packet)
    print(tree.tostring(packet, encoding="unicode"))
