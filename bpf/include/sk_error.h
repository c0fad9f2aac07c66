/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sk_error.h - what a subflow ended by: the error that its socket has when it goes to TCP_CLOSE.
 *
 * For programs that run on BPF_SOCK_OPS_STATE_CB, the one moment in which it can be known. The offset
 * of sk_err comes from the kernel's BTF.
 */
#ifndef OPTRAIL_BPF_SK_ERROR_H
#define OPTRAIL_BPF_SK_ERROR_H

#include "bpf/include/sock_ops.h"

#define ENETDOWN     100 /* with EHOSTUNREACH: what a timeout is when a router had said why */
#define ECONNRESET   104
#define ETIMEDOUT    110
#define EHOSTUNREACH 113

#define TCP_STATE_CLOSE 7

struct sock {
    int sk_err;
} __attribute__((preserve_access_index));

struct inet_sock {
    struct sock sk;
} __attribute__((preserve_access_index));

struct inet_connection_sock {
    struct inet_sock icsk_inet;
} __attribute__((preserve_access_index));

struct tcp_sock {
    struct inet_connection_sock inet_conn;
} __attribute__((preserve_access_index));

/*
 * In BPF_SOCK_OPS_STATE_CB: the error, a positive errno, of a subflow that the network ended: by a
 * reset where `by_reset`, by a timeout where `by_timeout`. 0 when it lives, or ended otherwise.
 */
static __always_inline __u32 ended_by_network(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                              bool by_reset, bool by_timeout)
{
    if (context->args[1] != TCP_STATE_CLOSE)
        return 0;
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(socket);
    int error = tcp ? tcp->inet_conn.icsk_inet.sk.sk_err : 0;
    switch (error) {
    case ECONNRESET:
        return by_reset ? ECONNRESET : 0;
    case ETIMEDOUT:
    case ENETDOWN:
    case EHOSTUNREACH:
        return by_timeout ? (__u32)error : 0;
    }
    return 0;
}

#endif
