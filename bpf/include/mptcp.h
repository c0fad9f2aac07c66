/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mptcp.h - what the patched kernel has for Multipath TCP, for sock_ops programs.
 *
 * Numbers, structs and functions are those of kernel/patches (linux/bpf.h, linux/mptcp_bpf.h there),
 * declared here because the headers of the build host do not know them. A program is one object for
 * all kernels: `patched`, which the loader sets, stands before every call, so that the verifier of
 * a stock kernel never sees one.
 *
 * In MPTCP's operations the context's socket is the connection: context->sk is NULL, and what a
 * program remembers of a connection stands in a map by its token. In TCP's operations the functions
 * take the connection of the subflow at hand.
 */
#ifndef OPTRAIL_BPF_MPTCP_H
#define OPTRAIL_BPF_MPTCP_H

#include "bpf/include/sock_ops.h"

const volatile __u32 patched = 0;

/* context->op */
#define MPTCP_EVENT_OP 64 /* args: event, token, subflow id, address ids (local | remote << 8) */
#define MPTCP_JOIN_OP  65
#define MPTCP_RECV_OP  66 /* args[2], args[3]: octets read from the connection, low and high half */

#define TCP_BPF_DELACK_TIME 1064 /* microseconds */
#define TCP_BPF_DELACK_SEGS 1065 /* full-sized segments */

enum mptcp_event_number {
    MPTCP_CREATED = 1,
    MPTCP_ESTABLISHED = 2, /* from now on subflows can be added */
    MPTCP_CLOSED = 3,
    MPTCP_ANNOUNCED = 6,
    MPTCP_REMOVED = 7,
    MPTCP_SUB_ESTABLISHED = 10,
    MPTCP_SUB_CLOSED = 11,
    MPTCP_SUB_PRIORITY = 13,
    MPTCP_FALLBACK = 64,
    MPTCP_REQUEST_FAILED = 65, /* args[2]: what was asked for, args[3]: a positive errno */
    MPTCP_LOCAL_ADDED = 66,
    MPTCP_LOCAL_REMOVED = 67,
};

/* args[2] of MPTCP_REQUEST_FAILED */
#define MPTCP_REQUEST_OPEN     1
#define MPTCP_REQUEST_WITHDRAW 8

enum mptcp_info_flags {
    MPTCP_F_SERVER = 1 << 0,
    MPTCP_F_FALLBACK = 1 << 2,
    MPTCP_F_DENY_JOIN_ID0 = 1 << 3,
    MPTCP_F_JOINED = 1 << 8,
    MPTCP_F_RESET = 1 << 11,
};

struct bpf_mptcp_info {
    __u32 token;
    __u32 flags;
    __u32 subflows; /* additional ones */
    __u32 subflow_id;
    __u32 error;
    __u32 reset_reason;
    __u32 ifindex;
    __u8 local_id;
    __u8 remote_id;
    __u16 family;
    __be32 local_addr[4]; /* IPv4 in the first word */
    __be32 remote_addr[4];
    __be16 local_port;
    __be16 remote_port;
};

#define MPTCP_PATH_BACKUP 1

struct bpf_mptcp_path { /* what is zero is left to the kernel */
    __u16 family;
    __u8 local_id;
    __u8 remote_id;
    __u32 flags;
    __u32 ifindex;
    __be32 local_addr[4];
    __be32 remote_addr[4];
    __be16 local_port;
    __be16 remote_port;
};

struct bpf_mptcp_addr {
    __u16 family;
    __be16 port; /* 0: the first subflow's */
    __u8 id;     /* 0: the kernel gives one */
    __u8 reserved[3];
    __be32 addr[4];
};

struct bpf_sock_ops_kern { /* opaque here */
};

void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;
int bpf_mptcp_get_info(const struct bpf_sock_ops_kern *skops, struct bpf_mptcp_info *info,
                       __u32 info__sz) __ksym __weak;
int bpf_mptcp_open_subflow(const struct bpf_sock_ops_kern *skops, const struct bpf_mptcp_path *path,
                           __u32 path__sz) __ksym __weak;
int bpf_mptcp_close_subflow(const struct bpf_sock_ops_kern *skops, __u32 subflow_id) __ksym __weak;
int bpf_mptcp_announce_addr(const struct bpf_sock_ops_kern *skops,
                            const struct bpf_mptcp_addr *addr, __u32 addr__sz) __ksym __weak;
int bpf_mptcp_withdraw_addr(const struct bpf_sock_ops_kern *skops,
                            const struct bpf_mptcp_addr *addr, __u32 addr__sz) __ksym __weak;
int bpf_mptcp_send_ack(const struct bpf_sock_ops_kern *skops, __u32 subflow_id) __ksym __weak;
int bpf_mptcp_watch_addresses(const struct bpf_sock_ops_kern *skops, bool watch) __ksym __weak;
int bpf_mptcp_set_scheduler(const struct bpf_sock_ops_kern *skops, const char *name,
                            __u32 name__sz) __ksym __weak;
int bpf_mptcp_set_delay_threshold(const struct bpf_sock_ops_kern *skops,
                                  __u32 threshold_ms) __ksym __weak;
int bpf_mptcp_set_inactivity_timeout(const struct bpf_sock_ops_kern *skops,
                                     __u32 timeout_s) __ksym __weak;
int bpf_mptcp_notify_received(const struct bpf_sock_ops_kern *skops, __u64 bytes) __ksym __weak;

/* What we need of the kernel's own type; offsets come from its BTF. */
struct mptcp_sock {
    void *first; /* the first subflow's socket, NULL when it is gone */
    __u32 token; /* local, host byte order */
} __attribute__((preserve_access_index));

#endif
