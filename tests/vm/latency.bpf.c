// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * latency: how long it takes from a connection's being established to its first additional subflow's, whoever
 * asks for that; with `open` this program does.
 */
#include "common.h"

volatile __u32 open; /* a subflow from 10.0.2.1 to 10.0.2.2 for each connection */

volatile __u64 established, joined, failed, slowest_us;
/*
 * How many took so many microseconds: 0 to 3 one each, then four classes to each power of two, so that
 * class i is of less than (i % 4 + 5) * 2^(i / 4 - 1).
 */
volatile __u64 took[128];

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u32); /* token */
    __type(value, __u64);
} since SEC(".maps");

static void when_established(struct bpf_sock_ops *ctx, __u32 token)
{
    struct bpf_mptcp_path path = {.family = AF_INET};
    __u64 now = bpf_ktime_get_ns();

    INC(established);
    bpf_map_update_elem(&since, &token, &now, BPF_ANY);
    if (!open)
        return;
    path.local_addr[0] = bpf_htonl(0x0a000201);
    path.remote_addr[0] = bpf_htonl(0x0a000202);
    if (bpf_mptcp_open_subflow(bpf_cast_to_kern_ctx(ctx), &path, sizeof(path)))
        INC(failed);
}

static __u32 class_of(__u64 us)
{
    __u32 log;

    if (us < 4)
        return us;
    for (log = 2; log < 31 && us >> (log + 1); log++)
        ;
    return (log - 1) * 4 + (us >> (log - 2) & 3);
}

static void when_joined(__u32 token)
{
    __u64 *then = bpf_map_lookup_elem(&since, &token);
    __u64 us;

    if (!then)
        return;
    us = (bpf_ktime_get_ns() - *then) / 1000;
    bpf_map_delete_elem(&since, &token);
    INC(joined);
    if (us > slowest_us)
        slowest_us = us;
    INC(took[class_of(us) & 127]);
}

SEC("sockops")
int latency(struct bpf_sock_ops *ctx)
{
    if (ctx->op != BPF_SOCK_OPS_MPTCP_EVENT_CB)
        return 1;
    switch (ctx->args[0]) {
    case BPF_MPTCP_ESTABLISHED:
        when_established(ctx, ctx->args[1]);
        break;
    case BPF_MPTCP_SUB_ESTABLISHED:
        when_joined(ctx->args[1]);
        break;
    case BPF_MPTCP_REQUEST_FAILED:
        INC(failed);
        break;
    }
    return 1;
}
