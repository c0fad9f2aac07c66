#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_report.py [--refuses] FILE...: checks JSON reports against docs/report.schema.json.

With --refuses, also breaks the first of them that has all parts in one place at a time and demands
that the schema refuses each. Exit status 0 when all is as it should be.
"""
import copy
import json
import os
import sys

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs",
                      "report.schema.json")

# (path, value): the value put there must be refused.
WRONG = [
    (("tool",), "other"),
    (("schema",), 2),
    (("schema",), "1"),
    (("verdict",), "fine"),
    (("inputs",), []),
    (("inputs", 0, "vantage"), "c"),
    (("inputs", 0, "packets"), -1),
    (("inputs", 0, "first"), 1700000000.5),
    (("inputs", 0, "first"), "1700000000.5"),
    (("inputs", 0, "lost_packets"), "0"),
    (("flows", 0, "id"), 0),
    (("flows", 0, "client"), "2001:db8::1:443"),
    (("flows", 0, "client"), "10.0.0.1"),
    (("flows", 0, "paired_by"), "guess"),
    (("flows", 0, "sequence_delta"), {"forward": 1}),
    (("flows", 0, "sequence_delta"), {"forward": -1, "reverse": 0}),
    (("flows", 0, "mptcp"), {"token": 1, "subflow": 0, "role": "backup"}),
    (("options", 0, "direction"), "up"),
    (("options", 0, "direction"), None),
    (("options", 0, "segment"), "psh"),
    (("options", 0, "arrived"), -1),
    (("options", 0, "arrived"), "-"),
    (("options", 0, "verdict"), "option.lost"),
    (("options", 0, "verdict"), "option"),
    (("options", 0, "counts"), {"option.intact": 0}),
    (("options", 0, "counts"), {"intact": 1}),
    (("options", 0, "confidence"), "sure"),
    (("findings", 0, "verdict"), None),
    (("findings", 0, "flow"), 0),
    (("findings", 0, "count"), 0),
    (("findings", 0, "frames_a"), [0]),
    (("findings", 0, "frames_a"), list(range(1, 10))),
    (("findings", 0, "events"), [7]),
    (("findings", 0, "events"), [{"vantage": "a"}]),
    (("findings", 0, "explain"), ""),
    (("assertions",), [{"expression": "sent>=1", "result": "maybe", "reason": None}]),
    (("clock",), {"offset_ns": [1], "skew_ppm": 0, "pairs": 1}),
    (("clock",), {"offset_ns": [1, 2], "skew_ppm": 0}),
]


def at(document, path):
    for step in path:
        document = document[step]
    return document


def required_keys(document):
    """Every place where leaving a key out must be refused."""
    for key in document:
        if key != "assertions":
            yield (key,)
    for part in ("inputs", "flows", "options", "findings"):
        for key in document[part][0]:
            if key not in ("warning", "sources"):
                yield (part, 0, key)
    for key in document["clock"]:
        yield ("clock", key)


def main():
    arguments = sys.argv[1:]
    refuses = arguments[:1] == ["--refuses"]
    files = arguments[1:] if refuses else arguments
    with open(SCHEMA, encoding="utf-8") as stream:
        schema = json.load(stream)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad, whole = 0, None
    for name in files:
        with open(name, encoding="utf-8") as stream:
            document = json.load(stream)
        for error in validator.iter_errors(document):
            where = "/".join(str(step) for step in error.absolute_path)
            print(f"FAIL: {name}: {where}: {error.message}")
            bad += 1
        if whole is None and document["clock"] and all(
                document[part] for part in ("inputs", "flows", "options", "findings")):
            whole = document
    if refuses:
        if whole is None:
            print("FAIL: none of the documents has all parts")
            return 1
        for path, value in WRONG:
            broken = copy.deepcopy(whole)
            at(broken, path[:-1])[path[-1]] = value
            if validator.is_valid(broken):
                print(f"FAIL: accepted {value!r} at {path}")
                bad += 1
        for path in required_keys(whole):
            broken = copy.deepcopy(whole)
            del at(broken, path[:-1])[path[-1]]
            if validator.is_valid(broken):
                print(f"FAIL: accepted without {path}")
                bad += 1
        grown = copy.deepcopy(whole)
        grown["new"] = grown["flows"][0]["new"] = 1
        if not validator.is_valid(grown):
            print("FAIL: refused a new key, which a reader must pass over")
            bad += 1
    print(f"{len(files)} reports, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
