// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign.bpf.c - a sock_ops program that knows nothing of Optrail, for the recorder's tests.
 *
 * Writes an option of 8 octets (kind 253, ExID MAGIC, a number that grows) on everything but SYN,
 * SYN-ACK and RST, asks to see options that come in, counts its own invocations by operation, and
 * sets a reply whatever the operation, as many programs do.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#ifndef MAGIC
#define MAGIC 0xbee5
#endif

char LICENSE[] SEC("license") = "GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 32);
    __type(key, __u32);
    __type(value, __u64);
} invocations SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} number SEC(".maps");

SEC("sockops")
int foreign(struct bpf_sock_ops *context)
{
    __u32 op = context->op, zero = 0;
    __u64 *count = bpf_map_lookup_elem(&invocations, &op);
    __u32 *next = bpf_map_lookup_elem(&number, &zero);

    if (count)
        __sync_fetch_and_add(count, 1);
    switch (op) {
    case BPF_SOCK_OPS_TCP_LISTEN_CB:
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        bpf_sock_ops_cb_flags_set(context, context->bpf_sock_ops_cb_flags |
                                               BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG |
                                               BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
        if (!(context->skb_tcp_flags & 0x06))
            bpf_reserve_hdr_opt(context, 8, 0);
        break;
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        if (next && !(context->skb_tcp_flags & 0x06)) {
            __u32 value = *next;
            __u8 option[8] = {253,         8,           MAGIC >> 8,         MAGIC & 0xff,
                              value >> 24, value >> 16, (__u8)(value >> 8), (__u8)value};
            *next = value + 1;
            bpf_store_hdr_opt(context, option, sizeof(option), 0);
        }
        break;
    }
    context->reply = -1;
    return 1;
}
