#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The house is as its map says: every file that ARCHITECTURE.md, CONTRIBUTING.md or a folder's README
# names is there, every folder uses the folders that the map permits and no other, every source has
# its licence and is short enough to be read; no program hands words to a shell.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/house.py" <<'PY'
import glob, os, re, sys
root = sys.argv[1]
faults = []

def is_there(home, name):
    """Beside the document, from the root, or, of a name alone, anywhere below the document."""
    below = os.path.join(root, home)
    return any(glob.glob(os.path.join(folder, name)) for folder in (below, root)) or \
        '/' not in name and bool(glob.glob('**/' + name, root_dir=below, recursive=True))

# The kernel's speaks of the kernel's own files; one header is made by the build.
for document in ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'bpf/README.md', 'lab/README.md']:
    if not os.path.exists(os.path.join(root, document)):
        continue
    text = open(os.path.join(root, document)).read()
    for name in re.findall(r'`([\w./*-]+\.(?:c|h|sh|py|rules|opt|txt|md))`', text):
        if 'NAME' not in name and name != 'optrail_options.h' and \
                not is_there(os.path.dirname(document), name):
            faults.append('%s: there is no %s' % (document, name))

# | floor | `folder/`: what | `may use`, `may use` |
floors = {}
for folder, may in re.findall(r'^\| [^|]+ \| `(\w+)/`:[^|]*\| ([^|]*) \|$',
                              open(os.path.join(root, 'ARCHITECTURE.md')).read(), re.M):
    floors[folder] = None if may == 'all' else re.findall(r'`([\w/]+?)/?`', may)
if len(floors) < 7:
    faults.append('ARCHITECTURE.md: the table of floors has another form')

ours = set(floors)
for folder in sorted(ours | {'tests'}):
    for path in glob.glob('%s/**/*' % folder, root_dir=root, recursive=True):
        if not re.search(r'\.(c|h|sh|py)$', path):
            continue
        text = open(os.path.join(root, path)).read()
        if 'SPDX-License-Identifier: ' not in text[:200]:
            faults.append('%s: no licence' % path)
        lines = text.count('\n')
        if lines > 600:
            faults.append('%s: %d lines' % (path, lines))
        shell = re.search(r'\b(system|popen|g_spawn_command_line\w*)\s*\(|"-c"', text)
        if path.endswith(('.c', '.h')) and folder != 'tests' and shell:
            faults.append('%s: hands words to a shell: %s' % (path, shell[0]))
        if floors.get(folder, None) is None:
            continue
        for used in re.findall(r'^#include "(\w+)/([\w/]*)', text, re.M):
            where = '/'.join(used)
            if used[0] in ours | {'tests'} and used[0] != folder and \
                    not any((where + '/').startswith(may + '/') for may in floors[folder]):
                faults.append('%s: uses %s, which the map does not permit' % (path, where))
for fault in sorted(faults):
    print(fault)
sys.exit(bool(faults))
PY
/usr/bin/python3 "$work/house.py" "$OPTRAIL_SOURCE" || fail "the house is not as its map says"

# The checks can fail: in a house with one fault of each sort, each is found.
house=$work/house
mkdir -p "$house"/{wire,analyze}
cp "$OPTRAIL_SOURCE/CONTRIBUTING.md" "$house"
sed 's,`analyze/input.c`,`analyze/no_such.c`,' "$OPTRAIL_SOURCE/ARCHITECTURE.md" >"$house/ARCHITECTURE.md"
printf '#include "analyze/report.h"\nint x = system("y");\n' >"$house/wire/upward.c"
for _ in {1..601}; do echo '/* SPDX-License-Identifier: GPL-2.0-or-later */'; done >"$house/analyze/long.c"
/usr/bin/python3 "$work/house.py" "$house" >"$work/said" && fail "a crooked house passed"
for fault in 'there is no analyze/no_such.c' 'wire/upward.c: no licence' 'analyze/long.c: 601 lines' \
    'wire/upward.c: uses analyze/report, which the map does not permit' \
    'wire/upward.c: hands words to a shell: system('; do
    grep -qF "$fault" "$work/said" || fail "not found: $fault: $(cat "$work/said")"
done
