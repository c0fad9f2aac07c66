// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * delay - asks the peer to use backup subflows when the others are slow.
 *
 * For thin streams: a second subflow stands ready as backup, over cellular say, and stays silent
 * while the first one is fast enough. When its smoothed round-trip time passes the threshold, who
 * was asked sends on the backup subflow too, until the first recovers.
 *
 * Wire format: options/delay.opt - MPTCP suboption for private use, experiment 3, 6 octets, 16 bits of ms:
 *   1e 06 f0 03 00 64 is 100 ms; f1 in place of f0 is the echo. On a
 *   stock kernel options/delay-exid.opt: fd 06 4f 54 00 64, which has no echo.
 * Hooks: ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED, PARSE_HDR_OPT, HDR_OPT_LEN, WRITE_HDR_OPT.
 * Parameters: threshold, lower, upper, own, and those of asking.h (bpf/load/program_delay.c).
 * A stock kernel uses backup subflows only when no other is left, and programs cannot change that:
 * there a request is declined as unsupported.
 * Source: Beyond socket options, section 6.2.3.
 */
#define REPORT_PROGRAM_NAME "delay"
#define REQUEST_LENGTH      OPTRAIL_DELAY_LENGTH
#define REQUEST_EXPERIMENT  OPTRAIL_DELAY_EXPERIMENT
#define REQUEST_EXID        OPTRAIL_DELAY_EXID_EXID
#include "optrail_options.h"

#include "bpf/include/asking.h"

const volatile __u32 threshold = 0; /* as it was given, for optrail status */
const volatile __u32 lower = 0;     /* least and most that a peer brings this end to, ms */
const volatile __u32 upper = 0;

static __always_inline void request_apply(struct bpf_sock_ops *context, const __u8 *option,
                                          __u32 number)
{
    if (!patched) {
        decline(context, option, REQUEST_LENGTH, HOOK_DECLINE_UNSUPPORTED);
        return;
    }
    if (number != 0) /* 0: as if nobody had asked */
        number = request_bounded(number, lower, upper);
    long result = bpf_mptcp_set_delay_threshold(bpf_cast_to_kern_ctx(context), number);
    request_called(context, option, HOOK_CALL_SET_DELAY_THRESHOLD, number, result);
}

SEC("sockops")
int optrail_delay(struct bpf_sock_ops *context)
{
    request_op(context);
    return 1;
}

char _license[] SEC("license") = "GPL";
