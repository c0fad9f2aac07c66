// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tune - sets TCP parameters by rules: TCP-BPF's idea, as one program with a rule file.
 *
 * The first rule that fits a connection, by prefixes and ports of its two ends, says what is set on
 * it, each at the moment at which the kernel takes it:
 *   TIMEOUT_INIT  retransmission timeout of a SYN, of a SYN-ACK (which is no full socket yet)
 *   RWND_INIT     initial receive window            NEEDS_ECN  whether to negotiate ECN
 *   BASE_RTT      for congestion control that asks (nv)
 *   TCP_CONNECT, PASSIVE_ESTABLISHED       buffers, before the window scale is chosen at a client
 *   ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED  initial window, clamp of the window, congestion control
 *   TCP_LISTEN    buffers and congestion control, inherited by what is accepted, where a rule fits
 *                 a listener: one that names no remote end
 * No option is sent. Parameter: rules, a file (bpf/load/rules.c has the language). Counters stand
 * with each rule. Source: TCP-BPF (Brakmo), appendix A and section "Usage".
 */
#define REPORT_PROGRAM_NAME "tune"
#include "bpf/include/sock_ops.h"

#define TCP_CONGESTION 13
#define SO_SNDBUF      7
#define SO_RCVBUF      8

const volatile char rules[PARAMETER_TEXT_SIZE] = ""; /* the file, for optrail status */
const volatile __u32 n_rules = 0;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, RULES_MAX);
    __type(key, __u32);
    __type(value, struct tune_rule);
} rules_of_tune SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, RULES_MAX);
    __type(key, __u32);
    __type(value, struct rule_counters);
} rule_counters SEC(".maps");

static __always_inline void count_rule(__u32 index, enum rule_counter which)
{
    struct rule_counters *found = bpf_map_lookup_elem(&rule_counters, &index);
    if (found)
        found->n[which]++;
}

static __always_inline bool in_prefix(const struct address *address,
                                      const struct tune_prefix *prefix)
{
    return (address->words[0] & prefix->mask[0]) == prefix->address[0] &&
           (address->words[1] & prefix->mask[1]) == prefix->address[1] &&
           (address->words[2] & prefix->mask[2]) == prefix->address[2] &&
           (address->words[3] & prefix->mask[3]) == prefix->address[3];
}

static __always_inline bool share(const struct address *a, const struct address *b,
                                  const struct tune_prefix *prefix)
{
    return !((a->words[0] ^ b->words[0]) & prefix->mask[0]) &&
           !((a->words[1] ^ b->words[1]) & prefix->mask[1]) &&
           !((a->words[2] ^ b->words[2]) & prefix->mask[2]) &&
           !((a->words[3] ^ b->words[3]) & prefix->mask[3]);
}

/* The number of the first rule that fits, or -1. A function of its own: verified once. */
__noinline int find_rule(struct bpf_sock_ops *context)
{
    struct address local, remote;
    __u32 local_port = context->local_port;
    __u32 remote_port = bpf_ntohl(context->remote_port);
    bool listener = context->op == BPF_SOCK_OPS_TCP_LISTEN_CB;
    bool mapped; /* IPv4, also where an IPv6 socket speaks it */

    address_local(context, &local);
    address_remote(context, &remote);
    mapped = remote.words[0] == 0 && remote.words[1] == 0 && remote.words[2] == bpf_htonl(0xffff);
    for (__u32 i = 0; i < RULES_MAX; i++) {
        __u32 key = i;
        if (i >= n_rules)
            break;
        const struct tune_rule *rule = bpf_map_lookup_elem(&rules_of_tune, &key);
        if (!rule)
            break;
        if (!(rule->scope & (mapped ? RULE_IPV4 : RULE_IPV6)))
            continue;
        if (listener && (rule->scope & RULE_NEEDS_PEER))
            continue;
        if (rule->port && rule->port != local_port && rule->port != remote_port)
            continue;
        if (rule->local_port && rule->local_port != local_port)
            continue;
        if (rule->remote_port && rule->remote_port != remote_port)
            continue;
        if (in_prefix(&local, &rule->local) && in_prefix(&remote, &rule->remote) &&
            share(&local, &remote, mapped ? &rule->same4 : &rule->same6))
            return (int)i;
    }
    return -1;
}

/* Sets a socket option that the rule has. */
static __always_inline void set(struct bpf_sock_ops *context, __u32 index,
                                const struct tune_rule *rule, enum tune_what what, int level,
                                int name)
{
    __u8 none = 0;
    if (!(rule->sets & 1U << what))
        return;
    __u32 value = rule->value[what];
    long result = bpf_setsockopt(context, level, name, &value, sizeof(value));
    count_rule(index, result == 0 ? RULE_SET : RULE_FAILED);
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, &none, 0, level, name, value, result);
}

static __always_inline void set_congestion(struct bpf_sock_ops *context, __u32 index,
                                           const struct tune_rule *rule)
{
    __u8 none = 0;
    char name[ALGORITHM_NAME];
    if (!(rule->sets & 1U << TUNE_CONGESTION))
        return;
    __builtin_memcpy(name, rule->congestion, sizeof(name));
    long result = bpf_setsockopt(context, SOL_TCP, TCP_CONGESTION, name, sizeof(name));
    count_rule(index, result == 0 ? RULE_SET : RULE_FAILED);
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt_text(context, &none, 0, SOL_TCP, TCP_CONGESTION, name, result);
}

static __always_inline void set_buffers(struct bpf_sock_ops *context, __u32 index,
                                        const struct tune_rule *rule)
{
    set(context, index, rule, TUNE_SEND_BUFFER, SOL_SOCKET, SO_SNDBUF);
    set(context, index, rule, TUNE_RECEIVE_BUFFER, SOL_SOCKET, SO_RCVBUF);
}

/* Answers the kernel's question, if the rule has the answer. */
static __always_inline void answer(struct bpf_sock_ops *context, __u32 index,
                                   const struct tune_rule *rule, enum tune_what what)
{
    if (!(rule->sets & 1U << what))
        return;
    context->reply = rule->value[what];
    count_rule(index, RULE_ANSWERED);
}

SEC("sockops")
int optrail_tune(struct bpf_sock_ops *context)
{
    __u32 op = context->op;

    switch (op) {
    case BPF_SOCK_OPS_TIMEOUT_INIT:
    case BPF_SOCK_OPS_RWND_INIT:
    case BPF_SOCK_OPS_NEEDS_ECN:
    case BPF_SOCK_OPS_BASE_RTT:
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        break;
    default:
        return 1;
    }
    int found = find_rule(context);
    if (found < 0)
        return 1;
    __u32 index = (__u32)found;
    const struct tune_rule *rule = bpf_map_lookup_elem(&rules_of_tune, &index);
    if (!rule)
        return 1;
    switch (op) {
    case BPF_SOCK_OPS_TIMEOUT_INIT:
        answer(context, index, rule, context->is_fullsock ? TUNE_SYN_RTO : TUNE_SYNACK_RTO);
        break;
    case BPF_SOCK_OPS_RWND_INIT:
        answer(context, index, rule, TUNE_RWND);
        break;
    case BPF_SOCK_OPS_NEEDS_ECN:
        answer(context, index, rule, TUNE_ECN);
        break;
    case BPF_SOCK_OPS_BASE_RTT:
        answer(context, index, rule, TUNE_BASE_RTT);
        break;
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
        set_buffers(context, index, rule);
        set_congestion(context, index, rule);
        break;
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
        set_buffers(context, index, rule);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        count_rule(index, RULE_CONNECTIONS);
        if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
            set_buffers(context, index, rule);
        set_congestion(context, index, rule);
        set(context, index, rule, TUNE_IW, SOL_TCP, TCP_BPF_IW);
        set(context, index, rule, TUNE_CWND_CLAMP, SOL_TCP, TCP_BPF_SNDCWND_CLAMP);
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
