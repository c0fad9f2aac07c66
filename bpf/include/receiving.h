/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * receiving.h - taking an option out of the segment at hand, and what is refused for all programs.
 *
 * A peer may send any octets. What gets past receive() is one option of the right length, on a
 * segment where it may stand, that no other of the same segment contradicts; whether its values
 * are acceptable is for the program to say. All refusals are counted and reported.
 */
#ifndef OPTRAIL_BPF_RECEIVING_H
#define OPTRAIL_BPF_RECEIVING_H

#include "bpf/include/sock_ops.h"

#define KIND_MPTCP 30
#define KIND_EXP1  253
#define KIND_EXP2  254

#define MPTCP_PRIVATE 0xf0 /* third octet of a suboption for private use (RFC 8684, section 8) */
#define MPTCP_ECHO    0x01 /* in the same octet: a request that comes back (options/rate.opt) */

#define TCP_HEADER_MAX  60 /* octets */
#define TCP_OPTIONS_MAX 40

#define FOUND_MAX 16 /* room for more than the option: one with a wrong length is found too */

static __always_inline void decline(struct bpf_sock_ops *context, const __u8 *option, __u32 octets,
                                    enum hook_decline reason)
{
    count(reason == HOOK_DECLINE_UNCHANGED ? COUNTER_UNCHANGED : COUNTER_DECLINED);
    report_decline(context, option, octets, reason);
}

/*
 * The first option of that kind; and ExID for the experimental kinds; and experiment of the private
 * subtype for MPTCP's, which patched kernels alone can find. Its length or an error.
 */
static __always_inline long find(struct bpf_sock_ops *context, __u8 kind, __u16 exid,
                                 __u8 found[FOUND_MAX])
{
    __builtin_memset(found, 0, FOUND_MAX);
    found[0] = kind;
    if (kind == KIND_EXP1 || kind == KIND_EXP2) {
        found[1] = 4; /* the helper compares kind and ExID */
        found[2] = exid >> 8;
        found[3] = exid & 0xff;
    } else if (kind == KIND_MPTCP) {
        found[1] = 4;
        found[2] = MPTCP_PRIVATE;
        found[3] = exid & 0xff;
    }
    return bpf_load_hdr_opt(context, found, FOUND_MAX, 0);
}

/* What option_compare() answers: the offset of the next option, 0 at the end, or this. */
#define CONTRADICTS 0x100

/*
 * Compares the option at offset `at` of the TCP header with `first`, whose octets stand in the
 * number from the lowest on. A function of its own for the verifier, who looks at a global one
 * once, and knows nothing about what it returns: looping over it costs him nothing.
 */
__noinline int option_compare(struct bpf_sock_ops *context, __u32 at, __u64 first, __u32 length)
{
    void *data = context->skb_data;
    void *end = context->skb_data_end;
    struct tcphdr *header = data;

    if ((void *)(header + 1) > end)
        return 0;
    __u32 stop = header->doff * 4;
    at &= 63; /* changes nothing, but bounds it for the verifier */
    if (at < sizeof(*header) || at > TCP_HEADER_MAX - 2 || at + 2 > stop)
        return 0;
    const __u8 *option = data + at;
    if ((void *)(option + 2) > end || option[0] == 0)
        return 0;
    if (option[0] == 1)
        return (int)at + 1;
    __u32 octets = option[1];
    if (octets < 2)
        return 0;
    __u32 next = at + octets;
    if (next > TCP_HEADER_MAX)
        return 0;
    __u8 kind = first & 0xff;
    if (kind == KIND_EXP1 || kind == KIND_EXP2) {
        if (option[0] != KIND_EXP1 && option[0] != KIND_EXP2)
            return (int)next;
        if (octets < 4 || (void *)(option + 4) > end || option[2] != (first >> 16 & 0xff) ||
            option[3] != (first >> 24 & 0xff))
            return (int)next;
    } else if (option[0] != kind) {
        return (int)next;
    } else if (kind == KIND_MPTCP) {
        if (octets < 4 || (void *)(option + 4) > end ||
            (option[2] & 0xf0) != (first >> 16 & 0xf0) || option[3] != (first >> 24 & 0xff))
            return (int)next;
    }
    if (octets != length)
        return CONTRADICTS;
    if ((void *)(option + 4) > end || option[2] != (first >> 16 & 0xff) ||
        option[3] != (first >> 24 & 0xff))
        return CONTRADICTS;
    if (length > 4 && ((void *)(option + 6) > end || option[4] != (first >> 32 & 0xff) ||
                       option[5] != (first >> 40 & 0xff)))
        return CONTRADICTS;
    if (length > 6 && ((void *)(option + 8) > end || option[6] != (first >> 48 & 0xff) ||
                       option[7] != (first >> 56 & 0xff)))
        return CONTRADICTS;
    return (int)next;
}

/*
 * True when the segment holds another option of the same kind (or ExID, under either kind) than
 * `first` with other octets: bpf_load_hdr_opt() gives the first one only. `length`: 4, 6 or 8.
 */
static __always_inline bool contradicted(struct bpf_sock_ops *context, const __u8 *first,
                                         __u32 length)
{
    __u64 packed = 0;
    int at = sizeof(struct tcphdr);

#pragma unroll
    for (__u32 i = 0; i < 8; i++) {
        if (i < length)
            packed |= (__u64)first[i] << (8 * i);
    }
    for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
        at = option_compare(context, (__u32)at, packed, length);
        if (at == CONTRADICTS)
            return true;
        if (at == 0)
            return false;
    }
    return false;
}

/*
 * Looks for the option in the segment at hand. True when there is one to be considered, whose
 * octets are in `found`. `forbidden` are the control bits (TCP_FIN ...) of segments on which it
 * may not stand. `length` is 4, 6 or 8, as all ours are. `exid`: for MPTCP the experiment.
 */
static __always_inline bool receive(struct bpf_sock_ops *context, __u8 kind, __u16 exid,
                                    __u32 length, __u32 forbidden, __u8 found[FOUND_MAX])
{
    bool by_exid = kind == KIND_EXP1;
    long result = find(context, kind, exid, found);
    if (result == -ENOMSG && by_exid)
        result = find(context, KIND_EXP2, exid, found);
    report_load(context, found, length, result);
    if (result == -ENOMSG)
        return false;
    count(COUNTER_RECEIVED);
    if (result != length) {
        decline(context, found, length, HOOK_DECLINE_MALFORMED);
        return false;
    }
    if (context->skb_tcp_flags & forbidden) {
        decline(context, found, length, HOOK_DECLINE_MISPLACED);
        return false;
    }
    if (contradicted(context, found, length)) {
        decline(context, found, length, HOOK_DECLINE_DUPLICATE);
        return false;
    }
    return true;
}

#endif
