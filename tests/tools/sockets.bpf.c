// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockets.bpf.c - what the kernel's TCP sockets of a namespace are set to, a line each: a witness
 * for tests that has nothing of Optrail. Pin with `bpftool iter pin`, read it in the namespace.
 *
 *   PORT > PORT state=1 cwnd=10 clamp=65535 user_timeout_ms=0 delack_max=50 rto_min=50 rto=51
 *   srtt_us=0 segs=1 congestion=cubic                                          (on one line)
 * Times are in ticks where no unit is said.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
} __attribute__((preserve_access_index));

struct sock_common {
    __u16 skc_num;
    __u16 skc_dport;
    unsigned char skc_state;
} __attribute__((preserve_access_index));

struct bpf_iter__tcp {
    struct bpf_iter_meta *meta;
    struct sock_common *sk_common;
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
    char name[16];
} __attribute__((preserve_access_index));

struct inet_connection_sock {
    __u32 icsk_rto, icsk_rto_min, icsk_delack_max, icsk_user_timeout;
    const struct tcp_congestion_ops *icsk_ca_ops;
} __attribute__((preserve_access_index));

struct tcp_sock {
    struct inet_connection_sock inet_conn;
    __u32 snd_cwnd, snd_cwnd_clamp, srtt_us, data_segs_out;
} __attribute__((preserve_access_index));

SEC("iter/tcp")
int sockets(struct bpf_iter__tcp *context)
{
    struct seq_file *seq = context->meta->seq;
    struct sock_common *common = context->sk_common;
    char name[16] = "";

    if (!common)
        return 0;
    struct tcp_sock *tcp = bpf_skc_to_tcp_sock(common);
    if (!tcp)
        return 0;
    BPF_CORE_READ_STR_INTO(&name, tcp, inet_conn.icsk_ca_ops, name);
    BPF_SEQ_PRINTF(seq,
                   "%u > %u state=%u cwnd=%u clamp=%u user_timeout_ms=%u delack_max=%u rto_min=%u "
                   "rto=%u srtt_us=%u segs=%u congestion=%s\n",
                   common->skc_num, bpf_ntohs(common->skc_dport), common->skc_state, tcp->snd_cwnd,
                   tcp->snd_cwnd_clamp, tcp->inet_conn.icsk_user_timeout,
                   tcp->inet_conn.icsk_delack_max, tcp->inet_conn.icsk_rto_min,
                   tcp->inet_conn.icsk_rto, tcp->srtt_us >> 3, tcp->data_segs_out, name);
    return 0;
}

char _license[] SEC("license") = "GPL";
