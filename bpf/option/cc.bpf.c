// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cc - asks the peer for a congestion control algorithm.
 *
 * A client often knows its access network better than the server that sends to it: it asks for the
 * algorithm that suits, with an option on the third ACK of the handshake. The server applies it to
 * that connection, once per change. Ids that the server has no name for are refused and counted;
 * names that its kernel does not have are reported with the kernel's error.
 *
 * Wire format: options/cc.opt - experimental option (RFC 6994) of 6 octets, kind 253 when sent,
 *   253 or 254 when received, ExID 0x4F43, a 16-bit id: fd 06 4f 43 00 01 asks for reno.
 * Hooks: client ACTIVE_ESTABLISHED, HDR_OPT_LEN, WRITE_HDR_OPT; server PASSIVE_ESTABLISHED (where
 *   the third ACK is), PARSE_HDR_OPT (later segments, for a third ACK that was lost or had no room).
 * Parameters: algorithm, repeat, role (bpf/load/program_cc.c).
 * Source: Beyond socket options, section 3.3.2.
 */
#define REPORT_PROGRAM_NAME "cc"
#include "bpf/include/receiving.h"
#include "bpf/include/sending.h"

#include "optrail_options.h"

#define TCP_CONGESTION 13

#define SEGMENTS (SEGMENT_BIT(SEGMENT_ACK) | SEGMENT_BIT(SEGMENT_DATA))

const volatile __u32 algorithm = 0;
const volatile __u32 repeat = REPEAT_ONCE;
const volatile __u32 role = ROLE_BOTH;

struct algorithm {
    char name[ALGORITHM_NAME]; /* as the kernel knows it, zero-filled */
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, ALGORITHMS_MAX);
    __type(key, __u32); /* id on the wire */
    __type(value, struct algorithm);
} algorithms SEC(".maps");

struct connection {
    struct sending sending;
    __u32 taken; /* the id that was last asked for */
    __u8 is_server;
    __u8 has_taken;
    __u16 zero;
};

#include "bpf/include/connection.h"

static __always_inline void make_option(__u8 option[OPTRAIL_CC_LENGTH])
{
    optrail_cc_init(option);
    optrail_cc_set_algorithm(option, algorithm);
}

/* Server: takes the request out of the segment at hand, if there is one. */
static __always_inline void take(struct bpf_sock_ops *context, struct connection *connection)
{
    __u8 option[FOUND_MAX];

    if (!receive(context, OPTRAIL_CC_KIND, OPTRAIL_CC_EXID, OPTRAIL_CC_LENGTH, TCP_SYN | TCP_FIN,
                 option))
        return;
    __u32 id = optrail_cc_get_algorithm(option);
    if (connection->has_taken && connection->taken == id) {
        /* Segmentation offload and repetition bring the same request many times. */
        decline(context, option, OPTRAIL_CC_LENGTH, HOOK_DECLINE_UNCHANGED);
        return;
    }
    connection->has_taken = 1;
    connection->taken = id;
    struct algorithm *known = bpf_map_lookup_elem(&algorithms, &id);
    if (!known) {
        decline(context, option, OPTRAIL_CC_LENGTH, HOOK_DECLINE_UNKNOWN);
        return;
    }
    struct algorithm copy = *known;
    long result = bpf_setsockopt(context, SOL_TCP, TCP_CONGESTION, copy.name, sizeof(copy.name));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt_text(context, option, OPTRAIL_CC_LENGTH, SOL_TCP, TCP_CONGESTION, copy.name,
                           result);
}

SEC("sockops")
int optrail_cc(struct bpf_sock_ops *context)
{
    struct connection *connection;
    __u8 option[OPTRAIL_CC_LENGTH];
    struct bpf_sock *socket = context->sk; /* loaded once: the verifier knows one checked pointer */

    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        if (!(role & ROLE_CLIENT))
            break;
        connection = connection_begin(socket);
        if (!connection)
            break;
        sending_begin(&connection->sending);
        want_callbacks(context, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        if (!(role & ROLE_SERVER))
            break;
        connection = connection_begin(socket);
        if (!connection)
            break;
        connection->is_server = 1;
        want_callbacks(context, BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
        take(context, connection);
        break;
    case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
        connection = connection_of(socket);
        if (connection && connection->is_server)
            take(context, connection);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        connection = connection_of(socket);
        if (!connection || !sending_may(context, &connection->sending, SEGMENTS))
            break;
        make_option(option);
        sending_op(context, &connection->sending, repeat, SEGMENTS, option, sizeof(option),
                   sizeof(option));
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
