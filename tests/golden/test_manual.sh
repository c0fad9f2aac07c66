#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual and the programs agree: every page renders without a warning, every option that
# `analyze --help` and `record --help` know stands in its page and the other way round, and every
# file that a document of the project links to is there. What the README shows of a run is what that
# command prints.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need groff
for page in "$OPTRAIL_SOURCE"/docs/man/*.1; do
    said=$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || fail "$page: $said"
done

long_options() { grep -oE -- '--[a-z][a-z-]+' | sort -u; }
for command in analyze record; do
    page=$OPTRAIL_SOURCE/docs/man/optrail-$command.1
    # What the page says of this command's own words, not of other commands in its examples.
    written=$(sed -n '/^\.SH OPTIONS/,/^\.SH /p' "$page" | sed 's/\\-/-/g' | long_options)
    known=$("$optrail" "$command" --help | sed -n '/^Options:/,/^$/p' | grep -oE -- '^ *(-[A-Za-z0-9], )?--[a-z-]+' |
        long_options | grep -v -- '--help')
    for word in $known; do
        grep -qxF -- "$word" <<<"$written" || fail "$page does not explain $word"
    done
    for word in $written; do
        [ "$word" = --help ] || grep -qxF -- "$word" <<<"$known" || fail "$page explains $word, which $command does not know"
    done
done

/usr/bin/python3 - "$OPTRAIL_SOURCE" <<'PY' || fail "see above"
import os, re, sys
root, broken = sys.argv[1], 0
for folder, folders, files in os.walk(root):
    folders[:] = [f for f in folders if not f.startswith(('.', 'build'))]
    for name in files:
        if not name.endswith('.md'):
            continue
        path = os.path.join(folder, name)
        for target in re.findall(r'\]\(([^)#\s]+)', open(path, encoding='utf-8').read()):
            if '://' not in target and not os.path.exists(os.path.join(folder, target)):
                print('%s: no %s' % (os.path.relpath(path, root), target))
                broken = 1
sys.exit(broken)
PY

# The README's transcript: its lines in their order, with "..." for what it leaves out.
/usr/bin/python3 - "$OPTRAIL_SOURCE" "$optrail" <<'PY' || fail "see above"
import os, re, subprocess, sys
root, optrail = sys.argv[1:]
shown = re.search(r'^```console\n\$ optrail ([^\n]*)\n(.*?)^```', open(os.path.join(root, 'README.md')).read(),
                  re.M | re.S)
run = subprocess.run([optrail, *shown[1].split()], cwd=root, stdout=subprocess.PIPE, text=True,
                     env=dict(os.environ, LC_ALL='C.UTF-8'))
printed, at = run.stdout, 0
for part in re.split(r'^\.\.\.\n', shown[2], flags=re.M):
    found = printed.find(part, at)
    if found < 0:
        sys.exit('README.md shows what is not printed:\n' + part)
    at = found + len(part)
PY
