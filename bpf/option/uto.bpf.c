// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uto - the TCP User Timeout Option: tells the peer how long data may stay unacknowledged.
 *
 * Each end advertises the user timeout that it would like (ADV_UTO), on the first segment that is
 * no SYN; the other end adopts
 *     USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT))
 * as its TCP_USER_TIMEOUT, unless it was told not to, or its application has set one of its own
 * (RFC 5482, section 3.1: CHANGEABLE becomes false then). An advertised zero is ignored.
 *
 * Wire format: options/uto.opt - kind 28, length 4, one bit of granularity (seconds or minutes),
 *   15 bits of value: 1c 04 00 22 is 34 seconds. Seconds are sent as far as they fit, then minutes,
 *   rounded up.
 * Hooks: ACTIVE_ESTABLISHED and PASSIVE_ESTABLISHED (start sending; the SYN-ACK and the third ACK
 *   are looked at there), PARSE_HDR_OPT (all later segments), HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: timeout, lower, upper, enabled, changeable, repeat, role (bpf/load/program_uto.c).
 * Source: RFC 5482; Beyond socket options, section 3.3.1.
 */
#define REPORT_PROGRAM_NAME "uto"
#include "bpf/include/sock_ops.h"

#include "optrail_options.h"

#define TCP_USER_TIMEOUT 18

const volatile __u32 timeout = 0; /* ADV_UTO, seconds; 0: nothing to advertise */
const volatile __u32 lower = 0;   /* L_LIMIT, seconds */
const volatile __u32 upper = 0;   /* U_LIMIT, seconds */
const volatile __u32 enabled = 1;
const volatile __u32 changeable = 1;
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;

#define VALUE_MAX 0x7fff /* of the 15 bits */
#define MS_PER_S  1000

struct connection {
    struct sending sending;
    __u32 remote;     /* REMOTE_UTO, seconds; 0: none came */
    __u32 applied_ms; /* what we made of it */
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct connection);
} connections SEC(".maps");

static __always_inline void make_option(__u8 option[OPTRAIL_UTO_LENGTH])
{
    optrail_uto_init(option);
    if (timeout <= VALUE_MAX) {
        optrail_uto_set_granularity(option, OPTRAIL_UTO_GRANULARITY_SECONDS);
        optrail_uto_set_value(option, timeout);
    } else {
        optrail_uto_set_granularity(option, OPTRAIL_UTO_GRANULARITY_MINUTES);
        optrail_uto_set_value(option, (timeout + 59) / 60);
    }
}

static __always_inline void decline(struct bpf_sock_ops *context, const __u8 *option,
                                    enum hook_decline reason)
{
    count(COUNTER_DECLINED);
    report_decline(context, option, OPTRAIL_UTO_LENGTH, reason);
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

#define FOUND_MAX 8

/* Takes the peer's advice out of the segment at hand, if there is one. */
static __always_inline void take(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[FOUND_MAX] = {OPTRAIL_UTO_KIND, 0};

    long result = bpf_load_hdr_opt(context, option, sizeof(option), 0);
    report_load(context, option, OPTRAIL_UTO_LENGTH, result);
    if (result == -ENOMSG)
        return;
    count(COUNTER_RECEIVED);
    if (result != OPTRAIL_UTO_LENGTH) {
        decline(context, option, HOOK_DECLINE_MALFORMED);
        return;
    }
    __u32 remote = (__u32)optrail_uto_get_timeout(option);
    if (remote == 0) {
        decline(context, option, HOOK_DECLINE_RANGE);
        return;
    }
    if (remote == connection->remote) {
        count(COUNTER_UNCHANGED);
        report_decline(context, option, OPTRAIL_UTO_LENGTH, HOOK_DECLINE_UNCHANGED);
        return;
    }
    connection->remote = remote;
    if (!changeable || set_by_application(context, connection)) {
        decline(context, option, HOOK_DECLINE_FIXED);
        return;
    }
    __u32 chosen = timeout > remote ? timeout : remote;
    if (chosen < lower)
        chosen = lower;
    if (chosen > upper)
        chosen = upper;
    __u32 chosen_ms = chosen * MS_PER_S; /* fits: 32767 minutes are less than 2^31 ms */
    result = bpf_setsockopt(context, SOL_TCP, TCP_USER_TIMEOUT, &chosen_ms, sizeof(chosen_ms));
    if (result == 0)
        connection->applied_ms = chosen_ms;
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, option, OPTRAIL_UTO_LENGTH, SOL_TCP, TCP_USER_TIMEOUT, chosen_ms,
                      result);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!enabled || !(role & side))
        return;
    struct connection *connection =
        bpf_sk_storage_get(&connections, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!connection)
        return;
    int flags = BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG;
    if (timeout != 0) {
        sending_begin(&connection->sending);
        flags |= BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG;
    }
    want_callbacks(context, flags);
    take(context, connection);
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
        connection = bpf_sk_storage_get(&connections, socket, NULL, 0);
        if (connection)
            take(context, connection);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
        connection = bpf_sk_storage_get(&connections, socket, NULL, 0);
        if (!connection)
            break;
        make_option(option);
        sending_reserve(context, &connection->sending, repeat, option, sizeof(option));
        break;
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = bpf_sk_storage_get(&connections, socket, NULL, 0);
        if (!connection)
            break;
        make_option(option);
        sending_store(context, &connection->sending, repeat, option, sizeof(option));
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
