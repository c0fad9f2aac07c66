#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Optrail is an interface of Wireshark's: listed, with a dialog, and a live capture through it has
# every packet and every hook record; when Wireshark stops, nothing is left attached.
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
# shellcheck disable=SC2016
with_extcap=(unshare -m bash -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - "$OPTRAIL_BUILD/extcap" "$folder")

"$script" --extcap-interfaces --extcap-version=4.0 | grep -q '^interface {value=optrail}' || fail "no interface"
"$script" --extcap-interface=optrail --extcap-dlts | grep -q '^dlt {number=252}' || fail "no link type"
"$script" --extcap-interface=optrail --extcap-config >"$work/dialog"
for call in --cgroup --device --netns --snaplen; do
    grep -q "^arg .*{call=$call}" "$work/dialog" || fail "no $call in the dialog"
done
"$script" --extcap-interface=other --extcap-dlts 2>/dev/null && fail "knows other interfaces"

"${with_extcap[@]}" tshark -D 2>"$work/error" >"$work/list"
grep -q ' optrail (Optrail' "$work/list" || fail "tshark -D: $(cat "$work/list" "$work/error")"

"${with_extcap[@]}" tshark -i optrail -o "extcap.optrail.cgroup:$cgroup" -o "extcap.optrail.netns:$base-a" \
    -o "extcap.optrail.device:link-a" -f 'tcp' -w "$work/live" >"$work/said" 2>&1 &
recorder=$!
observed() { attached "$cgroup" | grep -q optrail_exit; }
within "the observers" observed
traffic 5 5000
# As many hook records as invocations, and the segment of each that wrote.
all_there() {
    "$records" "$work/live" >"$work/records" 2>/dev/null || return 1
    /usr/bin/python3 - "$work/records" "$(invocations first)" <<'PY' >"$work/found"
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
hooks = [r for r in records if r["type"] == "hook"]
wire = {(r["source"], r["destination"], r["seq"], r["ack"], r["tcp_flags"], r["options"])
        for r in records if r["type"] == "tcp"}
written = [h for h in hooks if h["op"] == "WRITE" and h["options"][2 * h["before"]:]]
missing = [h for h in written
           if (h["local"], h["remote"], h["seq"], h["ack"], h["tcp_flags"], h["options"]) not in wire]
print("%d hooks of %s, %d wrote, %d of them without their segment, %d events lost" % (
      len(hooks), sys.argv[2], len(written), len(missing), sum(r.get("lost", 0) for r in records)))
sys.exit(len(hooks) != int(sys.argv[2]) or bool(missing) or len(written) < 20)
PY
}
within "hooks and packets in the live capture" all_there
kill -INT "$recorder"
ends
[ "$status" = 0 ] || fail "tshark: status $status: $(cat "$work/said")"
within "nothing but the foreign program attached" is_left "$cgroup" foreign
all_there || fail "in the end: $(cat "$work/found")"
