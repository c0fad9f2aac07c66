/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook_names.c - the numbers of hook records and MPTCP events in words.
 *
 * Operations are called as linux/bpf.h calls them, without BPF_SOCK_OPS_; functions of the patched
 * kernel as kernel/README.md does.
 */
#include "wire/hook.h"

#include <stdio.h>

#define NAME_IN(names, number)                                                                     \
    ((number) < sizeof(names) / sizeof((names)[0]) && (names)[number] != NULL ? (names)[number]    \
                                                                              : "?")

const char *hook_op_name(uint32_t op, char out[16])
{
    static const char *const names[] = {
        [HOOK_VOID] = "VOID",
        [HOOK_TIMEOUT_INIT] = "TIMEOUT_INIT",
        [HOOK_RWND_INIT] = "RWND_INIT",
        [HOOK_TCP_CONNECT] = "TCP_CONNECT_CB",
        [HOOK_ACTIVE_ESTABLISHED] = "ACTIVE_ESTABLISHED_CB",
        [HOOK_PASSIVE_ESTABLISHED] = "PASSIVE_ESTABLISHED_CB",
        [HOOK_NEEDS_ECN] = "NEEDS_ECN",
        [HOOK_BASE_RTT] = "BASE_RTT",
        [HOOK_RTO] = "RTO_CB",
        [HOOK_RETRANS] = "RETRANS_CB",
        [HOOK_STATE] = "STATE_CB",
        [HOOK_TCP_LISTEN] = "TCP_LISTEN_CB",
        [HOOK_RTT] = "RTT_CB",
        [HOOK_PARSE_HDR_OPT] = "PARSE_HDR_OPT_CB",
        [HOOK_HDR_OPT_LEN] = "HDR_OPT_LEN_CB",
        [HOOK_WRITE_HDR_OPT] = "WRITE_HDR_OPT_CB",
        [HOOK_MPTCP_EVENT] = "MPTCP_EVENT_CB",
        [HOOK_MPTCP_JOIN] = "MPTCP_JOIN_CB",
        [HOOK_MPTCP_RECV] = "MPTCP_RECV_CB",
    };

    if (op < sizeof(names) / sizeof(names[0]) && names[op] != NULL)
        return names[op];
    snprintf(out, 16, "op %u", op);
    return out;
}

const char *hook_mptcp_event_name(uint32_t event)
{
    static const char *const names[] = {
        [1] = "created",
        [2] = "established",
        [3] = "closed",
        [6] = "address announced",
        [7] = "address removed",
        [10] = "subflow established",
        [11] = "subflow closed",
        [13] = "subflow priority",
        [15] = "listener created",
        [16] = "listener closed",
        [64] = "fallback",
        [65] = "request failed",
        [66] = "local address added",
        [67] = "local address removed",
    };

    return NAME_IN(names, event);
}

const char *hook_action_name(unsigned kind)
{
    static const char *const names[] = {
        [HOOK_ACTION_RESERVE] = "reserve", [HOOK_ACTION_STORE] = "store",
        [HOOK_ACTION_LOAD] = "load",       [HOOK_ACTION_SETSOCKOPT] = "setsockopt",
        [HOOK_ACTION_DECLINE] = "decline", [HOOK_ACTION_CALL] = "call",
    };

    return NAME_IN(names, kind);
}

const char *hook_decline_name(unsigned reason)
{
    static const char *const names[] = {
        [HOOK_DECLINE_RANGE] = "out of range",
        [HOOK_DECLINE_UNKNOWN] = "unknown id",
        [HOOK_DECLINE_UNTRUSTED] = "peer not trusted",
        [HOOK_DECLINE_ROLE] = "other role",
        [HOOK_DECLINE_UNCHANGED] = "unchanged",
        [HOOK_DECLINE_MALFORMED] = "malformed",
        [HOOK_DECLINE_FIXED] = "fixed locally",
        [HOOK_DECLINE_MISPLACED] = "not on this segment",
        [HOOK_DECLINE_DUPLICATE] = "twice, contradicting",
        [HOOK_DECLINE_UNSUPPORTED] = "not on this kernel",
    };

    return NAME_IN(names, reason);
}

const char *hook_call_name(unsigned function)
{
    static const char *const names[] = {
        [HOOK_CALL_OPEN_SUBFLOW] = "bpf_mptcp_open_subflow",
        [HOOK_CALL_CLOSE_SUBFLOW] = "bpf_mptcp_close_subflow",
        [HOOK_CALL_ANNOUNCE_ADDR] = "bpf_mptcp_announce_addr",
        [HOOK_CALL_SET_BACKUP] = "bpf_mptcp_set_backup",
        [HOOK_CALL_SEND_ACK] = "bpf_mptcp_send_ack",
        [HOOK_CALL_REFUSE_JOIN] = "bpf_mptcp_refuse_join",
        [HOOK_CALL_WATCH_ADDRESSES] = "bpf_mptcp_watch_addresses",
        [HOOK_CALL_SET_SCHEDULER] = "bpf_mptcp_set_scheduler",
        [HOOK_CALL_SET_DELAY_THRESHOLD] = "bpf_mptcp_set_delay_threshold",
        [HOOK_CALL_SET_INACTIVITY_TIMEOUT] = "bpf_mptcp_set_inactivity_timeout",
        [HOOK_CALL_NOTIFY_RECEIVED] = "bpf_mptcp_notify_received",
        [HOOK_CALL_WITHDRAW_ADDR] = "bpf_mptcp_withdraw_addr",
    };

    return NAME_IN(names, function);
}
