/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sock_ops.h - what all our sock_ops programs share: callback flags and counters.
 *
 * For BPF programs of type sock_ops; REPORT_PROGRAM_NAME must be defined (report.h). All that the
 * programs need of the kernel is in linux/bpf.h, unless a program says otherwise: no type of a
 * particular kernel is used, so they load without kernel BTF too.
 *
 * The contexts that matter (linux/bpf.h, struct bpf_sock_ops):
 *   TCP_LISTEN, TCP_CONNECT  before any segment: what is set here holds for the SYN, the SYN-ACK
 *   ACTIVE_ESTABLISHED   client, on the SYN-ACK; what is sent next is the handshake's third ACK
 *   PASSIVE_ESTABLISHED  server, on the third ACK, which PARSE_HDR_OPT never gets
 *   PARSE_HDR_OPT        both, on later segments that hold an option unknown to the kernel
 *   HDR_OPT_LEN          both, before sending: reserve. Also without a segment, to compute the MSS
 *   WRITE_HDR_OPT        both, where something was reserved
 * A server has no full socket before PASSIVE_ESTABLISHED: context->sk is NULL until then.
 *
 * sending.h and receiving.h have what programs that send or take an option share.
 */
#ifndef OPTRAIL_BPF_SOCK_OPS_H
#define OPTRAIL_BPF_SOCK_OPS_H

#include <linux/bpf.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/program_abi.h"
#include "bpf/include/report.h"
#include "wire/segment.h"

#define ENOENT 2
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define ENOMSG 42

#define AF_INET  2
#define AF_INET6 10

#define SOL_SOCKET 1
#define SOL_TCP    6

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, N_COUNTERS);
    __type(key, __u32);
    __type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(enum counter which)
{
    __u32 key = which;
    __u64 *counter = bpf_map_lookup_elem(&counters, &key);
    if (counter)
        *counter += 1; /* per CPU; a lost update under preemption costs one count */
}

/* Other programs of the cgroup may want other callbacks: flags are only ever added. */
static __always_inline void want_callbacks(struct bpf_sock_ops *context, int flags)
{
    if ((context->bpf_sock_ops_cb_flags & flags) != (__u32)flags)
        bpf_sock_ops_cb_flags_set(context, context->bpf_sock_ops_cb_flags | flags);
}

/*
 * Reads a 32-bit field of the context where it is written: the compiler would else choose between
 * two fields' addresses first and read after, which the verifier does not allow.
 */
#define READ_FIELD(context, field)                                                                 \
    ({                                                                                             \
        __u32 value_;                                                                              \
        asm volatile("%0 = *(u32 *)(%1 + %2)"                                                      \
                     : "=r"(value_)                                                                \
                     : "r"(context), "i"(__builtin_offsetof(struct bpf_sock_ops, field)));         \
        value_;                                                                                    \
    })

/* An address as 128 bits, IPv4 mapped (::ffff:0:0/96), network byte order. */
struct address {
    __u32 words[4];
};

static __always_inline void address_remote(struct bpf_sock_ops *context, struct address *address)
{
    if (context->family == AF_INET) {
        address->words[0] = 0;
        address->words[1] = 0;
        address->words[2] = bpf_htonl(0xffff);
        address->words[3] = READ_FIELD(context, remote_ip4);
        return;
    }
    address->words[0] = READ_FIELD(context, remote_ip6[0]);
    address->words[1] = READ_FIELD(context, remote_ip6[1]);
    address->words[2] = READ_FIELD(context, remote_ip6[2]);
    address->words[3] = READ_FIELD(context, remote_ip6[3]);
}

static __always_inline void address_local(struct bpf_sock_ops *context, struct address *address)
{
    if (context->family == AF_INET) {
        address->words[0] = 0;
        address->words[1] = 0;
        address->words[2] = bpf_htonl(0xffff);
        address->words[3] = READ_FIELD(context, local_ip4);
        return;
    }
    address->words[0] = READ_FIELD(context, local_ip6[0]);
    address->words[1] = READ_FIELD(context, local_ip6[1]);
    address->words[2] = READ_FIELD(context, local_ip6[2]);
    address->words[3] = READ_FIELD(context, local_ip6[3]);
}

#endif
