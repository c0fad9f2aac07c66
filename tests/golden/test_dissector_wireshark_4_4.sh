#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same source with the Wireshark of Debian 13: all tests of the dissector, with a plugin built
# against the headers of 4.4 and run by its tshark.
# Without sanitizers: their library would be another Debian's.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
need cc pkg-config
if ! OPTRAIL_TSHARK_ROOT=$(timeout 280 "$OPTRAIL_SOURCE/tests/tools/wireshark-4.4"); then
    skip "${OPTRAIL_TSHARK_ROOT:-tshark 4.4 could not be set up in time}"
fi
export OPTRAIL_TSHARK_ROOT
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mkdir -p "$build/plugins/4.4/epan"

# Wireshark's own symbols are those of the program that loads the plugin: only headers are needed.
cd "$OPTRAIL_SOURCE"
# shellcheck disable=SC2046
cc -shared -fPIC -O2 -g -D_GNU_SOURCE -std=gnu11 -fvisibility=hidden -Wall -Wextra -Wconversion \
    -Wshadow -Wno-sign-conversion -Werror -DOPTRAIL_VERSION='"0.1.0"' -DWIRESHARK_MAJOR=4 \
    -DWIRESHARK_MINOR=4 -I. -I"$OPTRAIL_BUILD/generated" \
    -isystem "$OPTRAIL_TSHARK_ROOT/usr/include/wireshark" $(pkg-config --cflags glib-2.0) \
    dissector/*.c "$OPTRAIL_BUILD/wire/libwire.a" \
    $(pkg-config --libs glib-2.0 gio-2.0 zlib libzstd) -Wl,--exclude-libs,ALL -Wl,--as-needed \
    -o "$build/plugins/4.4/epan/optrail.so" || fail "the plugin does not compile for 4.4"

failures=0
for test in tests/golden/test_dissector_*.sh; do
    # valgrind is this Debian's, and not in the other's root.
    case $test in *wireshark_4_4.sh | *memcheck.sh) continue ;; esac
    if OPTRAIL_BUILD=$build bash "$test" >"$build/log" 2>&1; then
        echo "ok with 4.4: $(basename "$test")"
    else
        echo "FAILED with 4.4: $(basename "$test")" >&2
        sed 's/^/    /' "$build/log" >&2
        failures=$((failures + 1))
    fi
done
[ "$failures" = 0 ] || fail "$failures tests of the dissector with Wireshark 4.4"
