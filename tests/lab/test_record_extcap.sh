#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Optrail is an interface of Wireshark's: listed, with a dialog, and a live capture through it has
# packets and hook records; when Wireshark stops, nothing is left attached.
set -u
. "$(dirname "$0")/record.sh"
setup
foreign first "$cgroup"
script=$OPTRAIL_BUILD/extcap/optrail
[ -x "$script" ] || fail "no extcap script"
# Run by root, Wireshark knows only the folder where it was installed; in our own view of the file
# system that is ours.
folder=$(tshark -G folders 2>/dev/null | sed -n 's/^Extcap path:[[:space:]]*//p')
[ -d "$folder" ] || skip "this tshark has no extcap folder"
with_extcap() {
    unshare -m bash -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - "$OPTRAIL_BUILD/extcap" "$folder" "$@"
}

"$script" --extcap-interfaces --extcap-version=4.0 | grep -q '^interface {value=optrail}' || fail "no interface"
"$script" --extcap-interface=optrail --extcap-dlts | grep -q '^dlt {number=252}' || fail "no link type"
"$script" --extcap-interface=optrail --extcap-config >"$work/dialog"
for call in --cgroup --device --netns --snaplen; do
    grep -q "^arg .*{call=$call}" "$work/dialog" || fail "no $call in the dialog"
done
"$script" --extcap-interface=other --extcap-dlts 2>/dev/null && fail "knows other interfaces"

with_extcap tshark -D 2>"$work/error" >"$work/list"
grep -q ' optrail (Optrail' "$work/list" || fail "tshark -D: $(cat "$work/list" "$work/error")"

with_extcap timeout 30 tshark -i optrail -o "extcap.optrail.cgroup:$cgroup" -o "extcap.optrail.netns:$base-a" \
    -o "extcap.optrail.device:link-a" -f 'tcp' -a duration:6 -w "$work/live" >"$work/out" 2>"$work/error" &
capture=$!
for _ in {1..100}; do attached "$cgroup" | grep -q optrail_exit && break; sleep 0.1; done
attached "$cgroup" | grep -q optrail_exit || fail "nothing attached: $(cat "$work/error")"
sleep 0.5
before=$(invocations first)
traffic 5 5000
after=$(invocations first)
wait "$capture" || fail "tshark: $(cat "$work/error")"
for _ in {1..50}; do [ "$(attached "$cgroup")" = foreign ] && break; sleep 0.1; done
[ "$(attached "$cgroup")" = foreign ] || fail "left attached: $(attached "$cgroup")"
"$records" "$work/live" >"$work/records" || fail "the capture cannot be read"
hooks=$(grep -c '"type": "hook"' "$work/records")
packets=$(grep -c '"type": "tcp"' "$work/records")
[ "$hooks" = $((after - before)) ] || fail "$hooks hooks in Wireshark, $((after - before)) happened"
[ "$packets" -gt 40 ] || fail "hardly a packet: $packets"
