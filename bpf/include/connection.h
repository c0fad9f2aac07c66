/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection.h - what a program keeps of each connection, as long as the connection lives.
 *
 * For BPF programs of type sock_ops. Define struct connection before including; it begins as zeros.
 */
#ifndef OPTRAIL_BPF_CONNECTION_H
#define OPTRAIL_BPF_CONNECTION_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct connection);
} connections SEC(".maps");

/* NULL when the program keeps nothing of this one: it began before, or was none to act on. */
static __always_inline struct connection *connection_of(struct bpf_sock *socket)
{
    return bpf_sk_storage_get(&connections, socket, NULL, 0);
}

/* From now on something is kept. NULL when there is no memory for it. */
static __always_inline struct connection *connection_begin(struct bpf_sock *socket)
{
    return bpf_sk_storage_get(&connections, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

#endif
