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
    REPEAT_ONCE = 0, /* on the first segment after the handshake's SYNs alone */
    REPEAT_UNTIL_ACKED =
        1,             /* on every segment until the peer acknowledged data that came with it */
    REPEAT_ALWAYS = 2, /* on every segment */
};

/* Map "counters" of every option program: per-CPU array, one __u64 for each of these. */
enum counter {
    COUNTER_WRITTEN,   /* options put into headers */
    COUNTER_NO_SPACE,  /* the header had no room for it (ENOSPC) */
    COUNTER_REFUSED,   /* the kernel refused it otherwise, as where it is there already (EEXIST) */
    COUNTER_RECEIVED,  /* options found in segments */
    COUNTER_APPLIED,   /* requests of the peer that were carried out */
    COUNTER_UNCHANGED, /* requests that asked for what is so already */
    COUNTER_DECLINED,  /* requests that the program would not carry out */
    COUNTER_FAILED,    /* requests that the kernel would not carry out */
    COUNTER_ECHOED,    /* requests of ours that the peer sent back: it has them */
    N_COUNTERS,
};

#define COUNTERS_MAP "counters"

/* Parameter `carrier` of the Multipath TCP requests: how they are written. */
enum request_carrier {
    REQUEST_AUTO = 0,      /* as a suboption where the kernel can, else as an experimental option */
    REQUEST_SUBOPTION = 1, /* kind 30, subtype 15: needs the patched kernel */
    REQUEST_TWIN = 2,      /* kind 253 with an ExID: any kernel */
};

/* Parameter `subflows` of the Multipath TCP requests: on which they are sent. A set of bits. */
enum subflows {
    SUBFLOWS_FIRST = 1,
    SUBFLOWS_JOINED = 2,
    SUBFLOWS_ALL = SUBFLOWS_FIRST | SUBFLOWS_JOINED,
};

/*
 * Map "local_prefixes" of the same programs, as "trusted_peers" below: the local addresses of
 * subflows on which the request is sent. Looked at where the variable local_limited is not 0.
 */
#define LOCAL_PREFIXES_MAP "local_prefixes"
#define LOCAL_PREFIXES_MAX 256

/* Map "schedulers" of program sched: id on the wire to the kernel's name, zero-filled. */
#define SCHEDULERS_MAP "schedulers"
#define SCHEDULERS_MAX 64
#define SCHEDULER_NAME 16 /* MPTCP_SCHED_NAME_MAX */

/*
 * A program may have a variable `patched`: the loader sets it to 1 where the kernel has the
 * functions of kernel/patches, and to 0 elsewhere.
 */

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

/* --- path managers ----------------------------------------------------------------------------- */

/*
 * Map "local_addresses" of path managers: an array of the host's addresses to use, kept up to date
 * by whoever loaded the program (bpf/load/follow.c), and by the program as far as the kernel tells it.
 * Free places have family 0. Map "local_prefixes", as above, has the prefixes of those to use, always.
 */
#define LOCAL_ADDRESSES_MAP "local_addresses"
#define LOCAL_ADDRESSES_MAX 16

struct path_address {
    __u16 family; /* AF_INET, AF_INET6 */
    __u16 zero;
    __u32 address[4]; /* network byte order, IPv4 in the first word */
};

/*
 * Map "path_events": what path managers on a stock kernel tell the process beside them
 * (bpf/load/manage.c), a ring buffer of struct path_event.
 */
#define PATH_EVENTS_MAP "path_events"

enum path_event_kind {
    PATH_MEMBER = 1, /* a connection of the cgroup, when its first subflow is there */
    PATH_WORTH,      /* program delaying: it is worth more subflows */
    PATH_LOST,       /* program refresh: a subflow ended by the network */
    PATH_OLD,        /* program refresh: a subflow is older than it should get */
};

struct path_event {
    __u32 kind;
    __u32 token; /* host byte order */
    __u32 server;
    __u16 family;     /* of the subflow: AF_INET, AF_INET6; addresses in network byte order */
    __u16 local_port; /* ports in host byte order */
    __u32 local[4];   /* IPv4 in the first word */
    __u32 remote[4];
    __u16 remote_port;
    __u16 error;
};

/* --- program tune ------------------------------------------------------------------------------ */

/* Maps of program tune: the rules, in order, and what became of each (per CPU). */
#define RULES_MAP         "rules_of_tune"
#define RULE_COUNTERS_MAP "rule_counters"
#define RULES_MAX         16
#define RULE_NAME         32

/* What a rule sets, a bit each; the values stand in `value` at the same place. */
enum tune_what {
    TUNE_SYN_RTO,        /* ticks */
    TUNE_SYNACK_RTO,     /* ticks */
    TUNE_RWND,           /* MSS */
    TUNE_IW,             /* MSS */
    TUNE_CWND_CLAMP,     /* segments */
    TUNE_SEND_BUFFER,    /* octets */
    TUNE_RECEIVE_BUFFER, /* octets */
    TUNE_ECN,            /* 1 */
    TUNE_BASE_RTT,       /* microseconds */
    TUNE_CONGESTION,     /* in `congestion` */
    N_TUNE
};

struct tune_prefix {
    __u32 mask[4];    /* network byte order, IPv4 mapped to IPv6 */
    __u32 address[4]; /* masked */
};

/* What a rule is for: families, and whether it can only be judged where the peer is known. */
enum { RULE_IPV4 = 1, RULE_IPV6 = 2, RULE_NEEDS_PEER = 4 };

struct tune_rule {
    char name[RULE_NAME];
    struct tune_prefix local;
    struct tune_prefix remote;
    struct tune_prefix same4; /* mask of what both addresses share, IPv4; address unused */
    struct tune_prefix same6;
    __u16 port;        /* 0: any; else one of the two */
    __u16 local_port;  /* 0: any */
    __u16 remote_port; /* 0: any */
    __u16 scope;       /* RULE_IPV4 ... */
    __u32 sets;        /* bits of enum tune_what */
    __u32 value[N_TUNE];
    char congestion[ALGORITHM_NAME];
};

enum rule_counter {
    RULE_CONNECTIONS, /* that it was the rule of */
    RULE_SET,         /* parameters set */
    RULE_FAILED,      /* that the kernel would not set */
    RULE_ANSWERED,    /* questions of the kernel, which asks for some more than once */
    N_RULE_COUNTERS,
};

struct rule_counters {
    __u64 n[N_RULE_COUNTERS];
};

/* --- program explore --------------------------------------------------------------------------- */

/* Map "prefixes" of program explore: what was learnt of a prefix of peers. LRU hash. */
#define EXPLORE_MAP "prefixes"
#define EXPLORE_MAX 4096

struct explore_key {
    __u32 bits;       /* of the prefix, 96 more for IPv4 */
    __u32 address[4]; /* network byte order, IPv4 mapped, masked */
};

struct explored {
    __u32 window;      /* initial window to use next, MSS */
    __u32 connections; /* that it was used on */
    __u32 without;     /* initial windows that were full and came through without loss */
    __u32 losses;      /* initial windows with loss */
};

#endif
