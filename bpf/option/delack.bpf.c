// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * delack - asks the peer for an acknowledgement strategy.
 *
 * The sender of data suffers from acknowledgements that come late or too often, and cannot know
 * how its peer delays them. It asks for a delay as a fraction of the smallest RTT, so that one
 * request suits every path, and for an acknowledgement at once after so many full-sized segments.
 * Who is asked sets TCP_BPF_DELACK_MAX to its own smallest RTT divided by `divisor`, in the limits
 * of its parameters and of the kernel (two ticks to 200 ms), and follows when the smallest RTT
 * changes. While no RTT is known (SYN cookies) the request waits for the first.
 * No stock kernel lets a program say after how many segments to acknowledge: a number other than 0
 * is reported as unsupported and counted with the declined, the delay is taken all the same. A
 * patched kernel (kernel/README.md) takes both, and keeps to the delay instead of adapting it.
 *
 * Wire format: options/delack.opt - experimental option (RFC 6994) of 6 octets, ExID 0x4F44, 8 bits
 *   of divisor (0 is refused), 8 bits of segments: fd 06 4f 44 04 00 asks for a quarter of the RTT.
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, PARSE_HDR_OPT, RTT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: divisor, segments, lower, upper, repeat, role (bpf/load/program_delack.c).
 * Source: Beyond socket options, section 3.3.4.
 */
#define REPORT_PROGRAM_NAME "delack"
#include "bpf/include/mptcp.h"
#include "bpf/include/receiving.h"
#include "bpf/include/sending.h"

#include "optrail_options.h"

const volatile __u32 divisor = 0; /* to ask for; 0: ask for nothing */
const volatile __u32 segments = 0;
const volatile __u32 lower = 0; /* least and most that a peer brings this end to, microseconds */
const volatile __u32 upper = 0;
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;
const volatile __u32 tick_us = 4000; /* of this kernel */

#define SEGMENTS      SEGMENTS_LATER
#define KERNEL_TICKS  2       /* TCP_TIMEOUT_MIN: no delay below is possible */
#define KERNEL_MAX_US 200000U /* TCP_DELACK_MAX: programs can only lower it */
#define RTT_UNKNOWN   0xffffffffU

struct connection {
    struct sending sending;
    __u8 taken; /* the divisor that was asked for; 0: none */
    __u8 taken_segments;
    __u16 zero;
    __u32 rtt_us; /* smallest RTT that the delay in force was made of; 0: none is */
};

#include "bpf/include/connection.h"

static __always_inline void make_option(__u8 option[OPTRAIL_DELACK_LENGTH], __u32 divide_by,
                                        __u32 count_of_segments)
{
    optrail_delack_init(option);
    optrail_delack_set_divisor(option, divide_by);
    optrail_delack_set_segments(option, count_of_segments);
}

/* Sets the delay that was asked for, if it is known of what it is a fraction. */
static __always_inline void apply(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[OPTRAIL_DELACK_LENGTH];
    __u32 rtt_us = context->rtt_min;
    __u32 by = connection->taken;

    if (by == 0 || rtt_us == 0 || rtt_us == RTT_UNKNOWN || rtt_us == connection->rtt_us)
        return;
    __u32 delay_us = rtt_us / by;
    __u32 least_us = KERNEL_TICKS * tick_us;
    if (delay_us < lower)
        delay_us = lower;
    if (delay_us > upper)
        delay_us = upper;
    if (delay_us < least_us)
        delay_us = least_us;
    if (delay_us > KERNEL_MAX_US)
        delay_us = KERNEL_MAX_US;
    bool first = connection->rtt_us == 0;
    connection->rtt_us = rtt_us;
    int name = patched ? TCP_BPF_DELACK_TIME : TCP_BPF_DELACK_MAX;
    long result = bpf_setsockopt(context, SOL_TCP, name, &delay_us, sizeof(delay_us));
    if (result != 0)
        count(COUNTER_FAILED);
    else if (first) /* following the RTT is no other request */
        count(COUNTER_APPLIED);
    make_option(option, by, connection->taken_segments);
    report_setsockopt(context, option, sizeof(option), SOL_TCP, name, delay_us, result);
}

/* Sets after how many segments is acknowledged, if this kernel can be told. */
static __always_inline void apply_segments(struct bpf_sock_ops *context, const __u8 *option,
                                           __u32 wanted)
{
    if (!patched) {
        decline(context, option, OPTRAIL_DELACK_LENGTH, HOOK_DECLINE_UNSUPPORTED);
        return;
    }
    long result = bpf_setsockopt(context, SOL_TCP, TCP_BPF_DELACK_SEGS, &wanted, sizeof(wanted));
    if (result != 0)
        count(COUNTER_FAILED);
    report_setsockopt(context, option, OPTRAIL_DELACK_LENGTH, SOL_TCP, TCP_BPF_DELACK_SEGS, wanted,
                      result);
}

/* Takes the request out of the segment at hand, if there is one. */
static __always_inline void take(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[FOUND_MAX];

    if (!receive(context, OPTRAIL_DELACK_KIND, OPTRAIL_DELACK_EXID, OPTRAIL_DELACK_LENGTH, TCP_SYN,
                 option))
        return;
    __u32 asked = optrail_delack_get_divisor(option);
    __u32 asked_segments = optrail_delack_get_segments(option);
    if (asked < OPTRAIL_DELACK_DIVISOR_MIN) {
        decline(context, option, OPTRAIL_DELACK_LENGTH, HOOK_DECLINE_RANGE);
        return;
    }
    if (asked == connection->taken && asked_segments == connection->taken_segments) {
        decline(context, option, OPTRAIL_DELACK_LENGTH, HOOK_DECLINE_UNCHANGED);
        return;
    }
    if (asked_segments != 0 && asked_segments != connection->taken_segments)
        apply_segments(context, option, asked_segments);
    connection->taken = asked;
    connection->taken_segments = asked_segments;
    connection->rtt_us = 0;
    want_callbacks(context, BPF_SOCK_OPS_RTT_CB_FLAG);
    apply(context, connection);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!(role & side))
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    sending_established(context, &connection->sending, divisor != 0);
    take(context, connection);
}

SEC("sockops")
int optrail_delack(struct bpf_sock_ops *context)
{
    struct connection *connection;
    __u8 option[OPTRAIL_DELACK_LENGTH];
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */

    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_CLIENT);
        return 1;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_SERVER);
        return 1;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
    case BPF_SOCK_OPS_RTT_CB:
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        break;
    default:
        return 1;
    }
    connection = connection_of(socket);
    if (!connection)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
        take(context, connection);
        break;
    case BPF_SOCK_OPS_RTT_CB:
        apply(context, connection);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        if (!sending_may(context, &connection->sending, SEGMENTS))
            break;
        make_option(option, divisor, segments);
        sending_op(context, &connection->sending, repeat, SEGMENTS, option, sizeof(option),
                   sizeof(option));
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
