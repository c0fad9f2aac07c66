#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs as root and reads octets from outside is built so that a mistake is hard to use: the
# command is position-independent, relocations are read-only and bound at start, no stack is
# executable, functions with arrays check their stack, libc's checked calls are used, no library is
# looked for in a folder of the build; the plugin likewise, as far as a shared object can.
# Without sanitizers: they bring checks of their own instead of libc's, and bind lazily.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need readelf nm

# One line for each check, so that a failure says which.
hardened() {
    local file=$1 dynamic segments symbols
    dynamic=$(readelf --wide --dynamic "$file")
    segments=$(readelf --wide --segments "$file")
    symbols=$(nm --dynamic --undefined-only "$file")
    grep -q 'Type: *DYN\|^Elf file type is DYN' <<<"$segments" || fail "$file: not position-independent"
    grep -q GNU_RELRO <<<"$segments" || fail "$file: relocations stay writable"
    grep -q 'BIND_NOW\|FLAGS_1.*NOW' <<<"$dynamic" || fail "$file: symbols are bound lazily"
    grep GNU_STACK <<<"$segments" | grep -q ' RW ' || fail "$file: its stack is executable"
    grep -qw '__stack_chk_fail' <<<"$symbols" || fail "$file: stacks are not checked"
    ! grep -q TEXTREL <<<"$dynamic" || fail "$file: its text is relocated"
    ! grep -q '(RPATH)' <<<"$dynamic" || fail "$file: has an RPATH"
    # The plugin has its build's folder as RUNPATH only if somebody linked it to something there.
    ! grep '(RUNPATH)' <<<"$dynamic" | grep -qF "$OPTRAIL_BUILD" || fail "$file: looks for libraries in the build"
}

# The checks can fail: a program built without any of this fails the first.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int main(void) { return 0; }' >"$work/plain.c"
cc -no-pie -fno-stack-protector -Wl,-z,norelro -o "$work/plain" "$work/plain.c"
if (hardened "$work/plain") 2>"$work/said"; then fail "a program without hardening passed"; fi
grep -q 'not position-independent' "$work/said" || fail "refused for another reason: $(cat "$work/said")"

hardened "$optrail"
for plugin in "$OPTRAIL_BUILD"/plugins/*/epan/optrail.so; do
    [ -e "$plugin" ] || skip "the plugin is not built"
    hardened "$plugin"
done

grep -q '_chk@' <<<"$(nm --dynamic --undefined-only "$optrail" | grep -v stack_chk)" ||
    fail "$optrail: libc's checked calls are not used"
