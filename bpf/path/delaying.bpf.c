// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * delaying - a path manager: a full mesh, once a connection has turned out to be worth it.
 *
 * Most connections are short, and subflows that carry nothing cost energy and state. Nothing is
 * opened before
 *   - the application has read `octets` of the connection, or
 *   - it reads after `duration` ms, and has not received `rate` kbit/s (0: whatever it received).
 * With both given, whichever comes first. The kernel tells a program when so much was read, so that
 * connections which are not read from cost nothing, and are not looked at either.
 *
 * Hooks: the patched kernel's MPTCP_EVENT and MPTCP_RECV. Parameters: octets, duration, rate, more,
 * role, local (bpf/load/program_delaying.c); local addresses as fullmesh.
 * Source: Beyond socket options, section 7.3.4.
 */
#define REPORT_PROGRAM_NAME "delaying"
#include "bpf/include/mesh.h"

const volatile __u32 octets = 0;
const volatile __u32 duration = 0; /* ms */
const volatile __u32 rate = 0;     /* kbit/s */
const volatile __u32 more = 0;     /* subflows between the first one's addresses */
const volatile __u32 role = ROLE_CLIENT;

#define NS_PER_MS  1000000ULL
#define LOOK_AGAIN 65536 /* octets; while it waits for time to pass */

static __always_inline void look_at(struct bpf_sock_ops *context, __u64 received)
{
    __u64 at = received + LOOK_AGAIN;
    if (octets && (!duration || octets < at))
        at = octets;
    if (at <= received)
        at = received + 1;
    long result = bpf_mptcp_notify_received(bpf_cast_to_kern_ctx(context), at);
    report_call(context, &at, 0, HOOK_CALL_NOTIFY_RECEIVED, (__u32)at, result);
}

/* Whether the connection is worth it by now. */
static __always_inline bool is_worth(const struct mesh *mesh, __u64 received)
{
    if (octets && received >= octets)
        return true;
    __u64 elapsed_ms = (bpf_ktime_get_ns() - mesh->since_ns) / NS_PER_MS;
    if (!duration || elapsed_ms < duration)
        return false;
    return !rate || received * 8 < elapsed_ms * rate; /* kbit/s are bit/ms */
}

SEC("sockops")
int optrail_delaying(struct bpf_sock_ops *context)
{
    struct bpf_mptcp_info info;

    path_count_failed(context);
    if (context->op == MPTCP_EVENT_OP && path_info(context, role, &info)) {
        if (context->args[0] == MPTCP_ESTABLISHED) {
            mesh_begin(context, &info, false);
            look_at(context, 0);
        } else {
            mesh_event(context, &info);
        }
    } else if (context->op == MPTCP_RECV_OP && path_info(context, role, &info)) {
        __u64 received = context->args[2] | (__u64)context->args[3] << 32;
        __u32 token = info.token;
        struct mesh *mesh = bpf_map_lookup_elem(&meshes, &token);
        if (!mesh || mesh->ready)
            return 1;
        if (!is_worth(mesh, received)) {
            look_at(context, received);
            return 1;
        }
        mesh->ready = 1;
        path_open_same(context, more);
        mesh_open_all(context);
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
