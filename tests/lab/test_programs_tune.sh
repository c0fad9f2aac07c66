#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program tune with TCP-BPF's two examples and with what a rule can say besides; the program
# explore, whose windows grow without loss and shrink with it. Seen by tcpdump and by a BPF iterator
# over the kernel's sockets.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

need nft
programs_up
sockets_up
rules=$OPTRAIL_SOURCE/bpf/tune
tick_us=$(/usr/bin/python3 -c 'import time; print(round(time.clock_getres(6) * 1000000))')

rule_line() { "$optrail" status --cgroup "$client_cgroup" | grep "rule $1:" | sed 's/^ *//; s/, answered.*//'; }
buffers() { # CLIENT|SERVER: receive and send buffer, as ss has them
    local -n netns=${1}_netns
    nsenter --net="/run/netns/$netns" ss -tinmO state established "( sport = :7722 or dport = :7722 )" |
        sed -n 's/.*skmem:(r[0-9]*,rb\([0-9]*\),t[0-9]*,tb\([0-9]*\).*/\1 \2/p' | head -1
}

# --- the data-centre example: both ends in one prefix, IPv6 alone --------------------------------
meanwhile() { buffers client >"$programs_dir/buffers"; }
load client tune --set rules="$rules/data-centre.rules"
connection 6
expect "in the data centre: clamp of the window" "$(socket client clamp)" 100
expect "in the data centre: buffers, which the kernel doubles" "$(<"$programs_dir/buffers")" "300000 300000"
expect "what is counted" "$(rule_line data-centre)" "rule data-centre: connections 1, set 3, failed 0"
connection 4
(($(socket client clamp) > 100)) || fail "IPv4 has no rule, yet it was tuned"
expect "IPv4 is not counted" "$(rule_line data-centre)" "rule data-centre: connections 1, set 3, failed 0"
unload_all

# Two SYNs are lost: the third comes after 3 (1 + 2) times the timeout of a SYN that the rule says,
# where the kernel's own takes 3 s.
nsenter --net="/run/netns/$server_netns" nft -f - <<EOF || fail "nft"
table inet lose { chain in { type filter hook input priority 0
  tcp dport 7722 tcp flags syn / syn,ack limit rate 1/hour burst 2 packets drop; }; }
EOF
load client tune --set rules="$rules/data-centre.rules"
connection 6
nsenter --net="/run/netns/$server_netns" nft delete table inet lose
tcpdump -nn -ttt -r "$programs_dir/capture.pcap" 2>/dev/null | grep 'Flags \[S\],' |
    awk '{ split($1, t, ":"); s += NR > 1 ? t[3] : 0; n++ } END { print n, int(s * 1000) }' >"$programs_dir/syns"
read -r n_syns took_ms <"$programs_dir/syns"
expect "SYNs" "$n_syns" 3
((took_ms >= 20 && took_ms < 500)) || fail "two lost SYNs took $took_ms ms"
unload_all

# The same for SYN-ACKs, at the server.
nsenter --net="/run/netns/$client_netns" nft -f - <<EOF || fail "nft"
table inet lose { chain in { type filter hook input priority 0
  tcp sport 7722 tcp flags & (syn|ack) == (syn|ack) limit rate 1/hour burst 2 packets drop; }; }
EOF
load server tune --set rules="$rules/data-centre.rules"
connection 6
nsenter --net="/run/netns/$client_netns" nft delete table inet lose
tcpdump -nn -ttt -r "$programs_dir/capture.pcap" 2>/dev/null | grep 'Flags \[S.\],' |
    awk '{ split($1, t, ":"); s += NR > 1 ? t[3] : 0; n++ } END { print n, int(s * 1000) }' >"$programs_dir/syns"
read -r n_synacks took2_ms <"$programs_dir/syns"
((n_synacks >= 3 && took2_ms < 500)) || fail "$n_synacks SYN-ACKs took $took2_ms ms"
unload_all

# --- the wide-area example, by port, at both ends -------------------------------------------------
sed 's/5560/7722/' "$rules/wide-area.rules" >"$programs_dir/wide.rules"
meanwhile() { buffers server >"$programs_dir/buffers"; }
load client tune --set rules="$programs_dir/wide.rules"
load server tune --set rules="$programs_dir/wide.rules"
for family in 4 6; do
    connection $family
    (($(socket server cwnd) >= 40)) || fail "IPv$family: the server's window is $(socket server cwnd)"
    (($(socket client cwnd) >= 40)) || fail "IPv$family: the client's window is $(socket client cwnd)"
    expect "IPv$family: the server's buffers" "$(<"$programs_dir/buffers")" "3000000 3000000"
done
unload_all
load client tune --set rules="$rules/wide-area.rules"
connection 4
(($(socket client cwnd) < 40)) || fail "another port was tuned"
expect "another port" "$(rule_line wide-area)" "rule wide-area: connections 0, set 0, failed 0"
unload_all

# --- ECN, receive window, congestion control; the first rule that fits holds ----------------------
cat >"$programs_dir/some.rules" <<EOF
[rule other]
remote = 192.0.2.0/24;
cwnd-clamp = 7
EOF
refuse=$("$optrail" load tune --cgroup "$client_cgroup" --set rules="$programs_dir/some.rules" 2>&1)
expect "exit status with a wrong prefix" $? 3
[[ $refuse == *"[rule other] remote: \"192.0.2.0/24;\" is no prefix"* ]] || fail "said: $refuse"
cat >"$programs_dir/some.rules" <<EOF
[rule other]
remote = 192.0.2.0/24
cwnd-clamp = 7
[rule near]
remote = 10.99.0.2
remote-port = 7722
ecn = yes
rwnd = 4
congestion = reno
[rule all]
cwnd-clamp = 9
EOF
meanwhile() { :; }
load client tune --set rules="$programs_dir/some.rules"
nsenter --net="/run/netns/$server_netns" sysctl -qw net.ipv4.tcp_ecn=1
connection 4
grep -q 'Flags \[SEW\]' "$programs_dir/frames" || fail "the SYN does not ask for ECN"
window=$(sed -n '1s/.* win \([0-9]*\),.*/\1/p' "$programs_dir/frames")
((window <= 4 * 1460)) || fail "the SYN offers $window octets"
expect "congestion control" "$(socket client congestion)" reno
(($(socket client clamp) > 9)) || fail "a second rule held too"
connection 6
expect "IPv6: the last rule" "$(socket client clamp)" 9
"$optrail" status --cgroup "$client_cgroup" | grep -q "rule other: connections 0, set 0, failed 0" || fail "rule other"
unload_all

# --- explore ---------------------------------------------------------------------------------------
export PAYLOAD_OCTETS=240000
window_of() { "$optrail" status --cgroup "$client_cgroup" | sed -n "s|^ *prefix $1: window \([0-9]*\),.*|\1|p"; }
load client explore --set start=10 --set step=4
for i in 1 2 3; do connection 4; done
expect "the window after 3 connections without loss" "$(window_of 10.99.0.0/24)" 22
connection 6
expect "the window of the IPv6 prefix" "$(window_of fd99::/48)" 14
# A loss within the initial window: the second data segment.
nsenter --net="/run/netns/$server_netns" nft -f - <<EOF || fail "nft"
table inet lose { chain in { type filter hook input priority 0
  tcp dport 7722 meta length > 1000 limit rate 1/hour burst 1 packets drop; }; }
EOF
connection 4
nsenter --net="/run/netns/$server_netns" nft delete table inet lose
expect "the window after a loss" "$(window_of 10.99.0.0/24)" 17
connection 4
expect "the window after one more without" "$(window_of 10.99.0.0/24)" 21
"$optrail" load explore --cgroup "$client_cgroup" --replace --set most=20 --set start=10 || fail "replace"
expect "what was learnt, after --replace" "$(window_of 10.99.0.0/24)" 21
connection 4
expect "the window within new limits" "$(window_of 10.99.0.0/24)" 20
unload_all

echo "ok: data centre ($took_ms ms for two lost SYNs, $took2_ms ms for SYN-ACKs), wide area, rules, explore"
