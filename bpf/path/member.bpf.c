// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * member - the half of every path manager that runs in a stock kernel.
 *
 * Such a kernel tells user space of connections by netlink, though neither of which cgroup they are
 * nor what happened to their subflows' TCP. This program fills the gap by a ring buffer: which
 * connections are the cgroup's, that one has become worth more subflows (delaying), that a subflow
 * was ended by the network or grew old (refresh). bpf/load/manage.c does the rest. It is loaded
 * under the name of the path manager, in whose place it stands.
 *
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED; HDR_OPT_LEN where octets or time are looked at
 *   (nothing is written); TCP_STATE; RTT.
 * Parameters: those of all path managers, each of which is set as far as that one has it.
 * Needs Linux 5.19 (bpf_skc_to_mptcp_sock, and the user-space path manager).
 */
#define REPORT_PROGRAM_NAME "member"
#include "bpf/include/mptcp.h"
#include "bpf/include/sk_error.h"

const volatile __u32 role = ROLE_CLIENT;
const volatile __u32 n = 0; /* these two: for the process alone */
const volatile __u32 more = 0;
const volatile char local[PARAMETER_TEXT_SIZE] = "";
const volatile __u32 octets = 0; /* delaying */
const volatile __u32 duration = 0;
const volatile __u32 rate = 0;
const volatile __u32 reset = 0; /* refresh */
const volatile __u32 timeout = 0;
const volatile __u32 age = 0;

#define NS_PER_S  1000000000ULL
#define NS_PER_MS 1000000ULL

struct connection { /* of one subflow */
    __u64 since_ns;
    __u32 token;
    __u8 server;
    __u8 first;
    __u8 worth;
    __u8 old;
};

#include "bpf/include/connection.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} path_events SEC(".maps");

static __always_inline void tell(struct bpf_sock_ops *context, const struct connection *connection,
                                 __u32 kind, __u32 error)
{
    struct address local_end, remote_end;
    struct path_event *event = bpf_ringbuf_reserve(&path_events, sizeof(*event), 0);
    if (!event) {
        count(COUNTER_NO_SPACE);
        return;
    }
    address_local(context, &local_end);
    address_remote(context, &remote_end);
    __builtin_memset(event, 0, sizeof(*event));
    event->kind = kind;
    event->token = connection->token;
    event->server = connection->server;
    event->error = (__u16)error;
    event->local_port = (__u16)context->local_port;
    event->remote_port = (__u16)bpf_ntohl(context->remote_port);
    if (local_end.words[0] == 0 && local_end.words[1] == 0 &&
        local_end.words[2] == bpf_htonl(0xffff)) {
        event->family = AF_INET;
        event->local[0] = local_end.words[3];
        event->remote[0] = remote_end.words[3];
    } else {
        event->family = AF_INET6;
        __builtin_memcpy(event->local, local_end.words, sizeof(event->local));
        __builtin_memcpy(event->remote, remote_end.words, sizeof(event->remote));
    }
    bpf_ringbuf_submit(event, 0);
}

static __always_inline void established(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                        enum role side)
{
    if (!(role & side))
        return;
    struct mptcp_sock *mptcp = bpf_skc_to_mptcp_sock(socket);
    if (!mptcp)
        return;
    struct connection *connection = connection_begin(socket);
    if (!connection)
        return;
    connection->since_ns = bpf_ktime_get_ns();
    connection->token = mptcp->token;
    connection->server = side == ROLE_SERVER;
    connection->first = mptcp->first == (void *)socket;
    int flags = 0;
    if (reset || timeout || age)
        flags |= BPF_SOCK_OPS_STATE_CB_FLAG;
    if (age)
        flags |= BPF_SOCK_OPS_RTT_CB_FLAG;
    if (connection->first && (octets || duration))
        flags |= BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG;
    if (flags)
        want_callbacks(context, flags);
    if (connection->first)
        tell(context, connection, PATH_MEMBER, 0);
}

/* While the first subflow is the only one, what it received is what the connection did. */
static __always_inline void look_at_worth(struct bpf_sock_ops *context,
                                          struct connection *connection)
{
    if (connection->worth || !connection->first || !(octets || duration))
        return;
    __u64 received = context->bytes_received;
    __u64 elapsed_ms = (bpf_ktime_get_ns() - connection->since_ns) / NS_PER_MS;
    bool enough = octets && received >= octets;
    bool late = duration && elapsed_ms >= duration && (!rate || received * 8 < elapsed_ms * rate);
    if (!enough && !late)
        return;
    connection->worth = 1;
    tell(context, connection, PATH_WORTH, 0);
}

static __always_inline void state_changed(struct bpf_sock_ops *context, struct bpf_sock *socket,
                                          struct connection *connection)
{
    __u32 error = ended_by_network(context, socket, reset, timeout);
    if (error)
        tell(context, connection, PATH_LOST, error);
}

SEC("sockops")
int optrail_member(struct bpf_sock_ops *context)
{
    struct connection *connection;
    struct bpf_sock *socket = context->sk;

    if (!socket)
        return 1;
    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_CLIENT);
        return 1;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        established(context, socket, ROLE_SERVER);
        return 1;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
    case BPF_SOCK_OPS_STATE_CB:
    case BPF_SOCK_OPS_RTT_CB:
        break;
    default:
        return 1;
    }
    connection = connection_of(socket);
    if (!connection)
        return 1;
    if (context->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB) {
        look_at_worth(context, connection);
    } else if (context->op == BPF_SOCK_OPS_STATE_CB) {
        state_changed(context, socket, connection);
    } else if (age && !connection->old &&
               bpf_ktime_get_ns() - connection->since_ns >= age * NS_PER_S) {
        connection->old = 1;
        tell(context, connection, PATH_OLD, 0);
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
