#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_records.py check|update TSHARK.json INFO CASES.json: golden tests of a recording's own records.

TSHARK.json is what `tshark -T json` shows of the records that craft_hooks.py makes of the cases, INFO
their Info column, a line for each. A case is
    name        for people
    op, args, actions   the parts of a hook record that it is about, or
    event       an event of MPTCP's path manager, in the words of craft_hooks.py's mptcp_event()
    filter      a display filter that selects this case alone
    info        the Info column
    shows       {field: [value, ...]}: what the plugin shows of it, without the fields in COMMON
`update` writes info and shows into the cases: look at the difference before you keep it.
"""
import json
import re
import sys

# The same in all of these records; test_dissector_hooks.sh looks at them.
COMMON = re.compile(r"optrail\.hook\.(id|cookie|cgroup|netns|arg[0-3]|reply|state|snd_nxt|rcv_nxt|cwnd|srtt|mss|"
                    r"token|cpu|time|monotonic|version|flags.*|local\..*|remote\..*)|"
                    r"optrail\.mptcp_event\.(netns|time|monotonic|version)")


def collect(node, found):
    """Every field of ours below a node of tshark's JSON, in order."""
    if isinstance(node, dict):
        for key, value in node.items():
            if re.match(r"optrail\.(hook|mptcp_event)\.", key) and not COMMON.fullmatch(key):
                for one in value if isinstance(value, list) else [value]:
                    if not isinstance(one, (dict, list)):  # 4.4 shows booleans in words
                        found.setdefault(key, []).append(
                            {"True": "1", "False": "0", True: "1", False: "0"}.get(one, one))
            collect(value, found)
    elif isinstance(node, list):
        for one in node:
            collect(one, found)
    return found


def main():
    task, path_shown, path_info, path_cases = sys.argv[1:]
    with open(path_shown, encoding="utf-8") as file:
        frames = [collect(frame["_source"]["layers"], {}) for frame in json.load(file)]
    with open(path_info, encoding="utf-8") as file:
        infos = file.read().splitlines()
    with open(path_cases, encoding="utf-8") as file:
        cases = json.load(file)
    faults = 0
    if not len(cases) == len(frames) == len(infos):
        sys.exit(f"{len(cases)} cases, {len(frames)} frames, {len(infos)} lines")
    for case, shown, info in zip(cases, frames, infos):
        if task == "update":
            case["info"], case["shows"] = info, shown
        elif case["info"] != info or case["shows"] != shown:
            print(f"{case['name']}: not {case['info']!r}, {case['shows']} but {info!r}, {shown}")
            faults += 1
    if task == "update":
        with open(path_cases, "w", encoding="utf-8") as file:
            json.dump(cases, file, indent=1)
            file.write("\n")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
