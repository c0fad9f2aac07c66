#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the Wireshark plugin costs: full dissection by the same tshark without and with it, in turns
# (without, with, without, with), on two captures: one without experimental options, and one with an
# option on every packet. Printed: user CPU and largest memory as medians, and the median of the
# pairs' ratios with the least and the most; and instructions a packet by callgrind, which a busy
# machine does not change. Beside it a Lua script that shows the same options (lua/options.lua).
#   PAIRS=5 PACKETS=400000 COUNTED=6000 (packets that callgrind sees)
# Budgets, which are printed and not enforced: 1.02 without, 1.05 with an option, memory 1.01.
set -euo pipefail
. "$(dirname "$0")/../tools/lib.sh"
prepare_tshark
trap remove_tshark EXIT
pairs=${PAIRS:-5} packets=${PACKETS:-400000} counted=${COUNTED:-6000}
make="/usr/bin/python3 $OPTRAIL_SOURCE/tests/bench/make_connections.py"
full=(-n -q -Y 'ip.ttl == 3')
cp "$OPTRAIL_SOURCE/tests/bench/lua/options.lua" "$tshark_dir/options.lua"
lua=(-X "lua_script:$tshark_dir/options.lua")
chmod -R a+rX "$tshark_dir"

# tshark of `user`: none, plugins or lua, with so many arguments in front of it.
command_of() { # WHICH FILE: fills `command`
    local plugins=$tshark_dir/none extra=()
    [ "$1" != plugins ] || plugins=$tshark_dir/plugins
    [ "$1" != lua ] || extra=("${lua[@]}")
    command=("${as_user[@]}" LC_ALL=C TZ=UTC "HOME=$tshark_dir/home" "XDG_CONFIG_HOME=$tshark_dir/config"
        "WIRESHARK_PLUGIN_DIR=$plugins" WIRESHARK_EXTCAP_DIR=/nonexistent)
    program=(tshark "${extra[@]}" "${full[@]}" -r "$2")
}

measure() { # WHICH FILE: "user-seconds kilobytes"
    local command program
    command_of "$@"
    (cd "$tshark_dir" && /usr/bin/python3 -c 'import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                        file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
if status != 0:
    sys.exit("tshark failed")
print(f"{usage.ru_utime:.3f} {usage.ru_maxrss}")' "${command[@]}" "${program[@]}")
}

compare() { # NAME BUDGET FILE WHICH
    local i
    for ((i = 0; i < pairs; i++)); do
        echo "$(measure none "$3") $(measure "$4" "$3")"
    done | /usr/bin/python3 -c 'import statistics, sys
name, budget, packets = sys.argv[1], sys.argv[2], int(sys.argv[3])
runs = [[float(word) for word in line.split()] for line in sys.stdin]
median = statistics.median
cpu = sorted(run[2] / run[0] for run in runs)
memory = median(run[3] / run[1] for run in runs)
words = ""
if budget != "-":
    words = f", budget {budget}: " + ("kept" if median(cpu) <= float(budget) else "NOT KEPT")
print(f"{name}: user CPU x{median(cpu):.3f} ({cpu[0]:.3f}-{cpu[-1]:.3f}{words}), "
      f"{median(run[0] for run in runs):.2f} s -> {median(run[2] for run in runs):.2f} s, "
      f"{median(run[2] - run[0] for run in runs) / packets * 1e6:+.2f} us a packet; "
      f"memory x{memory:.3f}, {median(run[1] for run in runs) / 1024:.0f} -> "
      f"{median(run[3] for run in runs) / 1024:.0f} MiB")' "$1" "$2" "$packets"
}

instructions() { # WHICH FILE: of dissection alone, without what starting up takes
    local command program
    command_of "$@"
    (cd "$tshark_dir" && "${command[@]}" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect=epan_dissect_run_with_taps "${program[@]}" 2>&1) |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

count() { # NAME FILE
    local without with script
    without=$(instructions none "$2") with=$(instructions plugins "$2") script=$(instructions lua "$2")
    /usr/bin/python3 -c 'import sys
name, packets, without, plugin, script = sys.argv[1], *map(int, sys.argv[2:])
print(f"{name}: {without // packets} instructions a packet; with the plugin "
      f"{(plugin - without) / packets:+.0f} (x{plugin / without:.4f}), "
      f"with the Lua script {(script - without) / packets:+.0f} (x{script / without:.4f})")' \
        "$1" "$counted" "$without" "$with" "$script"
}

plain="no experimental option" option="cc on every packet"
$make "$tshark_dir/plain.pcap" "$packets"
$make "$tshark_dir/option.pcap" "$packets" fd064f430002
echo "tshark ${full[*]}, $packets packets, $pairs pairs; ratio: with to without"
compare "$plain, plugin" 1.02 "$tshark_dir/plain.pcap" plugins
compare "$plain, Lua script" - "$tshark_dir/plain.pcap" lua
compare "$option, plugin" 1.05 "$tshark_dir/option.pcap" plugins
compare "$option, Lua script" - "$tshark_dir/option.pcap" lua
if command -v valgrind >/dev/null; then
    $make "$tshark_dir/plain.pcap" "$counted"
    $make "$tshark_dir/option.pcap" "$counted" fd064f430002
    chmod a+r "$tshark_dir"/*.pcap
    count "$plain" "$tshark_dir/plain.pcap"
    count "$option" "$tshark_dir/option.pcap"
else
    echo "instructions: not counted, as valgrind is not installed"
fi
