// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched - asks the peer for a packet scheduler of the connection.
 *
 * Who downloads cannot choose how the sender spreads data over the subflows: it asks for the scheduler
 * that suits it, redundant for latency say, and the peer changes to it while the connection lives.
 * Ids are those of the description; unknown ones are refused, and schedulers that the kernel lacks
 * fail and are counted.
 *
 * Wire format: options/sched.opt - MPTCP suboption for private use, experiment 2, 6 octets, 16 bits of an id:
 *   1e 06 f0 02 00 01 asks for redundant; f1 in place of f0 is the echo. On a
 *   stock kernel options/sched-exid.opt: fd 06 4f 53 00 01, which has no echo.
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: scheduler, own, and those of asking.h (bpf/load/program_sched.c).
 * A stock kernel cannot change the scheduler of a connection (net.mptcp.scheduler is for new ones):
 * there a request is declined as unsupported.
 * Source: Beyond socket options, section 6.2.2.
 */
#define REPORT_PROGRAM_NAME "sched"
#define REQUEST_LENGTH      OPTRAIL_SCHED_LENGTH
#define REQUEST_EXPERIMENT  OPTRAIL_SCHED_EXPERIMENT
#define REQUEST_EXID        OPTRAIL_SCHED_EXID_EXID
#include "optrail_options.h"

#include "bpf/include/asking.h"

const volatile char scheduler[PARAMETER_TEXT_SIZE] = ""; /* as it was given, for optrail status */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, SCHEDULERS_MAX);
    __type(key, __u32);
    __type(value, char[SCHEDULER_NAME]);
} schedulers SEC(".maps");

static __always_inline void request_apply(struct bpf_sock_ops *context, const __u8 *option,
                                          __u32 number)
{
    if (!patched) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNSUPPORTED);
        return;
    }
    const char *known = bpf_map_lookup_elem(&schedulers, &number);
    if (!known) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNKNOWN);
        return;
    }
    char name[SCHEDULER_NAME]; /* the function and the report take it from the stack */
    __builtin_memcpy(name, known, sizeof(name));
    long result = bpf_mptcp_set_scheduler(bpf_cast_to_kern_ctx(context), name, sizeof(name));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_call_text(context, option, REQUEST_LENGTH, HOOK_CALL_SET_SCHEDULER, name, result);
}

SEC("sockops")
int optrail_sched(struct bpf_sock_ops *context)
{
    request_op(context);
    return 1;
}

char _license[] SEC("license") = "GPL";
