/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asking.h - what the Multipath TCP requests (rate, sched, delay, ito) share: one number, asked of
 * the peer on pure ACKs until it sends the request back, or a limit is reached; and the peer's side.
 *
 * Why pure ACKs: beside a DSS a data segment has 0 to 4 octets left, a pure ACK 16. Nobody
 * acknowledges an ACK, so who gets a request sends it back once with the echo bit, as ADD_ADDR does
 * (options/rate.opt). A request goes out again after a round-trip time, `tries` times at most; what
 * came twice is echoed twice, and carried out once.
 *
 * On a patched kernel the request is a suboption of MPTCP (subtype 15). On a stock kernel, which
 * lets no program write those, it is the twin with an ExID, that has no echo: it goes out `tries`
 * times, a round-trip time apart. Where an ACK is due to be sent at once only a patched kernel can
 * be asked for one; else the request waits for the next.
 *
 * Before including: REPORT_PROGRAM_NAME; REQUEST_LENGTH, REQUEST_EXPERIMENT, REQUEST_EXID of the two
 * options. After: request_apply(), which carries one out, and a program that calls request_op().
 * Parameters and maps are set by bpf/load/request.c.
 */
#ifndef OPTRAIL_BPF_ASKING_H
#define OPTRAIL_BPF_ASKING_H

#include "bpf/include/mptcp.h"
#include "bpf/include/prefixes.h"
#include "bpf/include/receiving.h"

const volatile __u32 ask = 0;   /* whether there is something to ask for */
const volatile __u32 value = 0; /* that */
const volatile __u32 role = ROLE_BOTH;
const volatile __u32 carrier = REQUEST_AUTO;
const volatile __u32 subflows = SUBFLOWS_ALL;
const volatile __u32 tries = 10;
const volatile __u32 local_limited = 0;
const volatile char local[PARAMETER_TEXT_SIZE] = ""; /* as it was given, for optrail status */
const volatile __u32 own = 0;                        /* do here at once what is asked of the peer */

#define HEADER_LENGTH   4       /* of the option; the number follows */
#define INTERVAL_MIN_NS 1000000 /* where no RTT is known yet */

PREFIXES(local_prefixes, LOCAL_PREFIXES_MAX);

enum { DUE_NOTHING, DUE_ECHO, DUE_REQUEST };

struct connection {  /* of one subflow */
    __u8 pending;    /* there is a request to send */
    __u8 tries;      /* how often it was */
    __u8 due;        /* what HDR_OPT_LEN reserved room for */
    __u8 echo;       /* `to_echo` is to be sent back */
    __u8 taken;      /* there was a request of the peer, for `taken_value` */
    __u8 to_echo[8]; /* with the echo bit */
    __u32 taken_value;
    __u64 sent_ns;  /* MONOTONIC, when the request was sent last */
    __u64 acked_ns; /* when an ACK was asked for last, to carry an echo */
};

#include "bpf/include/connection.h"

/* What a request is brought to, in limits. */
static __always_inline __u32 request_bounded(__u32 number, __u32 least, __u32 most)
{
    if (number < least)
        number = least;
    return number > most ? most : number;
}

/* Counts and reports that `call` of the patched kernel, asked for `number`, said `result`. */
static __always_inline void request_called(struct bpf_sock_ops *context, const __u8 *option,
                                           enum hook_call call, __u32 number, long result)
{
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_call(context, option, REQUEST_LENGTH, call, number, result);
}

/*
 * Carries out the peer's request for `number`; counts and reports what came of it, or declines.
 * `option` is what is reported as its cause.
 */
static __always_inline void request_apply(struct bpf_sock_ops *context, const __u8 *option,
                                          __u32 number);

static __always_inline bool by_suboption(void)
{
    return patched && carrier != REQUEST_TWIN;
}

static __always_inline void request_make(__u8 option[8], bool suboption, __u32 number)
{
    option[0] = suboption ? KIND_MPTCP : KIND_EXP1;
    option[1] = REQUEST_LENGTH;
    option[2] = suboption ? MPTCP_PRIVATE : REQUEST_EXID >> 8;
    option[3] = suboption ? REQUEST_EXPERIMENT : REQUEST_EXID & 0xff;
    if (REQUEST_LENGTH == 8) {
        option[4] = number >> 24;
        option[5] = number >> 16 & 0xff;
        option[6] = number >> 8 & 0xff;
        option[7] = number & 0xff;
    } else {
        option[4] = number >> 8 & 0xff;
        option[5] = number & 0xff;
        option[6] = 0;
        option[7] = 0;
    }
}

static __always_inline __u32 request_number(const __u8 *option)
{
    if (REQUEST_LENGTH == 8)
        return (__u32)option[4] << 24 | (__u32)option[5] << 16 | (__u32)option[6] << 8 | option[7];
    return (__u32)option[4] << 8 | option[5];
}

/* How long to wait for an echo before sending again. */
static __always_inline __u64 interval_ns(struct bpf_sock_ops *context)
{
    __u64 rtt_ns = (__u64)(context->srtt_us >> 3) * 1000;
    return rtt_ns > INTERVAL_MIN_NS ? rtt_ns : INTERVAL_MIN_NS;
}

/* Has the kernel send an ACK on this subflow soon, for an option to ride on. */
static __always_inline void want_ack(struct bpf_sock_ops *context, const __u8 *option)
{
    if (!patched)
        return;
    struct bpf_mptcp_info info = {};
    struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
    if (bpf_mptcp_get_info(kernel, &info, sizeof(info)) != 0)
        return;
    long result = bpf_mptcp_send_ack(kernel, info.subflow_id);
    report_call(context, option, REQUEST_LENGTH, HOOK_CALL_SEND_ACK, info.subflow_id, result);
}

/* --- the peer's requests and echoes ------------------------------------------------------------ */

static __always_inline void take_echo(struct bpf_sock_ops *context, struct connection *connection,
                                      const __u8 *option)
{
    if (!connection->pending && connection->tries != 0) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNCHANGED); /* the second echo */
        return;
    }
    if (connection->tries == 0 || request_number(option) != value) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNKNOWN); /* of what we never asked */
        return;
    }
    connection->pending = 0;
    count(COUNTER_ECHOED);
}

static __always_inline void take_request(struct bpf_sock_ops *context,
                                         struct connection *connection, const __u8 *option)
{
    __u32 number = request_number(option);
    bool again = connection->taken && connection->taken_value == number;

    if (again) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNCHANGED);
    } else {
        connection->taken = 1;
        connection->taken_value = number;
        request_apply(context, option, number);
    }
    if (option[0] != KIND_MPTCP)
        return;
    __builtin_memcpy(connection->to_echo, option, sizeof(connection->to_echo));
    connection->to_echo[2] |= MPTCP_ECHO;
    connection->echo = 1;
    want_callbacks(context, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
    /* A peer that repeats fast, or lies, gets no ACK for each. */
    __u64 now = bpf_ktime_get_ns();
    if (again && now - connection->acked_ns < interval_ns(context))
        return;
    connection->acked_ns = now;
    want_ack(context, connection->to_echo);
}

static __always_inline void take(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[FOUND_MAX];

    if (patched &&
        receive(context, KIND_MPTCP, REQUEST_EXPERIMENT, REQUEST_LENGTH, TCP_SYN, option)) {
        if ((option[2] & ~MPTCP_ECHO) != MPTCP_PRIVATE)
            decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_MALFORMED);
        else if (option[2] & MPTCP_ECHO)
            take_echo(context, connection, option);
        else
            take_request(context, connection, option);
    }
    if (receive(context, KIND_EXP1, REQUEST_EXID, REQUEST_LENGTH, TCP_SYN, option))
        take_request(context, connection, option);
}

/* --- sending ----------------------------------------------------------------------------------- */

static __always_inline bool is_local_wanted(struct bpf_sock_ops *context)
{
    if (!local_limited)
        return true;
    struct address address;
    address_local(context, &address);
    return prefixes_hold(&local_prefixes, &address);
}

/* A subflow that is there now: what is remembered of it, NULL when it is none of ours. */
static __always_inline struct connection *established(struct bpf_sock_ops *context,
                                                      struct bpf_sock *socket, enum role side)
{
    if (!(role & side))
        return NULL;
    struct mptcp_sock *mptcp = bpf_skc_to_mptcp_sock(socket);
    if (!mptcp) /* plain TCP has no use for these */
        return NULL;
    bool first = mptcp->first == (void *)socket;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return NULL;
    want_callbacks(context, BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
    if (ask && tries && (subflows & (first ? SUBFLOWS_FIRST : SUBFLOWS_JOINED)) &&
        is_local_wanted(context)) {
        __u8 option[8];
        connection->pending = 1;
        want_callbacks(context, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
        request_make(option, by_suboption(), value);
        want_ack(context, option);
        if (own)
            request_apply(context, option, value);
    }
    return connection;
}

static __always_inline __u32 due_now(struct bpf_sock_ops *context, struct connection *connection)
{
    if (connection->echo)
        return DUE_ECHO;
    if (!connection->pending ||
        (connection->tries && bpf_ktime_get_ns() - connection->sent_ns < interval_ns(context)))
        return DUE_NOTHING;
    return DUE_REQUEST;
}

static __always_inline void reserve(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[8];

    connection->due = DUE_NOTHING;
    __u32 due = due_now(context, connection);
    if (due == DUE_NOTHING)
        return;
    request_make(option, by_suboption(), value);
    if (due == DUE_ECHO)
        __builtin_memcpy(option, connection->to_echo, sizeof(option));
    long result = bpf_reserve_hdr_opt(context, REQUEST_LENGTH, 0);
    report_reserve(context, option, REPORT_HEAD, REQUEST_LENGTH, result);
    if (result == 0)
        connection->due = due;
    else
        count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
}

static __always_inline void store(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[8];
    __u32 due = connection->due;
    const struct tcphdr *header = context->skb_data;

    if (due == DUE_NOTHING)
        return;
    connection->due = DUE_NOTHING;
    if ((void *)(header + 1) > context->skb_data_end || context->skb_len > header->doff * 4U)
        return; /* data, where others reserved: the ACK that it was for never went out */
    request_make(option, by_suboption(), value);
    if (due == DUE_ECHO)
        __builtin_memcpy(option, connection->to_echo, sizeof(option));
    long result = bpf_store_hdr_opt(context, option, REQUEST_LENGTH, 0);
    report_store(context, option, REPORT_HEAD, REQUEST_LENGTH, result);
    if (result != 0) {
        count(result == -ENOSPC ? COUNTER_NO_SPACE : COUNTER_REFUSED);
        return;
    }
    count(COUNTER_WRITTEN);
    if (due == DUE_ECHO) {
        connection->echo = 0;
        return;
    }
    connection->sent_ns = bpf_ktime_get_ns();
    if (++connection->tries >= tries)
        connection->pending = 0;
}

/* All operations of a program that asks. */
static __always_inline void request_op(struct bpf_sock_ops *context)
{
    struct connection *connection;
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */

    if (!socket)
        return;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        connection = established(context, socket, ROLE_CLIENT);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        connection = established(context, socket, ROLE_SERVER);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB: /* for nothing else than pure ACKs is anything remembered */
        if (context->args[0] == BPF_WRITE_HDR_TCP_CURRENT_MSS ||
            segment_classify(context->skb_tcp_flags, context->skb_len) != SEGMENT_ACK)
            return;
        connection = connection_of(socket);
        break;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = connection_of(socket);
        break;
    default:
        return;
    }
    if (!connection)
        return;
    if (context->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB)
        reserve(context, connection);
    else if (context->op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB)
        store(context, connection);
    else /* the handshake's last segment may hold it, too */
        take(context, connection);
}

#endif
