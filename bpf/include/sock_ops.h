/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sock_ops.h - what option programs share: flags, roles, counters, and when an option is sent.
 *
 * For BPF programs of type sock_ops; REPORT_PROGRAM_NAME must be defined (report.h). All that the
 * programs need of the kernel is in linux/bpf.h: no type of a particular kernel is used, so they
 * load without kernel BTF too.
 *
 * The contexts that matter (linux/bpf.h, struct bpf_sock_ops):
 *   ACTIVE_ESTABLISHED   client, on the SYN-ACK; what is sent next is the handshake's third ACK
 *   PASSIVE_ESTABLISHED  server, on the third ACK, which PARSE_HDR_OPT never gets
 *   PARSE_HDR_OPT        both, on later segments that hold an option unknown to the kernel
 *   HDR_OPT_LEN          both, before sending: reserve. Also without a segment, to compute the MSS
 *   WRITE_HDR_OPT        both, where something was reserved
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

#define ENOENT 2
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define ENOMSG 42

#define SOL_TCP 6

#define TCP_FLAG_OCTET_SYN 0x02

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
    bpf_sock_ops_cb_flags_set(context, context->bpf_sock_ops_cb_flags | flags);
}

/* How far one connection is with sending its option. Zero: it never will. */
enum sending_state { SENDING_NEVER, SENDING_PENDING, SENDING_DONE };

struct sending {
    __u8 state;
    __u8 has_first;  /* data went out together with the option */
    __u16 zero;
    __u32 first_seq; /* sequence number of the first such data, host byte order */
};

/* From now on the option goes out with what is sent, as `repeat` says. */
static __always_inline void sending_begin(struct sending *sending)
{
    sending->state = SENDING_PENDING;
    sending->has_first = 0;
}

/* HDR_OPT_LEN: true when the option would go out with what is sent next. */
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
 * HDR_OPT_LEN: reserves room for an option of `length` octets. The same is reserved when the MSS
 * is computed, so that a full-sized segment that takes the option still fits.
 */
static __always_inline void sending_reserve(struct bpf_sock_ops *context, struct sending *sending,
                                            __u32 repeat, const void *option, __u32 length)
{
    if (!sending_wanted(context, sending, repeat))
        return;
    bool probe = context->args[0] == BPF_WRITE_HDR_TCP_CURRENT_MSS;
    if (!probe && (context->skb_tcp_flags & TCP_FLAG_OCTET_SYN))
        return;
    long result = bpf_reserve_hdr_opt(context, length, 0);
    report_reserve(context, option, length, length, result);
    if (result == 0 || probe)
        return;
    count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
    if (repeat == REPEAT_ONCE)
        sending->state = SENDING_DONE;
}

/* WRITE_HDR_OPT: puts the option into the header. */
static __always_inline void sending_store(struct bpf_sock_ops *context, struct sending *sending,
                                          __u32 repeat, const void *option, __u32 length)
{
    if (!sending_wanted(context, sending, repeat))
        return;
    void *data = context->skb_data;
    struct tcphdr *header = data;
    if ((void *)(header + 1) > (void *)context->skb_data_end)
        return;
    if (header->syn)
        return;
    __u32 seq = bpf_ntohl(header->seq);
    bool has_data = context->skb_len > header->doff * 4U;

    long result = bpf_store_hdr_opt(context, option, length, 0);
    report_store(context, option, length, length, result);
    if (result == 0) {
        count(COUNTER_WRITTEN);
        if (has_data && !sending->has_first) {
            sending->has_first = 1;
            sending->first_seq = seq;
        }
    } else {
        count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
    }
    if (repeat == REPEAT_ONCE)
        sending->state = SENDING_DONE;
}

#endif
