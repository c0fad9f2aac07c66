// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recorder_parts.bpf.c - what the parts of an observer cost on this machine, for recorder.sh.
 *
 * sock_ops programs that do nothing but one thing, four times; "part_null" does nothing, and what
 * the kernel's statistics say of it is their own cost for each program.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define FOUR_TIMES(what)                                                                           \
    what;                                                                                          \
    what;                                                                                          \
    what;                                                                                          \
    what

volatile __u64 sink; /* so that nothing is left out */

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 22);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} numbers SEC(".maps");

SEC("sockops")
int part_null(struct bpf_sock_ops *context)
{
    return 1;
}

SEC("sockops")
int part_clock(struct bpf_sock_ops *context)
{
    __u64 sum = 0;
    FOUR_TIMES(sum += bpf_ktime_get_ns());
    sink = sum;
    return 1;
}

SEC("sockops")
int part_cookie(struct bpf_sock_ops *context)
{
    __u64 sum = 0;
    FOUR_TIMES(sum += bpf_get_socket_cookie(context));
    sink = sum;
    return 1;
}

SEC("sockops")
int part_lookup(struct bpf_sock_ops *context)
{
    __u64 sum = 0, *number;
    __u32 zero = 0;
    FOUR_TIMES(number = bpf_map_lookup_elem(&numbers, &zero); if (number) sum += *number;
               asm volatile("" ::
                                : "memory"));
    sink = sum;
    return 1;
}

SEC("sockops")
int part_ringbuf(struct bpf_sock_ops *context)
{
    void *event;
    FOUR_TIMES(event = bpf_ringbuf_reserve(&ring, 256, 0);
               if (event) bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP));
    return 1;
}

SEC("sockops")
int part_atomic(struct bpf_sock_ops *context)
{
    __u32 zero = 0;
    __u64 *number = bpf_map_lookup_elem(&numbers, &zero);
    if (!number)
        return 1;
    FOUR_TIMES(__sync_fetch_and_add(number, 1));
    return 1;
}
