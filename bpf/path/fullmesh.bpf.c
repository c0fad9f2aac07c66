// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fullmesh - a path manager: a subflow between every two addresses of the two hosts.
 *
 * All addresses of this host, of both families, with all that the peer has or announces. It follows
 * them: an address that comes brings its subflows, one that goes takes them along.
 *
 * Hooks: the patched kernel's MPTCP_EVENT. Parameters: role, local (bpf/load/program_fullmesh.c).
 * The map of local addresses is kept up to date by a process of the loader (bpf/load/follow.c), for
 * connections to come; those that live are told of changes by the kernel.
 * Source: Beyond socket options, section 7.3.2, and 7.4 for what was left open there: changes of
 * local addresses, removal of subflows, IPv6.
 */
#define REPORT_PROGRAM_NAME "fullmesh"
#include "bpf/include/mesh.h"

const volatile __u32 role = ROLE_CLIENT;

SEC("sockops")
int optrail_fullmesh(struct bpf_sock_ops *context)
{
    struct bpf_mptcp_info info;

    path_count_failed(context);
    if (context->op != MPTCP_EVENT_OP || !path_info(context, role, &info))
        return 1;
    if (context->args[0] == MPTCP_ESTABLISHED) {
        mesh_begin(context, &info, true);
        mesh_open_all(context);
    } else {
        mesh_event(context, &info);
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
