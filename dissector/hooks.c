/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks.c - hook records: invocations of the sock_ops hook, as frames beside the packets.
 *
 * The fields of the fixed part come from a table; options and actions from the record's items.
 * The options' own fields (optrail.NAME.*) stay with packets: a filter on them finds no hooks.
 *
 * Specification: docs/hook-record.md.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"
#include "wire/packet.h"

enum { ITEMS_OPTIONS = 1, ITEMS_ACTION = 2, ITEM_HEADER = 4, OPS = 24 };
enum { FLAGS_OFFSET = 76, LOCAL_OFFSET = 80, REMOTE_OFFSET = 96 };

static int proto_hook = -1;
static int ett_record = -1, ett_options = -1;
static int hf_flags = -1, hf_options = -1, hf_written = -1, hf_option = -1;
static struct address_fields local, remote;

static const unit_name_string unit_us = {(char *)" us", NULL};
static const unit_name_string unit_octets = {(char *)" octets", NULL};
static const unit_name_string unit_segments = {(char *)" segments", NULL};

static value_string op_names[OPS]; /* filled from hook_op_name() */

static const value_string state_names[] = {
    /* linux/tcp.h, include/net/tcp_states.h */
    {1, "ESTABLISHED"}, {2, "SYN_SENT"},      {3, "SYN_RECV"},   {4, "FIN_WAIT1"}, {5, "FIN_WAIT2"},
    {6, "TIME_WAIT"},   {7, "CLOSE"},         {8, "CLOSE_WAIT"}, {9, "LAST_ACK"},  {10, "LISTEN"},
    {11, "CLOSING"},    {12, "NEW_SYN_RECV"}, {0, NULL},
};

/* The fixed part of a hook record, in the order in which a person wants to read it. */
static struct fixed_field fields[] = {
    FIELD(4, 4, "Operation", "optrail.hook.op", FT_UINT32, BASE_DEC, op_names,
          "What the kernel called the programs for (BPF_SOCK_OPS_*)"),
    FIELD(24, 8, "Number", "optrail.hook.id", FT_UINT64, BASE_DEC, NULL,
          "Number of the invocation in its recording; gaps are loss"),
    FIELD(32, 8, "Socket cookie", "optrail.hook.cookie", FT_UINT64, BASE_DEC, NULL, NULL),
    FIELD(40, 8, "Control group", "optrail.hook.cgroup", FT_UINT64, BASE_DEC, NULL, NULL),
    FIELD(48, 8, "Network namespace", "optrail.hook.netns", FT_UINT64, BASE_DEC, NULL,
          "Cookie of the network namespace; 0 not known"),
    FIELD(112, 2, "Local port", "optrail.hook.local.port", FT_UINT16, BASE_DEC, NULL, NULL),
    FIELD(114, 2, "Remote port", "optrail.hook.remote.port", FT_UINT16, BASE_DEC, NULL, NULL),
    FIELD_IF(HOOK_FLAG_HEADER, 124, 4, "Sequence number", "optrail.hook.seq", FT_UINT32, BASE_DEC,
             NULL, "Of the segment, as it stands in the header"),
    FIELD_IF(HOOK_FLAG_HEADER, 128, 4, "Acknowledgment number", "optrail.hook.ack", FT_UINT32,
             BASE_DEC, NULL, "Of the segment, as it stands in the header"),
    FIELD_IF(HOOK_FLAG_HEADER, 140, 4, "Segment length", "optrail.hook.len", FT_UINT32,
             BASE_DEC | BASE_UNIT_STRING, &unit_octets, "Payload, super-segments whole"),
    FIELD_IF(HOOK_FLAG_HEADER, 118, 1, "TCP flags", "optrail.hook.tcp_flags", FT_UINT8, BASE_HEX,
             NULL, NULL),
    FIELD_IF(HOOK_FLAG_HEADER, 164, 2, "Window", "optrail.hook.window", FT_UINT16, BASE_DEC, NULL,
             "As it stands in the header, not scaled"),
    FIELD(56, 4, "Argument 0", "optrail.hook.arg0", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(60, 4, "Argument 1", "optrail.hook.arg1", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(64, 4, "Argument 2", "optrail.hook.arg2", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(68, 4, "Argument 3", "optrail.hook.arg3", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(72, 4, "Reply", "optrail.hook.reply", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD_IF(HOOK_FLAG_RESERVED, 168, 2, "Reserved", "optrail.hook.reserved", FT_UINT16,
             BASE_DEC | BASE_UNIT_STRING, &unit_octets,
             "Option space reserved in this invocation or for it"),
    FIELD_IF(HOOK_FLAG_ENTRY, 119, 1, "Options before", "optrail.hook.options_before", FT_UINT8,
             BASE_DEC | BASE_UNIT_STRING, &unit_octets,
             "Options that stood before the programs ran"),
    FIELD(160, 4, "TCP state", "optrail.hook.state", FT_UINT32, BASE_DEC, state_names, NULL),
    FIELD(132, 4, "Next to send", "optrail.hook.snd_nxt", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(136, 4, "Next to receive", "optrail.hook.rcv_nxt", FT_UINT32, BASE_DEC, NULL, NULL),
    FIELD(144, 4, "Congestion window", "optrail.hook.cwnd", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
          &unit_segments, NULL),
    FIELD(148, 4, "Smoothed RTT", "optrail.hook.srtt", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
          &unit_us, NULL),
    FIELD(152, 4, "MSS", "optrail.hook.mss", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &unit_octets,
          NULL),
    FIELD(120, 4, "MPTCP token", "optrail.hook.token", FT_UINT32, BASE_HEX, NULL,
          "Token of the connection; 0 none"),
    FIELD_IF(HOOK_FLAG_ENTRY, 156, 4, "Duration", "optrail.hook.duration", FT_UINT32,
             BASE_DEC | BASE_UNIT_STRING, &record_unit_ns,
             "From the entry observer to the exit observer"),
    FIELD(166, 2, "CPU", "optrail.hook.cpu", FT_UINT16, BASE_DEC, NULL, NULL),
    FIELD(8, 8, "Time", "optrail.hook.time", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "CLOCK_REALTIME when the programs had run"),
    FIELD(16, 8, "Monotonic time", "optrail.hook.monotonic", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "The same moment on CLOCK_MONOTONIC"),
    FIELD(0, 2, "Version", "optrail.hook.version", FT_UINT16, BASE_DEC, NULL, NULL),
};

static struct flag_field flags[] = {
    {-1, HOOK_FLAG_PROBE, "Without a packet", "optrail.hook.flags.probe"},
    {-1, HOOK_FLAG_FULLSOCK, "Full socket", "optrail.hook.flags.fullsock"},
    {-1, HOOK_FLAG_HEADER, "With a TCP header", "optrail.hook.flags.header"},
    {-1, HOOK_FLAG_ENTRY, "Observed at entry", "optrail.hook.flags.entry"},
    {-1, HOOK_FLAG_RESERVED, "Reservation known", "optrail.hook.flags.reserved"},
    {-1, HOOK_FLAG_OUTGOING, "Outgoing", "optrail.hook.flags.outgoing"},
    {-1, HOOK_FLAG_REPORTS_LOST, "Reports lost", "optrail.hook.flags.reports_lost"},
};

/* --- text -------------------------------------------------------------------------------------- */

/* "cc (algorithm: bbr (2))", "exid-0xBEE5", or NULL for an option that we do not speak of. */
static const char *option_text(packet_info *pinfo, const uint8_t *octets, size_t available,
                               const char **name)
{
    const struct option_desc *desc = option_set_find(user_options(), octets, available);
    char label[OPTION_LABEL_MAX];
    struct codec_option decoded;
    if (desc == NULL && octets[0] != TCP_KIND_EXP1 && octets[0] != TCP_KIND_EXP2)
        return NULL;
    *name = wmem_strdup(pinfo->pool, option_label(desc, octets, available, label));
    if (desc == NULL)
        return *name;
    codec_decode(desc, octets, available, &decoded);
    const char *values = items_text(pinfo->pool, &decoded);
    return values[0] != '\0' ? wmem_strdup_printf(pinfo->pool, "%s (%s)", *name, values) : *name;
}

static bool is_written(const struct hook_record *record, const uint8_t *option)
{
    return (record->flags & HOOK_FLAG_ENTRY) && (record->flags & HOOK_FLAG_OUTGOING) &&
           option >= record->options + record->options_before;
}

static void set_info(packet_info *pinfo, const struct hook_record *record)
{
    char op[16];
    col_add_str(pinfo->cinfo, COL_INFO, hook_op_name(record->op, op));
    if (record->flags & HOOK_FLAG_PROBE)
        col_append_str(pinfo->cinfo, COL_INFO, " without a packet");
    col_append_str(pinfo->cinfo, COL_INFO, mptcp_ops_text(pinfo, record));
    if (record->flags & HOOK_FLAG_HEADER)
        col_append_fstr(
            pinfo->cinfo, COL_INFO, " %s seq=%u ack=%u len=%u",
            segment_class_name(segment_classify(record->tcp_flags, record->segment_length)),
            record->seq, record->ack, record->segment_length);
    if ((record->flags & HOOK_FLAG_RESERVED) && record->reserved > 0)
        col_append_fstr(pinfo->cinfo, COL_INFO, " reserved=%u", record->reserved);

    struct tcp_options list = {record->options, record->options_length, record->options_length};
    struct tcp_option option;
    while (tcp_options_next(&list, &option)) {
        const char *name, *text = option_text(pinfo, option.octets, option.available, &name);
        if (text != NULL)
            col_append_fstr(pinfo->cinfo, COL_INFO, ", %s%s",
                            is_written(record, option.octets) ? "wrote " : "", text);
    }
    for (unsigned i = 0; i < record->n_actions; i++)
        col_append_fstr(pinfo->cinfo, COL_INFO, "; %s", actions_text(pinfo, &record->actions[i]));
}

/* --- trees ------------------------------------------------------------------------------------- */

/* The options of the header; `offset` is where they start in the record. */
static void add_options(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, int offset,
                        const struct hook_record *record)
{
    proto_item *item =
        proto_tree_add_item(tree, hf_options, tvb, offset, record->options_length, ENC_NA);
    proto_tree *subtree = proto_item_add_subtree(item, ett_options);
    struct tcp_options list = {record->options, record->options_length, record->options_length};
    struct tcp_option option;
    while (tcp_options_next(&list, &option)) {
        const char *name, *text = option_text(pinfo, option.octets, option.available, &name);
        if (text == NULL)
            continue;
        proto_item *one = proto_tree_add_string(subtree, hf_option, tvb,
                                                offset + (int)(option.octets - record->options),
                                                option.available, name);
        proto_item_set_text(one, "Option: %s%s", text,
                            is_written(record, option.octets) ? ", written here" : "");
    }
    size_t length;
    hook_written(record, &length);
    if ((record->flags & HOOK_FLAG_ENTRY) && (record->flags & HOOK_FLAG_OUTGOING) && length > 0)
        proto_tree_add_item(tree, hf_written, tvb, offset + record->options_before, (int)length,
                            ENC_NA);
}

/* The items behind the fixed part. hook_decode() has found them whole and sound. */
static void add_items(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb,
                      const struct hook_record *record)
{
    int offset = tvb_get_letohs(tvb, 2), end = (int)tvb_captured_length(tvb);
    unsigned actions = 0;
    while (offset + ITEM_HEADER <= end) {
        unsigned type = tvb_get_letohs(tvb, offset);
        int length = tvb_get_letohs(tvb, offset + 2);
        offset += ITEM_HEADER;
        if (type == ITEMS_OPTIONS)
            add_options(tree, pinfo, tvb, offset, record);
        else if (type == ITEMS_ACTION && actions < record->n_actions)
            actions_add(tree, pinfo, tvb, offset, &record->actions[actions++]);
        offset += length;
    }
}

static int dissect_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    int length = (int)tvb_captured_length(tvb);
    struct hook_record record;
    proto_item *top = record_begin(tvb, pinfo, tree, proto_hook, "Optrail Hook");
    if (hook_decode(tvb_get_ptr(tvb, 0, length), (size_t)length, &record) != 0)
        return record_refuse(tvb, pinfo, top, "hook record");
    char op[16];
    proto_item_append_text(top, ", %s", hook_op_name(record.op, op));
    set_info(pinfo, &record);
    links_of_hook(pinfo, &record);
    stats_of_hook(pinfo, &record);
    if (tree == NULL)
        return length;

    proto_tree *subtree = proto_item_add_subtree(top, ett_record);
    links_add_hook(pinfo, subtree, tvb);
    record_add_address(subtree, tvb, &record.local, LOCAL_OFFSET, &local);
    record_add_address(subtree, tvb, &record.remote, REMOTE_OFFSET, &remote);
    mptcp_ops_add(subtree, tvb, &record);
    record_add_fixed(subtree, tvb, fields, G_N_ELEMENTS(fields), record.flags);
    record_add_flags(subtree, tvb, FLAGS_OFFSET, hf_flags, flags, G_N_ELEMENTS(flags));
    add_items(subtree, pinfo, tvb, &record);
    return length;
}

/* --- registration ------------------------------------------------------------------------------ */

static void fill_op_names(void)
{
    size_t at = 0;
    for (uint32_t op = 0; op <= HOOK_MPTCP_RECV && at < OPS - 1; op++) {
        char number[16];
        const char *name = hook_op_name(op, number);
        if (name != number)
            op_names[at++] = (value_string){op, name};
    }
}

dissector_handle_t hooks_register(void)
{
    static hf_register_info more[] = {
        {&hf_flags, {"Flags", "optrail.hook.flags", FT_UINT32, BASE_HEX, NULL, 0, NULL, HFILL}},
        {&hf_options,
         {"Options", "optrail.hook.options", FT_BYTES, BASE_NONE, NULL, 0,
          "All options of the header, after the programs ran", HFILL}},
        {&hf_written,
         {"Written", "optrail.hook.written", FT_BYTES, BASE_NONE, NULL, 0,
          "What the programs added in this invocation", HFILL}},
        {&hf_option,
         {"Option", "optrail.hook.option", FT_STRING, BASE_NONE, NULL, 0,
          "Name of an experimental or described TCP option", HFILL}},
    };
    static int *subtrees[] = {&ett_record, &ett_options};
    proto_hook = proto_register_protocol("Optrail Hook Record", "Optrail Hook", HOOK_DISSECTOR);
    fill_op_names();
    record_register_fixed(proto_hook, fields, G_N_ELEMENTS(fields));
    record_register_flags(proto_hook, flags, G_N_ELEMENTS(flags));
    record_register_addresses(proto_hook, &local, "Local address", "optrail.hook.local");
    record_register_addresses(proto_hook, &remote, "Remote address", "optrail.hook.remote");
    proto_register_field_array(proto_hook, more, array_length(more));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    mptcp_ops_register(proto_hook);
    actions_register(proto_hook);
    return create_dissector_handle(dissect_hook, proto_hook);
}
