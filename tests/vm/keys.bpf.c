// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keys: reads the keys of the last connection that was established.
 */
#include "common.h"

volatile __u64 local_key, remote_key;

SEC("sockops")
int keys(struct bpf_sock_ops *ctx)
{
	struct bpf_mptcp_keys got = {};

	if (ctx->op == BPF_SOCK_OPS_MPTCP_EVENT_CB && ctx->args[0] == BPF_MPTCP_ESTABLISHED &&
	    bpf_mptcp_get_keys(bpf_cast_to_kern_ctx(ctx), &got, sizeof(got)) == 0) {
		local_key = got.local;
		remote_key = got.remote;
	}
	return 1;
}
