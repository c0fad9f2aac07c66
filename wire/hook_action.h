/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook_action.h - what a program says that it did in an invocation: the numbers.
 *
 * Apart from hook.h because BPF programs include it too: no other header is needed here.
 */
#ifndef OPTRAIL_WIRE_HOOK_ACTION_H
#define OPTRAIL_WIRE_HOOK_ACTION_H

/* What a program did in an invocation, as it said itself (bpf/include/report.h). */
enum hook_action_kind {
    HOOK_ACTION_RESERVE = 1,    /* bpf_reserve_hdr_opt(); value: octets asked for */
    HOOK_ACTION_STORE = 2,      /* bpf_store_hdr_opt(); value: octets */
    HOOK_ACTION_LOAD = 3,       /* bpf_load_hdr_opt() found (result > 0: length) or not */
    HOOK_ACTION_SETSOCKOPT = 4, /* bpf_setsockopt(); level, name, value; result 0 or -errno */
    HOOK_ACTION_DECLINE = 5,    /* the program would not act; value: enum hook_decline */
    HOOK_ACTION_CALL = 6,       /* a function of the patched kernel; name: enum hook_call, value as
                                 * there; result 0 or -errno; level 0 */
};

/* Functions of the patched kernel (kernel/README.md), as HOOK_ACTION_CALL names them. */
enum hook_call {
    HOOK_CALL_OPEN_SUBFLOW = 1,            /* value: local address id | remote address id << 8 */
    HOOK_CALL_CLOSE_SUBFLOW = 2,           /* value: subflow id */
    HOOK_CALL_ANNOUNCE_ADDR = 3,           /* value: address id, 0 as the kernel chooses */
    HOOK_CALL_SET_BACKUP = 4,              /* value: subflow id */
    HOOK_CALL_SEND_ACK = 5,                /* value: subflow id */
    HOOK_CALL_REFUSE_JOIN = 6,             /* value: 0 */
    HOOK_CALL_WATCH_ADDRESSES = 7,         /* value: 1 on, 0 off */
    HOOK_CALL_SET_SCHEDULER = 8,           /* value: its name, text */
    HOOK_CALL_SET_DELAY_THRESHOLD = 9,     /* value: ms */
    HOOK_CALL_SET_INACTIVITY_TIMEOUT = 10, /* value: s */
    HOOK_CALL_NOTIFY_RECEIVED = 11,        /* value: octets, the low 32 bits */
    HOOK_CALL_WITHDRAW_ADDR = 12,          /* value: 0, the id is the announcement's */
};

enum hook_decline {
    HOOK_DECLINE_RANGE = 1,        /* the value is outside what the program accepts */
    HOOK_DECLINE_UNKNOWN = 2,      /* an id that it has no meaning for */
    HOOK_DECLINE_UNTRUSTED = 3,    /* the peer is not in a trusted prefix */
    HOOK_DECLINE_ROLE = 4,         /* the program plays the other role here */
    HOOK_DECLINE_UNCHANGED = 5,    /* already as asked for */
    HOOK_DECLINE_MALFORMED = 6,    /* the option's length or layout */
    HOOK_DECLINE_FIXED = 7,        /* the local side does not let the peer change the value */
    HOOK_DECLINE_MISPLACED = 8,    /* on a segment where the option may not stand */
    HOOK_DECLINE_DUPLICATE = 9,    /* the segment holds it twice, with different octets */
    HOOK_DECLINE_UNSUPPORTED = 10, /* this kernel has nothing that would carry it out */
};

#endif
