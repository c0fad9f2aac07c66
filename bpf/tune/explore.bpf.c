// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explore - learns the initial congestion window for each prefix of peers, from losses.
 *
 * A connection starts with the window that its peer's prefix has. When all of a full initial window
 * is acknowledged and none of it had to be retransmitted, the prefix's window grows by `step`; when
 * a part of it was, it shrinks by a quarter, once for the connection. Connections that never fill
 * their initial window teach nothing. `share` says on how many of a hundred connections this is
 * done; the others use what was learnt already.
 *
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED (set the window), RTT (is the first window
 *   acknowledged?), RETRANS (of which octets?).
 * Parameters: start, least, most, step, share, prefix4, prefix6, role (bpf/load/program_explore.c).
 * Map "prefixes" keeps what was learnt, least recently used prefixes go first.
 * Source: TCP-BPF (Brakmo), introduction and "Next steps".
 */
#define REPORT_PROGRAM_NAME "explore"
#include "bpf/include/sock_ops.h"

const volatile __u32 start = 10;
const volatile __u32 least = 2;
const volatile __u32 most = 64;
const volatile __u32 step = 2;
const volatile __u32 share = 100;
const volatile __u32 prefix4 = 24;
const volatile __u32 prefix6 = 48;
const volatile __u32 role = ROLE_BOTH;

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, EXPLORE_MAX);
    __type(key, struct explore_key);
    __type(value, struct explored);
} prefixes SEC(".maps");

/* A connection whose initial window is under way. */
struct connection {
    struct explore_key key;
    __u32 window;    /* 0: nothing to learn (any more) */
    __u32 first_seq; /* of its first data */
};

#include "bpf/include/connection.h"

static __always_inline __u32 mask_word(__u32 bits, __u32 word)
{
    if (bits >= 32 * word + 32)
        return 0xffffffff;
    if (bits <= 32 * word)
        return 0;
    return bpf_htonl(0xffffffffU << (32 * word + 32 - bits));
}

static __always_inline void key_of(struct bpf_sock_ops *context, struct explore_key *key)
{
    struct address remote;

    address_remote(context, &remote);
    bool mapped =
        remote.words[0] == 0 && remote.words[1] == 0 && remote.words[2] == bpf_htonl(0xffff);
    key->bits = mapped ? prefix4 + 96 : prefix6;
#pragma unroll
    for (int i = 0; i < 4; i++)
        key->address[i] = remote.words[i] & mask_word(key->bits, i);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket)
{
    struct explore_key key;
    __u8 none = 0;

    if (context->snd_cwnd == 1) /* cut because SYNs were lost (RFC 5681, section 3.1) */
        return;
    key_of(context, &key);
    struct explored *found = bpf_map_lookup_elem(&prefixes, &key);
    if (!found) {
        struct explored first = {.window = start};
        bpf_map_update_elem(&prefixes, &key, &first, BPF_NOEXIST);
        found = bpf_map_lookup_elem(&prefixes, &key);
    }
    if (!found)
        return;
    __u32 window = found->window;
    if (window < least)
        window = least;
    if (window > most)
        window = most;
    if (window != found->window) /* learnt within other limits */
        found->window = window;
    long result = bpf_setsockopt(context, SOL_TCP, TCP_BPF_IW, &window, sizeof(window));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, &none, 0, SOL_TCP, TCP_BPF_IW, window, result);
    if (result != 0)
        return;
    __sync_fetch_and_add(&found->connections, 1);
    if (bpf_get_prandom_u32() % 100 >= share)
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    connection->key = key;
    connection->window = window;
    connection->first_seq = context->snd_nxt;
    want_callbacks(context, BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG);
}

/* The initial window went well, or not: what the next connection of the prefix gets. */
static __always_inline void learn(struct connection *connection, bool lost)
{
    struct explored *found = bpf_map_lookup_elem(&prefixes, &connection->key);
    __u32 window = connection->window, next;

    connection->window = 0;
    if (!found)
        return;
    if (lost) {
        __sync_fetch_and_add(&found->losses, 1);
        next = window - window / 4;
        if (next < least)
            next = least;
        /* Connections at once that suffered from one loss shrink the window once. */
        if (next < found->window)
            found->window = next;
    } else {
        __sync_fetch_and_add(&found->without, 1);
        next = window + step;
        if (next > most)
            next = most;
        /* One that began before the window shrank proves nothing against that. */
        if (window == found->window)
            found->window = next;
    }
}

SEC("sockops")
int optrail_explore(struct bpf_sock_ops *context)
{
    struct bpf_sock *socket = context->sk;
    struct connection *connection;

    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        if (role & ROLE_CLIENT)
            established(context, socket);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        if (role & ROLE_SERVER)
            established(context, socket);
        break;
    case BPF_SOCK_OPS_RTT_CB:
        connection = connection_of(socket);
        if (connection && connection->window &&
            (__s32)(context->snd_una - connection->first_seq) >=
                (__s32)(connection->window * context->mss_cache))
            learn(connection, false);
        break;
    case BPF_SOCK_OPS_RETRANS_CB:
        /* args[0]: the sequence number that is sent again */
        connection = connection_of(socket);
        if (connection && connection->window &&
            context->args[0] - connection->first_seq < connection->window * context->mss_cache)
            learn(connection, true);
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
