/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer.h - what the exit observer puts into the ring, one event per sock_ops invocation.
 *
 * Shared by observer.bpf.c and source_observer.c. Numbers are in host byte order except where a
 * name says `net`. An event is `struct observer_event`, followed by `n_actions` actions when
 * programs reported what they did.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_H
#define OPTRAIL_TRACE_OBSERVER_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "bpf/include/report_abi.h"

#define OBSERVER_OPTIONS 40 /* octets of option space in a TCP header (RFC 9293, 3.1) */
#define OBSERVER_UNKNOWN 0xffff

enum observer_event_flag {
    OBSERVER_FULLSOCK = 1 << 0,
    OBSERVER_HEADER = 1 << 1,  /* seq to options are of a TCP header */
    OBSERVER_ENTRY = 1 << 2,   /* the entry observer ran: options_before, args, entry_ns */
    OBSERVER_REPORTS = 1 << 3, /* actions follow the event */
};

struct observer_event {
    __u64 time_ns;  /* MONOTONIC, when the programs had run */
    __u64 entry_ns; /* MONOTONIC, before they ran; 0 not known */
    __u64 cookie;
    __u64 netns;  /* cookie of the network namespace; 0 not known */
    __u64 lost;   /* events that this CPU lost since the recorder started */
    __u32 cgroup; /* index of the watched cgroup */
    __u32 flags;  /* enum observer_event_flag */
    __u32 op;
    __u32 args[4];
    __u32 reply;
    __u32 family;                      /* AF_INET or AF_INET6 */
    __u32 local_net[4], remote_net[4]; /* IPv4 in the first */
    __u32 local_port;
    __u32 remote_port; /* host byte order too */
    __u32 token;
    __u32 seq_net, ack_net;
    __u32 snd_nxt, rcv_nxt;
    __u32 skb_length;    /* as skb_len says: payload for HDR_OPT_LEN, with the header elsewhere */
    __u32 header_length; /* of TCP as the data offset says, in octets; 0 no header */
    __u32 cwnd;
    __u32 srtt_us_8; /* eighths of a microsecond */
    __u32 mss;
    __u32 state;
    __u32 n_actions; /* reported, also those beyond REPORT_ACTIONS */
    __u16 window_net;
    __u16 cpu;
    __u16 options_before;            /* octets; OBSERVER_UNKNOWN */
    __u16 space_before, space_after; /* option space free at entry and exit; OBSERVER_UNKNOWN */
    __u8 tcp_flags;
    __u8 options_length;
    __u8 options[OBSERVER_OPTIONS];
};

struct observer_event_reports {
    struct observer_event event;
    struct report_action actions[REPORT_ACTIONS];
};

#endif
