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

# --- tshark with and without the plugin of the build --------------------------------------------

# Makes $tshark_dir, a folder that everybody may read, with the plugin in it; the caller removes it.
# tshark does not load plugins of root's, so root becomes nobody for it. With $OPTRAIL_TSHARK_ROOT
# it is the tshark of that root, which sees the folder under the same name.
prepare_tshark() {
    local plugin
    [ -n "${OPTRAIL_TSHARK_ROOT:-}" ] || need tshark
    plugin=$(echo "$OPTRAIL_BUILD"/plugins/*/epan/optrail.so)
    [ -e "$plugin" ] || skip "the Wireshark plugin is not built"
    tshark_dir=$(mktemp -d)
    if [ -n "${OPTRAIL_TSHARK_ROOT:-}" ]; then
        rmdir "$tshark_dir"
        mkdir -p "$OPTRAIL_TSHARK_ROOT$tshark_dir"
        ln -s "$OPTRAIL_TSHARK_ROOT$tshark_dir" "$tshark_dir"
    fi
    mkdir -p "$tshark_dir/home" "$tshark_dir/none" "$tshark_dir/config"
    cp -r "$OPTRAIL_BUILD/plugins" "$tshark_dir/plugins"
    as_user=(env)
    if [ "$(id -u)" = 0 ]; then
        need setpriv
        chown 65534:65534 "$tshark_dir/home"
        as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups env)
    fi
    if [ -n "${OPTRAIL_TSHARK_ROOT:-}" ]; then
        as_user=(chroot --userspec=65534:65534 "$OPTRAIL_TSHARK_ROOT" env)
    fi
    preload=()
    if [ "${OPTRAIL_SANITIZE:-0}" = 1 ]; then
        # The program is not instrumented, its libraries leak: only our own faults count.
        preload=("LD_PRELOAD=$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)"
            ASAN_OPTIONS=detect_leaks=0:abort_on_error=1)
    fi
}

# Ends what prepare_tshark began.
remove_tshark() {
    rm -rf "${OPTRAIL_TSHARK_ROOT:-}$tshark_dir"
    rm -f "$tshark_dir"
}

tshark_with() { # PLUGIN-DIR ARGUMENT...
    local plugins=$1
    shift
    chmod -R a+rX "$tshark_dir/"
    (cd "$tshark_dir" && "${as_user[@]}" LC_ALL=C TZ=UTC HOME="$tshark_dir/home" \
        XDG_CONFIG_HOME="$tshark_dir/config" WIRESHARK_PLUGIN_DIR="$plugins" \
        WIRESHARK_EXTCAP_DIR=/nonexistent \
        "${preload[@]}" tshark "$@")
}

run_tshark() { tshark_with "$tshark_dir/plugins" "$@"; }
run_stock_tshark() { tshark_with "$tshark_dir/none" "$@"; }

# same WHAT EXPECTED GOT: fails with the difference. 4.4 shows booleans in words, 4.0 as digits.
same() {
    local got=${3//True/1}
    printf '%s\n' "$2" >"$tshark_dir/expected"
    printf '%s\n' "${got//False/0}" >"$tshark_dir/got"
    diff "$tshark_dir/expected" "$tshark_dir/got" >&2 || fail "$1"
}
