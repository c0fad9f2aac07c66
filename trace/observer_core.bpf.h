/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_core.bpf.h - the observers: two sock_ops programs around the programs that are watched.
 *
 * For BPF objects, each of which says first how an event gets to the recorder (observer.bpf.c,
 * observer_ringbuf.bpf.c) and then includes this.
 *
 * The entry observer is attached so that it runs first (BPF_F_PREORDER); it notes in a slot of
 * report_abi.h what the programs may change: the arguments, which a reply overwrites, and how many
 * octets of options stood in the header or were free. The exit observer is attached last; it sees
 * what the programs left behind and makes one event. Neither writes an option, sets a flag, a reply
 * or a socket option, so that a connection cannot tell whether it is watched.
 *
 * The exit observer exists twice: to become the last again after a program was attached behind it,
 * one copy is attached before the other is detached. Where both run in one invocation, the second
 * finds the mark of the first and says nothing.
 *
 * What costs is calls into the kernel, the clock above all, and cache lines: their code's and their
 * data's, for a hook comes so seldom that the rest of the kernel has had the caches meanwhile. So
 * what is rare stands in functions of its own, and the clock is read only where no reading is at
 * hand (event_time()).
 *
 * Contexts: Documentation of struct bpf_sock_ops in linux/bpf.h. What skb_data spans depends on the
 * operation: nothing for HDR_OPT_LEN, the header as far as it is written for WRITE_HDR_OPT, the
 * whole header for PARSE_HDR_OPT and ESTABLISHED.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_CORE_H
#define OPTRAIL_TRACE_OBSERVER_CORE_H

#include <linux/bpf.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/report_maps.h"
#include "trace/observer.h"

char LICENSE[] SEC("license") = "GPL";

enum {
    FAMILY_IPV6 = 10,   /* AF_INET6 */
    OF_CURRENT_MSS = 1, /* BPF_WRITE_HDR_TCP_CURRENT_MSS: a length that no segment has */
};

#define RARELY(condition) __builtin_expect(!!(condition), 0)
#define MOSTLY(condition) __builtin_expect(!!(condition), 1)

/*
 * Kernel structs, as far as they are read; CO-RE finds the members where the kernel has them.
 * Reading them costs a nanosecond where a helper costs ten.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct mptcp_sock {
    __u32 token;
};

struct net {
    __u64 net_cookie;
};

typedef struct {
    struct net *net;
} possible_net_t;

typedef struct {
    __s64 counter;
} atomic64_t;

struct sock_common {
    possible_net_t skc_net;
    atomic64_t skc_cookie;
};

struct sock {
    struct sock_common __sk_common;
};

struct tcp_sock {
    __u64 tcp_clock_cache;
    bool is_mptcp;
};

struct bpf_sock_ops_kern {
    struct sock *sk;
    __u8 remaining_opt_len;
};
#pragma clang attribute pop

extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/* Set by the recorder before loading. */
const volatile struct observer_constants constants = {0};

struct { /* struct observer_ring, one for each CPU; the recorder sets both sizes */
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, OBSERVER_RING_SIZE(1));
} rings SEC(".maps");

struct exit_mark { /* the invocation for which an exit observer of this CPU last made an event */
    __u64 cookie;
    __u32 op;
    __u32 copy;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct exit_mark);
} exit_marks SEC(".maps");

/* Several members of an event in one store; in the order in which they stand there. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PLACE(value, at, octets) ((__u64)(value) << ((at)*8))
#else
#define PLACE(value, at, octets) ((__u64)(value) << ((8 - (at) - (octets)) * 8))
#endif
#define OF_2(a, b) (PLACE((__u32)(a), 0, 4) | PLACE((__u32)(b), 4, 4))
#define OF_4(a, b, c, d)                                                                           \
    (PLACE((__u16)(a), 0, 2) | PLACE((__u16)(b), 2, 2) | PLACE((__u16)(c), 4, 2) |                 \
     PLACE((__u16)(d), 6, 2))
#define OF_8(a, b, c, d, e, f, g, h)                                                               \
    (PLACE((__u8)(a), 0, 1) | PLACE((__u8)(b), 1, 1) | PLACE((__u8)(c), 2, 1) |                    \
     PLACE((__u8)(d), 3, 1) | PLACE((__u8)(e), 4, 1) | PLACE((__u8)(f), 5, 1) |                    \
     PLACE((__u8)(g), 6, 1) | PLACE((__u8)(h), 7, 1))
/* Words of a context may only be read one at a time. */
#define READ(member)         (*(const volatile __u32 *)&(member))
#define STORE(member, value) (*(__u64 *)(void *)&(member) = (value))
#define LOAD(member)         (*(const __u64 *)(const void *)&(member))

static __always_inline struct report_cpu *this_cpu(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&optrail_report, &zero);
}

static __always_inline struct observer_ring *ring_of(__u32 cpu)
{
    return bpf_map_lookup_elem(&rings, &cpu);
}

/* Option space that is still free for programs; OBSERVER_UNKNOWN where the kernel doesn't say. */
static __always_inline __u32 free_space(struct bpf_sock_ops *context)
{
    if (!constants.kernel_context)
        return OBSERVER_UNKNOWN;
    struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
    return kernel->remaining_opt_len;
}

/* Octets of options between the fixed header and the end of what is accessible. */
static __always_inline __u32 options_standing(struct bpf_sock_ops *context)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    if (data + sizeof(struct tcphdr) > end)
        return 0;
    return (__u32)((long)end - (long)data - (long)sizeof(struct tcphdr));
}

/* The cookie of the socket, which names the invocation together with the operation. */
static __always_inline __u64 cookie_of(struct bpf_sock_ops *context)
{
    if (constants.kernel_context) {
        struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
        __u64 cookie = kernel->sk->__sk_common.skc_cookie.counter;
        if (MOSTLY(cookie != 0))
            return cookie;
    }
    return bpf_get_socket_cookie(context); /* gives it one */
}

/* The socket as TCP knows it; only for full sockets, and where constants.kernel_context is set. */
static __always_inline const struct tcp_sock *tcp_of(struct bpf_sock_ops *context)
{
    struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
    return bpf_rdonly_cast(kernel->sk, bpf_core_type_id_kernel(struct tcp_sock));
}

#endif
