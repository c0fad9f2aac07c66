/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - how a program says what only it knows: what helpers returned, why it declined.
 *
 * For BPF programs of type sock_ops. Define REPORT_PROGRAM_NAME, a string literal of up to 15
 * characters, before including. The recorder's observers run before and after in the same
 * invocation on the same CPU and carry the actions into the recording; report_abi.h has the
 * layout and the rules for slots. While nobody records, a report costs one array lookup and one
 * comparison.
 */
#ifndef OPTRAIL_BPF_REPORT_H
#define OPTRAIL_BPF_REPORT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/report_maps.h"
#include "wire/hook_action.h"

/* True while a recorder wants reports. */
static __always_inline int report_wanted(void)
{
    __u32 zero = 0;
    struct report_control *control = bpf_map_lookup_elem(&optrail_control, &zero);

    return control && control->recorders != 0 && bpf_ktime_get_ns() < control->lease_ns;
}

/* The slot of this invocation; claimed here where no entry observer did (see report_abi.h). */
static __always_inline struct report_slot *report_slot(struct report_cpu *cpu, __u64 cookie,
                                                       __u32 op)
{
    struct report_slot *unused = &cpu->slots[0];

#pragma unroll
    for (int i = 0; i < REPORT_SLOTS; i++) {
        if (cpu->slots[i].cookie == cookie && cpu->slots[i].op == op)
            return &cpu->slots[i];
    }
#pragma unroll
    for (int i = REPORT_SLOTS - 1; i >= 0; i--) {
        if (cpu->slots[i].cookie == 0)
            unused = &cpu->slots[i];
    }
    unused->cookie = cookie;
    unused->op = op;
    unused->n = 0;
    unused->entry_ns = 0;
    unused->entered = 0;
    return unused;
}

/* One copy in a program, not one for each call. */
static __noinline int report_commit(struct bpf_sock_ops *context,
                                    const struct report_action *action)
{
    __u32 zero = 0;
    struct report_cpu *cpu = bpf_map_lookup_elem(&optrail_report, &zero);
    if (!cpu)
        return 0;
    struct report_slot *slot = report_slot(cpu, bpf_get_socket_cookie(context), context->op);
    __u32 n = slot->n;
    if (n < REPORT_ACTIONS)
        slot->actions[n] = *action;
    slot->n = n + 1;
    return 0;
}

/* `octets` of `option` are taken for its head, at most REPORT_HEAD. */
static __always_inline void report_action_begin(struct report_action *action, __u8 kind,
                                                const void *option, __u32 octets, __s32 result)
{
    __builtin_memset(action, 0, sizeof(*action));
    action->kind = kind;
    action->result = result;
    __builtin_memcpy(action->program, REPORT_PROGRAM_NAME, sizeof(REPORT_PROGRAM_NAME));
    const __u8 *from = option;
#pragma unroll
    for (__u32 i = 0; i < REPORT_HEAD; i++) {
        if (i < octets)
            action->head[i] = from[i];
    }
}

static __always_inline void report_number(struct report_action *action, __u32 number)
{
    action->value_length = sizeof(number);
    __builtin_memcpy(action->value, &number, sizeof(number));
}

/* The value of all four: `number`. For a reservation and a store, octets; else as hook_action.h says. */
static __always_inline void report_simple(struct bpf_sock_ops *context, __u8 kind,
                                          const void *option, __u32 octets, __u32 number,
                                          long result)
{
    if (!report_wanted())
        return;
    struct report_action action;
    report_action_begin(&action, kind, option, octets, (__s32)result);
    report_number(&action, number);
    report_commit(context, &action);
}

/* bpf_reserve_hdr_opt() for `length` octets; `octets` of the option-to-be are in `option`. */
static __always_inline void report_reserve(struct bpf_sock_ops *context, const void *option,
                                           __u32 octets, __u32 length, long result)
{
    report_simple(context, HOOK_ACTION_RESERVE, option, octets, length, result);
}

static __always_inline void report_store(struct bpf_sock_ops *context, const void *option,
                                         __u32 octets, __u32 length, long result)
{
    report_simple(context, HOOK_ACTION_STORE, option, octets, length, result);
}

/* bpf_load_hdr_opt(): `option` is what was found, or what was searched. */
static __always_inline void report_load(struct bpf_sock_ops *context, const void *option,
                                        __u32 octets, long result)
{
    report_simple(context, HOOK_ACTION_LOAD, option, octets, result > 0 ? result : 0, result);
}

static __always_inline void report_decline(struct bpf_sock_ops *context, const void *option,
                                           __u32 octets, enum hook_decline reason)
{
    report_simple(context, HOOK_ACTION_DECLINE, option, octets, reason, 0);
}

/* bpf_setsockopt() of a number, because of `option`. */
static __always_inline void report_setsockopt(struct bpf_sock_ops *context, const void *option,
                                              __u32 octets, int level, int name, __u32 value,
                                              long result)
{
    if (!report_wanted())
        return;
    struct report_action action;
    report_action_begin(&action, HOOK_ACTION_SETSOCKOPT, option, octets, (__s32)result);
    action.level = level;
    action.name = name;
    report_number(&action, value);
    report_commit(context, &action);
}

/* bpf_setsockopt() of a text of REPORT_VALUE octets, zero-filled, because of `option`. */
static __always_inline void report_setsockopt_text(struct bpf_sock_ops *context, const void *option,
                                                   __u32 octets, int level, int name,
                                                   const char *text, long result)
{
    if (!report_wanted())
        return;
    struct report_action action;
    report_action_begin(&action, HOOK_ACTION_SETSOCKOPT, option, octets, (__s32)result);
    action.level = level;
    action.name = name;
    action.value_length = REPORT_VALUE; /* not 4 nor 8: those are numbers */
    __builtin_memcpy(action.value, text, REPORT_VALUE);
    report_commit(context, &action);
}

/* A function of the patched kernel (enum hook_call), because of `option`, or of nothing (0 octets). */
static __always_inline void report_call(struct bpf_sock_ops *context, const void *option,
                                        __u32 octets, enum hook_call call, __u32 value, long result)
{
    if (!report_wanted())
        return;
    struct report_action action;
    report_action_begin(&action, HOOK_ACTION_CALL, option, octets, (__s32)result);
    action.name = call;
    report_number(&action, value);
    report_commit(context, &action);
}

/* The same with a text of REPORT_VALUE octets, zero-filled. */
static __always_inline void report_call_text(struct bpf_sock_ops *context, const void *option,
                                             __u32 octets, enum hook_call call, const char *text,
                                             long result)
{
    if (!report_wanted())
        return;
    struct report_action action;
    report_action_begin(&action, HOOK_ACTION_CALL, option, octets, (__s32)result);
    action.name = call;
    action.value_length = REPORT_VALUE; /* not 4 nor 8: those are numbers */
    __builtin_memcpy(action.value, text, REPORT_VALUE);
    report_commit(context, &action);
}

#endif
