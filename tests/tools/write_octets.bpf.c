// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * write_octets.bpf.c - a client that puts any octets on the third ACK, for tests of what a program
 * does with a peer that is not ours. Compile with -DOCTETS=0xfd,0x06,... (a whole option).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sockops")
int write_octets(struct bpf_sock_ops *context)
{
    const __u8 octets[] = {OCTETS};

    switch (context->op) {
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        bpf_sock_ops_cb_flags_set(context, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
        break;
    case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
        bpf_reserve_hdr_opt(context, sizeof(octets), 0);
        break;
    case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
        bpf_store_hdr_opt(context, octets, sizeof(octets), 0);
        bpf_sock_ops_cb_flags_set(context, 0);
        break;
    }
    return 1;
}

char _license[] SEC("license") = "GPL";
