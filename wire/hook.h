/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.h - the hook record: one invocation of the sock_ops hook, as a recording stores it.
 *
 * A recording is a pcapng file. Hook records stand in it on an interface of their own (name
 * HOOK_INTERFACE, link type 252, Wireshark Upper PDU) behind the standard tags for addresses and
 * ports and a dissector-name tag, "optrail.hook"; so a Wireshark that knows nothing of us still
 * shows who talks to whom.  Clock samples and steps stand on the same interface under the name
 * "optrail.clock", events of the kernel's MPTCP path manager under "optrail.mptcp": they are not
 * hook records.
 *
 * The record itself is little-endian: a fixed part whose length it states itself, then
 * type-length-value items. A reader skips items that it does not know and ignores what a longer
 * fixed part adds; docs/hook-record.md has the layout octet by octet.
 */
#ifndef OPTRAIL_WIRE_HOOK_H
#define OPTRAIL_WIRE_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/flow.h"
#include "wire/hook_action.h"
#include "wire/option.h"

#define HOOK_INTERFACE       "optrail-hooks"
#define HOOK_DISSECTOR       "optrail.hook"
#define HOOK_CLOCK_DISSECTOR "optrail.clock"
#define HOOK_MPTCP_DISSECTOR "optrail.mptcp"

enum hook_op { /* enum BPF_SOCK_OPS_* of linux/bpf.h; those not named here are kept as numbers */
               HOOK_VOID = 0,
               HOOK_TIMEOUT_INIT = 1,
               HOOK_RWND_INIT = 2,
               HOOK_TCP_CONNECT = 3,
               HOOK_ACTIVE_ESTABLISHED = 4,
               HOOK_PASSIVE_ESTABLISHED = 5,
               HOOK_NEEDS_ECN = 6,
               HOOK_BASE_RTT = 7,
               HOOK_RTO = 8,
               HOOK_RETRANS = 9,
               HOOK_STATE = 10,
               HOOK_TCP_LISTEN = 11,
               HOOK_RTT = 12,
               HOOK_PARSE_HDR_OPT = 13,
               HOOK_HDR_OPT_LEN = 14,
               HOOK_WRITE_HDR_OPT = 15,
               /* Of the patched kernel (kernel/README.md): the socket is an MPTCP connection's. */
               HOOK_MPTCP_EVENT =
                   64, /* args: event, token, subflow id, address ids: local | remote << 8 */
               HOOK_MPTCP_JOIN = 65, /* args: 0, token, 0, address ids */
               HOOK_MPTCP_RECV = 66, /* args: 0, token, octets read: low, high half */
};

enum { /* events of HOOK_MPTCP_EVENT whose third and fourth argument mean something else */
       HOOK_EVENT_REQUEST_FAILED = 65, /* what was asked for, 1 a subflow; a positive errno */
};

enum hook_flag {
    HOOK_FLAG_PROBE = 1 << 0,    /* HDR_OPT_LEN without a packet (MSS computation, args[0] == 1) */
    HOOK_FLAG_FULLSOCK = 1 << 1, /* a full socket; a request socket otherwise */
    HOOK_FLAG_HEADER = 1 << 2,   /* seq, ack, window and options come from a TCP header */
    HOOK_FLAG_ENTRY = 1 << 3,    /* an observer ran before the programs: options_before, duration */
    HOOK_FLAG_RESERVED = 1 << 4, /* `reserved` is known */
    HOOK_FLAG_OUTGOING = 1 << 5, /* the segment is being sent (LEN, WRITE), else received */
    HOOK_FLAG_REPORTS_LOST = 1 << 6, /* programs reported more actions than there was room for */
};

enum { HOOK_PROGRAM_NAME = 16, HOOK_HEAD = 6, HOOK_VALUE = 16, HOOK_ACTIONS_MAX = 8 };

struct hook_action {
    uint8_t kind;                    /* enum hook_action_kind */
    uint8_t head[HOOK_HEAD];         /* the option's first octets, from its kind on, zero-filled */
    char program[HOOK_PROGRAM_NAME]; /* NUL-terminated */
    int32_t result;                  /* of the helper: 0 or more, or a negative errno */
    int32_t level, name;             /* setsockopt */
    uint8_t value_length;            /* octets of `value` in use: 4 or 8 for a number, else text */
    uint8_t value[HOOK_VALUE];       /* a number: little-endian */
};

struct hook_record {
    uint64_t time_ns;      /* REALTIME when the programs had run; the pcapng timestamp too */
    uint64_t monotonic_ns; /* the same moment on CLOCK_MONOTONIC */
    uint64_t id;           /* number of the invocation in this recording, from 1; gaps are loss */
    uint64_t cookie;       /* socket cookie */
    uint64_t cgroup_id;    /* of the cgroup that the observers watch */
    uint64_t netns;        /* network namespace cookie; 0 not known */
    uint32_t op;           /* enum hook_op */
    uint32_t args[4];
    uint32_t reply;
    uint32_t flags; /* enum hook_flag */
    struct endpoint local, remote;
    uint32_t token;    /* MPTCP: token of the connection, host byte order; 0 none */
    uint32_t seq, ack; /* of the segment, host byte order */
    uint32_t snd_nxt, rcv_nxt;
    uint32_t segment_length; /* payload octets of the segment, super-segments whole */
    uint32_t cwnd;           /* segments */
    uint32_t srtt_us;
    uint32_t mss;         /* octets */
    uint32_t duration_ns; /* from the entry observer to the exit observer */
    uint32_t state;       /* TCP state, as linux/tcp.h numbers them */
    uint16_t window;
    uint16_t cpu;
    uint16_t reserved; /* octets of option space reserved in this invocation or for it */
    uint8_t tcp_flags;
    uint8_t options_before; /* octets of options that stood before the programs ran */
    uint8_t options_length; /* octets of `options` in use: all options after the programs ran */
    uint8_t options[TCP_OPTION_SPACE];
    uint8_t n_actions;
    struct hook_action actions[HOOK_ACTIONS_MAX];
};

struct hook_clock { /* a bracket REALTIME-MONOTONIC-REALTIME, or a step of the clock */
    uint64_t monotonic_ns;
    uint64_t realtime_ns;
    uint32_t width_ns; /* of the bracket: the sample is right to half of it */
    int64_t step_ns;   /* by how much REALTIME was stepped since the sample before; 0: no step */
};

enum hook_mptcp_flag {
    HOOK_MPTCP_SERVER = 1 << 0, /* this side accepted the connection */
    HOOK_MPTCP_BACKUP = 1 << 1, /* the subflow is a backup */
    HOOK_MPTCP_LOST = 1 << 2,   /* an unknown number of events before this one was lost */
};

struct hook_mptcp {   /* one event of the kernel's MPTCP path manager, as netlink told it */
    uint32_t event;   /* enum mptcp_event_type of linux/mptcp.h */
    uint64_t time_ns; /* REALTIME when it was received, a moment after it happened */
    uint64_t monotonic_ns;
    uint64_t netns;                /* network namespace cookie; 0 not known */
    uint32_t token;                /* of the connection, host byte order */
    uint32_t flags;                /* enum hook_mptcp_flag */
    struct endpoint local, remote; /* of the subflow or the announced address; family 0 not told */
    uint8_t local_id, remote_id;   /* address ids; 0 is the initial subflow's, or not told */
    uint32_t error;                /* errno of the socket when a subflow was closed; 0 none */
    uint32_t reset_reason;         /* RFC 8684, 3.6 */
    uint32_t reset_flags;
    uint32_t interface; /* index; 0 not told */
};

enum { HOOK_ENCODED_MAX = 1024 }; /* an encoded record with its tags never needs more */

/* Encodes a record with its upper-PDU tags. Returns its length in octets. */
size_t hook_encode(const struct hook_record *record, uint8_t out[HOOK_ENCODED_MAX]);
size_t hook_clock_encode(const struct hook_clock *clock, uint8_t out[HOOK_ENCODED_MAX]);
size_t hook_mptcp_encode(const struct hook_mptcp *event, uint8_t out[HOOK_ENCODED_MAX]);

/*
 * Writes `id` into an encoded record: a recorder numbers records when their order is settled.
 * False when `data` is no record (a clock sample, say).
 */
bool hook_renumber(uint8_t *data, size_t length, uint64_t id);

enum hook_kind { HOOK_KIND_NONE, HOOK_KIND_RECORD, HOOK_KIND_CLOCK, HOOK_KIND_MPTCP };

/*
 * What an upper-PDU packet (link type 252) is, by its dissector-name tag. `payload` and
 * `payload_length` then delimit the record behind the tags.
 */
enum hook_kind hook_unwrap(const uint8_t *data, size_t length, const uint8_t **payload,
                           size_t *payload_length);

/* Decodes a record (without tags). 0, or -EBADMSG when it is cut or contradicts itself. */
int hook_decode(const uint8_t *data, size_t length, struct hook_record *out);
int hook_clock_decode(const uint8_t *data, size_t length, struct hook_clock *out);
int hook_mptcp_decode(const uint8_t *data, size_t length, struct hook_mptcp *out);

/* "WRITE_HDR_OPT_CB", "TCP_CONNECT_CB", ...; "op N" into `out` for those not named. */
const char *hook_op_name(uint32_t op, char out[16]);
/* Of netlink and of HOOK_MPTCP_EVENT: "subflow established", "fallback", ...; "?" */
const char *hook_mptcp_event_name(uint32_t event);
const char *hook_action_name(unsigned kind);    /* "reserve", "store", ...; "?" */
const char *hook_decline_name(unsigned reason); /* "out of range", ... ; "?" */
const char *hook_call_name(unsigned function);  /* "bpf_mptcp_open_subflow", ...; "?" */

/* The option octets that the programs added in this invocation: a part of record->options. */
static inline const uint8_t *hook_written(const struct hook_record *record, size_t *length)
{
    uint8_t before = record->options_before;
    *length = record->options_length > before ? (size_t)(record->options_length - before) : 0;
    return record->options + (before <= TCP_OPTION_SPACE ? before : TCP_OPTION_SPACE);
}

#endif
