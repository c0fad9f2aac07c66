// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ito - asks the peer how long to keep a connection that has no subflow left.
 *
 * A host that often moves wants its peer to wait for it; a loaded server wants idle connections gone.
 * Who asks sets the timeout on its own end too, who is asked within its limits. The time runs from
 * the moment when the last subflow is gone; when it is over, the application gets ETIMEDOUT.
 *
 * Wire format: options/ito.opt - MPTCP suboption for private use, experiment 4, 6 octets, 16 bits of s:
 *   1e 06 f0 04 00 f0 is 240 s; f1 in place of f0 is the echo. On a
 *   stock kernel options/ito-exid.opt: fd 06 4f 4f 00 f0, which has no echo.
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: timeout, lower, upper, own, and those of asking.h (bpf/load/program_ito.c).
 * A stock kernel has one timeout for all connections of a network namespace (net.mptcp.close_timeout),
 * out of programs' reach: there a request is declined as unsupported.
 * Source: Beyond socket options, section 6.2.4.
 */
#define REPORT_PROGRAM_NAME "ito"
#define REQUEST_LENGTH      OPTRAIL_ITO_LENGTH
#define REQUEST_EXPERIMENT  OPTRAIL_ITO_EXPERIMENT
#define REQUEST_EXID        OPTRAIL_ITO_EXID_EXID
#include "optrail_options.h"

#include "bpf/include/asking.h"

const volatile __u32 timeout = 0; /* as it was given, for optrail status */
const volatile __u32 lower = 0;   /* least and most that a peer brings this end to, s */
const volatile __u32 upper = 0;

static __always_inline void request_apply(struct bpf_sock_ops *context, const __u8 *option,
                                          __u32 number)
{
    if (!patched) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNSUPPORTED);
        return;
    }
    if (number == 0) { /* the kernel's way to say "as ever" */
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_RANGE);
        return;
    }
    number = request_bounded(number, lower, upper);
    long result = bpf_mptcp_set_inactivity_timeout(bpf_cast_to_kern_ctx(context), number);
    request_called(context, option, HOOK_CALL_SET_INACTIVITY_TIMEOUT, number, result);
}

SEC("sockops")
int optrail_ito(struct bpf_sock_ops *context)
{
    request_op(context);
    return 1;
}

char _license[] SEC("license") = "GPL";
