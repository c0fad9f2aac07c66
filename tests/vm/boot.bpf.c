// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * boot: counts calls of the kernel's mptcp_incoming_options() and what sock_ops sees, to prove that
 * fentry and BTF work in the guest. Needs nothing of the patches.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

volatile __u64 segments, established;

SEC("fentry/mptcp_incoming_options")
int count_segments(void *ctx)
{
	__sync_fetch_and_add(&segments, 1);
	return 0;
}

SEC("sockops")
int count_connections(struct bpf_sock_ops *skops)
{
	if (skops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		__sync_fetch_and_add(&established, 1);
	return 1;
}

char _license[] SEC("license") = "GPL";
