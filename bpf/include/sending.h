/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sending.h - when a program's option goes out, and putting it there.
 *
 * Two steps, as the kernel wants it: HDR_OPT_LEN reserves octets, WRITE_HDR_OPT fills them. What
 * goes out is decided twice by the same rule: `repeat` (enum repeat) and `segments`, a set of
 * SEGMENT_BIT()s. SYN and SYN-ACK stand apart from `repeat`: where `segments` has them, each of
 * them has the option, retransmitted ones too.
 */
#ifndef OPTRAIL_BPF_SENDING_H
#define OPTRAIL_BPF_SENDING_H

#include "bpf/include/sock_ops.h"

#define SEGMENTS_SYNS (SEGMENT_BIT(SEGMENT_SYN) | SEGMENT_BIT(SEGMENT_SYNACK))
#define SEGMENTS_LATER                                                                             \
    (SEGMENT_BIT(SEGMENT_ACK) | SEGMENT_BIT(SEGMENT_DATA) | SEGMENT_BIT(SEGMENT_FIN))

/* How far one connection is with sending its option. Zero: it never will. */
enum sending_state { SENDING_NEVER, SENDING_PENDING, SENDING_DONE };

struct sending {
    __u8 state;
    __u8 has_first; /* data went out together with the option */
    __u16 zero;
    __u32 first_seq; /* sequence number of the first such data, host byte order */
};

/* From now on the option goes out with what is sent, as `repeat` says. */
static __always_inline void sending_begin(struct sending *sending)
{
    sending->state = SENDING_PENDING;
    sending->has_first = 0;
}

/* A connection that takes options from now on, and sends its own if it `sends` any. */
static __always_inline void sending_established(struct bpf_sock_ops *context,
                                                struct sending *sending, bool sends)
{
    int flags = BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG;
    if (sends) {
        sending_begin(sending);
        flags |= BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG;
    }
    want_callbacks(context, flags);
}

/* True when the option would go out with what is sent next. */
static __always_inline bool sending_wanted(struct bpf_sock_ops *context, struct sending *sending,
                                           __u32 repeat)
{
    if (sending->state != SENDING_PENDING)
        return false;
    if (repeat == REPEAT_UNTIL_ACKED && sending->has_first &&
        (__s32)(context->snd_una - sending->first_seq) > 0) {
        sending->state = SENDING_DONE;
        return false;
    }
    return true;
}

/*
 * HDR_OPT_LEN, WRITE_HDR_OPT: false when there is nothing to do for sure. This is what most segments
 * of a connection meet, since what was sent is sent no more and the callbacks go on.
 */
static __always_inline bool sending_may(struct bpf_sock_ops *context, const struct sending *sending,
                                        __u32 segments)
{
    if (sending->state == SENDING_PENDING)
        return true;
    return (segments & SEGMENTS_SYNS) &&
           (context->op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB || (context->skb_tcp_flags & TCP_SYN));
}

/*
 * HDR_OPT_LEN: reserves room for an option of `length` octets. The same is reserved when the MSS
 * is computed, so that a full-sized segment that takes the option still fits.
 */
static __always_inline void sending_reserve(struct bpf_sock_ops *context, struct sending *sending,
                                            __u32 repeat, __u32 segments, const void *option,
                                            __u32 octets, __u32 length)
{
    bool probe = context->args[0] == BPF_WRITE_HDR_TCP_CURRENT_MSS;
    bool syn = !probe && (context->skb_tcp_flags & TCP_SYN);

    if (probe) {
        if (!(segments & SEGMENT_BIT(SEGMENT_DATA)))
            return;
    } else {
        /* Here skb_len is of the payload alone. PSH may still come, it is of no account. */
        __u32 segment = segment_classify(context->skb_tcp_flags, context->skb_len);
        if (!(segments & SEGMENT_BIT(segment)))
            return;
    }
    if (!syn && !sending_wanted(context, sending, repeat))
        return;
    long result = bpf_reserve_hdr_opt(context, length, 0);
    report_reserve(context, option, octets, length, result);
    if (result == 0 || probe)
        return;
    count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
    if (!syn && repeat == REPEAT_ONCE)
        sending->state = SENDING_DONE;
}

/* WRITE_HDR_OPT: puts the option into the header. */
static __always_inline void sending_store(struct bpf_sock_ops *context, struct sending *sending,
                                          __u32 repeat, __u32 segments, const void *option,
                                          __u32 octets, __u32 length)
{
    void *data = context->skb_data;
    struct tcphdr *header = data;
    if ((void *)(header + 1) > (void *)context->skb_data_end)
        return;
    __u32 seq = bpf_ntohl(header->seq);
    bool syn = header->syn;
    bool has_data = context->skb_len > header->doff * 4U;
    if (!(segments & SEGMENT_BIT(segment_classify(((__u8 *)data)[13], has_data))))
        return;
    if (!syn && !sending_wanted(context, sending, repeat))
        return;

    long result = bpf_store_hdr_opt(context, option, length, 0);
    report_store(context, option, octets, length, result);
    if (result == 0) {
        count(COUNTER_WRITTEN);
        if (!syn && has_data && !sending->has_first) {
            sending->has_first = 1;
            sending->first_seq = seq;
        }
    } else {
        count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
    }
    if (!syn && repeat == REPEAT_ONCE)
        sending->state = SENDING_DONE;
}

/* Both, by the operation at hand. */
static __always_inline void sending_op(struct bpf_sock_ops *context, struct sending *sending,
                                       __u32 repeat, __u32 segments, const void *option,
                                       __u32 octets, __u32 length)
{
    if (context->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB)
        sending_reserve(context, sending, repeat, segments, option, octets, length);
    else
        sending_store(context, sending, repeat, segments, option, octets, length);
}

#endif
