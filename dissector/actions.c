/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * actions.c - what programs said that they did in an invocation: options reserved, stored and found,
 * socket options set, functions of the patched kernel called, and what they declined.
 *
 * Specification: docs/hook-record.md, wire/hook_action.h.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

enum {
    HEAD_OFFSET = 2,
    RESULT_OFFSET = 8,
    LEVEL_OFFSET = 12,
    NAME_OFFSET = 16,
    PROGRAM_OFFSET = 20
};
enum {
    VALUE_OFFSET = PROGRAM_OFFSET + HOOK_PROGRAM_NAME,
    NAMES = 16,
    LEVEL_TCP = 6,
    CONGESTION = 13
};

static int ett_action = -1;
static int hf_action = -1, hf_program = -1, hf_option = -1, hf_head = -1, hf_result = -1;
static int hf_level = -1, hf_name = -1, hf_value = -1, hf_text = -1, hf_reason = -1, hf_call = -1;
static int hf_local_id = -1, hf_remote_id = -1, hf_subflow = -1, hf_address_id = -1, hf_watch = -1;
static int hf_scheduler = -1, hf_threshold = -1, hf_timeout = -1, hf_octets = -1;

static const unit_name_string unit_ms = {(char *)" ms", NULL};
static const unit_name_string unit_s = {(char *)" s", NULL};

/* Filled from the functions that name them. */
static value_string action_names[NAMES], decline_names[NAMES], call_names[NAMES];

static const value_string level_names[] = {{1, "SOL_SOCKET"}, {LEVEL_TCP, "SOL_TCP"}, {0, NULL}};

static const value_string socket_option_names[] = {
    /* of level SOL_TCP: linux/tcp.h, linux/bpf.h */
    {CONGESTION, "TCP_CONGESTION"}, {18, "TCP_USER_TIMEOUT"},
    {1001, "TCP_BPF_IW"},           {1002, "TCP_BPF_SNDCWND_CLAMP"},
    {1003, "TCP_BPF_DELACK_MAX"},   {1004, "TCP_BPF_RTO_MIN"},
    {1064, "TCP_BPF_DELACK_TIME"}, /* of the patched kernel, as the next */
    {1065, "TCP_BPF_DELACK_SEGS"},  {0, NULL},
};

/* What the value of a call is, by function: `octets` of it from `at` on, 0: the whole value. */
static const struct call_argument {
    uint8_t call, at, octets;
    int *hf;
    const char *before, *behind;
} call_arguments[] = {
    {HOOK_CALL_OPEN_SUBFLOW, 0, 1, &hf_local_id, "local id ", ""},
    {HOOK_CALL_OPEN_SUBFLOW, 1, 1, &hf_remote_id, "remote id ", ""},
    {HOOK_CALL_CLOSE_SUBFLOW, 0, 0, &hf_subflow, "subflow ", ""},
    {HOOK_CALL_ANNOUNCE_ADDR, 0, 0, &hf_address_id, "address id ", ""},
    {HOOK_CALL_SET_BACKUP, 0, 0, &hf_subflow, "subflow ", ""},
    {HOOK_CALL_SEND_ACK, 0, 0, &hf_subflow, "subflow ", ""},
    {HOOK_CALL_WATCH_ADDRESSES, 0, 0, &hf_watch, "", ""},
    {HOOK_CALL_SET_DELAY_THRESHOLD, 0, 0, &hf_threshold, "", " ms"},
    {HOOK_CALL_SET_INACTIVITY_TIMEOUT, 0, 0, &hf_timeout, "", " s"},
    {HOOK_CALL_NOTIFY_RECEIVED, 0, 0, &hf_octets, "", " octets"},
};

/* --- text -------------------------------------------------------------------------------------- */

/* The name of the option whose first octets an action gives, or NULL. */
static const char *head_name(packet_info *pinfo, const struct hook_action *action)
{
    char label[OPTION_LABEL_MAX];
    if (action->head[0] == TCP_KIND_EOL)
        return NULL;
    const struct option_desc *desc = option_set_find(user_options(), action->head, HOOK_HEAD);
    return wmem_strdup(pinfo->pool, option_label(desc, action->head, HOOK_HEAD, label));
}

/* Four or eight octets are a number, but for what is known to be a name. */
static bool value_is_number(const struct hook_action *action)
{
    if (action->kind == HOOK_ACTION_CALL && action->name == HOOK_CALL_SET_SCHEDULER)
        return false;
    if (action->kind == HOOK_ACTION_SETSOCKOPT && action->level == LEVEL_TCP &&
        action->name == CONGESTION)
        return false;
    return action->value_length == 4 || action->value_length == 8;
}

/* So many octets of the value, from `at` on; 0: all of them. */
static uint64_t value_part(const struct hook_action *action, unsigned at, unsigned octets)
{
    uint64_t number = 0;
    for (unsigned i = octets != 0 ? at + octets : action->value_length; i-- > at;)
        number = number << 8 | action->value[i];
    return number;
}

static const char *name_of(packet_info *pinfo, const struct hook_action *action)
{
    const char *name;
    if (action->kind == HOOK_ACTION_CALL)
        name = try_val_to_str((uint32_t)action->name, call_names);
    else
        name = action->level == LEVEL_TCP
                   ? try_val_to_str((uint32_t)action->name, socket_option_names)
                   : NULL;
    if (name != NULL)
        return name;
    return action->kind == HOOK_ACTION_CALL
               ? wmem_strdup_printf(pinfo->pool, "function %d", action->name)
               : wmem_strdup_printf(pinfo->pool, "level %d name %d", action->level, action->name);
}

/* " local id 0, remote id 1", " 34000", " bbr": the value in words, or "". */
static const char *value_text(packet_info *pinfo, const struct hook_action *action)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, NULL);
    if (!value_is_number(action)) {
        if (action->value_length > 0)
            wmem_strbuf_append_printf(text, " %s",
                                      record_printable(pinfo, action->value, action->value_length));
        return wmem_strbuf_get_str(text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(call_arguments); i++) {
        const struct call_argument *one = &call_arguments[i];
        if (action->kind == HOOK_ACTION_CALL && action->name == one->call)
            wmem_strbuf_append_printf(text, "%s%s%" PRIu64 "%s",
                                      wmem_strbuf_get_len(text) > 0 ? ", " : " ", one->before,
                                      value_part(action, one->at, one->octets), one->behind);
    }
    bool takes_none = action->kind == HOOK_ACTION_CALL && (action->name == HOOK_CALL_REFUSE_JOIN ||
                                                           action->name == HOOK_CALL_WITHDRAW_ADDR);
    if (wmem_strbuf_get_len(text) == 0 && !takes_none)
        wmem_strbuf_append_printf(text, " %" PRIu64, value_part(action, 0, 0));
    return wmem_strbuf_get_str(text);
}

const char *actions_text(packet_info *pinfo, const struct hook_action *action)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, NULL);
    const char *option = head_name(pinfo, action);
    wmem_strbuf_append_printf(
        text, "%s: %s",
        action->program[0] ? record_printable(pinfo, action->program, HOOK_PROGRAM_NAME) : "?",
        hook_action_name(action->kind));
    if (action->kind == HOOK_ACTION_DECLINE) {
        wmem_strbuf_append_printf(text, " %s: %s", option != NULL ? option : "",
                                  hook_decline_name((unsigned)value_part(action, 0, 0)));
        return wmem_strbuf_get_str(text);
    }
    if (action->kind == HOOK_ACTION_SETSOCKOPT || action->kind == HOOK_ACTION_CALL)
        wmem_strbuf_append_printf(text, " %s", name_of(pinfo, action));
    else if (option != NULL)
        wmem_strbuf_append_printf(text, " %s", option);
    wmem_strbuf_append_printf(text, "%s, result %s", value_text(pinfo, action),
                              record_result_text(pinfo, action->result));
    return wmem_strbuf_get_str(text);
}

/* --- tree -------------------------------------------------------------------------------------- */

static void add_value(proto_tree *tree, tvbuff_t *tvb, int offset, const struct hook_action *action)
{
    if (action->value_length == 0)
        return;
    if (!value_is_number(action)) {
        bool scheduler = action->kind == HOOK_ACTION_CALL;
        proto_tree_add_item(tree, scheduler ? hf_scheduler : hf_text, tvb, offset + VALUE_OFFSET,
                            action->value_length, ENC_UTF_8);
        return;
    }
    proto_tree_add_item(tree, hf_value, tvb, offset + VALUE_OFFSET, action->value_length,
                        ENC_LITTLE_ENDIAN);
    for (size_t i = 0; i < G_N_ELEMENTS(call_arguments); i++) {
        const struct call_argument *one = &call_arguments[i];
        if (action->kind == HOOK_ACTION_CALL && action->name == one->call)
            proto_tree_add_item(tree, *one->hf, tvb, offset + VALUE_OFFSET + one->at,
                                one->octets != 0 ? one->octets : 4, ENC_LITTLE_ENDIAN);
    }
}

void actions_add(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, int offset,
                 const struct hook_action *action)
{
    const char *option = head_name(pinfo, action);
    proto_item *item = proto_tree_add_item(tree, hf_action, tvb, offset, 1, ENC_NA);
    proto_tree *subtree = proto_item_add_subtree(item, ett_action);
    proto_item_set_text(item, "Action: %s", actions_text(pinfo, action));

    proto_tree_add_string(subtree, hf_program, tvb, offset + PROGRAM_OFFSET, HOOK_PROGRAM_NAME,
                          record_printable(pinfo, action->program, HOOK_PROGRAM_NAME));
    if (option != NULL) {
        proto_tree_add_string(subtree, hf_option, tvb, offset + HEAD_OFFSET, HOOK_HEAD, option);
        proto_tree_add_item(subtree, hf_head, tvb, offset + HEAD_OFFSET, HOOK_HEAD, ENC_NA);
    }
    if (action->kind == HOOK_ACTION_DECLINE) {
        proto_tree_add_item(subtree, hf_reason, tvb, offset + VALUE_OFFSET, 4, ENC_LITTLE_ENDIAN);
        return;
    }
    item =
        proto_tree_add_item(subtree, hf_result, tvb, offset + RESULT_OFFSET, 4, ENC_LITTLE_ENDIAN);
    if (action->result < 0 && action->result > INT32_MIN)
        proto_item_append_text(item, " (%s)", g_strerror(-action->result));
    if (action->kind == HOOK_ACTION_SETSOCKOPT) {
        proto_tree_add_item(subtree, hf_level, tvb, offset + LEVEL_OFFSET, 4, ENC_LITTLE_ENDIAN);
        proto_tree_add_item(subtree, hf_name, tvb, offset + NAME_OFFSET, 4, ENC_LITTLE_ENDIAN);
    } else if (action->kind == HOOK_ACTION_CALL) {
        proto_tree_add_item(subtree, hf_call, tvb, offset + NAME_OFFSET, 4, ENC_LITTLE_ENDIAN);
    }
    add_value(subtree, tvb, offset, action);
}

/* --- registration ------------------------------------------------------------------------------ */

void actions_register(int proto)
{
    static hf_register_info fields[] = {
        {&hf_action,
         {"Action", "optrail.hook.action", FT_UINT8, BASE_DEC, VALS(action_names), 0,
          "What a program did, as it said itself", HFILL}},
        {&hf_program,
         {"Program", "optrail.hook.program", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_option,
         {"Option", "optrail.hook.action.option", FT_STRING, BASE_NONE, NULL, 0,
          "Name of the option that it was about", HFILL}},
        {&hf_head,
         {"Option's head", "optrail.hook.action.head", FT_BYTES, BASE_NONE, NULL, 0,
          "First octets of the option that it was about", HFILL}},
        {&hf_result,
         {"Result", "optrail.hook.action.result", FT_INT32, BASE_DEC, NULL, 0,
          "Of the helper: 0 or more, or a negative errno", HFILL}},
        {&hf_level,
         {"Level", "optrail.hook.action.level", FT_INT32, BASE_DEC, VALS(level_names), 0, NULL,
          HFILL}},
        {&hf_name,
         {"Name", "optrail.hook.action.name", FT_INT32, BASE_DEC, VALS(socket_option_names), 0,
          NULL, HFILL}},
        {&hf_value,
         {"Value", "optrail.hook.action.value", FT_UINT64, BASE_DEC, NULL, 0, NULL, HFILL}},
        {&hf_text,
         {"Value", "optrail.hook.action.text", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_reason,
         {"Reason", "optrail.hook.action.reason", FT_UINT32, BASE_DEC, VALS(decline_names), 0,
          "Why a program would not act", HFILL}},
        {&hf_call,
         {"Function", "optrail.hook.action.call", FT_UINT32, BASE_DEC, VALS(call_names), 0,
          "Function of the patched kernel that the program called", HFILL}},
        {&hf_local_id,
         {"Local address id", "optrail.hook.action.local_id", FT_UINT8, BASE_DEC, NULL, 0, NULL,
          HFILL}},
        {&hf_remote_id,
         {"Remote address id", "optrail.hook.action.remote_id", FT_UINT8, BASE_DEC, NULL, 0, NULL,
          HFILL}},
        {&hf_subflow,
         {"Subflow", "optrail.hook.action.subflow", FT_UINT32, BASE_DEC, NULL, 0,
          "Id of the subflow", HFILL}},
        {&hf_address_id,
         {"Address id", "optrail.hook.action.address_id", FT_UINT32, BASE_DEC, NULL, 0,
          "0: as the kernel chooses", HFILL}},
        {&hf_watch,
         {"Watch addresses", "optrail.hook.action.watch", FT_BOOLEAN, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_scheduler,
         {"Scheduler", "optrail.hook.action.scheduler", FT_STRING, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_threshold,
         {"Delay threshold", "optrail.hook.action.delay_threshold", FT_UINT32,
          BASE_DEC | BASE_UNIT_STRING, &unit_ms, 0, NULL, HFILL}},
        {&hf_timeout,
         {"Inactivity timeout", "optrail.hook.action.inactivity_timeout", FT_UINT32,
          BASE_DEC | BASE_UNIT_STRING, &unit_s, 0, NULL, HFILL}},
        {&hf_octets,
         {"Octets", "optrail.hook.action.octets", FT_UINT32, BASE_DEC, NULL, 0,
          "To be told when so many have been read; the low 32 bits", HFILL}},
    };
    static int *subtrees[] = {&ett_action};
    record_fill_names(action_names, NAMES, hook_action_name);
    record_fill_names(decline_names, NAMES, hook_decline_name);
    record_fill_names(call_names, NAMES, hook_call_name);
    proto_register_field_array(proto, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}
