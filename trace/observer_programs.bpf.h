/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_programs.bpf.h - the observers' programs, on top of observer_core.bpf.h.
 *
 * Who includes it has said how an event gets to the recorder: struct observer_place, place_take(),
 * place_actions(), place_publish().
 */
#ifndef OPTRAIL_TRACE_OBSERVER_PROGRAMS_H
#define OPTRAIL_TRACE_OBSERVER_PROGRAMS_H

#include "trace/observer_core.bpf.h"

/* --- at entry -------------------------------------------------------------------------------- */

/* The slot of an invocation among those that are taken, a free one, or the one that waits longest. */
static __noinline int find_place(struct report_cpu *cpu, __u64 cookie, __u32 op)
{
    int choice = 0;
    __u64 since = ~0ull;

    if (cpu == NULL)
        return 0;
#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        const struct report_slot *slot = &cpu->slots[i];
        if (slot->cookie == cookie && slot->op == op)
            return i;
        __u64 age = slot->cookie == 0 ? 0 : slot->entry_ns + 1;
        if (age < since) {
            since = age;
            choice = i;
        }
    }
    return choice;
}

/* True when this recorder is the only one: nobody else needs to know that an invocation began. */
static __always_inline bool is_alone(void)
{
    __u32 zero = 0;
    const struct report_control *control = bpf_map_lookup_elem(&optrail_control, &zero);
    return control != NULL && control->recorders == 1;
}

/* Whether to time this invocation, for which the clock has to be read twice. */
static __always_inline bool is_timed(const struct observer_ring *ring)
{
    /* One in 16, at no period: operations come in patterns. */
    return constants.every_duration || (ring->head * 0x9e3779b97f4a7c15ull) >> 60 == 0;
}

SEC("sockops")
int optrail_entry(struct bpf_sock_ops *context)
{
    __u32 op = context->op;
    struct observer_ring *ring = ring_of(bpf_get_smp_processor_id());
    if (ring == NULL)
        return 1;
    bool timed = is_timed(ring);
    /* The kernel gives it no arguments, and programs cannot change what is received. */
    if (op == BPF_SOCK_OPS_PARSE_HDR_OPT_CB && !timed && is_alone())
        return 1;
    struct report_cpu *cpu = this_cpu();
    if (cpu == NULL)
        return 1;
    __u64 cookie = cookie_of(context);
    struct report_slot *slot = &cpu->slots[0];
    if (RARELY(slot->cookie != 0)) { /* an invocation that interrupts another */
        int place = find_place(cpu, cookie, op);
        if (place < 0 || place >= REPORT_SLOTS)
            return 1;
        slot = &cpu->slots[place];
    }
    /* Another recorder's entry observer has just been here: the invocation is the same one. */
    bool again = slot->cookie == cookie && slot->op == op && slot->n == 0;
    slot->entered = again ? slot->entered + 1 : 1;
    slot->cookie = cookie;
    slot->op = op;
    slot->n = 0;
    STORE(slot->args[0], OF_2(READ(context->args[0]), READ(context->args[1])));
    STORE(slot->args[2], OF_2(READ(context->args[2]), READ(context->args[3])));
    slot->options_before = (__u16)options_standing(context);
    slot->space_before = (__u16)free_space(context);
    slot->entry_ns = RARELY(timed) ? bpf_ktime_get_ns() : 0;
    return 1;
}

/* --- at exit --------------------------------------------------------------------------------- */

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
                if (MOSTLY((void *)(from + i + 5) > end))
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
            if (MOSTLY((void *)(from + i + 1) > end))
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

static __always_inline __u32 mptcp_token(struct bpf_sock_ops *context, __u32 is_fullsock)
{
    if (!constants.mptcp_token || !is_fullsock)
        return 0;
    if (constants.kernel_context && bpf_core_field_exists(((struct tcp_sock *)0)->is_mptcp) &&
        MOSTLY(!tcp_of(context)->is_mptcp))
        return 0;
    struct bpf_sock *socket = context->sk; /* once: two loads are two pointers to check */
    if (socket == NULL)
        return 0;
    struct mptcp_sock *connection = bpf_skc_to_mptcp_sock(socket);
    return connection != NULL ? connection->token : 0;
}

static __always_inline __u64 netns_cookie(struct bpf_sock_ops *context)
{
    if (constants.kernel_context) {
        struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
        return kernel->sk->__sk_common.skc_net.net->net_cookie;
    }
    return constants.netns_cookie ? bpf_get_netns_cookie(context) : 0;
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

/* All of an event but its time and what the entry observer saw. */
static __always_inline void fill(struct observer_event *event, struct bpf_sock_ops *context,
                                 __u32 op, __u32 flags, __u32 n_actions)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    struct tcphdr *header = data;
    __u32 family = context->family, window_net = 0, header_length = 0, options_length = 0;
    __u32 tcp_flags, is_fullsock = context->is_fullsock;

    STORE(event->reply, OF_2(context->reply, mptcp_token(context, is_fullsock)));
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
        tcp_flags = context->skb_tcp_flags;
        STORE(event->seq_net, 0);
    }
    if (is_fullsock)
        flags |= OBSERVER_FULLSOCK;
    /* The local port is in host byte order, the remote one is not. */
    STORE(event->local_port, OF_4(context->local_port, bpf_ntohl(context->remote_port), window_net,
                                  constants.cgroup_index));
    STORE(event->op, OF_8(op, family, context->state, flags, n_actions, header_length, tcp_flags,
                          options_length));
}

/* True when the other copy of the exit observer made this invocation's event already. */
static __noinline int seen_by_other(__u64 cookie, __u32 op, __u32 copy)
{
    __u32 zero = 0;
    struct exit_mark *mark = bpf_map_lookup_elem(&exit_marks, &zero);
    if (mark == NULL)
        return 0;
    if (mark->cookie == cookie && mark->op == op && mark->copy != copy) {
        mark->cookie = 0;
        return 1;
    }
    mark->cookie = cookie;
    mark->op = op;
    mark->copy = copy;
    return 0;
}

/* The slot that an invocation has, of those behind the first; REPORT_SLOTS: none. */
static __noinline int find_slot(struct report_cpu *cpu, __u64 cookie, __u32 op)
{
    if (cpu == NULL)
        return REPORT_SLOTS;
#pragma unroll
    for (int i = 1; i < REPORT_SLOTS; i++) {
        if (cpu->slots[i].cookie == cookie && cpu->slots[i].op == op)
            return i;
    }
    return REPORT_SLOTS;
}

/*
 * When the programs had run, on MONOTONIC. Reading the clock is what costs most of all, so it is
 * not read again where the kernel has just done it: tcp_rcv_established() and
 * tcp_rcv_state_process() do when they take up a segment, some hundred nanoseconds before
 * PARSE_HDR_OPT; nor for HDR_OPT_LEN of a segment with room reserved in it, which is written by the
 * same function within as short a time: 0 there, and the recorder takes the time of the next event.
 */
static __always_inline __u64 event_time(struct bpf_sock_ops *context, __u32 op,
                                        const struct report_slot *slot)
{
    if (slot != NULL && slot->entry_ns != 0)
        return bpf_ktime_get_ns();
    if (!constants.kernel_context ||
        !bpf_core_field_exists(((struct tcp_sock *)0)->tcp_clock_cache))
        return bpf_ktime_get_ns();
    if (op == BPF_SOCK_OPS_PARSE_HDR_OPT_CB && context->is_fullsock)
        return tcp_of(context)->tcp_clock_cache;
    if (op == BPF_SOCK_OPS_HDR_OPT_LEN_CB && constants.defers_time && slot != NULL &&
        slot->args[0] != OF_CURRENT_MSS && free_space(context) < slot->space_before)
        return 0;
    return bpf_ktime_get_ns();
}

static __always_inline int observe_exit(struct bpf_sock_ops *context, __u32 copy)
{
    __u32 op = context->op, processor = bpf_get_smp_processor_id();
    __u64 cookie = cookie_of(context);
    struct observer_ring *ring = ring_of(processor);
    struct report_cpu *cpu = this_cpu();
    if (ring == NULL || cpu == NULL)
        return 1;
    if (RARELY(ring->overlap != 0) && seen_by_other(cookie, op, copy))
        return 1;

    struct report_slot *slot = &cpu->slots[0];
    if (slot->cookie != cookie || slot->op != op) {
        int found = slot->cookie != 0 ? find_slot(cpu, cookie, op) : REPORT_SLOTS;
        slot = found > 0 && found < REPORT_SLOTS ? &cpu->slots[found] : NULL;
    }
    __u32 n_actions = slot != NULL ? slot->n : 0;
    n_actions = n_actions < 255 ? n_actions : 255;
    __u64 now = event_time(context, op, slot);
    struct observer_place place;
    struct observer_event *event = place_take(&place, ring, n_actions);
    if (event == NULL) {
        __sync_fetch_and_add(&ring->lost, 1);
        goto done;
    }
    __u64 duration_ns = 0;
    __u32 flags = n_actions > 0 ? OBSERVER_REPORTS : 0;
    __u32 before = OBSERVER_UNKNOWN | OBSERVER_UNKNOWN << 8; /* two octets of the event */
    event->time_ns = now;
    event->cookie = cookie;
    if (slot != NULL && slot->entered != 0) {
        flags |= OBSERVER_ENTRY;
        if (slot->entry_ns != 0)
            duration_ns = now - slot->entry_ns;
        STORE(event->args[0], LOAD(slot->args[0]));
        STORE(event->args[2], LOAD(slot->args[2]));
        before = (slot->options_before & 0xffu) | (slot->space_before & 0xffu) << 8;
    } else if (op == BPF_SOCK_OPS_PARSE_HDR_OPT_CB && ring->entry != 0) {
        flags |= OBSERVER_ENTRY;
        STORE(event->args[0], 0);
        STORE(event->args[2], 0);
    } else {
        STORE(event->args[0], OF_2(READ(context->args[0]), READ(context->args[1])));
        STORE(event->args[2], OF_2(READ(context->args[2]), READ(context->args[3])));
    }
    STORE(event->options_before, PLACE(before & 0xff, 0, 1) | PLACE(before >> 8, 1, 1) |
                                     PLACE(free_space(context) & 0xff, 2, 1) |
                                     PLACE(processor & 0xffff, 4, 2));
    if (duration_ns > 0xffffffff)
        duration_ns = 0xffffffff;
    STORE(event->duration_ns, OF_2(duration_ns, *(volatile __u64 *)&ring->lost));
    fill(event, context, op, flags, n_actions);
    if (RARELY(n_actions > 0) && slot != NULL)
        place_actions(&place, slot, n_actions);
    place_publish(&place);

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

#endif
