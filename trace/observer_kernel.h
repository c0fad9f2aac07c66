/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_kernel.h - what the observers find in a kernel, and how programs learn that they run.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_KERNEL_H
#define OPTRAIL_TRACE_OBSERVER_KERNEL_H

#include <stdbool.h>

struct observer_features {
    bool fetch_atomics;  /* atomic operations that return a value (kernel 5.12) */
    bool preorder;       /* try BPF_F_PREORDER (kernel 6.15): only attaching tells */
    bool netns_cookie;   /* bpf_get_netns_cookie() for sock_ops */
    bool mptcp_token;    /* bpf_skc_to_mptcp_sock() and struct mptcp_sock */
    bool kernel_context; /* bpf_cast_to_kern_ctx() */
};

/*
 * Asks the kernel. For tests of what older kernels get, OPTRAIL_KERNEL_LACKS in the environment
 * names members, separated by commas, that are to be taken for absent.
 */
struct observer_features observer_features_probe(void);

/*
 * Counts a recorder in (change 1) or out (-1) in the map REPORT_CONTROL_MAP, and renews the lease
 * (0 does nothing else). Programs report only while recorders are counted and the lease runs, so
 * it is to be called at least every two seconds. Several recorders count in one number: a lock on
 * the folder keeps them from stepping on each other.
 */
void observer_lease(int control_map, int change);

#endif
