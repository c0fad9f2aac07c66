/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks.c - hook records and clock records of a recording, as frames beside the packets.
 *
 * They come as exported PDUs (link type 252) whose dissector name is "optrail.hook" or
 * "optrail.clock"; Wireshark itself shows the addresses and ports in the tags before them. The
 * fields of the fixed part come from a table; options and actions from the record's items.
 * The options' own fields (optrail.NAME.*) stay with packets: a filter on them finds no hooks.
 *
 * Specification: docs/hook-record.md.
 */
#include "dissector/compat.h"

#include <errno.h>

#include "dissector/dissector.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum { ITEMS_OPTIONS = 1, ITEMS_ACTION = 2, ITEM_HEADER = 4, TEXT_MAX = 256 };

static int proto_hook = -1, proto_clock = -1;
static int ett_record = -1, ett_options = -1, ett_action = -1, ett_flags = -1;

/* One field at a fixed place, little-endian. */
struct fixed_field {
    int id;
    uint16_t offset, length;
    uint32_t needs; /* hook_flags without which the field has no meaning */
    header_field_info info;
};

#define FIELD_IF(needs, at, size, name, abbreviation, type, display, strings, blurb)               \
    {                                                                                              \
        -1, at, size, needs,                                                                       \
        {                                                                                          \
            name, abbreviation, type, display, strings, 0, blurb, HFILL                            \
        }                                                                                          \
    }
#define FIELD(...) FIELD_IF(0, __VA_ARGS__)

static const unit_name_string unit_ns = {(char *)" ns", NULL};
static const unit_name_string unit_us = {(char *)" us", NULL};
static const unit_name_string unit_octets = {(char *)" octets", NULL};
static const unit_name_string unit_segments = {(char *)" segments", NULL};

static value_string op_names[32]; /* filled from hook_op_name() */
static value_string action_names[16], decline_names[16];

static const value_string state_names[] = {
    /* linux/tcp.h, include/net/tcp_states.h */
    {1, "ESTABLISHED"}, {2, "SYN_SENT"},      {3, "SYN_RECV"},   {4, "FIN_WAIT1"}, {5, "FIN_WAIT2"},
    {6, "TIME_WAIT"},   {7, "CLOSE"},         {8, "CLOSE_WAIT"}, {9, "LAST_ACK"},  {10, "LISTEN"},
    {11, "CLOSING"},    {12, "NEW_SYN_RECV"}, {0, NULL},
};

static const value_string level_names[] = {{1, "SOL_SOCKET"}, {6, "SOL_TCP"}, {0, NULL}};

static const value_string socket_option_names[] = {
    /* of level SOL_TCP: linux/tcp.h, linux/bpf.h */
    {13, "TCP_CONGESTION"},
    {18, "TCP_USER_TIMEOUT"},
    {1001, "TCP_BPF_IW"},
    {1002, "TCP_BPF_SNDCWND_CLAMP"},
    {1003, "TCP_BPF_DELACK_MAX"},
    {1004, "TCP_BPF_RTO_MIN"},
    {0, NULL},
};

/* The fixed part of a hook record, in the order in which a person wants to read it. */
static struct fixed_field hook_fields[] = {
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
             BASE_DEC | BASE_UNIT_STRING, &unit_ns, "From the entry observer to the exit observer"),
    FIELD(166, 2, "CPU", "optrail.hook.cpu", FT_UINT16, BASE_DEC, NULL, NULL),
    FIELD(8, 8, "Time", "optrail.hook.time", FT_UINT64, BASE_DEC | BASE_UNIT_STRING, &unit_ns,
          "CLOCK_REALTIME when the programs had run"),
    FIELD(16, 8, "Monotonic time", "optrail.hook.monotonic", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &unit_ns, "The same moment on CLOCK_MONOTONIC"),
    FIELD(0, 2, "Version", "optrail.hook.version", FT_UINT16, BASE_DEC, NULL, NULL),
};

static struct fixed_field clock_fields[] = {
    FIELD(16, 8, "Real time", "optrail.clock.realtime", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &unit_ns, "CLOCK_REALTIME"),
    FIELD(8, 8, "Monotonic time", "optrail.clock.monotonic", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &unit_ns, "CLOCK_MONOTONIC at the same moment"),
    FIELD(4, 4, "Width", "optrail.clock.width", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &unit_ns,
          "Of the bracket: the sample is right to half of it"),
    FIELD(24, 8, "Step", "optrail.clock.step", FT_INT64, BASE_DEC | BASE_UNIT_STRING, &unit_ns,
          "By how much the clock was stepped since the sample before"),
    FIELD(0, 2, "Version", "optrail.clock.version", FT_UINT16, BASE_DEC, NULL, NULL),
};

enum { HOOK_FLAGS_OFFSET = 76, LOCAL_OFFSET = 80, REMOTE_OFFSET = 96 };

static int hf_flags = -1;
static struct {
    int id;
    uint32_t mask;
    const char *name, *abbreviation;
} flag_fields[] = {
    {-1, HOOK_FLAG_PROBE, "Without a packet", "optrail.hook.flags.probe"},
    {-1, HOOK_FLAG_FULLSOCK, "Full socket", "optrail.hook.flags.fullsock"},
    {-1, HOOK_FLAG_HEADER, "With a TCP header", "optrail.hook.flags.header"},
    {-1, HOOK_FLAG_ENTRY, "Observed at entry", "optrail.hook.flags.entry"},
    {-1, HOOK_FLAG_RESERVED, "Reservation known", "optrail.hook.flags.reserved"},
    {-1, HOOK_FLAG_OUTGOING, "Outgoing", "optrail.hook.flags.outgoing"},
    {-1, HOOK_FLAG_REPORTS_LOST, "Reports lost", "optrail.hook.flags.reports_lost"},
};

static int hf_local4 = -1, hf_local6 = -1, hf_remote4 = -1, hf_remote6 = -1;
static int hf_options = -1, hf_written = -1, hf_option = -1;
static int hf_action = -1, hf_program = -1, hf_action_option = -1, hf_head = -1, hf_result = -1;
static int hf_level = -1, hf_name = -1, hf_value = -1, hf_value_text = -1, hf_reason = -1;

static hf_register_info item_fields[] = {
    {&hf_flags, {"Flags", "optrail.hook.flags", FT_UINT32, BASE_HEX, NULL, 0, NULL, HFILL}},
    {&hf_local4,
     {"Local address", "optrail.hook.local.ip", FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_local6,
     {"Local address", "optrail.hook.local.ipv6", FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_remote4,
     {"Remote address", "optrail.hook.remote.ip", FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_remote6,
     {"Remote address", "optrail.hook.remote.ipv6", FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_options,
     {"Options", "optrail.hook.options", FT_BYTES, BASE_NONE, NULL, 0,
      "All options of the header, after the programs ran", HFILL}},
    {&hf_written,
     {"Written", "optrail.hook.written", FT_BYTES, BASE_NONE, NULL, 0,
      "What the programs added in this invocation", HFILL}},
    {&hf_option,
     {"Option", "optrail.hook.option", FT_STRING, BASE_NONE, NULL, 0,
      "Name of an experimental or described TCP option", HFILL}},
    {&hf_action,
     {"Action", "optrail.hook.action", FT_UINT8, BASE_DEC, VALS(action_names), 0,
      "What a program did, as it said itself", HFILL}},
    {&hf_program, {"Program", "optrail.hook.program", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_action_option,
     {"Option", "optrail.hook.action.option", FT_STRING, BASE_NONE, NULL, 0,
      "Name of the option that it was about", HFILL}},
    {&hf_head,
     {"Option's head", "optrail.hook.action.head", FT_BYTES, BASE_NONE, NULL, 0,
      "First octets of the option that it was about", HFILL}},
    {&hf_result,
     {"Result", "optrail.hook.action.result", FT_INT32, BASE_DEC, NULL, 0,
      "Of the helper: 0 or more, or a negative errno", HFILL}},
    {&hf_level,
     {"Level", "optrail.hook.action.level", FT_INT32, BASE_DEC, VALS(level_names), 0, NULL, HFILL}},
    {&hf_name,
     {"Name", "optrail.hook.action.name", FT_INT32, BASE_DEC, VALS(socket_option_names), 0, NULL,
      HFILL}},
    {&hf_value, {"Value", "optrail.hook.action.value", FT_UINT64, BASE_DEC, NULL, 0, NULL, HFILL}},
    {&hf_value_text,
     {"Value", "optrail.hook.action.text", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_reason,
     {"Reason", "optrail.hook.action.reason", FT_UINT32, BASE_DEC, VALS(decline_names), 0,
      "Why a program would not act", HFILL}},
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
    const char *values = fields_text(pinfo->pool, &decoded);
    return values[0] != '\0' ? wmem_strdup_printf(pinfo->pool, "%s (%s)", *name, values) : *name;
}

/* The name of the option whose first octets an action gives, or NULL. */
static const char *head_name(packet_info *pinfo, const struct hook_action *action)
{
    char label[OPTION_LABEL_MAX];
    if (action->head[0] == TCP_KIND_EOL)
        return NULL;
    const struct option_desc *desc = option_set_find(user_options(), action->head, HOOK_HEAD);
    return wmem_strdup(pinfo->pool, option_label(desc, action->head, HOOK_HEAD, label));
}

/* A text from a program, up to its NUL, with what is not ASCII as '.'. */
static const char *printable(packet_info *pinfo, const void *text, size_t size)
{
    char *copy = wmem_strndup(pinfo->pool, text, strnlen(text, size));
    for (char *at = copy; *at != '\0'; at++)
        if (!g_ascii_isprint(*at))
            *at = '.';
    return copy;
}

static bool value_is_number(const struct hook_action *action)
{
    return action->value_length == 4 || action->value_length == 8;
}

static uint64_t value_number(const struct hook_action *action)
{
    uint64_t number = 0;
    for (unsigned i = action->value_length; i-- > 0;)
        number = number << 8 | action->value[i];
    return number;
}

/* "0" or more as it is, a negative errno in words too. */
static const char *result_text(packet_info *pinfo, int32_t result)
{
    if (result >= 0 || result == INT32_MIN)
        return wmem_strdup_printf(pinfo->pool, "%d", result);
    return wmem_strdup_printf(pinfo->pool, "%d (%s)", result, g_strerror(-result));
}

/* "cc: setsockopt TCP_CONGESTION bbr, result 0" */
static const char *action_text(packet_info *pinfo, const struct hook_action *action)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, NULL);
    const char *option = head_name(pinfo, action);
    wmem_strbuf_append_printf(
        text, "%s: %s",
        action->program[0] ? printable(pinfo, action->program, HOOK_PROGRAM_NAME) : "?",
        hook_action_name(action->kind));
    if (action->kind == HOOK_ACTION_DECLINE) {
        wmem_strbuf_append_printf(text, " %s: %s", option != NULL ? option : "",
                                  hook_decline_name((unsigned)value_number(action)));
        return wmem_strbuf_get_str(text);
    }
    if (action->kind == HOOK_ACTION_SETSOCKOPT) {
        const char *name = try_val_to_str((uint32_t)action->name, socket_option_names);
        if (name != NULL && action->level == 6)
            wmem_strbuf_append_printf(text, " %s", name);
        else
            wmem_strbuf_append_printf(text, " level %d name %d", action->level, action->name);
    } else if (option != NULL) {
        wmem_strbuf_append_printf(text, " %s", option);
    }
    if (value_is_number(action))
        wmem_strbuf_append_printf(text, " %" PRIu64, value_number(action));
    else if (action->value_length > 0)
        wmem_strbuf_append_printf(text, " %s",
                                  printable(pinfo, action->value, action->value_length));
    wmem_strbuf_append_printf(text, ", result %s", result_text(pinfo, action->result));
    return wmem_strbuf_get_str(text);
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
        col_append_fstr(pinfo->cinfo, COL_INFO, "; %s", action_text(pinfo, &record->actions[i]));
}

/* --- trees ------------------------------------------------------------------------------------- */

static void add_fixed(proto_tree *tree, tvbuff_t *tvb, const struct fixed_field *fields, size_t n,
                      uint32_t flags)
{
    for (size_t i = 0; i < n; i++)
        if ((fields[i].needs & ~flags) == 0)
            proto_tree_add_item(tree, fields[i].id, tvb, fields[i].offset, fields[i].length,
                                ENC_LITTLE_ENDIAN);
}

static void add_address(proto_tree *tree, tvbuff_t *tvb, const struct endpoint *endpoint,
                        int offset, int hf4, int hf6)
{
    if (endpoint->family == 4)
        proto_tree_add_item(tree, hf4, tvb, offset, 4, ENC_BIG_ENDIAN);
    else if (endpoint->family == 6)
        proto_tree_add_item(tree, hf6, tvb, offset, 16, ENC_NA);
}

static void add_flags(proto_tree *tree, tvbuff_t *tvb)
{
    proto_item *item =
        proto_tree_add_item(tree, hf_flags, tvb, HOOK_FLAGS_OFFSET, 4, ENC_LITTLE_ENDIAN);
    proto_tree *subtree = proto_item_add_subtree(item, ett_flags);
    for (size_t i = 0; i < G_N_ELEMENTS(flag_fields); i++)
        proto_tree_add_item(subtree, flag_fields[i].id, tvb, HOOK_FLAGS_OFFSET, 4,
                            ENC_LITTLE_ENDIAN);
}

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

static void add_action(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, int offset,
                       const struct hook_action *action)
{
    const char *option = head_name(pinfo, action);
    proto_item *item = proto_tree_add_item(tree, hf_action, tvb, offset, 1, ENC_NA);
    proto_tree *subtree = proto_item_add_subtree(item, ett_action);
    proto_item_set_text(item, "Action: %s", action_text(pinfo, action));

    proto_tree_add_string(subtree, hf_program, tvb, offset + 20, HOOK_PROGRAM_NAME,
                          printable(pinfo, action->program, HOOK_PROGRAM_NAME));
    if (option != NULL) {
        proto_tree_add_string(subtree, hf_action_option, tvb, offset + 2, HOOK_HEAD, option);
        proto_tree_add_item(subtree, hf_head, tvb, offset + 2, HOOK_HEAD, ENC_NA);
    }
    if (action->kind == HOOK_ACTION_DECLINE) {
        proto_tree_add_item(subtree, hf_reason, tvb, offset + 20 + HOOK_PROGRAM_NAME, 4,
                            ENC_LITTLE_ENDIAN);
        return;
    }
    item = proto_tree_add_item(subtree, hf_result, tvb, offset + 8, 4, ENC_LITTLE_ENDIAN);
    if (action->result < 0 && action->result > INT32_MIN)
        proto_item_append_text(item, " (%s)", g_strerror(-action->result));
    if (action->kind == HOOK_ACTION_SETSOCKOPT) {
        proto_tree_add_item(subtree, hf_level, tvb, offset + 12, 4, ENC_LITTLE_ENDIAN);
        proto_tree_add_item(subtree, hf_name, tvb, offset + 16, 4, ENC_LITTLE_ENDIAN);
    }
    if (value_is_number(action))
        proto_tree_add_item(subtree, hf_value, tvb, offset + 20 + HOOK_PROGRAM_NAME,
                            action->value_length, ENC_LITTLE_ENDIAN);
    else if (action->value_length > 0)
        proto_tree_add_item(subtree, hf_value_text, tvb, offset + 20 + HOOK_PROGRAM_NAME,
                            action->value_length, ENC_UTF_8);
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
            add_action(tree, pinfo, tvb, offset, &record->actions[actions++]);
        offset += length;
    }
}

static int dissect_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    int length = (int)tvb_captured_length(tvb);
    struct hook_record record;
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "Optrail Hook");
    col_clear(pinfo->cinfo, COL_INFO);
    proto_item *top = proto_tree_add_item(tree, proto_hook, tvb, 0, -1, ENC_NA);
    if (hook_decode(tvb_get_ptr(tvb, 0, length), (size_t)length, &record) != 0) {
        col_set_str(pinfo->cinfo, COL_INFO, "Malformed hook record");
        rules_flag(pinfo, top, RULE_MALFORMED, "The hook record is cut or contradicts itself");
        return length;
    }
    char op[16];
    proto_item_append_text(top, ", %s", hook_op_name(record.op, op));
    set_info(pinfo, &record);
    links_of_hook(pinfo, &record);
    stats_of_hook(pinfo, &record);
    if (tree == NULL)
        return length;

    proto_tree *subtree = proto_item_add_subtree(top, ett_record);
    links_add_hook(pinfo, subtree, tvb);
    add_address(subtree, tvb, &record.local, LOCAL_OFFSET, hf_local4, hf_local6);
    add_address(subtree, tvb, &record.remote, REMOTE_OFFSET, hf_remote4, hf_remote6);
    add_fixed(subtree, tvb, hook_fields, G_N_ELEMENTS(hook_fields), record.flags);
    add_flags(subtree, tvb);
    add_items(subtree, pinfo, tvb, &record);
    return length;
}

static int dissect_clock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    int length = (int)tvb_captured_length(tvb);
    struct hook_clock sample;
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "Optrail Clock");
    col_clear(pinfo->cinfo, COL_INFO);
    proto_item *top = proto_tree_add_item(tree, proto_clock, tvb, 0, -1, ENC_NA);
    if (hook_clock_decode(tvb_get_ptr(tvb, 0, length), (size_t)length, &sample) != 0) {
        col_set_str(pinfo->cinfo, COL_INFO, "Malformed clock record");
        rules_flag(pinfo, top, RULE_MALFORMED, "The clock record is cut or contradicts itself");
        return length;
    }
    links_begin();
    if (sample.step_ns != 0)
        col_add_fstr(pinfo->cinfo, COL_INFO, "The clock was stepped by %" PRId64 " ns",
                     sample.step_ns);
    else
        col_add_fstr(pinfo->cinfo, COL_INFO, "Clock sample, bracket of %u ns", sample.width_ns);
    add_fixed(proto_item_add_subtree(top, ett_record), tvb, clock_fields,
              G_N_ELEMENTS(clock_fields), 0);
    return length;
}

/* --- called by name ---------------------------------------------------------------------------- */

static dissector_handle_t hook_handle, clock_handle;

/*
 * What Wireshark finds by the name in a record. With the protocol `optrail` disabled it leaves the
 * frame as a Wireshark does that finds nothing; what it calls belongs to a protocol, which adds a
 * layer to the frame, so it belongs to a helper.
 */
static int call_when_enabled(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *tree)
{
    if (optrail_is_enabled())
        return call_dissector(handle, tvb, pinfo, tree);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "Exported PDU"); /* was cleared for us */
    return (int)tvb_captured_length(tvb);
}

static int find_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return call_when_enabled(hook_handle, tvb, pinfo, tree);
}

static int find_clock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return call_when_enabled(clock_handle, tvb, pinfo, tree);
}

/* --- registration ------------------------------------------------------------------------------ */

static void fill_op_names(void)
{
    for (uint32_t op = 0; op < G_N_ELEMENTS(op_names) - 1; op++) {
        char number[16];
        const char *name = hook_op_name(op, number);
        op_names[op] = (value_string){op, name == number ? g_strdup(name) : name};
    }
    for (uint32_t kind = 1; kind < G_N_ELEMENTS(action_names); kind++)
        action_names[kind - 1] = (value_string){kind, hook_action_name(kind)};
    for (uint32_t reason = 1; reason < G_N_ELEMENTS(decline_names); reason++)
        decline_names[reason - 1] = (value_string){reason, hook_decline_name(reason)};
}

static void register_fixed(int proto, struct fixed_field *fields, size_t n)
{
    hf_register_info *array = g_new(hf_register_info, n); /* kept by Wireshark */
    for (size_t i = 0; i < n; i++)
        array[i] = (hf_register_info){&fields[i].id, fields[i].info};
    proto_register_field_array(proto, array, (int)n);
}

static void register_flags(int proto)
{
    size_t n = G_N_ELEMENTS(flag_fields);
    hf_register_info *array = g_new(hf_register_info, n); /* kept by Wireshark */
    for (size_t i = 0; i < n; i++)
        array[i] = (hf_register_info){&flag_fields[i].id,
                                      {flag_fields[i].name, flag_fields[i].abbreviation, FT_BOOLEAN,
                                       32, NULL, flag_fields[i].mask, NULL, HFILL}};
    proto_register_field_array(proto, array, (int)n);
}

void hooks_register(void)
{
    static int *subtrees[] = {&ett_record, &ett_options, &ett_action, &ett_flags};
    proto_hook = proto_register_protocol("Optrail Hook Record", "Optrail Hook", HOOK_DISSECTOR);
    proto_clock =
        proto_register_protocol("Optrail Clock Record", "Optrail Clock", HOOK_CLOCK_DISSECTOR);
    fill_op_names();
    register_fixed(proto_hook, hook_fields, G_N_ELEMENTS(hook_fields));
    register_flags(proto_hook);
    proto_register_field_array(proto_hook, item_fields, array_length(item_fields));
    register_fixed(proto_clock, clock_fields, G_N_ELEMENTS(clock_fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    hook_handle = create_dissector_handle(dissect_hook, proto_hook);
    clock_handle = create_dissector_handle(dissect_clock, proto_clock);
    int helper = proto_register_protocol_in_name_only(
        "Record of Optrail", "Optrail record", "optrail.record",
        proto_get_id_by_filter_name("exported_pdu"), FT_BYTES);
    register_dissector(HOOK_DISSECTOR, find_hook, helper);
    register_dissector(HOOK_CLOCK_DISSECTOR, find_clock, helper);
}
