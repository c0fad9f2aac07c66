// SPDX-License-Identifier: GPL-2.0-or-later
/* program_delay.c - the row of program delay (bpf/option/delay.bpf.c). */
#include "bpf/load/program.h"
#include "bpf/load/request.h"
#include "delay.skel.h"

static const struct parameter parameters[] = {
    REQUEST_VALUE("threshold", "ms"),
    REQUEST_LIMITS("ms", "65535"),
    REQUEST_OWN("no"),
    REQUEST_PARAMETERS("first"),
};

static const struct request_traits traits = {
    .value = "threshold",
    .not_on_stock = "use backup subflows by delay",
};

const struct program program_delay = {
    .name = "delay",
    .option = "delay",
    .summary = "ask the peer to use backup subflows of MPTCP when the others are slow",
    .details = "While the round-trip time of every subflow that is no backup is above the "
               "threshold, who was\n"
               "asked sends on backup subflows. The request goes out on pure ACKs, a round-trip "
               "time apart,\n"
               "until the peer echoes it. A stock kernel can ask, and cannot do as it is asked.\n",
    .image = delay_bpf__elf_bytes,
    REQUEST_ROW,
};
