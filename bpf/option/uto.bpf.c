// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uto - the TCP User Timeout Option: tells the peer how long data may stay unacknowledged.
 *
 * Each end advertises the user timeout that it would like (ADV_UTO), on the first segment that is
 * no SYN and again when the value changes; the other end adopts
 *     USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT))
 * as its TCP_USER_TIMEOUT, though never less than the connection's present retransmission timeout,
 * unless it was told not to, or its application has set one of its own (RFC 5482, section 3.1:
 * CHANGEABLE becomes false then). An advertised zero is ignored.
 *
 * Wire format: options/uto.opt - kind 28, length 4, one bit of granularity (seconds or minutes),
 *   15 bits of value: 1c 04 00 22 is 34 seconds. Seconds are sent as far as they fit, then minutes,
 *   rounded up.
 * Hooks: ACTIVE_ESTABLISHED and PASSIVE_ESTABLISHED (start sending; the SYN-ACK and the third ACK
 *   are looked at there), PARSE_HDR_OPT (all later segments), HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: timeout, lower, upper, enabled, changeable, repeat, role (bpf/load/program_uto.c).
 *   What is advertised stands in the map "live", one number of seconds, so that it can be changed
 *   while connections live; it starts as `timeout`.
 * Needs kernel BTF: the retransmission timeout is no field of struct bpf_sock_ops.
 * Source: RFC 5482; Beyond socket options, section 3.3.1.
 */
#define REPORT_PROGRAM_NAME "uto"
#include "bpf/include/receiving.h"
#include "bpf/include/sending.h"

#include "optrail_options.h"

#define TCP_USER_TIMEOUT 18

const volatile __u32 timeout = 0; /* what "live" starts with, seconds */
const volatile __u32 lower = 0;   /* L_LIMIT, seconds */
const volatile __u32 upper = 0;   /* U_LIMIT, seconds */
const volatile __u32 enabled = 1;
const volatile __u32 changeable = 1;
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;
const volatile __u32 tick_us = 4000; /* of this kernel */

#define VALUE_MAX 0x7fff /* of the 15 bits */
#define MS_PER_S  1000
#define SEGMENTS  SEGMENTS_LATER

/* What we need of the kernel's own types; offsets come from its BTF. */
struct inet_connection_sock {
    __u32 icsk_rto; /* ticks */
} __attribute__((preserve_access_index));

struct tcp_sock {
    struct inet_connection_sock inet_conn;
} __attribute__((preserve_access_index));

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32); /* ADV_UTO, seconds; 0: nothing to advertise */
} live SEC(".maps");

struct connection {
    struct sending sending;
    __u32 advertised; /* ADV_UTO when it was last looked at, seconds */
    __u32 remote;     /* REMOTE_UTO, seconds; 0: none came */
    __u32 applied_ms; /* what we made of it */
};

#include "bpf/include/connection.h"

static __always_inline __u32 live_timeout(void)
{
    __u32 zero = 0;
    const __u32 *value = bpf_map_lookup_elem(&live, &zero);
    return value ? *value : 0;
}

static __always_inline void make_option(__u8 option[OPTRAIL_UTO_LENGTH], __u32 value)
{
    optrail_uto_init(option);
    if (value <= VALUE_MAX) {
        optrail_uto_set_granularity(option, OPTRAIL_UTO_GRANULARITY_SECONDS);
        optrail_uto_set_value(option, value);
    } else {
        __u32 minutes = (value + 59) / 60;
        optrail_uto_set_granularity(option, OPTRAIL_UTO_GRANULARITY_MINUTES);
        optrail_uto_set_value(option, minutes < VALUE_MAX ? minutes : VALUE_MAX);
    }
}

/* True when the application has set a user timeout: ours may not replace it. */
static __always_inline bool set_by_application(struct bpf_sock_ops *context,
                                               const struct connection *connection)
{
    __u32 now_ms = 0;
    /* Kernels that cannot tell (before 6.0) say an error: then nothing is known against it. */
    if (bpf_getsockopt(context, SOL_TCP, TCP_USER_TIMEOUT, &now_ms, sizeof(now_ms)) != 0)
        return false;
    return now_ms != 0 && now_ms != connection->applied_ms;
}

/* The present retransmission timeout, rounded up. */
static __always_inline __u32 rto_ms(struct bpf_sock *socket)
{
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(socket);
    __u64 ticks = tcp ? tcp->inet_conn.icsk_rto : 0;
    return (__u32)((ticks * tick_us + 999) / 1000);
}

/* Makes USER_TIMEOUT of what both ends advertise. `option`: the peer's, which the report names. */
static __always_inline void adopt(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                  struct connection *connection, const __u8 *option)
{
    if (!changeable || set_by_application(context, connection)) {
        decline(context, option, OPTRAIL_UTO_LENGTH, HOOK_DECLINE_FIXED);
        return;
    }
    __u32 chosen = connection->advertised;
    if (chosen < connection->remote)
        chosen = connection->remote;
    if (chosen < lower)
        chosen = lower;
    if (chosen > upper)
        chosen = upper;
    __u32 chosen_ms = chosen * MS_PER_S; /* fits: 32767 minutes are less than 2^31 ms */
    __u32 least_ms = rto_ms(socket);
    if (chosen_ms < least_ms)
        chosen_ms = least_ms;
    long result = bpf_setsockopt(context, SOL_TCP, TCP_USER_TIMEOUT, &chosen_ms, sizeof(chosen_ms));
    if (result == 0)
        connection->applied_ms = chosen_ms;
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, option, OPTRAIL_UTO_LENGTH, SOL_TCP, TCP_USER_TIMEOUT, chosen_ms,
                      result);
}

/* Takes the peer's advice out of the segment at hand, if there is one. */
static __always_inline void take(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                 struct connection *connection)
{
    __u8 option[FOUND_MAX];

    if (!receive(context, OPTRAIL_UTO_KIND, 0, OPTRAIL_UTO_LENGTH, 0, option))
        return;
    __u32 remote = (__u32)optrail_uto_get_timeout(option);
    if (remote == 0) {
        decline(context, option, OPTRAIL_UTO_LENGTH, HOOK_DECLINE_RANGE);
        return;
    }
    if (remote == connection->remote) {
        decline(context, option, OPTRAIL_UTO_LENGTH, HOOK_DECLINE_UNCHANGED);
        return;
    }
    connection->remote = remote;
    adopt(context, socket, connection, option);
}

/* Before something is sent: has the value to advertise changed? */
static __always_inline void follow(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                   struct connection *connection)
{
    __u8 option[OPTRAIL_UTO_LENGTH];
    __u32 now = live_timeout();

    if (now == connection->advertised)
        return;
    connection->advertised = now;
    if (now)
        sending_begin(&connection->sending);
    else
        connection->sending.state = SENDING_DONE;
    if (connection->remote == 0)
        return;
    make_option(option, connection->remote);
    adopt(context, socket, connection, option);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!enabled || !(role & side))
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    connection->advertised = live_timeout();
    if (connection->advertised)
        sending_begin(&connection->sending);
    /* Even with nothing to advertise now: what is there later reaches this connection then. */
    want_callbacks(context,
                   BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
    take(context, socket, connection);
}

SEC("sockops")
int optrail_uto(struct bpf_sock_ops *context)
{
    struct connection *connection;
    __u8 option[OPTRAIL_UTO_LENGTH];
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */

    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_CLIENT);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_SERVER);
        break;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
        connection = connection_of(socket);
        if (connection)
            take(context, socket, connection);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = connection_of(socket);
        if (!connection)
            break;
        if (context->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB)
            follow(context, socket, connection);
        if (!sending_may(context, &connection->sending, SEGMENTS))
            break;
        make_option(option, connection->advertised);
        sending_op(context, &connection->sending, repeat, SEGMENTS, option, sizeof(option),
                   sizeof(option));
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
