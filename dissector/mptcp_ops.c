/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mptcp_ops.c - what the arguments of the patched kernel's operations on Multipath TCP connections
 * mean: events, subflows that a peer asks for, octets read.
 *
 * Specification: kernel/README.md, kernel/patches (linux/bpf.h, linux/mptcp_bpf.h there).
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

enum { ARGS_OFFSET = 56, NAMES = 24 };

static int hf_event = -1, hf_connection = -1, hf_subflow = -1, hf_local_id = -1, hf_remote_id = -1;
static int hf_request = -1, hf_errno = -1, hf_received = -1;

static value_string event_names[NAMES]; /* filled from hook_mptcp_event_name() */

static const value_string request_names[] = {
    /* enum bpf_mptcp_request */
    {1, "open a subflow"},
    {2, "close a subflow"},
    {3, "announce an address"},
    {4, "set backup"},
    {5, "send an ACK"},
    {6, "set the scheduler"},
    {7, "set the inactivity timeout"},
    {0, NULL},
};

static uint64_t received(const struct hook_record *record)
{
    return record->args[2] | (uint64_t)record->args[3] << 32;
}

static bool has_ids(const struct hook_record *record)
{
    return record->op == HOOK_MPTCP_JOIN ||
           (record->op == HOOK_MPTCP_EVENT && record->args[0] != HOOK_EVENT_REQUEST_FAILED);
}

static const char *event_text(packet_info *pinfo, const struct hook_record *record)
{
    uint32_t event = record->args[0], subflow = record->args[2];
    const char *name = hook_mptcp_event_name(event);
    if (strcmp(name, "?") == 0)
        name = wmem_strdup_printf(pinfo->pool, "event %u", event);
    if (event == HOOK_EVENT_REQUEST_FAILED)
        return wmem_strdup_printf(pinfo->pool, " %s: %s: %s, token 0x%08x", name,
                                  val_to_str_const(subflow, request_names, "unknown request"),
                                  g_strerror((int)(record->args[3] & INT32_MAX)), record->args[1]);
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, NULL);
    wmem_strbuf_append_printf(text, " %s, token 0x%08x", name, record->args[1]);
    if (subflow != 0)
        wmem_strbuf_append_printf(text, ", subflow %u", subflow);
    if (record->args[3] != 0)
        wmem_strbuf_append_printf(text, ", address ids %u and %u", record->args[3] & 0xff,
                                  record->args[3] >> 8 & 0xff);
    return wmem_strbuf_get_str(text);
}

const char *mptcp_ops_text(packet_info *pinfo, const struct hook_record *record)
{
    switch (record->op) {
    case HOOK_MPTCP_EVENT:
        return event_text(pinfo, record);
    case HOOK_MPTCP_JOIN:
        return wmem_strdup_printf(pinfo->pool, " token 0x%08x, address ids %u and %u",
                                  record->args[1], record->args[3] & 0xff,
                                  record->args[3] >> 8 & 0xff);
    case HOOK_MPTCP_RECV:
        return wmem_strdup_printf(pinfo->pool, " token 0x%08x, %" PRIu64 " octets read",
                                  record->args[1], received(record));
    default:
        return "";
    }
}

void mptcp_ops_add(proto_tree *tree, tvbuff_t *tvb, const struct hook_record *record)
{
    enum { ARG0 = ARGS_OFFSET, ARG1 = ARG0 + 4, ARG2 = ARG1 + 4, ARG3 = ARG2 + 4 };
    if (record->op < HOOK_MPTCP_EVENT || record->op > HOOK_MPTCP_RECV)
        return;
    if (record->op == HOOK_MPTCP_EVENT)
        proto_tree_add_item(tree, hf_event, tvb, ARG0, 4, ENC_LITTLE_ENDIAN);
    proto_tree_add_item(tree, hf_connection, tvb, ARG1, 4, ENC_LITTLE_ENDIAN);
    if (record->op == HOOK_MPTCP_RECV)
        proto_tree_add_item(tree, hf_received, tvb, ARG2, 8, ENC_LITTLE_ENDIAN);
    if (record->op == HOOK_MPTCP_EVENT && record->args[0] == HOOK_EVENT_REQUEST_FAILED) {
        proto_tree_add_item(tree, hf_request, tvb, ARG2, 4, ENC_LITTLE_ENDIAN);
        proto_item *item = proto_tree_add_item(tree, hf_errno, tvb, ARG3, 4, ENC_LITTLE_ENDIAN);
        proto_item_append_text(item, " (%s)", g_strerror((int)(record->args[3] & INT32_MAX)));
    } else if (record->op == HOOK_MPTCP_EVENT && record->args[2] != 0) {
        proto_tree_add_item(tree, hf_subflow, tvb, ARG2, 4, ENC_LITTLE_ENDIAN);
    }
    if (has_ids(record)) {
        proto_tree_add_item(tree, hf_local_id, tvb, ARG3, 1, ENC_NA);
        proto_tree_add_item(tree, hf_remote_id, tvb, ARG3 + 1, 1, ENC_NA);
    }
}

void mptcp_ops_register(int proto)
{
    static hf_register_info fields[] = {
        {&hf_event,
         {"MPTCP event", "optrail.hook.mptcp.event", FT_UINT32, BASE_DEC, VALS(event_names), 0,
          "What happened to the connection or a subflow", HFILL}},
        {&hf_connection,
         {"Token", "optrail.hook.mptcp.token", FT_UINT32, BASE_HEX, NULL, 0,
          "Token of the connection at this end", HFILL}},
        {&hf_subflow,
         {"Subflow", "optrail.hook.mptcp.subflow", FT_UINT32, BASE_DEC, NULL, 0,
          "Id of the subflow that it happened to", HFILL}},
        {&hf_local_id,
         {"Local address id", "optrail.hook.mptcp.local_id", FT_UINT8, BASE_DEC, NULL, 0, NULL,
          HFILL}},
        {&hf_remote_id,
         {"Remote address id", "optrail.hook.mptcp.remote_id", FT_UINT8, BASE_DEC, NULL, 0, NULL,
          HFILL}},
        {&hf_request,
         {"Request", "optrail.hook.mptcp.request", FT_UINT32, BASE_DEC, VALS(request_names), 0,
          "What a program had asked for and the kernel could not do", HFILL}},
        {&hf_errno,
         {"Error", "optrail.hook.mptcp.errno", FT_UINT32, BASE_DEC, NULL, 0,
          "Why the request failed", HFILL}},
        {&hf_received,
         {"Received", "optrail.hook.mptcp.received", FT_UINT64, BASE_DEC, NULL, 0,
          "Octets that the application has read from the connection", HFILL}},
    };
    record_fill_names(event_names, NAMES, hook_mptcp_event_name);
    proto_register_field_array(proto, fields, array_length(fields));
}
