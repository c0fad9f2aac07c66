// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iw - asks the peer for an initial congestion window.
 *
 * The end that will receive often knows better than the sender what its access network takes. A
 * client asks on the third ACK of the handshake, a server on its SYN-ACKs; never on a SYN, for the
 * address of who sends that is not proven. Who is asked grants it to trusted prefixes alone (an
 * empty list: to nobody) and up to a limit, before it has sent data, and not where the kernel cut
 * the window to one segment because the handshake's segments got lost (RFC 5681, section 3.1).
 * Who asks also sees to it that no smaller receive window than asked for is offered at the start.
 *
 * Wire format: options/iw.opt - experimental option (RFC 6994) of 6 octets, ExID 0x4F49, a 16-bit
 *   number of segments (MSS): fd 06 4f 49 00 14 asks for 20.
 * Hooks: TCP_LISTEN (so that SYN-ACKs have hooks), RWND_INIT, ACTIVE_ESTABLISHED (the SYN-ACK is
 *   there), PASSIVE_ESTABLISHED (the third ACK), PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: segments, trusted, limit, repeat, role (bpf/load/program_iw.c).
 * Source: Beyond socket options, section 3.3.3.
 */
#define REPORT_PROGRAM_NAME "iw"
#include "bpf/include/prefixes.h"
#include "bpf/include/receiving.h"
#include "bpf/include/sending.h"

#include "optrail_options.h"

const volatile __u32 segments = 0; /* to ask for, in MSS; 0: ask for nothing */
const volatile __u32 limit = 0;    /* most that is granted */
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;
const volatile char trusted[PARAMETER_TEXT_SIZE] = ""; /* as it was given, for optrail status */

PREFIXES(trusted_peers, TRUSTED_MAX);

struct connection {
    struct sending sending;
    __u32 taken; /* the request that was last looked at; 0: none */
};

#include "bpf/include/connection.h"

/*
 * A reply to RWND_INIT can only lower what the kernel offers by itself, which is 64 KB or more:
 * that many segments of the smallest usual MSS (536) lower nothing.
 */
#define RWND_SEGMENTS 123

static __always_inline void make_option(__u8 option[OPTRAIL_IW_LENGTH])
{
    optrail_iw_init(option);
    optrail_iw_set_segments(option, segments);
}

static __always_inline bool is_trusted(struct bpf_sock_ops *context)
{
    struct address address;
    address_remote(context, &address);
    return prefixes_hold(&trusted_peers, &address);
}

/* Takes the request out of the segment at hand, if there is one. */
static __always_inline void take(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[FOUND_MAX];

    if (!receive(context, OPTRAIL_IW_KIND, OPTRAIL_IW_EXID, OPTRAIL_IW_LENGTH, TCP_FIN, option))
        return;
    __u32 asked = optrail_iw_get_segments(option);
    if (asked < OPTRAIL_IW_SEGMENTS_MIN || asked > OPTRAIL_IW_SEGMENTS_MAX) {
        decline(context, option, OPTRAIL_IW_LENGTH, HOOK_DECLINE_RANGE);
        return;
    }
    if (asked == connection->taken) {
        decline(context, option, OPTRAIL_IW_LENGTH, HOOK_DECLINE_UNCHANGED);
        return;
    }
    connection->taken = asked;
    if (!is_trusted(context)) {
        decline(context, option, OPTRAIL_IW_LENGTH, HOOK_DECLINE_UNTRUSTED);
        return;
    }
    if (context->snd_cwnd == 1) {
        decline(context, option, OPTRAIL_IW_LENGTH, HOOK_DECLINE_FIXED);
        return;
    }
    __u32 granted = asked < limit ? asked : limit;
    long result = bpf_setsockopt(context, SOL_TCP, TCP_BPF_IW, &granted, sizeof(granted));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, option, OPTRAIL_IW_LENGTH, SOL_TCP, TCP_BPF_IW, granted, result);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!(role & side))
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    sending_established(context, &connection->sending, side == ROLE_CLIENT && segments != 0);
    take(context, connection);
}

/* Another program's or the route's smaller window would make the request vain. */
static __always_inline void offer_window(struct bpf_sock_ops *context, enum role side)
{
    if (segments == 0 || !(role & side))
        return;
    __u32 wanted = segments > RWND_SEGMENTS ? segments : RWND_SEGMENTS;
    if ((__s32)context->reply < (__s32)wanted)
        context->reply = wanted;
}

SEC("sockops")
int optrail_iw(struct bpf_sock_ops *context)
{
    struct connection *connection;
    struct sending none = {.state = SENDING_NEVER}; /* of what is no connection yet */
    struct sending *sending;
    __u8 option[OPTRAIL_IW_LENGTH];
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */
    __u32 where = SEGMENT_BIT(SEGMENT_ACK) | SEGMENT_BIT(SEGMENT_DATA);

    if (segments != 0 && (role & ROLE_SERVER))
        where |= SEGMENT_BIT(SEGMENT_SYNACK);
    switch (context->op) {
    case BPF_SOCK_OPS_RWND_INIT:
        /* The request that answers a SYN is no full socket. */
        offer_window(context, socket ? ROLE_CLIENT : ROLE_SERVER);
        break;
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
        if (where & SEGMENT_BIT(SEGMENT_SYNACK))
            want_callbacks(context, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
        break;
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        if (socket)
            established(context, socket, ROLE_CLIENT);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        if (socket)
            established(context, socket, ROLE_SERVER);
        break;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
        connection = socket ? connection_of(socket) : NULL;
        if (connection)
            take(context, connection);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = socket ? connection_of(socket) : NULL;
        sending = connection ? &connection->sending : &none;
        if (!sending_may(context, sending, where))
            break;
        make_option(option);
        sending_op(context, sending, repeat, where, option, sizeof(option), sizeof(option));
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
