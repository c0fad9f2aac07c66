// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * announce - a path manager of servers: tells each client of the server's other addresses.
 *
 * Clients are often behind a NAT, and open all subflows; they must know where to. Every address of
 * this host but the connection's own is announced (ADD_ADDR), of both families, and those that come
 * while the connection lives too. The kernel repeats it until the client echoes it. What was announced and
 * goes is withdrawn (RM_ADDR), once: there is no echo of that.
 *
 * Hooks: the patched kernel's MPTCP_EVENT. Parameters: role, local (bpf/load/program_announce.c);
 * local addresses as fullmesh.
 * Source: Beyond socket options, section 7.2.3.
 */
#define REPORT_PROGRAM_NAME "announce"
#include "bpf/include/mesh.h"

const volatile __u32 role = ROLE_SERVER;

static __always_inline void announce(struct bpf_sock_ops *context, __u16 family,
                                     const __u32 address[4])
{
    struct bpf_mptcp_addr addr = {.family = family};

    __builtin_memcpy(addr.addr, address, sizeof(addr.addr));
    long result = bpf_mptcp_announce_addr(bpf_cast_to_kern_ctx(context), &addr, sizeof(addr));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_call(context, &addr, 0, HOOK_CALL_ANNOUNCE_ADDR, 0, result);
}

/* Of an address that was not announced, such as the connection's own, the kernel tells nobody. */
static __always_inline void withdraw(struct bpf_sock_ops *context, __u16 family,
                                     const __u32 address[4])
{
    struct bpf_mptcp_addr addr = {.family = family};

    __builtin_memcpy(addr.addr, address, sizeof(addr.addr));
    long result = bpf_mptcp_withdraw_addr(bpf_cast_to_kern_ctx(context), &addr, sizeof(addr));
    if (result != 0)
        count(COUNTER_FAILED);
    report_call(context, &addr, 0, HOOK_CALL_WITHDRAW_ADDR, 0, result);
}

/* A removal can be told twice, and then the second time there is nothing to withdraw. */
static __always_inline bool withdrawn_already(const struct bpf_sock_ops *context)
{
    return context->args[0] == MPTCP_REQUEST_FAILED && context->args[2] == MPTCP_REQUEST_WITHDRAW &&
           context->args[3] == ENOENT;
}

SEC("sockops")
int optrail_announce(struct bpf_sock_ops *context)
{
    struct bpf_mptcp_info info;

    if (!withdrawn_already(context))
        path_count_failed(context);
    if (context->op != MPTCP_EVENT_OP || !path_info(context, role, &info))
        return 1;
    if (context->args[0] == MPTCP_ESTABLISHED) {
        __u16 family = path_normalise(info.family, info.local_addr);
        for (__u32 i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
            __u32 key = i;
            const struct path_address *ours = bpf_map_lookup_elem(&local_addresses, &key);
            if (ours && ours->family &&
                !(ours->family == family && mesh_same(ours->address, info.local_addr)))
                announce(context, ours->family, ours->address);
        }
        bpf_mptcp_watch_addresses(bpf_cast_to_kern_ctx(context), true);
    } else if (context->args[0] == MPTCP_LOCAL_ADDED) {
        if (mesh_local_changed(context, &info))
            announce(context, info.family, info.local_addr);
    } else if (context->args[0] == MPTCP_LOCAL_REMOVED) {
        mesh_local_changed(context, &info);
        withdraw(context, info.family, info.local_addr);
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
