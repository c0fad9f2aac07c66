// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rate - asks the peer not to send faster than so much on a subflow.
 *
 * A client on a metered interface limits what its server sends there, and leaves the other subflows
 * alone. Who is asked sets SO_MAX_PACING_RATE of the subflow's socket: the sender's scheduler sees
 * it and puts the rest onto the other subflows. Below `lower` nobody is brought. A rate of 0 asks
 * to close the subflow gracefully: nothing in flight is lost.
 *
 * Wire format: options/rate.opt - MPTCP suboption for private use, experiment 1, 8 octets, 32 bits of
 *   kbit/s: 1e 08 f0 01 00 00 0f a0 asks for 4 Mbit/s; f1 in place of f0 is the echo. On a stock
 *   kernel options/rate-exid.opt: fd 08 4f 52 00 00 0f a0, which has no echo.
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: limit, closing, lower, may_close, and those of asking.h (bpf/load/program_rate.c).
 * A stock kernel (5.19) limits rates too; it cannot close a subflow from here.
 * Source: Beyond socket options, section 6.2.1.
 */
#define REPORT_PROGRAM_NAME "rate"
#define REQUEST_LENGTH      OPTRAIL_RATE_LENGTH
#define REQUEST_EXPERIMENT  OPTRAIL_RATE_EXPERIMENT
#define REQUEST_EXID        OPTRAIL_RATE_EXID_EXID
#include "optrail_options.h"

#include "bpf/include/asking.h"

#define SO_MAX_PACING_RATE 47

#define OCTETS_PER_KBIT 125
#define KBIT_MAX        (0xfffffffeU / OCTETS_PER_KBIT) /* more octets/s mean no limit to the kernel */

const volatile __u32 limit = 0; /* these two: as they were given, for optrail status */
const volatile __u32 closing = 0;
const volatile __u32 lower = 0;     /* kbit/s */
const volatile __u32 may_close = 1; /* whether a peer may have a subflow closed */

static __always_inline void close_subflow(struct bpf_sock_ops *context, const __u8 *option)
{
    if (!may_close) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_FIXED);
        return;
    }
    if (!patched) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNSUPPORTED);
        return;
    }
    struct bpf_mptcp_info info = {};
    struct bpf_sock_ops_kern *kernel = bpf_cast_to_kern_ctx(context);
    long result = bpf_mptcp_get_info(kernel, &info, sizeof(info));
    if (result == 0)
        result = bpf_mptcp_close_subflow(kernel, info.subflow_id);
    request_called(context, option, HOOK_CALL_CLOSE_SUBFLOW, info.subflow_id, result);
}

static __always_inline void request_apply(struct bpf_sock_ops *context, const __u8 *option,
                                          __u32 number)
{
    if (number == 0) {
        close_subflow(context, option);
        return;
    }
    number = request_bounded(number, lower, KBIT_MAX);
    __u32 octets = number * OCTETS_PER_KBIT;
    long result = bpf_setsockopt(context, SOL_SOCKET, SO_MAX_PACING_RATE, &octets, sizeof(octets));
    count(result == 0 ? COUNTER_APPLIED : COUNTER_FAILED);
    report_setsockopt(context, option, REQUEST_LENGTH, SOL_SOCKET, SO_MAX_PACING_RATE, octets,
                      result);
}

SEC("sockops")
int optrail_rate(struct bpf_sock_ops *context)
{
    request_op(context);
    return 1;
}

char _license[] SEC("license") = "GPL";
