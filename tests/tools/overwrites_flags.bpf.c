// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * overwrites_flags.bpf.c - a sock_ops program that is not Optrail's, for tests: it asks for the RTT
 * callback with no regard for the flags that others set, and counts what it gets.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} foreign_rtts SEC(".maps");

SEC("sockops")
int foreign(struct bpf_sock_ops *context)
{
    __u32 zero = 0;
    __u64 *n = bpf_map_lookup_elem(&foreign_rtts, &zero);

    if (context->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB ||
        context->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
        bpf_sock_ops_cb_flags_set(context, BPF_SOCK_OPS_RTT_CB_FLAG);
    if (context->op == BPF_SOCK_OPS_RTT_CB && n)
        __sync_fetch_and_add(n, 1);
    return 1;
}

char _license[] SEC("license") = "GPL";
