// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ndiffports - a path manager: several subflows between the same two addresses.
 *
 * They differ in their source ports, so that a network which spreads flows over its paths by ports
 * (ECMP) spreads one connection.
 *
 * Hooks: the patched kernel's MPTCP_EVENT. Parameters: n, role (bpf/load/program_ndiffports.c).
 * Source: Beyond socket options, section 7.3.1.
 */
#define REPORT_PROGRAM_NAME "ndiffports"
#include "bpf/include/path.h"

const volatile __u32 n = 2;
const volatile __u32 role = ROLE_CLIENT;

SEC("sockops")
int optrail_ndiffports(struct bpf_sock_ops *context)
{
    struct bpf_mptcp_info info;

    path_count_failed(context);
    if (context->op == MPTCP_EVENT_OP && context->args[0] == MPTCP_ESTABLISHED &&
        path_info(context, role, &info))
        path_open_same(context, n - 1);
    return 1;
}

char _license[] SEC("license") = "GPL";
