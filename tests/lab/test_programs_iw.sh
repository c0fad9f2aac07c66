#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program iw: who asks offers a receive window to match, whatever a route or another program
# says; who is asked trusts the prefixes that it was told and nobody else, from a file too.
. "$(dirname "$0")/../tools/lib.sh"
. "$(dirname "$0")/../tools/programs.sh"

programs_up
sockets_up

# The window in the client's SYN, which is not scaled yet.
offered() { sed -n '1s/.* win \([0-9]*\),.*/\1/p' "$programs_dir/frames"; }

for family in 4 6; do
    # A route that offers 4 segments: raised, since 20 are asked for.
    if [[ $family == 4 ]]; then
        ip -n "$client_netns" route replace 10.99.0.0/24 dev d0 src 10.99.0.1 initrwnd 4
    else
        ip -n "$client_netns" -6 route add fd99::2/128 dev d0 initrwnd 4
    fi
    connection $family
    (($(offered) <= 4 * 1460)) || fail "IPv$family: the route has no effect: $(offered)"
    load client iw --set segments=20
    load server iw --set trusted=10.99.0.0/24,fd99::/64
    connection $family
    (($(offered) >= 20 * 1440)) || fail "IPv$family: asks for 20 segments and offers $(offered) octets"
    (($(socket server cwnd) >= 20)) || fail "IPv$family: the window is $(socket server cwnd)"
    unload_all
    if [[ $family == 4 ]]; then
        ip -n "$client_netns" route replace 10.99.0.0/24 dev d0 src 10.99.0.1
    else
        ip -n "$client_netns" -6 route del fd99::2/128 dev d0
    fi

    # Nothing is lowered: without the route it is what the kernel offers by itself.
    connection $family
    plain=$(offered)
    load client iw --set segments=20
    connection $family
    expect "IPv$family: the window offered with iw" "$(offered)" "$plain"
    unload_all

    # Nobody is trusted unless named; a prefix of the other family does not do.
    for trusted in '' 10.98.0.0/15,fd98::/16 10.99.0.2,fd99::2 "${server_address[$((10 - family))]}"; do
        [[ $trusted == 10.98.0.0/15* ]] && trusted=10.96.0.0/15,fd98::/16
        load client iw --set segments=20
        load server iw --set trusted="$trusted"
        connection $family
        expect "IPv$family: applied, trusting '$trusted'" "$(counter server iw applied)" 0
        expect "IPv$family: declined, trusting '$trusted'" "$(counter server iw declined)" 1
        unload_all
    done
    # From a file, the longest prefix as good as any.
    printf '%s\n' 192.0.2.0/24 10.99.0.1/32 2001:db8::/32 fd99::/16 >"$programs_dir/trusted"
    load client iw --set segments=20
    load server iw --set trusted="@$programs_dir/trusted"
    connection $family
    expect "IPv$family: applied, trusting a file's" "$(counter server iw applied)" 1
    unload_all
done
said=$("$optrail" load iw --cgroup "$server_cgroup" --set trusted=@/nonexistent 2>&1)
expect "exit status with a file that is not there" $? 3
[[ $said == *"/nonexistent"* ]] || fail "said: $said"

echo "ok: a window to match, and trust where it was given"
