/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * path.h - what path managers share: what they know of an event, and opening subflows.
 *
 * They run on the patched kernel's operations of MPTCP connections. What they ask for, the
 * connection's worker does soon; that it could not be done is an event too, and counted as failed.
 */
#ifndef OPTRAIL_BPF_PATH_H
#define OPTRAIL_BPF_PATH_H

#include "bpf/include/mptcp.h"

/* The connection or subflow that the operation is about. False when it is not of our role. */
static __always_inline bool path_info(struct bpf_sock_ops *context, __u32 roles,
                                      struct bpf_mptcp_info *info)
{
    __builtin_memset(info, 0, sizeof(*info));
    if (bpf_mptcp_get_info(bpf_cast_to_kern_ctx(context), info, sizeof(*info)) != 0 ||
        (info->flags & MPTCP_F_FALLBACK))
        return false;
    return roles & (info->flags & MPTCP_F_SERVER ? ROLE_SERVER : ROLE_CLIENT);
}

/*
 * Opens a subflow, and counts and reports it. This and what else is called from loops is a global
 * function: the verifier looks at it once.
 */
__noinline int path_open(struct bpf_sock_ops *context, const struct bpf_mptcp_path *path)
{
    if (!path)
        return 0;
    long result = bpf_mptcp_open_subflow(bpf_cast_to_kern_ctx(context), path, sizeof(*path));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_call(context, path, 0, HOOK_CALL_OPEN_SUBFLOW,
                (__u32)path->local_id | (__u32)path->remote_id << 8, result);
    return 0;
}

__noinline int path_close(struct bpf_sock_ops *context, __u32 subflow_id)
{
    long result = bpf_mptcp_close_subflow(bpf_cast_to_kern_ctx(context), subflow_id);
    if (result != 0)
        count(COUNTER_FAILED);
    report_call(context, &subflow_id, 0, HOOK_CALL_CLOSE_SUBFLOW, subflow_id, result);
    return 0;
}

/* `n` more subflows between the addresses of the first; at most PATH_SAME_MAX. */
#define PATH_SAME_MAX 16
static __always_inline void path_open_same(struct bpf_sock_ops *context, __u32 n)
{
    struct bpf_mptcp_path path = {};

    for (__u32 i = 0; i < PATH_SAME_MAX && i < n; i++)
        path_open(context, &path);
}

/* For events that every path manager counts. */
static __always_inline void path_count_failed(struct bpf_sock_ops *context)
{
    if (context->op == MPTCP_EVENT_OP && context->args[0] == MPTCP_REQUEST_FAILED)
        count(COUNTER_FAILED);
}

/* An IPv4 address that stands in IPv6 becomes one of IPv4. */
static __always_inline __u16 path_normalise(__u16 family, __u32 address[4])
{
    if (family != AF_INET6 || address[0] || address[1] || address[2] != bpf_htonl(0xffff))
        return family;
    address[0] = address[3];
    address[2] = 0;
    address[3] = 0;
    return AF_INET;
}

#endif
