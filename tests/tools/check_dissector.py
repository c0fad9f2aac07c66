#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_dissector.py prepare|check|update FOLDER CASES.json...: golden tests of the Wireshark plugin.

A file of cases is a JSON list; a case is
    name        for people; for options.json: the option's
    lines       frames of one connection, as craft_segments.py takes them, without LAYERS; CLIENTKEY and
                SERVERKEY stand for keys of Multipath TCP, other ones for each connection
    preference  of the plugin, "profile:original" (none)
    frames      for each line what the plugin must show, in two passes: {field: [value, ...]}, every
                field and nothing else. Frame numbers count from the case's first frame: "#1"
    one_pass    the same in one pass, where that is different
    errors_lack fields that are not there when the segments are quoted in ICMP errors, besides stories
`prepare` writes FOLDER/PREFERENCE.pcapng: each case over each of the layers below, each on a connection
of its own. `check` compares what tshark shows of them, FOLDER/PREFERENCE.PASSES.json; `update`
writes what it shows over the first layers into the cases: look at the difference before you keep it.

Of options.json each case is also cut short by the capture, behind every octet of its options: then no
value may be shown that is not in the whole one, and what is cut within its octets is flagged.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = [f"{link}/{ip}{inside}" for link in ("eth", "vlan", "sll", "sll2", "raw", "null", "loop")
       for ip in ("ipv4", "ipv6") for inside in ("", "/icmp", "/gre", "/vxlan")]
FEW = ["eth/ipv4", "eth/ipv6", "vlan/ipv4", "eth/ipv4/icmp", "raw/ipv6/icmp", "sll2/ipv4/gre",
       "eth/ipv6/vxlan", "null/ipv6"]
FIRST = "eth/ipv4"
HEADERS = 14 + 20 + 20  # octets of it before the options
# What depends on other frames is not told of a segment that an ICMP error quotes.
STORY = ("asked_in", "answered_in", "first_in", "last_in", "count", "differs_from")
STORY_RULES = ("optrail.unanswered", "optrail.changed", "optrail.contradicted", "optrail.plain_tcp",
               "optrail.missing")
LINKS = STORY[:4] + STORY[5:] + ("segment_in", "written_in", "parsed_in")

# Numbers that Wireshark gives: those of the frame's own connection are called "own".
OWN = {"optrail.mptcp.stream": "mptcp.stream", "optrail.mptcp.master": "tcp.stream"}


def read_cases(paths):
    """(file, case, layers) of every case."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            cases = json.load(file)
        for case in cases:
            yield path, case, ALL if os.path.basename(path) == "options.json" else FEW


def preference(case):
    return case.get("preference", "none")


def plan(paths):
    """{preference: [(path, case, layers, first frame's number, octets of options captured)]}."""
    plans, frames = {}, {}
    for path, case, layers in read_cases(paths):
        key = preference(case)
        variants = [(one, None) for one in layers]
        if os.path.basename(path) == "options.json":
            variants += [(FIRST, octets) for octets in range(len(octets_of(case)))]
        for one, captured in variants:
            first = frames.get(key, 1)
            plans.setdefault(key, []).append((path, case, one, first, captured))
            frames[key] = first + len(case["lines"])
    return plans


def octets_of(case):
    return bytes.fromhex(case["lines"][0].split()[2].replace(",", ""))


def prepare(folder, paths):
    for key, entries in plan(paths).items():
        text = ""
        for stream, (_, case, layers, _, captured) in enumerate(entries):
            cut = "" if captured is None else f" snap={HEADERS + captured}"
            for line in case["lines"]:
                line = line.replace("CLIENTKEY", f"{stream + 1:016x}")
                line = line.replace("SERVERKEY", f"{stream + 1 << 32:016x}")
                text += f"{layers} {line} stream={stream}{cut}\n"
        subprocess.run([os.path.join(HERE, "craft_segments.py"),
                        os.path.join(folder, key.replace(":", "-") + ".pcapng")],
                       input=text.encode(), check=True)
        print(key)


def values(node, found):
    """Every field of ours below a node of tshark's JSON, in order."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key.startswith("optrail") and not key.endswith("_tree"):
                for one in value if isinstance(value, list) else [value]:
                    if not isinstance(one, (dict, list)):
                        found.setdefault(key, []).append(one)
                    elif key.count(".") < 2:
                        found.setdefault(key, []).append("")
            values(value, found)
    elif isinstance(node, list):
        for one in node:
            values(one, found)


def find(node, field):
    """The value of a field of Wireshark's below a node."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, dict):
        return None
    return node[field] if field in node else next(
        filter(None, (find(child, field) for child in node.values())), None)


def field_of(key):
    return key.rsplit(".", 1)[-1]


def shown(packet, first):
    """What the plugin shows of a packet; frame numbers from the case's first frame on."""
    found, text = {}, packet["_source"]["layers"]
    values(text, found)
    found.pop("optrail", None)
    for key, all_values in found.items():
        if key in OWN:
            found[key] = ["own" if value == find(text, OWN[key]) else value for value in all_values]
        elif field_of(key) in LINKS:
            found[key] = [f"#{int(value) - first + 1}" for value in all_values]
        else:  # 4.4 shows booleans in words
            found[key] = [{"True": "1", "False": "0", True: "1", False: "0"}.get(value, value)
                          for value in all_values]
    return found


def expected(case, index, passes, layers):
    golden = case["one_pass"] if passes == 1 and "one_pass" in case else case["frames"]
    frame = dict(golden[index])
    if layers.endswith("/icmp"):
        more = case.get("errors_lack", []) + ["optrail.mptcp.subflow"]
        for key in list(frame):
            if field_of(key) in STORY or key in STORY_RULES or key in OWN or key in more:
                del frame[key]
    return frame


def packets_of(folder, key, passes):
    with open(os.path.join(folder, f"{key.replace(':', '-')}.{passes}.json"), encoding="utf-8") as file:
        return json.load(file)


def faults_of_cut(case, got, captured):
    """What is wrong with what is shown of a case of one option that was cut; None when nothing is."""
    want = case["frames"][0]
    named = ("optrail.option", "optrail.octets", "optrail.space.by", "optrail.malformed",
             "optrail.unknown", "optrail.range")
    for key, shown_values in got.items():
        if key in named or field_of(key) in STORY or key in STORY_RULES or \
                key.startswith("optrail.space"):
            continue
        whole = want.get(key, [])
        # Octets that take the rest of an option may be shown as far as they were captured.
        if shown_values != whole and not (len(whole) == 1 and len(shown_values) == 1 and
                                          whole[0].startswith(shown_values[0])):
            return f"{key} is not in the whole one"
    if captured == 0 and "optrail.option" in got:
        return "an option is named of which nothing was captured"
    if "optrail.option" in got and "optrail.malformed" not in got:
        return "not flagged"
    if captured >= 4 and "optrail.option" in want and "optrail.option" not in got:
        return "not named"
    return None


def check(folder, paths):
    failures = compared = 0
    seen = set()
    for key, entries in plan(paths).items():
        for passes in (1, 2):
            packets = packets_of(folder, key, passes)
            for path, case, layers, first, captured in entries:
                if captured is not None:
                    compared += 1
                    got = shown(packets[first - 1], first)
                    wrong = faults_of_cut(case, got, captured)
                    if wrong:
                        failures += 1
                        print(f"{case['name']}, {captured} octets of options captured, {passes} "
                              f"passes: {wrong}: {got}", file=sys.stderr)
                    continue
                for index in range(len(case["lines"])):
                    got = shown(packets[first + index - 1], first)
                    want = expected(case, index, passes, layers)
                    seen.update(want)
                    compared += 1
                    if got == want:
                        continue
                    failures += 1
                    if failures <= 10:
                        print(f"{os.path.basename(path)}: {case['name']}, line {index + 1}, {layers}, "
                              f"{passes} passes:", file=sys.stderr)
                        for field in sorted(set(got) | set(want)):
                            if got.get(field) != want.get(field):
                                print(f"    {field}: {got.get(field)} instead of {want.get(field)}",
                                      file=sys.stderr)
    with open(os.path.join(folder, "seen"), "w", encoding="utf-8") as file:
        file.write("".join(field + "\n" for field in sorted(seen)))
    print(f"{compared} frames compared, {failures} differ")
    sys.exit(1 if failures or not compared else 0)


def update(folder, paths):
    golden = {}
    for key, entries in plan(paths).items():
        one, two = packets_of(folder, key, 1), packets_of(folder, key, 2)
        for path, case, layers, first, captured in entries:
            if layers != FIRST or captured is not None:
                continue
            numbers = range(first - 1, first - 1 + len(case["lines"]))
            case["frames"] = [shown(two[n], first) for n in numbers]
            case.pop("one_pass", None)
            once = [shown(one[n], first) for n in numbers]
            if once != case["frames"]:
                case["one_pass"] = once
            golden.setdefault(path, {})[case["name"]] = case
    for path, cases in golden.items():
        with open(path, encoding="utf-8") as file:
            order = [case["name"] for case in json.load(file)]
        with open(path, "w", encoding="utf-8") as file:
            file.write("[\n" + ",\n".join(write_case(cases[name]) for name in order) + "\n]\n")


def write_case(case):
    """A line for each line of the case and each frame: differences can be read."""
    parts = [f' "{key}": {json.dumps(case[key])}' for key in ("name", "preference", "errors_lack") if key in case]
    for key in ("lines", "frames", "one_pass"):
        if key in case:
            parts.append(f' "{key}": [\n  ' + ",\n  ".join(json.dumps(one) for one in case[key]) + "]")
    return "{" + ",\n".join(parts) + "}"


if __name__ == "__main__":
    {"prepare": prepare, "check": check, "update": update}[sys.argv[1]](sys.argv[2], sys.argv[3:])
