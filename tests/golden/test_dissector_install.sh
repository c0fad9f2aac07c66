#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What install-user puts into a home is loaded by the user's own tshark, and it says so; what does
# not load is an error. The profile brings columns, filter macros, colours and buttons.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
chmod -R a+rX "$tshark_dir"
cp -r "$OPTRAIL_SOURCE/dissector" "$tshark_dir/dissector"
home=$tshark_dir/home
as_installer() {
    (cd "$tshark_dir" && "${as_user[@]}" -u XDG_CONFIG_HOME -u WIRESHARK_PLUGIN_DIR LC_ALL=C TZ=UTC \
        HOME="$home" "${preload[@]}" "$@")
}

# A plugin of another version of Wireshark: said, and not taken for installed.
mkdir -p "$tshark_dir/other/plugins"
cp -r "$(echo "$tshark_dir"/plugins/*)" "$tshark_dir/other/plugins/9.9"
if as_installer "$tshark_dir/dissector/install-user" "$tshark_dir/other" >"$tshark_dir/out" 2>&1; then
    fail "a plugin that does not load was installed: $(cat "$tshark_dir/out")"
fi
grep -q 'does not load .*/9.9/epan/optrail.so' "$tshark_dir/out" || fail "$(cat "$tshark_dir/out")"

as_installer "$tshark_dir/dissector/install-user" "$tshark_dir" >"$tshark_dir/out" 2>&1 ||
    fail "install-user: $(cat "$tshark_dir/out")"
grep -q '^Installed .*/optrail.so; TShark.* loads it$' "$tshark_dir/out" || fail "$(cat "$tshark_dir/out")"

cp "$OPTRAIL_SOURCE/captures/clean-a.pcapng" "$tshark_dir/x.pcapng"
got=$(as_installer tshark -C Optrail -r "$tshark_dir/x.pcapng" -2 -Y '${option:cc}' 2>"$tshark_dir/stderr")
[ ! -s "$tshark_dir/stderr" ] || fail "the profile: $(cat "$tshark_dir/stderr")"
[ "$(grep -c . <<<"$got")" = 2 ] || fail "the macro option: $got"
grep -q 'Optrail Hook [0-9]* cc,uto [0-9]* ' <<<"$got" || fail "the columns of a hook record: $got"
grep -q 'TCP [0-9]* cc,uto [0-9]* [0-9]* .*ExID=4F43' <<<"$got" || fail "the columns of a packet: $got"

# Every rule of the colours and every button is a filter that this Wireshark accepts.
{
    sed -n 's/^@[^@]*@\(.*\)@\[.*\]\[.*\]$/\1/p' "$OPTRAIL_SOURCE/dissector/profile/colorfilters"
    sed -n 's/^"TRUE","[^"]*","\([^"]*\)".*/\1/p' "$OPTRAIL_SOURCE/dissector/profile/dfilter_buttons"
} >"$tshark_dir/filters"
[ "$(wc -l <"$tshark_dir/filters")" = 13 ] || fail "not every filter was found"
while IFS= read -r filter; do
    as_installer tshark -C Optrail -r "$tshark_dir/x.pcapng" -Y "$filter" >/dev/null 2>"$tshark_dir/stderr" &&
        [ ! -s "$tshark_dir/stderr" ] || fail "filter $filter: $(cat "$tshark_dir/stderr")"
done <"$tshark_dir/filters"
