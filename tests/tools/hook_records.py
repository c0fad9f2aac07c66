#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hook_records.py FILE: one JSON object a line for each record of a recording.

Written against docs/hook-record.md and the pcapng draft alone, sharing nothing with the recorder:
what this reads, others can read.  Objects have "frame", "interface", "time" (ns), "lost"
(epb_dropcount) and "type": "hook", "clock", "mptcp", "tcp" or "other".  A last object of type "end" has the
section comment and, for each interface, what its statistics block says.
"""
import json
import socket
import struct
import sys

OPS = {11: "LISTEN", 3: "CONNECT", 4: "ACTIVE", 5: "PASSIVE", 13: "PARSE", 14: "LEN", 15: "WRITE"}


def options(body, order):
    while len(body) >= 4:
        code, length = struct.unpack(order + "HH", body[:4])
        if code == 0:
            return
        yield code, body[4:4 + length]
        body = body[4 + (length + 3) // 4 * 4:]


def endpoint(address, port, family):
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    return "%s %d" % (socket.inet_ntop(kind, address[:4 if family == 4 else 16]), port)


def hook(data):
    names = ("version length op time_ns monotonic_ns id cookie cgroup netns a0 a1 a2 a3 reply flags "
             "local remote lport rport lfamily rfamily tcp_flags before token seq ack snd_nxt rcv_nxt "
             "segment cwnd srtt_us mss duration_ns state window cpu reserved zero").split()
    layout = "<HHI6Q4III16s16sHHBBBB11I4H"
    fields = dict(zip(names, struct.unpack(layout, data[:struct.calcsize(layout)])))
    fields["local"] = endpoint(fields["local"], fields["lport"], fields["lfamily"])
    fields["remote"] = endpoint(fields["remote"], fields["rport"], fields["rfamily"])
    fields["op"] = OPS.get(fields["op"], fields["op"])
    fields["options"], fields["actions"] = "", []
    at = fields["length"]
    while at + 4 <= len(data):
        kind, length = struct.unpack("<HH", data[at:at + 4])
        item = data[at + 4:at + 4 + length]
        if kind == 1:
            fields["options"] = item.hex()
        elif kind == 2:
            what, used, head, result, level, name, program, value = struct.unpack(
                "<BB6siii16s16s", item[:52])
            fields["actions"].append({"kind": what, "head": head.hex(), "result": result,
                                      "level": level, "name": name,
                                      "program": program.split(b"\0")[0].decode(),
                                      "value": value[:used].hex()})
        at += 4 + length
    return fields


def upper_pdu(data):
    name = ""
    while True:
        tag, length = struct.unpack(">HH", data[:4])
        value, data = data[4:4 + length], data[4 + length:]
        if tag == 0:
            break
        if tag == 12:
            name = value.rstrip(b"\0").decode()
    if name == "optrail.hook":
        return dict(type="hook", **hook(data))
    if name == "optrail.clock":
        width, monotonic, realtime, step = struct.unpack("<4xIQQq", data[:32])
        return dict(type="clock", width_ns=width, monotonic_ns=monotonic, realtime_ns=realtime,
                    step_ns=step)
    if name == "optrail.mptcp":
        (version, length, event, time, monotonic, netns, token, flags, local, remote, lport, rport,
         lfamily, rfamily, local_id, remote_id, error, reason, reset, interface) = struct.unpack(
             "<HHI3QII16s16sHHBBBBIIII", data[:96])
        return dict(type="mptcp", event=event, monotonic_ns=monotonic, netns=netns, token=token,
                    flags=flags, local=endpoint(local, lport, lfamily) if lfamily else "",
                    remote=endpoint(remote, rport, rfamily) if rfamily else "", local_id=local_id,
                    remote_id=remote_id, error=error, reset_reason=reason, interface=interface)
    return {"type": "other"}


def ethernet(data):
    ether = struct.unpack(">H", data[12:14])[0]
    data = data[14:]
    if ether == 0x0800 and data[9] == 6:
        source, destination = data[12:16], data[16:20]
        tcp, family = data[(data[0] & 15) * 4:struct.unpack(">H", data[2:4])[0]], 4
    elif ether == 0x86dd and data[6] == 6:
        source, destination = data[8:24], data[24:40]
        tcp, family = data[40:40 + struct.unpack(">H", data[4:6])[0]], 6
    else:
        return {"type": "other"}
    sport, dport, seq, ack, offset, flags, window = struct.unpack(">HHIIBBH", tcp[:16])
    header = (offset >> 4) * 4
    return {"type": "tcp", "source": endpoint(source, sport, family),
            "destination": endpoint(destination, dport, family), "seq": seq, "ack": ack,
            "tcp_flags": flags, "window": window, "options": tcp[20:header].hex(),
            "segment": len(tcp) - header}


def main(path):
    data = open(path, "rb").read()
    order, at, frame, interfaces, comment = "<", 0, 0, [], ""
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack(order + "II", data[at:at + 8])
        if at + length > len(data):
            break
        body = data[at + 8:at + length - 4]
        at += length
        if kind == 0x0a0d0d0a:
            comment = b"".join(v for c, v in options(body[16:], order) if c == 1).decode()
        elif kind == 1:
            linktype, = struct.unpack(order + "H", body[:2])
            name = b"".join(v for c, v in options(body[8:], order) if c == 2).decode()
            interfaces.append({"name": name, "linktype": linktype, "received": None, "dropped": None})
        elif kind == 5:
            number, = struct.unpack(order + "I", body[:4])
            for code, value in options(body[12:], order):
                if code in (4, 5):
                    key = "received" if code == 4 else "dropped"
                    interfaces[number][key] = struct.unpack(order + "Q", value)[0]
        elif kind == 6:
            number, high, low, captured, _ = struct.unpack(order + "5I", body[:20])
            packet = body[20:20 + captured]
            frame += 1
            lost = [struct.unpack(order + "Q", v)[0]
                    for c, v in options(body[20 + (captured + 3) // 4 * 4:], order) if c == 4]
            record = {"frame": frame, "interface": interfaces[number]["name"],
                      "time": high << 32 | low, "lost": lost[0] if lost else 0}
            linktype = interfaces[number]["linktype"]
            record.update(upper_pdu(packet) if linktype == 252 else
                          ethernet(packet) if linktype == 1 else {"type": "other"})
            print(json.dumps(record))
    print(json.dumps({"type": "end", "comment": comment, "interfaces": interfaces,
                      "whole": at == len(data)}))


main(sys.argv[1])
