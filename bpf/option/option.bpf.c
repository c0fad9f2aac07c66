// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * option - sends any described option with constant field values.
 *
 * So that an option that somebody has just described reaches the wire without a line of C. The
 * loader encodes it; this program puts the octets onto the segments that were asked for, and counts
 * those that come in from the peer. It never acts on what it finds: nothing is known of meanings.
 *
 * Wire format: whatever the option's description says; at most the 40 octets of option space.
 * Hooks: TCP_LISTEN and TCP_CONNECT (for SYN-ACK and SYN), ACTIVE_ESTABLISHED and
 *   PASSIVE_ESTABLISHED, PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: name, segments, repeat, role, and the option's fields (bpf/load/program_option.c).
 */
#define REPORT_PROGRAM_NAME "option"
#include "bpf/include/receiving.h"
#include "bpf/include/sending.h"

const volatile char name[PARAMETER_TEXT_SIZE] = ""; /* as they were given, for optrail status */
const volatile char fields[PARAMETER_TEXT_SIZE] = "";
const volatile __u32 segments = 0; /* SEGMENT_BIT()s */
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;
const volatile __u8 octets[TCP_OPTIONS_MAX] = {0};
const volatile __u32 octets_length = 0;
const volatile __u32 id_length = 0; /* of the octets that say which option it is: kind, ExID */

struct connection {
    struct sending sending;
};

#include "bpf/include/connection.h"

static __always_inline void make_option(__u8 option[TCP_OPTIONS_MAX])
{
#pragma unroll
    for (__u32 i = 0; i < TCP_OPTIONS_MAX; i++)
        option[i] = octets[i];
}

/* Counts the peer's. Searched as the helper can: by kind, or by kind and ExID. */
static __always_inline void take(struct bpf_sock_ops *context)
{
    __u8 found[TCP_OPTIONS_MAX];
    long result = -ENOMSG;

#pragma unroll
    for (int i = 0; i < 2; i++) {
        __builtin_memset(found, 0, sizeof(found));
        found[0] = octets[0];
        if (id_length > 2) { /* an ExID of 16 or 32 bits, under either experimental kind */
            found[0] = i == 0 ? KIND_EXP1 : KIND_EXP2;
            found[1] = id_length;
            found[2] = octets[2];
            found[3] = octets[3];
            if (id_length == 6) {
                found[4] = octets[4];
                found[5] = octets[5];
            }
        }
        if (result == -ENOMSG && (i == 0 || id_length > 2))
            result = bpf_load_hdr_opt(context, found, sizeof(found), 0);
        if (result != -ENOMSG)
            break;
    }
    report_load(context, found, REPORT_HEAD, result);
    if (result != -ENOMSG)
        count(COUNTER_RECEIVED);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!(role & side))
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    sending_established(context, &connection->sending, segments & SEGMENTS_LATER);
    take(context);
}

SEC("sockops")
int optrail_option(struct bpf_sock_ops *context)
{
    struct connection *connection;
    struct sending none = {.state = SENDING_NEVER}; /* of what is no connection yet */
    struct sending *sending;
    __u8 option[TCP_OPTIONS_MAX];
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */
    __u32 where = segments;
    __u32 length = octets_length;

    if (!(role & ROLE_CLIENT))
        where &= ~SEGMENT_BIT(SEGMENT_SYN);
    if (!(role & ROLE_SERVER))
        where &= ~SEGMENT_BIT(SEGMENT_SYNACK);
    if (length == 0 || length > TCP_OPTIONS_MAX)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
        if (where & SEGMENTS_SYNS)
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
        if (socket && connection_of(socket))
            take(context);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = socket ? connection_of(socket) : NULL;
        sending = connection ? &connection->sending : &none;
        if (!sending_may(context, sending, where))
            break;
        make_option(option);
        sending_op(context, sending, repeat, where, option, REPORT_HEAD, length);
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
