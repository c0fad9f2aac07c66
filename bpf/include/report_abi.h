/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_abi.h - what a program says about an invocation, as the recorder's observer finds it.
 *
 * Shared by BPF programs and user space. The map REPORT_MAP is pinned under the bpffs folder of
 * optrail, so that programs and recorder meet in it whichever comes first. It is per CPU: a
 * program and the observers that surround it run in one invocation on one CPU. Because a hook may
 * be interrupted by a hook of another socket, a slot names the invocation it belongs to.
 */
#ifndef OPTRAIL_BPF_REPORT_ABI_H
#define OPTRAIL_BPF_REPORT_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define REPORT_MAP         "optrail_report"  /* per-CPU array, one struct report_cpu */
#define REPORT_CONTROL_MAP "optrail_control" /* array, one struct report_control */
#define OPTRAIL_PIN_DIR    "/sys/fs/bpf/optrail"
#define REPORT_SLOTS       4 /* invocations that may be under way on one CPU */
#define REPORT_ACTIONS     8 /* per invocation, all programs together */
#define REPORT_HEAD        6
#define REPORT_PROGRAM     16
#define REPORT_VALUE       16

struct report_action { /* the fields are those of struct hook_action in wire/hook.h */
    __u8 kind;
    __u8 value_length;
    __u8 head[REPORT_HEAD];
    __s32 result;
    __s32 level;
    __s32 name;
    __u32 zero;
    __u8 value[REPORT_VALUE];
    char program[REPORT_PROGRAM];
};

struct report_slot {
    __u64 cookie; /* socket cookie of the invocation; 0: free */
    __u32 op;
    __u32 n;        /* actions that were reported; more than REPORT_ACTIONS: the rest is lost */
    __u64 entry_ns; /* MONOTONIC when the entry observer ran; 0: not measured */
    __u16 options_before; /* octets of option area that stood in the header at entry */
    __u16 space_before;   /* octets of option space that were free at entry; 0xffff unknown */
    __u32 entered;        /* entry observers that ran: several recorders may watch one cgroup */
    __u32 args[4]; /* of bpf_sock_ops at entry: a reply that a program sets overwrites args[0] */
    struct report_action actions[REPORT_ACTIONS];
};

struct report_cpu {
    struct report_slot slots[REPORT_SLOTS];
};

/*
 * Map REPORT_CONTROL_MAP, one entry. Programs report while `recorders` is not 0 and MONOTONIC has
 * not passed `lease_ns`: recorders renew the lease, so that one which is killed leaves no program
 * reporting to nobody.
 */
struct report_control {
    __u32 recorders;
    __u32 zero;
    __u64 lease_ns;
};

#endif
