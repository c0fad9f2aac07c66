/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program_abi.h - what option programs and their loader agree on.
 *
 * Parameters are `const volatile` globals of a program, found by their names (bpf/load/program.h);
 * the numbers of those that are enumerated, and the counters, are here.
 */
#ifndef OPTRAIL_BPF_PROGRAM_ABI_H
#define OPTRAIL_BPF_PROGRAM_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* A parameter that is text stands in a char[PARAMETER_TEXT_SIZE] of the program, NUL-terminated. */
#define PARAMETER_TEXT_SIZE 256

/*
 * A program may have a variable `tick_us`: the loader sets it to the kernel's tick (1 / HZ) in
 * microseconds, since some of what the kernel wants or shows is counted in ticks.
 */

/* Parameter `role`: which sockets a program acts on. A set of bits. */
enum role {
    ROLE_CLIENT = 1, /* those that connected */
    ROLE_SERVER = 2, /* those that were accepted */
    ROLE_BOTH = ROLE_CLIENT | ROLE_SERVER,
};

/* Parameter `repeat`: how often an option is sent. */
enum repeat {
    REPEAT_ONCE = 0,        /* on the first segment after the handshake's SYNs alone */
    REPEAT_UNTIL_ACKED = 1, /* on every segment until the peer acknowledged data that came with it */
    REPEAT_ALWAYS = 2,      /* on every segment */
};

/* Map "counters" of every option program: per-CPU array, one __u64 for each of these. */
enum counter {
    COUNTER_WRITTEN,        /* options put into headers */
    COUNTER_NO_SPACE,       /* the header had no room for it (ENOSPC) */
    COUNTER_REFUSED,        /* the kernel refused it otherwise, as where it is there already (EEXIST) */
    COUNTER_RECEIVED,       /* options found in segments */
    COUNTER_APPLIED,        /* requests of the peer that were carried out */
    COUNTER_UNCHANGED,      /* requests that asked for what is so already */
    COUNTER_DECLINED,       /* requests that the program would not carry out */
    COUNTER_FAILED,         /* requests that the kernel would not carry out */
    N_COUNTERS,
};

#define COUNTERS_MAP "counters"

/* Map "algorithms" of program cc: id on the wire to the kernel's name. */
#define ALGORITHMS_MAP "algorithms"
#define ALGORITHMS_MAX 64
#define ALGORITHM_NAME 16 /* TCP_CA_NAME_MAX */

/* Map "live" of program uto, one __u32: the user timeout to advertise, in seconds. */
#define LIVE_MAP "live"

/*
 * Map "trusted_peers" of program iw: the prefixes whose requests are granted, as an LPM trie. Key:
 * a __u32 of prefix bits, then 16 octets of address; IPv4 is mapped (::ffff:0:0/96).
 */
#define TRUSTED_MAP "trusted_peers"
#define TRUSTED_MAX 1024

#endif
