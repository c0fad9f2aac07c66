# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lib.sh - what the test scripts share. Source it; it leaves the caller's options alone.
# $OPTRAIL_BUILD and $OPTRAIL_SOURCE come from ctest; by hand they are found from this file.

: "${OPTRAIL_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${OPTRAIL_BUILD:=$OPTRAIL_SOURCE/build}"
export OPTRAIL_SOURCE OPTRAIL_BUILD
optrail=$OPTRAIL_BUILD/bin/optrail

skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAIL: $*" >&2; exit 1; }

# Skips unless every one of these tools is there.
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
}

# Skips unless network namespaces can be made here: tries, since root alone says little.
need_namespaces() {
    local name=optrail-probe-$$ reason
    need ip nsenter
    if ! reason=$(ip netns add "$name" 2>&1); then
        skip "no network namespaces (needs root): ${reason%%$'\n'*}"
    fi
    ip netns del "$name"
}
