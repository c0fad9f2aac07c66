// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracer.bpf.c - what helpers returned to programs that do not say so themselves.
 *
 * Two kinds of tracing programs. `program_entry` and `program_exit` are loaded once for each
 * watched program and note which of them is running in which invocation. The `helper_*` programs
 * sit at the ends of the kernel's helpers; when one of the noted programs called, they add an
 * action to the invocation's slot of report_abi.h, just as programs do that report themselves. So
 * the observers carry it into the recording, in its place.
 *
 * A helper is a function of 64-bit words (BPF_CALL_x of linux/filter.h); the first is its context.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define REPORT_PROGRAM_NAME "" /* what is reported here is another's */
#include "bpf/include/report.h"

char LICENSE[] SEC("license") = "GPL";

enum { RUNNING = 4, NAME = 16, SMALL = 4, LARGE = 8 };

/* Kernel structs, as far as they are read. */
typedef struct {
    __s64 counter;
} atomic64_t;

struct sock_common {
    atomic64_t skc_cookie;
} __attribute__((preserve_access_index));

struct sock {
    struct sock_common __sk_common;
} __attribute__((preserve_access_index));

struct bpf_sock_ops_kern {
    struct sock *sk;
    __u8 op;
} __attribute__((preserve_access_index));

/* Set by the recorder, for each watched program. */
const volatile char program_name[NAME] = "";

struct running { /* a watched program that runs now */
    __u64 cookie;
    __u32 op;
    __u32 zero;
    char name[NAME];
};

struct running_cpu {
    struct running entries[RUNNING]; /* a hook may be interrupted by one of another socket */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct running_cpu);
} running SEC(".maps");

struct invocation {
    __u64 cookie;
    __u32 op;
};

/* `op` is a bit field or a byte, depending on the kernel; the cookie was made at entry. */
static __always_inline bool identify(__u64 context, struct invocation *which)
{
    const struct bpf_sock_ops_kern *kernel = (const void *)context;
    struct sock *socket = BPF_CORE_READ(kernel, sk);
    which->op = BPF_CORE_READ(kernel, op);
    which->cookie = (__u64)BPF_CORE_READ(socket, __sk_common.skc_cookie.counter);
    return socket != NULL && which->cookie != 0;
}

static __always_inline struct running *find_running(const struct invocation *which, bool unused)
{
    __u32 zero = 0;
    struct running_cpu *cpu = bpf_map_lookup_elem(&running, &zero);
    if (cpu == NULL)
        return NULL;
#pragma unroll
    for (int i = 0; i < RUNNING; i++) {
        struct running *entry = &cpu->entries[i];
        if (unused ? entry->cookie == 0 : entry->cookie == which->cookie && entry->op == which->op)
            return entry;
    }
    return NULL;
}

SEC("fentry")
int program_entry(__u64 *arguments)
{
    struct bpf_sock_ops_kern *kernel = (struct bpf_sock_ops_kern *)arguments[0];
    struct invocation which;
    if (!report_wanted())
        return 0;
    struct sock *socket = kernel->sk;
    if (socket == NULL)
        return 0;
    /* Also makes the cookie when nobody has asked for it yet. */
    which.cookie = bpf_get_socket_cookie(socket);
    which.op = BPF_CORE_READ(kernel, op);
    struct running *entry = find_running(&which, true);
    if (entry == NULL)
        return 0;
    entry->cookie = which.cookie;
    entry->op = which.op;
#pragma unroll
    for (int i = 0; i < NAME; i++)
        entry->name[i] = program_name[i];
    return 0;
}

SEC("fexit")
int program_exit(__u64 *arguments)
{
    struct invocation which;
    if (identify(arguments[0], &which)) {
        struct running *entry = find_running(&which, false);
        if (entry != NULL)
            entry->cookie = 0;
    }
    return 0;
}

/* A zeroed action in the slot of the invocation; NULL when there is none to add or no room. */
static __always_inline struct report_action *add_action(__u64 context, __u8 kind, __s64 result)
{
    struct invocation which;
    __u32 zero = 0;
    if (!identify(context, &which))
        return NULL;
    struct running *entry = find_running(&which, false);
    struct report_cpu *cpu = bpf_map_lookup_elem(&optrail_report, &zero);
    if (entry == NULL || cpu == NULL)
        return NULL;
    struct report_slot *slot = report_slot(cpu, which.cookie, which.op);
    __u32 n = slot->n;
    slot->n = n + 1;
    if (n >= REPORT_ACTIONS)
        return NULL;
    struct report_action *action = &slot->actions[n];
    __builtin_memset(action, 0, sizeof(*action));
    action->kind = kind;
    action->result = (__s32)result;
    __builtin_memcpy(action->program, entry->name, sizeof(action->program));
    return action;
}

static __always_inline __s64 result_of(__u64 *arguments)
{
    __u64 result = 0;
    bpf_get_func_ret(arguments, &result);
    return (__s64)result;
}

/* bpf_reserve_hdr_opt(context, length, flags) */
SEC("fexit/bpf_sock_ops_reserve_hdr_opt")
int helper_reserve(__u64 *arguments)
{
    struct report_action *action =
        add_action(arguments[0], HOOK_ACTION_RESERVE, result_of(arguments));
    if (action != NULL)
        report_number(action, (__u32)arguments[1]);
    return 0;
}

static __always_inline void read_head(struct report_action *action, __u64 option, __u32 length)
{
    if (length >= REPORT_HEAD)
        bpf_probe_read_kernel(action->head, REPORT_HEAD, (const void *)option);
    else if (length >= 4)
        bpf_probe_read_kernel(action->head, 4, (const void *)option);
    else if (length >= 2)
        bpf_probe_read_kernel(action->head, 2, (const void *)option);
}

/* bpf_store_hdr_opt(context, option, length, flags) */
SEC("fexit/bpf_sock_ops_store_hdr_opt")
int helper_store(__u64 *arguments)
{
    struct report_action *action =
        add_action(arguments[0], HOOK_ACTION_STORE, result_of(arguments));
    if (action != NULL) {
        report_number(action, (__u32)arguments[2]);
        read_head(action, arguments[1], (__u32)arguments[2]);
    }
    return 0;
}

/* bpf_load_hdr_opt(context, option, length, flags): its octets are what was found or searched */
SEC("fexit/bpf_sock_ops_load_hdr_opt")
int helper_load(__u64 *arguments)
{
    __s64 result = result_of(arguments);
    struct report_action *action = add_action(arguments[0], HOOK_ACTION_LOAD, result);
    if (action != NULL) {
        report_number(action, result > 0 ? (__u32)result : 0);
        read_head(action, arguments[1], (__u32)arguments[2]);
    }
    return 0;
}

/* bpf_setsockopt(context, level, name, value, length) */
SEC("fexit/bpf_sock_ops_setsockopt")
int helper_setsockopt(__u64 *arguments)
{
    struct report_action *action =
        add_action(arguments[0], HOOK_ACTION_SETSOCKOPT, result_of(arguments));
    if (action == NULL)
        return 0;
    __u32 length = (__u32)arguments[4];
    action->level = (__s32)arguments[1];
    action->name = (__s32)arguments[2];
    if (length == SMALL || length == LARGE)
        action->value_length = (__u8)length;
    else
        action->value_length = REPORT_VALUE; /* text, cut or zero-filled */
    if (length >= REPORT_VALUE)
        bpf_probe_read_kernel(action->value, REPORT_VALUE, (const void *)arguments[3]);
    else if (length == LARGE)
        bpf_probe_read_kernel(action->value, LARGE, (const void *)arguments[3]);
    else if (length == SMALL)
        bpf_probe_read_kernel(action->value, SMALL, (const void *)arguments[3]);
    else {
        __u64 octets = length & (REPORT_VALUE - 1);
        asm volatile("" : "+r"(octets)); /* so that the verifier sees the bound */
        bpf_probe_read_kernel_str(action->value, (__u32)(octets & (REPORT_VALUE - 1)),
                                  (const void *)arguments[3]);
    }
    return 0;
}
