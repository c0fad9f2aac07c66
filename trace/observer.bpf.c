// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * observer.bpf.c - the observers: two sock_ops programs around the programs that are watched.
 *
 * The entry observer is attached so that it runs first (BPF_F_PREORDER); it notes in a slot of
 * report_abi.h when the invocation began, its arguments, and how many octets of options stood in
 * the header. The exit observer is attached last; it sees what the programs left behind and puts
 * one event into the ring. Neither writes an option, sets a flag, a reply or a socket option, so
 * that a connection cannot tell whether it is watched.
 *
 * The exit observer exists twice: to become the last again after a program was attached behind it,
 * one copy is attached before the other is detached. Where both run in one invocation, the second
 * finds the mark of the first and says nothing.
 *
 * Contexts: Documentation of struct bpf_sock_ops in linux/bpf.h. What skb_data spans depends on the
 * operation: nothing for HDR_OPT_LEN, the header as far as it is written for WRITE_HDR_OPT, the
 * whole header for PARSE_HDR_OPT and ESTABLISHED.
 */
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/report_maps.h"
#include "trace/observer.h"

char LICENSE[] SEC("license") = "GPL";

enum { FAMILY_IPV6 = 10 /* AF_INET6 */ };

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
    bool is_mptcp;
};

struct bpf_sock_ops_kern {
    struct sock *sk;
    __u8 remaining_opt_len;
};
#pragma clang attribute pop

extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/* Set by the recorder before loading, from what the kernel has. */
const volatile __u32 cgroup_index = 0;
const volatile __u32 recorder_pid = 0; /* to recognise what a killed recorder left (old kernels) */
const volatile bool has_netns_cookie = false;
const volatile bool has_mptcp_token = false;
const volatile bool has_kernel_context = false;
const volatile bool stores_in_order = false; /* the processor's: else publishing takes a barrier */
const volatile bool every_duration = false;  /* else one in 16 */
const volatile __u32 slot_mask = 0;          /* slots of a ring, less 1 */
const volatile __u32 wakeup_slots = 0;       /* wake the recorder when so many are waiting */

/* Set while both copies of the exit observer are attached. */
volatile __u32 overlap = 0;

struct { /* struct observer_ring, one for each CPU; the recorder sets both sizes */
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, OBSERVER_RING_SIZE(1));
} rings SEC(".maps");

struct { /* carries nothing: what is put into it wakes the recorder */
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} wake SEC(".maps");

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

static __always_inline struct report_cpu *this_cpu(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&optrail_report, &zero);
}

/* Option space that is still free for programs; OBSERVER_UNKNOWN where the kernel doesn't say. */
static __always_inline __u8 free_space(struct bpf_sock_ops *context)
{
    if (!has_kernel_context)
        return OBSERVER_UNKNOWN;
    struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
    return kernel->remaining_opt_len;
}

/* Octets of options between the fixed header and the end of what is accessible. */
static __always_inline __u16 options_standing(struct bpf_sock_ops *context)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    if (data + sizeof(struct tcphdr) > end)
        return 0;
    return (__u16)((long)end - (long)data - (long)sizeof(struct tcphdr));
}

/* The cookie of the socket, which names the invocation together with the operation. */
static __always_inline __u64 cookie_of(struct bpf_sock_ops *context)
{
    if (has_kernel_context) {
        struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
        __u64 cookie = kernel->sk->__sk_common.skc_cookie.counter;
        if (cookie != 0)
            return cookie;
    }
    return bpf_get_socket_cookie(context); /* gives it one */
}

static __always_inline struct observer_ring *this_ring(void)
{
    __u32 id = bpf_get_smp_processor_id();
    return bpf_map_lookup_elem(&rings, &id);
}

/* Whether to time this invocation: reading the clock twice is what costs most of all. */
static __always_inline bool is_timed(void)
{
    if (every_duration)
        return true;
    struct observer_ring *ring = this_ring();
    /* One in 16, at no period: operations come in patterns. */
    return ring != NULL && (ring->head * 0x9e3779b97f4a7c15ull) >> 60 == 0;
}

/* The slot to note an invocation in: its own, a free one, or the one that waits longest. */
static __always_inline struct report_slot *claim(struct report_cpu *cpu, __u64 cookie, __u32 op)
{
    struct report_slot *choice = &cpu->slots[0];

    if (choice->cookie == 0) /* as ever, but for invocations that interrupt others */
        return choice;
#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        struct report_slot *slot = &cpu->slots[i];
        if (slot->cookie == cookie && slot->op == op)
            return slot;
        if (choice->cookie != 0 && (slot->cookie == 0 || slot->entry_ns < choice->entry_ns))
            choice = slot;
    }
    return choice;
}

SEC("sockops")
int optrail_entry(struct bpf_sock_ops *context)
{
    struct report_cpu *cpu = this_cpu();
    if (cpu == NULL)
        return 1;
    __u64 cookie = cookie_of(context);
    __u32 op = context->op;
    struct report_slot *slot = claim(cpu, cookie, op);
    /* Another recorder's entry observer has just been here: the invocation is the same one. */
    bool again = slot->cookie == cookie && slot->op == op && slot->n == 0;
    slot->entered = again ? slot->entered + 1 : 1;
    slot->cookie = cookie;
    slot->op = op;
    slot->n = 0;
    STORE(slot->args[0], OF_2(READ(context->args[0]), READ(context->args[1])));
    STORE(slot->args[2], OF_2(READ(context->args[2]), READ(context->args[3])));
    slot->options_before = options_standing(context);
    slot->space_before = free_space(context);
    slot->entry_ns = is_timed() ? bpf_ktime_get_ns() : 0;
    return 1;
}

/*
 * Copies the options. Bounds are constants at every step, which is what verifiers follow; programs
 * may leave the end at any octet. A TCP header's words are aligned as well as the header is.
 */
static __always_inline void copy_options(struct observer_event *event, void *data, void *end)
{
    __u8 *from = data + sizeof(struct tcphdr), *to = event->options;

#pragma unroll
    for (int i = 0; i < OBSERVER_OPTIONS; i += 8) {
        if ((void *)(from + i + 8) > end) {
            if ((void *)(from + i + 4) <= end) {
                *(__u32 *)(void *)(to + i) = *(__u32 *)(void *)(from + i);
                if ((void *)(from + i + 5) > end)
                    return;
                to[i + 4] = from[i + 4];
                if ((void *)(from + i + 6) > end)
                    return;
                to[i + 5] = from[i + 5];
                if ((void *)(from + i + 7) > end)
                    return;
                to[i + 6] = from[i + 6];
                return;
            }
            if ((void *)(from + i + 1) > end)
                return;
            to[i] = from[i];
            if ((void *)(from + i + 2) > end)
                return;
            to[i + 1] = from[i + 1];
            if ((void *)(from + i + 3) > end)
                return;
            to[i + 2] = from[i + 2];
            return;
        }
        *(__u64 *)(void *)(to + i) = *(__u64 *)(void *)(from + i);
    }
}

static __always_inline __u32 mptcp_token(struct bpf_sock_ops *context)
{
    if (!has_mptcp_token)
        return 0;
    if (has_kernel_context) {
        struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
        struct tcp_sock *tcp =
            bpf_rdonly_cast(kernel->sk, bpf_core_type_id_kernel(struct tcp_sock));
        if (!context->is_fullsock || !tcp->is_mptcp)
            return 0;
    }
    struct bpf_sock *socket = context->sk; /* once: two loads are two pointers to check */
    if (socket == NULL)
        return 0;
    struct mptcp_sock *connection = bpf_skc_to_mptcp_sock(socket);
    return connection != NULL ? connection->token : 0;
}

static __always_inline __u64 netns_cookie(struct bpf_sock_ops *context)
{
    if (has_kernel_context) {
        struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
        return kernel->sk->__sk_common.skc_net.net->net_cookie;
    }
    return has_netns_cookie ? bpf_get_netns_cookie(context) : 0;
}

static __always_inline void fill_addresses(struct observer_event *event,
                                           struct bpf_sock_ops *context, __u32 family)
{
    if (family == FAMILY_IPV6) {
        STORE(event->local_net[0], OF_2(READ(context->local_ip6[0]), READ(context->local_ip6[1])));
        STORE(event->local_net[2], OF_2(READ(context->local_ip6[2]), READ(context->local_ip6[3])));
        STORE(event->remote_net[0],
              OF_2(READ(context->remote_ip6[0]), READ(context->remote_ip6[1])));
        STORE(event->remote_net[2],
              OF_2(READ(context->remote_ip6[2]), READ(context->remote_ip6[3])));
        /* Keeps the compiler from joining both branches' last loads through a computed address,
         * which verifiers refuse for a context. */
        asm volatile("" ::: "memory");
    } else {
        event->local_net[0] = context->local_ip4;
        event->remote_net[0] = context->remote_ip4;
    }
}

/* All of an event but what the entry observer saw and what `flags` begins with. */
static __always_inline void fill(struct observer_event *event, struct bpf_sock_ops *context,
                                 __u32 op, __u32 flags, __u32 n_actions)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    struct tcphdr *header = data;
    __u32 family = context->family, window_net = 0, header_length = 0, options_length = 0;
    __u32 tcp_flags = context->skb_tcp_flags;

    STORE(event->reply, OF_2(context->reply, mptcp_token(context)));
    event->netns = netns_cookie(context);
    fill_addresses(event, context, family);
    STORE(event->snd_nxt, OF_2(context->snd_nxt, context->rcv_nxt));
    STORE(event->cwnd, OF_2(context->snd_cwnd, context->srtt_us));
    STORE(event->mss, OF_2(context->mss_cache, context->skb_len));
    if ((void *)(header + 1) <= end) {
        long standing = (long)end - (long)data - (long)sizeof(struct tcphdr);
        flags |= OBSERVER_HEADER;
        STORE(event->seq_net, OF_2(header->seq, header->ack_seq));
        window_net = header->window;
        header_length = header->doff * 4;
        tcp_flags = ((__u8 *)data)[13];
        options_length = standing < OBSERVER_OPTIONS ? (__u32)standing : OBSERVER_OPTIONS;
        copy_options(event, data, end);
    } else {
        STORE(event->seq_net, 0);
    }
    if (context->is_fullsock)
        flags |= OBSERVER_FULLSOCK;
    /* The local port is in host byte order, the remote one is not. */
    STORE(event->local_port,
          OF_4(context->local_port, bpf_ntohl(context->remote_port), window_net, cgroup_index));
    STORE(event->op, OF_8(op, family, context->state, flags, n_actions, header_length, tcp_flags,
                          options_length));
}

enum { NO_SLOT = -1 };

/* Takes `n` slots that follow each other: the number of the first; NO_SLOT: the ring is full. */
static __always_inline __s64 take_slots(struct observer_ring *ring, __u32 n)
{
    volatile __u64 *head = &ring->head, *tail = &ring->tail;
#pragma unroll
    for (int i = 0; i < 4; i++) { /* who is interrupted between the two tries again */
        __u64 at = *head;
        __s64 used = (__s64)(at - *tail);
        if (used + n > (__s64)slot_mask + 1)
            return NO_SLOT;
        if (__sync_val_compare_and_swap(&ring->head, at, at + n) != at)
            continue;
        /* The recorder looks every few milliseconds; it is woken only before the ring is full. */
        if (used < (__s64)wakeup_slots && used + n >= (__s64)wakeup_slots) {
            __u64 nothing = 0;
            bpf_ringbuf_output(&wake, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
        }
        return (__s64)at;
    }
    return NO_SLOT;
}

static __always_inline void publish(struct observer_slot *slot, __u64 number)
{
    if (stores_in_order) {
        asm volatile("" ::: "memory");
        *(volatile __u64 *)&slot->sequence = number + 1;
    } else {
        __sync_lock_test_and_set(&slot->sequence, number + 1);
    }
}

/* True when the other copy of the exit observer made this invocation's event already. */
static __always_inline bool seen_by_other(__u64 cookie, __u32 op, __u32 copy)
{
    __u32 zero = 0;
    struct exit_mark *mark = bpf_map_lookup_elem(&exit_marks, &zero);
    if (mark == NULL)
        return false;
    if (mark->cookie == cookie && mark->op == op && mark->copy != copy) {
        mark->cookie = 0;
        return true;
    }
    mark->cookie = cookie;
    mark->op = op;
    mark->copy = copy;
    return false;
}

static __always_inline int observe_exit(struct bpf_sock_ops *context, __u32 copy)
{
    __u64 now = bpf_ktime_get_ns();
    __u64 cookie = cookie_of(context);
    __u32 op = context->op;

    if (overlap && seen_by_other(cookie, op, copy))
        return 1;
    struct observer_ring *ring = this_ring();
    struct report_cpu *cpu = this_cpu();
    if (ring == NULL || cpu == NULL)
        return 1;

    struct report_slot *slot = NULL;
#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        if (cpu->slots[i].cookie == cookie && cpu->slots[i].op == op) {
            slot = &cpu->slots[i];
            break;
        }
    }
    __u32 n_actions = slot != NULL ? slot->n : 0, n_slots = 1, flags = 0;
    if (n_actions > 0) {
        flags |= OBSERVER_REPORTS;
        n_actions = n_actions < 255 ? n_actions : 255;
        n_slots = n_actions > 2 * OBSERVER_SLOT_ACTIONS ? 4
                  : n_actions > OBSERVER_SLOT_ACTIONS   ? 3
                                                        : 2;
    }
    __s64 number = take_slots(ring, n_slots);
    if (number < 0) {
        __sync_fetch_and_add(&ring->lost, 1);
        goto done;
    }
    struct observer_slot *place = &ring->slots[(__u64)number & slot_mask];
    struct observer_event *event = &place->event;
    __u64 duration_ns = 0;
    event->time_ns = now;
    event->cookie = cookie;
    if (slot != NULL && slot->entered != 0) {
        flags |= OBSERVER_ENTRY;
        if (slot->entry_ns != 0)
            duration_ns = now - slot->entry_ns;
        STORE(event->args[0], *(__u64 *)(void *)&slot->args[0]);
        STORE(event->args[2], *(__u64 *)(void *)&slot->args[2]);
        STORE(event->options_before,
              OF_8(slot->options_before, slot->space_before, free_space(context), 0, 0, 0, 0, 0));
    } else {
        STORE(event->args[0], OF_2(READ(context->args[0]), READ(context->args[1])));
        STORE(event->args[2], OF_2(READ(context->args[2]), READ(context->args[3])));
        STORE(event->options_before,
              OF_8(OBSERVER_UNKNOWN, OBSERVER_UNKNOWN, free_space(context), 0, 0, 0, 0, 0));
    }
    if (duration_ns > 0xffffffff)
        duration_ns = 0xffffffff;
    STORE(event->duration_ns, OF_2(duration_ns, *(volatile __u64 *)&ring->lost));
    fill(event, context, op, flags, n_actions);
    if (slot != NULL && n_actions > 0) {
        __builtin_memcpy(place[1].actions, slot->actions, sizeof(place[1].actions));
        if (n_actions > OBSERVER_SLOT_ACTIONS)
            __builtin_memcpy(place[2].actions, &slot->actions[OBSERVER_SLOT_ACTIONS],
                             sizeof(place[2].actions));
        if (n_actions > 2 * OBSERVER_SLOT_ACTIONS)
            __builtin_memcpy(place[3].actions, &slot->actions[2 * OBSERVER_SLOT_ACTIONS],
                             2 * sizeof(struct report_action));
    }
    publish(place, (__u64)number);

done:
    if (slot != NULL) {
        if (slot->entered > 1)
            slot->entered--;
        else
            slot->cookie = 0;
    }
    return 1;
}

SEC("sockops")
int optrail_exit(struct bpf_sock_ops *context)
{
    return observe_exit(context, 0);
}

SEC("sockops")
int optrail_exit_b(struct bpf_sock_ops *context)
{
    return observe_exit(context, 1);
}
