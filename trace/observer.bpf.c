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
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/report_maps.h"
#include "trace/observer.h"

char LICENSE[] SEC("license") = "GPL";

enum { FAMILY_IPV6 = 10 /* AF_INET6 */ };

/* Kernel structs, as far as they are read; CO-RE finds the members where the kernel has them. */
struct mptcp_sock {
    __u32 token;
} __attribute__((preserve_access_index));

struct bpf_sock_ops_kern {
    __u8 remaining_opt_len;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;

/* Set by the recorder before loading, from what the kernel has. */
const volatile __u32 cgroup_index = 0;
const volatile __u32 recorder_pid = 0; /* to recognise what a killed recorder left (old kernels) */
const volatile bool has_netns_cookie = false;
const volatile bool has_mptcp_token = false;
const volatile bool has_kernel_context = false;
const volatile __u32 wakeup_octets = 0; /* wake the recorder when so many are waiting */

/* Set while both copies of the exit observer are attached. */
volatile __u32 overlap = 0;

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 22); /* the recorder sets it */
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} lost SEC(".maps");

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

static __always_inline struct report_cpu *this_cpu(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&optrail_report, &zero);
}

/* Option space that is still free for programs; OBSERVER_UNKNOWN where the kernel doesn't say. */
static __always_inline __u16 free_space(struct bpf_sock_ops *context)
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

/* The slot to note an invocation in: its own, a free one, or the one that waits longest. */
static __always_inline struct report_slot *claim(struct report_cpu *cpu, __u64 cookie, __u32 op)
{
    struct report_slot *choice = NULL;

#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        struct report_slot *slot = &cpu->slots[i];
        if (slot->cookie == cookie && slot->op == op)
            return slot;
        if (choice == NULL ||
            (choice->cookie != 0 && (slot->cookie == 0 || slot->entry_ns < choice->entry_ns)))
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
    __u64 cookie = bpf_get_socket_cookie(context);
    __u32 op = context->op;
    struct report_slot *slot = claim(cpu, cookie, op);
    if (slot == NULL)
        return 1;
    /* Another recorder's entry observer has just been here: the invocation is the same one. */
    bool again = slot->cookie == cookie && slot->op == op && slot->n == 0;
    slot->entered = again ? slot->entered + 1 : 1;
    slot->cookie = cookie;
    slot->op = op;
    slot->n = 0;
    slot->args[0] = context->args[0];
    slot->args[1] = context->args[1];
    slot->args[2] = context->args[2];
    slot->args[3] = context->args[3];
    slot->options_before = options_standing(context);
    slot->space_before = free_space(context);
    slot->entry_ns = bpf_ktime_get_ns();
    return 1;
}

/*
 * Copies the options contiguously. Bounds are constants at every step, which is what verifiers
 * since 5.10 follow; programs may leave the end at any octet.
 */
static __always_inline void copy_options(struct observer_event *event, void *data, void *end)
{
    __u8 *from = data + sizeof(struct tcphdr);

#pragma unroll
    for (int i = 0; i < OBSERVER_OPTIONS; i += 4) {
        if ((void *)(from + i + 4) > end) {
            if ((void *)(from + i + 1) > end)
                return;
            event->options[i] = from[i];
            event->options_length = i + 1;
            if ((void *)(from + i + 2) > end)
                return;
            event->options[i + 1] = from[i + 1];
            event->options_length = i + 2;
            if ((void *)(from + i + 3) > end)
                return;
            event->options[i + 2] = from[i + 2];
            event->options_length = i + 3;
            return;
        }
        __builtin_memcpy(&event->options[i], &from[i], 4);
        event->options_length = i + 4;
    }
}

static __always_inline void fill_header(struct observer_event *event, struct bpf_sock_ops *context)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    struct tcphdr *header = data;

    event->options_length = 0;
    event->header_length = 0;
    event->skb_length = context->skb_len;
    event->tcp_flags = (__u8)context->skb_tcp_flags;
    if ((void *)(header + 1) > end) {
        event->seq_net = 0;
        event->ack_net = 0;
        event->window_net = 0;
        return;
    }
    event->flags |= OBSERVER_HEADER;
    event->seq_net = header->seq;
    event->ack_net = header->ack_seq;
    event->window_net = header->window;
    event->header_length = header->doff * 4;
    event->tcp_flags = ((__u8 *)data)[13];
    copy_options(event, data, end);
}

static __always_inline void fill_socket(struct observer_event *event, struct bpf_sock_ops *context)
{
    event->family = context->family;
    if (context->family == FAMILY_IPV6) {
        event->local_net[0] = context->local_ip6[0];
        event->local_net[1] = context->local_ip6[1];
        event->local_net[2] = context->local_ip6[2];
        event->local_net[3] = context->local_ip6[3];
        event->remote_net[0] = context->remote_ip6[0];
        event->remote_net[1] = context->remote_ip6[1];
        event->remote_net[2] = context->remote_ip6[2];
        event->remote_net[3] = context->remote_ip6[3];
        /* Keeps the compiler from joining both branches' last loads through a computed address,
         * which verifiers refuse for a context. */
        asm volatile("" ::: "memory");
    } else {
        event->local_net[0] = context->local_ip4;
        event->remote_net[0] = context->remote_ip4;
    }
    event->local_port = context->local_port; /* host byte order, unlike remote_port */
    event->remote_port = bpf_ntohl(context->remote_port);
    event->state = context->state;
    event->snd_nxt = context->snd_nxt;
    event->rcv_nxt = context->rcv_nxt;
    event->cwnd = context->snd_cwnd;
    event->srtt_us_8 = context->srtt_us;
    event->mss = context->mss_cache;
    if (context->is_fullsock)
        event->flags |= OBSERVER_FULLSOCK;
    event->netns = has_netns_cookie ? bpf_get_netns_cookie(context) : 0;
    event->token = 0;
    if (has_mptcp_token) {
        struct bpf_sock *socket = context->sk; /* once: two loads are two pointers to check */
        if (socket != NULL) {
            struct mptcp_sock *connection = bpf_skc_to_mptcp_sock(socket);
            if (connection != NULL)
                event->token = connection->token;
        }
    }
}

static __always_inline void submit(void *event)
{
    /* The recorder looks every few milliseconds; it is woken only before the ring gets full. */
    __u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
    bpf_ringbuf_submit(event, waiting >= wakeup_octets ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
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
    __u32 zero = 0;
    __u64 now = bpf_ktime_get_ns();
    __u64 cookie = bpf_get_socket_cookie(context);
    __u32 op = context->op;

    if (overlap && seen_by_other(cookie, op, copy))
        return 1;
    __u64 *lost_here = bpf_map_lookup_elem(&lost, &zero);
    struct report_cpu *cpu = this_cpu();
    if (lost_here == NULL || cpu == NULL)
        return 1;

    struct report_slot *slot = NULL;
#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        if (cpu->slots[i].cookie == cookie && cpu->slots[i].op == op) {
            slot = &cpu->slots[i];
            break;
        }
    }
    __u32 n_actions = slot != NULL ? slot->n : 0;
    struct observer_event *event;
    struct observer_event_reports *reports = NULL;

    if (n_actions > 0) {
        reports = bpf_ringbuf_reserve(&ring, sizeof(*reports), 0);
        event = &reports->event;
    } else {
        event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
    }
    /* `event` is at the start of `reports`: one check serves both. */
    if (event == NULL) {
        __sync_fetch_and_add(lost_here, 1);
        goto done;
    }
    event->time_ns = now;
    event->cookie = cookie;
    event->op = op;
    event->cgroup = cgroup_index;
    event->cpu = (__u16)bpf_get_smp_processor_id();
    event->lost = *lost_here;
    event->n_actions = n_actions;
    event->flags = 0;
    event->reply = context->reply;
    event->space_after = free_space(context);
    if (slot != NULL && slot->entered != 0) {
        event->flags |= OBSERVER_ENTRY;
        event->entry_ns = slot->entry_ns;
        event->options_before = slot->options_before;
        event->space_before = slot->space_before;
        __builtin_memcpy(event->args, slot->args, sizeof(event->args));
    } else {
        event->entry_ns = 0;
        event->options_before = OBSERVER_UNKNOWN;
        event->space_before = OBSERVER_UNKNOWN;
        event->args[0] = context->args[0];
        event->args[1] = context->args[1];
        event->args[2] = context->args[2];
        event->args[3] = context->args[3];
    }
    fill_header(event, context);
    fill_socket(event, context);
    if (reports != NULL && slot != NULL) {
        event->flags |= OBSERVER_REPORTS;
        __builtin_memcpy(reports->actions, slot->actions, sizeof(reports->actions));
    }
    submit(event);

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
