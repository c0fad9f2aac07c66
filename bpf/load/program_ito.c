// SPDX-License-Identifier: GPL-2.0-or-later
/* program_ito.c - the row of program ito (bpf/option/ito.bpf.c). */
#include "bpf/load/program.h"
#include "bpf/load/request.h"
#include "ito.skel.h"

static const struct parameter parameters[] = {
    REQUEST_VALUE("timeout", "s"),
    REQUEST_LIMITS("s", "3600"),
    REQUEST_OWN("yes"),
    REQUEST_PARAMETERS("first"),
};

static const struct request_traits traits = {
    .value = "timeout",
    .not_on_stock = "set the inactivity timeout of a connection",
};

const struct program program_ito = {
    .name = "ito",
    .option = "ito",
    .summary = "ask the peer how long an MPTCP connection outlives its last subflow",
    .details = "When the last subflow of a connection is gone, both ends keep it for that time, in "
               "the limits\n"
               "of each. The request goes out on pure ACKs, a round-trip time apart, until the "
               "peer echoes\n"
               "it. A stock kernel can ask, and cannot do as it is asked (net.mptcp.close_timeout "
               "is for all).\n",
    .image = ito_bpf__elf_bytes,
    REQUEST_ROW,
};
