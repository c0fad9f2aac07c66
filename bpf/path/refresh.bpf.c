// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * refresh - a path manager: puts a new subflow in the place of one that was ended by the network.
 *
 * A middlebox that forgets a connection answers with resets, or with silence; one that throttles
 * old connections does not. A subflow that ended by a reset or by a timeout is opened anew between
 * the same addresses; with `age` one that is older is replaced while it works: the new one first,
 * then the old one is closed. A subflow that either end closed properly stays closed.
 *
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, TCP_STATE (the error is known there alone), RTT
 *   (for the age: where data flows), and the patched kernel's MPTCP_EVENT.
 * Parameters: reset, timeout, age, role (bpf/load/program_refresh.c).
 * Source: Beyond socket options, section 7.3.3.
 */
#define REPORT_PROGRAM_NAME "refresh"
#include "bpf/include/path.h"
#include "bpf/include/sk_error.h"

const volatile __u32 reset = 1;
const volatile __u32 timeout = 1;
const volatile __u32 age = 0; /* s; 0: any */
const volatile __u32 role = ROLE_CLIENT;

#define NS_PER_S 1000000000ULL

struct connection { /* of one subflow */
    __u64 since_ns;
    __u32 replaced; /* its successor was asked for */
    __u32 zero;
};

#include "bpf/include/connection.h"

struct { /* token of a connection to the id of the subflow that the next new one replaces */
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, __u32);
} replacing SEC(".maps");

/* A subflow between the addresses of that one. */
static __always_inline void open_like(struct bpf_sock_ops *context,
                                      const struct bpf_mptcp_info *info)
{
    struct bpf_mptcp_path path = {
        .remote_id = info->remote_id,
        .remote_port = info->remote_port,
        .ifindex = info->ifindex,
    };

    __builtin_memcpy(path.local_addr, info->local_addr, sizeof(path.local_addr));
    __builtin_memcpy(path.remote_addr, info->remote_addr, sizeof(path.remote_addr));
    path.family = path_normalise(info->family, path.local_addr);
    path_normalise(info->family, path.remote_addr);
    path_open(context, &path);
}

static __always_inline void state_changed(struct bpf_sock_ops *context, struct bpf_sock *socket)
{
    struct bpf_mptcp_info info;

    if (!connection_of(socket) || !ended_by_network(context, socket, reset, timeout) ||
        !path_info(context, role, &info))
        return;
    open_like(context, &info);
}

static __always_inline void look_at_age(struct bpf_sock_ops *context, struct bpf_sock *socket)
{
    struct bpf_mptcp_info info;
    struct connection *connection = connection_of(socket);

    if (!connection || connection->replaced ||
        bpf_ktime_get_ns() - connection->since_ns < age * NS_PER_S ||
        !path_info(context, role, &info))
        return;
    connection->replaced = 1;
    __u32 token = info.token, id = info.subflow_id;
    bpf_map_update_elem(&replacing, &token, &id, BPF_ANY);
    open_like(context, &info);
}

static __always_inline void joined(struct bpf_sock_ops *context)
{
    __u32 token = context->args[1];
    const __u32 *old = bpf_map_lookup_elem(&replacing, &token);
    if (!old)
        return;
    __u32 id = *old;
    bpf_map_delete_elem(&replacing, &token);
    path_close(context, id);
}

SEC("sockops")
int optrail_refresh(struct bpf_sock_ops *context)
{
    struct bpf_sock *socket = context->sk;
    struct connection *connection;

    path_count_failed(context);
    if (context->op == MPTCP_EVENT_OP) {
        if (context->args[0] == MPTCP_SUB_ESTABLISHED)
            joined(context);
        return 1;
    }
    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        if (!bpf_skc_to_mptcp_sock(socket))
            break;
        connection = connection_begin(socket);
        if (!connection)
            break;
        connection->since_ns = bpf_ktime_get_ns();
        want_callbacks(context, BPF_SOCK_OPS_STATE_CB_FLAG | (age ? BPF_SOCK_OPS_RTT_CB_FLAG : 0));
        break;
    case BPF_SOCK_OPS_STATE_CB:
        state_changed(context, socket);
        break;
    case BPF_SOCK_OPS_RTT_CB:
        if (age)
            look_at_age(context, socket);
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
