/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer.h - what the exit observer gives the recorder, one event per sock_ops invocation.
 *
 * Shared by the observers' BPF programs and the recorder. Numbers are in host byte order except
 * where a name says `net`. There is one ring per CPU, in memory that both sides see: the observer
 * takes slots at `head`, writes an event, and publishes it by writing `sequence` last; the recorder
 * reads what is published, in order, and moves `tail`. No call into the kernel is needed on either
 * side, and no lock: an invocation that interrupts another one on the same CPU takes slots behind
 * it. On kernels before 5.12 the rings have no slots, and events go through a ring buffer of the
 * kernel's (observer_ringbuf.bpf.c).
 */
#ifndef OPTRAIL_TRACE_OBSERVER_H
#define OPTRAIL_TRACE_OBSERVER_H

#ifdef __bpf__
#include <stdbool.h>
#else
#include <linux/types.h>
#include <stdbool.h>
#endif

#include "bpf/include/report_abi.h"

#define OBSERVER_OPTIONS 40 /* octets of option space in a TCP header (RFC 9293, 3.1) */
#define OBSERVER_UNKNOWN 0xff

/* What the recorder tells the programs before they are loaded. */
struct observer_constants {
    __u32 recorder_pid; /* to recognise what a killed recorder left (old kernels) */
    __u32 cgroup_index;
    __u32 slot_mask; /* slots of a ring, less 1 */
    __u32 wakeup;    /* wake the recorder when so many slots, or octets of a ring buffer, wait */
    bool netns_cookie, mptcp_token, kernel_context; /* struct observer_features */
    bool stores_in_order; /* the processor's: else publishing takes a barrier */
    bool every_duration;  /* else one in 16 */
    bool defers_time;     /* an event may be left without a time (struct observer_event) */
};

enum observer_event_flag {
    OBSERVER_FULLSOCK = 1 << 0,
    OBSERVER_HEADER = 1 << 1,  /* seq to options are of a TCP header */
    OBSERVER_ENTRY = 1 << 2,   /* the entry observer ran: options_before, args */
    OBSERVER_REPORTS = 1 << 3, /* actions follow the event */
};

/*
 * Three cache lines together with its number. The observer writes the small members eight octets
 * at a time: as many stores as a processor can hold back while it waits for the lines.
 */
struct observer_event {
    __u64 time_ns; /* MONOTONIC, when the programs had run; 0: when those of the next event had */
    __u64 cookie;
    __u64 netns;       /* cookie of the network namespace; 0 not known */
    __u32 duration_ns; /* from the entry observer on; 0: not measured */
    __u32 lost;        /* events that this CPU lost since the recorder started, modulo 2^32 */
    __u32 args[4];
    __u32 reply;
    __u32 token;
    __u32 local_net[4], remote_net[4]; /* IPv4 in the first */
    __u32 seq_net, ack_net;
    __u32 snd_nxt, rcv_nxt;
    __u32 cwnd;
    __u32 srtt_us_8; /* eighths of a microsecond */
    __u32 mss;
    __u32 skb_length; /* as skb_len says: payload for HDR_OPT_LEN, with the header elsewhere */
    __u16 local_port, remote_port; /* host byte order */
    __u16 window_net;
    __u16 cgroup; /* index of the watched cgroup */
    __u8 op;
    __u8 family; /* AF_INET or AF_INET6 */
    __u8 state;
    __u8 flags;         /* enum observer_event_flag */
    __u8 n_actions;     /* reported, also those beyond REPORT_ACTIONS */
    __u8 header_length; /* of TCP as the data offset says, in octets; 0 no header */
    __u8 tcp_flags;
    __u8 options_length;
    __u8 options_before;            /* octets; OBSERVER_UNKNOWN */
    __u8 space_before, space_after; /* option space free at entry and exit; OBSERVER_UNKNOWN */
    __u8 unused;
    __u16 cpu;
    __u8 unused_more[2];
    __u8 options[OBSERVER_OPTIONS];
};

struct observer_event_reports { /* an event put together with what programs reported */
    struct observer_event event;
    struct report_action actions[REPORT_ACTIONS];
};

#define OBSERVER_SLOT_SIZE    192 /* octets */
#define OBSERVER_SLOT_ACTIONS 3
#define OBSERVER_SLOTS_MORE   3 /* behind the last one: an event's slots never wrap around */

struct observer_slot {
    /* Its number (counted from 0 for ever) plus 1 once it is whole; not used in continuations. */
    __u64 sequence;
    union {
        struct observer_event event;                         /* in the first */
        struct report_action actions[OBSERVER_SLOT_ACTIONS]; /* in those behind it */
        __u8 octets[OBSERVER_SLOT_SIZE - 8];
    };
};

struct observer_ring { /* of one CPU */
    __u64 head;        /* slots that observers have taken, ever */
    __u64 lost;        /* events that found no slot, ever */
    __u64 tail_seen;   /* `tail` as an observer last read it, which is rarely */
    __u32 overlap;     /* set by the recorder while both exit observers of a cgroup are attached */
    __u32 entry;       /* set by the recorder: entry observers are attached */
    __u64 unused[4];
    __u64 tail; /* slots that the recorder is done with, ever; a cache line of its own. It may
                   move both on to where a lap begins when nothing is waiting. */
    __u64 unused_more[7];
    struct observer_slot slots[]; /* a power of two, and OBSERVER_SLOTS_MORE */
};

/* Octets of a ring of `slots`: the value size of the map of rings. */
#define OBSERVER_RING_SIZE(slots)                                                                  \
    (sizeof(struct observer_ring) + ((slots) + OBSERVER_SLOTS_MORE) * OBSERVER_SLOT_SIZE)

#endif
