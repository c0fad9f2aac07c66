// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * delack: sets the delay of ACKs and how many segments they cover, and tries values out of range.
 */
#include "common.h"

volatile __u32 segments, delay_us;
volatile __u64 applied, refused, wrongly_accepted;

static int set(struct bpf_sock_ops *skops, int option, int value)
{
    return bpf_setsockopt(skops, 6, option, &value, sizeof(value));
}

SEC("sockops")
int delack(struct bpf_sock_ops *skops)
{
    if (skops->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
        return 1;
    if (segments && set(skops, TCP_BPF_DELACK_SEGS, segments) == 0)
        INC(applied);
    if (delay_us && set(skops, TCP_BPF_DELACK_TIME, delay_us) == 0)
        INC(applied);
    if (set(skops, TCP_BPF_DELACK_SEGS, 0) && set(skops, TCP_BPF_DELACK_SEGS, 256) &&
        set(skops, TCP_BPF_DELACK_TIME, -1) && set(skops, TCP_BPF_DELACK_TIME, 500000))
        INC(refused);
    else
        INC(wrongly_accepted);
    return 1;
}
