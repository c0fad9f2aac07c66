// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event: counts the events of MPTCP connections and does at them what its variables say.
 */
#include "common.h"

/* What to do, all of it off */
volatile __u32 open_plain;	  /* when established: this many subflows, nothing given */
volatile __u32 open_v4, open_v6;  /* one from 10.0.2.1 to 10.0.2.2, one from fd00:2::1 to fd00:2::2 */
volatile __u32 open_backup;	  /* those two as backup */
volatile __u32 open_remote_id;	  /* the remote address id of those two */
volatile __u32 open_announced;	  /* a subflow to each address that the peer announces */
volatile __u32 announce;	  /* when established: 10.0.2.2 */
volatile __u32 close_joined;	  /* close each additional subflow as soon as it is there */
volatile __u32 close_first;	  /* close the first one when an additional one is there */
volatile __u32 backup_joined;	  /* set each additional one to backup */
volatile __u32 ack_joined;	  /* an ACK on each additional one */
volatile __u32 refuse;		  /* every subflow that the peer asks for */
volatile __u32 watch;		  /* local addresses */
volatile __u32 open_local;	  /* a subflow from each local address that is added */
volatile __u32 flood;		  /* when established: this many requests in one call */
volatile __u32 open_early, flood_early; /* the same as soon as it is created */
volatile __u32 timeout_s, delay_ms, notify, scheduler; /* when created, see below */

/* What happened */
volatile __u64 events[128], joins, received, received_bytes;
volatile __u64 failed, failed_what, failed_errno;
volatile __u64 accepted, refused_requests; /* requests that said 0, and that did not */
volatile __u64 last_errno; /* of the latter, positive */
volatile __u64 setsockopt_worked, fullsock, syn_loaded; /* must stay 0 */
volatile __u64 token, subflow_id, info_flags, family, error, remote_address, local_address;
volatile __u64 token_differs, info_failed;

static void count(int result)
{
	if (result == 0) {
		INC(accepted);
	} else {
		INC(refused_requests);
		last_errno = -result;
	}
}

static void open_plainly(struct bpf_sock_ops_kern *skops)
{
	for (__u32 i = 0; i < open_plain && i < 8; i++) {
		struct bpf_mptcp_path path = {};

		count(bpf_mptcp_open_subflow(skops, &path, sizeof(path)));
	}
}

static void open_path(struct bpf_sock_ops_kern *skops, bool v6)
{
	struct bpf_mptcp_path path = {
		.family = v6 ? AF_INET6 : AF_INET,
		.flags = open_backup ? BPF_MPTCP_PATH_BACKUP : 0,
		.remote_id = open_remote_id,
	};

	if (v6) {
		path.local_addr[0] = bpf_htonl(0xfd000002);
		path.local_addr[3] = bpf_htonl(1);
		path.remote_addr[0] = bpf_htonl(0xfd000002);
		path.remote_addr[3] = bpf_htonl(2);
	} else {
		path.local_addr[0] = bpf_htonl(0x0a000201);
		path.remote_addr[0] = bpf_htonl(0x0a000202);
	}
	count(bpf_mptcp_open_subflow(skops, &path, sizeof(path)));
}

static void when_established(struct bpf_sock_ops_kern *skops)
{
	open_plainly(skops);
	if (open_v4)
		open_path(skops, false);
	if (open_v6)
		open_path(skops, true);
	if (announce) {
		struct bpf_mptcp_addr addr = { .family = AF_INET };

		addr.addr[0] = bpf_htonl(0x0a000202);
		count(bpf_mptcp_announce_addr(skops, &addr, sizeof(addr)));
	}
	for (__u32 i = 0; i < flood && i < 1000; i++)
		count(bpf_mptcp_send_ack(skops, 1));
	if (watch)
		count(bpf_mptcp_watch_addresses(skops, true));
}

static void when_created(struct bpf_sock_ops_kern *skops)
{
	char roundrobin[16] = "roundrobin", redundant[16] = "redundant", unknown[16] = "nosuch";

	if (open_early) {
		struct bpf_mptcp_path path = {};

		count(bpf_mptcp_open_subflow(skops, &path, sizeof(path)));
	}
	for (__u32 i = 0; i < flood_early && i < 1000; i++)
		count(bpf_mptcp_send_ack(skops, 1));
	if (timeout_s)
		count(bpf_mptcp_set_inactivity_timeout(skops, timeout_s));
	if (delay_ms)
		count(bpf_mptcp_set_delay_threshold(skops, delay_ms));
	if (notify)
		count(bpf_mptcp_notify_received(skops, notify));
	if (scheduler == 1)
		count(bpf_mptcp_set_scheduler(skops, roundrobin, sizeof(roundrobin)));
	if (scheduler == 2)
		count(bpf_mptcp_set_scheduler(skops, redundant, sizeof(redundant)));
	if (scheduler == 3)
		count(bpf_mptcp_set_scheduler(skops, unknown, sizeof(unknown)));
}

static void when_joined(struct bpf_sock_ops_kern *skops, __u32 id)
{
	if (close_joined)
		count(bpf_mptcp_close_subflow(skops, id));
	if (close_first)
		count(bpf_mptcp_close_subflow(skops, 1));
	if (backup_joined)
		count(bpf_mptcp_set_backup(skops, id, true));
	if (ack_joined)
		count(bpf_mptcp_send_ack(skops, id));
}

static void look(struct bpf_sock_ops *ctx, struct bpf_sock_ops_kern *skops, __u32 event)
{
	struct bpf_mptcp_info info = {};
	__u8 syn[40] = { 2, 0 };
	int one = 1;

	/* The connection must not be taken for a TCP socket */
	if (bpf_setsockopt(ctx, 6, 1 /* TCP_NODELAY */, &one, sizeof(one)) == 0 ||
	    bpf_setsockopt(ctx, 1, 8 /* SO_RCVBUF */, &one, sizeof(one)) == 0 ||
	    bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_ALL_CB_FLAGS) >= 0)
		INC(setsockopt_worked);
	if (ctx->is_fullsock || ctx->sk || ctx->snd_cwnd)
		INC(fullsock);
	if (bpf_load_hdr_opt(ctx, syn, sizeof(syn), BPF_LOAD_HDR_OPT_TCP_SYN) >= 0)
		INC(syn_loaded);

	if (bpf_mptcp_get_info(skops, &info, sizeof(info))) {
		INC(info_failed);
		return;
	}
	token = info.token;
	if (info.token != ctx->args[1])
		INC(token_differs);
	subflow_id = info.subflow_id;
	info_flags |= info.flags;
	family = info.family;
	if (info.error)
		error = info.error;
	if (event == BPF_MPTCP_ANNOUNCED)
		remote_address = info.remote_addr[0];
	if (event == BPF_MPTCP_LOCAL_ADDED || event == BPF_MPTCP_LOCAL_REMOVED)
		local_address = info.local_addr[0];

	if (event == BPF_MPTCP_ANNOUNCED && open_announced) {
		struct bpf_mptcp_path path = {
			.family = info.family,
			.remote_id = info.remote_id,
			.remote_port = info.remote_port,
		};

		__builtin_memcpy(path.remote_addr, info.remote_addr, sizeof(path.remote_addr));
		count(bpf_mptcp_open_subflow(skops, &path, sizeof(path)));
	}
	if (event == BPF_MPTCP_LOCAL_ADDED && open_local) {
		struct bpf_mptcp_path path = {
			.family = info.family,
			.ifindex = info.ifindex,
		};

		__builtin_memcpy(path.local_addr, info.local_addr, sizeof(path.local_addr));
		__builtin_memcpy(path.remote_addr, info.local_addr, sizeof(path.remote_addr));
		/* the other end of the same path */
		path.remote_addr[info.family == AF_INET ? 0 : 3] += bpf_htonl(1);
		count(bpf_mptcp_open_subflow(skops, &path, sizeof(path)));
	}
}

SEC("sockops")
int event(struct bpf_sock_ops *ctx)
{
	struct bpf_sock_ops_kern *skops = bpf_cast_to_kern_ctx(ctx);
	__u32 event = ctx->args[0];

	if (ctx->op == BPF_SOCK_OPS_MPTCP_JOIN_CB) {
		INC(joins);
		if (refuse)
			count(bpf_mptcp_refuse_join(skops));
		return 1;
	}
	if (ctx->op == BPF_SOCK_OPS_MPTCP_RECV_CB) {
		INC(received);
		received_bytes = ctx->args[2];
		open_plainly(skops);
		return 1;
	}
	if (ctx->op != BPF_SOCK_OPS_MPTCP_EVENT_CB)
		return 1;

	INC(events[event & 127]);
	look(ctx, skops, event);
	switch (event) {
	case BPF_MPTCP_CREATED:
		when_created(skops);
		break;
	case BPF_MPTCP_ESTABLISHED:
		if (!notify)
			when_established(skops);
		break;
	case BPF_MPTCP_SUB_ESTABLISHED:
		when_joined(skops, ctx->args[2]);
		break;
	case BPF_MPTCP_REQUEST_FAILED:
		INC(failed);
		failed_what = ctx->args[2];
		failed_errno = ctx->args[3];
		break;
	}
	return 1;
}
