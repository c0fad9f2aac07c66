/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - statistics: what there is of options in a file.
 *
 *   tshark -z optrail,tree    by name and kind of segment, asked and answered, space, hooks; the
 *                             same stands in Wireshark's menu, Statistics
 *   tshark -z optrail,trail   per connection, direction and option the funnel from reservation to
 *                             effect, as far as the file's hooks and packets tell
 *
 * Both listen to the tap "optrail", on which every segment with options that we speak of, and every
 * hook record, is one event. Nothing is counted unless somebody listens.
 */
#include "dissector/compat.h"

#include <epan/stat_tap_ui.h>
#include <epan/stats_tree.h>
#include <epan/tap.h>
#include <stdio.h>
#include <wiretap/wtap.h>

#include "dissector/dissector.h"
#include "wire/hook.h"
#include "wire/packet.h"

/* One event of the tap. Lives as long as the packet's dissection. */
struct tapped {
    const struct header_options *spoken; /* of a segment, or: */
    const struct hook_record *record;
    struct endpoint from, to;
    uint8_t class;       /* enum segment_class */
    unsigned used, link; /* octets of options; the interface that captured the packet */
};

static int tap = -1;

void stats_of_segment(packet_info *pinfo, const struct segment_facts *segment, unsigned used)
{
    if (!have_tap_listener(tap) || pinfo->flags.in_error_pkt)
        return;
    struct tapped *event = wmem_new0(pinfo->pool, struct tapped);
    event->spoken = wmem_memdup(pinfo->pool, segment->spoken, sizeof(*segment->spoken));
    event->class = (uint8_t)segment_classify(segment->flags, segment->payload_length);
    event->used = used;
    if (pinfo->rec->presence_flags & WTAP_HAS_INTERFACE_ID)
        event->link = pinfo->rec->rec_header.packet_header.interface_id;
    links_endpoint(&pinfo->src, segment->source_port, &event->from);
    links_endpoint(&pinfo->dst, segment->destination_port, &event->to);
    tap_queue_packet(tap, pinfo, event);
}

void stats_of_hook(packet_info *pinfo, const struct hook_record *record)
{
    if (!have_tap_listener(tap))
        return;
    struct tapped *event = wmem_new0(pinfo->pool, struct tapped);
    event->record = wmem_memdup(pinfo->pool, record, sizeof(*record));
    tap_queue_packet(tap, pinfo, event);
}

/* --- optrail,tree -------------------------------------------------------------------------------- */

static struct {
    int names, talks, space, hooks;
} nodes;

static const char *const node_names = "Options by name", *const node_talks = "Asked and answered",
                         *const node_space = "Octets of options",
                         *const node_hooks = "Hook invocations";

static void tree_begin(stats_tree *tree)
{
    nodes.names = stats_tree_create_node(tree, node_names, 0, STAT_DT_INT, TRUE);
    nodes.talks = stats_tree_create_node(tree, node_talks, 0, STAT_DT_INT, TRUE);
    nodes.space = stats_tree_create_range_node(tree, node_space, 0, "0-8", "9-16", "17-24", "25-32",
                                               "33-39", "40", NULL);
    nodes.hooks = stats_tree_create_node(tree, node_hooks, 0, STAT_DT_INT, TRUE);
}

/* What an occurrence is to its connection; NULL: one more of what was sent before. */
static const char *role_of(const packet_info *pinfo, const struct story *story)
{
    if (story->contradicts)
        return "contradicted";
    if (story->differs_from != 0)
        return "changed";
    if (!story->known || story->first_in != pinfo->num)
        return NULL;
    return story->asked_in != 0 ? "answered" : "asked";
}

static void tree_add_option(stats_tree *tree, const packet_info *pinfo,
                            const struct occurrence *option, uint8_t class)
{
    tick_stat_node(tree, node_names, 0, TRUE);
    int name = tick_stat_node(tree, option->label, nodes.names, TRUE);
    tick_stat_node(tree, segment_class_name(class), name, FALSE);
    const char *role = role_of(pinfo, &option->story);
    if (role == NULL)
        return;
    tick_stat_node(tree, node_talks, 0, TRUE);
    name = tick_stat_node(tree, option->label, nodes.talks, TRUE);
    tick_stat_node(tree, role, name, FALSE);
}

static tap_packet_status tree_add(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt,
                                  const void *data, tap_flags_t flags)
{
    const struct tapped *event = data;
    char op[16];
    (void)edt;
    (void)flags;
    if (event->record != NULL) {
        tick_stat_node(tree, node_hooks, 0, TRUE);
        tick_stat_node(tree, hook_op_name(event->record->op, op), nodes.hooks, FALSE);
        return TAP_PACKET_REDRAW;
    }
    stats_tree_tick_range(tree, node_space, 0, (int)event->used);
    for (unsigned i = 0; i < event->spoken->n; i++)
        tree_add_option(tree, pinfo, &event->spoken->seen[i], event->class);
    return TAP_PACKET_REDRAW;
}

/* --- optrail,trail ------------------------------------------------------------------------------- */

enum { WIRES_MAX = 4, REASONS_MAX = 16 };

/* One option in one direction of one connection. */
struct trail_row {
    struct endpoint from, to;
    char *option;
    unsigned reserved, written, parsed, applied;
    unsigned on_wire[WIRES_MAX]; /* by interface, in the order of their first packets */
    uint32_t parsed_seq;
    GPtrArray *reasons; /* char *, each once; the first ones */
    bool more_reasons;
};

struct trail {
    GPtrArray *rows;     /* struct trail_row, in order of appearance */
    GHashTable *by_name; /* the same, by "FROM TO OPTION" */
    GHashTable *watched; /* endpoints in text whose hooks are in the file */
    unsigned wires[WIRES_MAX], n_wires;
};

static void free_row(gpointer data)
{
    struct trail_row *row = data;
    g_ptr_array_unref(row->reasons);
    g_free(row->option);
    g_free(row);
}

static void trail_reset(void *data)
{
    struct trail *trail = data;
    g_hash_table_remove_all(trail->by_name);
    g_hash_table_remove_all(trail->watched);
    g_ptr_array_set_size(trail->rows, 0);
    trail->n_wires = 0;
}

static struct trail_row *trail_row(struct trail *trail, const struct endpoint *from,
                                   const struct endpoint *to, const char *option)
{
    char from_text[ENDPOINT_TEXT_MAX], to_text[ENDPOINT_TEXT_MAX];
    g_autofree char *key = g_strdup_printf("%s %s %s", endpoint_text(from, from_text),
                                           endpoint_text(to, to_text), option);
    struct trail_row *row = g_hash_table_lookup(trail->by_name, key);
    if (row == NULL) {
        row = g_new0(struct trail_row, 1);
        row->from = *from;
        row->to = *to;
        row->option = g_strdup(option);
        row->reasons = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(trail->rows, row);
        g_hash_table_insert(trail->by_name, g_steal_pointer(&key), row);
    }
    return row;
}

static void add_reason(struct trail_row *row, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_reason(struct trail_row *row, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (row->reasons->len >= REASONS_MAX) {
        row->more_reasons = true;
        g_free(reason);
    } else if (g_ptr_array_find_with_equal_func(row->reasons, reason, g_str_equal, NULL))
        g_free(reason);
    else
        g_ptr_array_add(row->reasons, reason);
}

static void trail_add_segment(struct trail *trail, const struct tapped *event)
{
    unsigned wire = 0;
    while (wire < trail->n_wires && trail->wires[wire] != event->link)
        wire++;
    if (wire == WIRES_MAX)
        return;
    if (wire == trail->n_wires)
        trail->wires[trail->n_wires++] = event->link;
    for (unsigned i = 0; i < event->spoken->n; i++)
        trail_row(trail, &event->from, &event->to, event->spoken->seen[i].label)->on_wire[wire]++;
}

static void trail_add_action(struct trail *trail, const struct hook_record *record,
                             const struct hook_action *action)
{
    /* A reservation or a store is for the local end's segments, all else about the peer's. */
    bool sends = action->kind == HOOK_ACTION_RESERVE || action->kind == HOOK_ACTION_STORE ||
                 (record->flags & HOOK_FLAG_OUTGOING);
    char label[OPTION_LABEL_MAX];
    if (action->head[0] <= TCP_KIND_NOP)
        return;
    option_label(option_set_find(user_options(), action->head, HOOK_HEAD), action->head, HOOK_HEAD,
                 label);
    if (action->kind == HOOK_ACTION_LOAD && action->result <= 0)
        return; /* it looked for an option that is not there: nothing that narrows a trail */
    struct trail_row *row = trail_row(trail, sends ? &record->local : &record->remote,
                                      sends ? &record->remote : &record->local, label);
    if (action->kind == HOOK_ACTION_DECLINE)
        add_reason(row, "%.*s declined: %s", HOOK_PROGRAM_NAME, action->program,
                   hook_decline_name(action->value[0]));
    else if (action->result < 0 && action->result > INT32_MIN)
        add_reason(row, "%s by %.*s failed: %s",
                   action->kind == HOOK_ACTION_CALL ? hook_call_name((unsigned)action->name)
                                                    : hook_action_name(action->kind),
                   HOOK_PROGRAM_NAME, action->program, g_strerror(-action->result));
    else if (action->kind == HOOK_ACTION_RESERVE)
        row->reserved++;
    else if ((action->kind == HOOK_ACTION_SETSOCKOPT || action->kind == HOOK_ACTION_CALL) && !sends)
        row->applied++;
}

/* The options of the header that the hook saw: written by it, or parsed. */
static void trail_add_header(struct trail *trail, const struct hook_record *record)
{
    bool written = (record->flags & HOOK_FLAG_OUTGOING) != 0;
    char label[OPTION_LABEL_MAX];
    struct tcp_options list = {record->options, record->options_length, record->options_length};
    struct tcp_option option;
    if (written && !(record->flags & HOOK_FLAG_ENTRY))
        return;
    while (tcp_options_next(&list, &option)) {
        if (written && option.octets < record->options + record->options_before)
            continue;
        const struct option_desc *desc =
            option_set_find(user_options(), option.octets, option.available);
        if (desc == NULL && option.kind != TCP_KIND_EXP1 && option.kind != TCP_KIND_EXP2)
            continue;
        option_label(desc, option.octets, option.available, label);
        struct trail_row *row = trail_row(trail, written ? &record->local : &record->remote,
                                          written ? &record->remote : &record->local, label);
        if (written)
            row->written++;
        else if (row->parsed == 0 || row->parsed_seq != record->seq ||
                 record->op == HOOK_PARSE_HDR_OPT)
            row->parsed++; /* the same segment may be shown when it establishes, too */
        row->parsed_seq = record->seq;
    }
}

static tap_packet_status trail_add(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                   const void *tapped, tap_flags_t flags)
{
    struct trail *trail = data;
    const struct tapped *event = tapped;
    (void)pinfo;
    (void)edt;
    (void)flags;
    if (event->record == NULL) {
        trail_add_segment(trail, event);
        return TAP_PACKET_REDRAW;
    }
    char text[ENDPOINT_TEXT_MAX];
    g_hash_table_add(trail->watched, g_strdup(endpoint_text(&event->record->local, text)));
    if (event->record->flags & HOOK_FLAG_PROBE)
        return TAP_PACKET_REDRAW; /* without a packet, for the MSS: nothing will be sent */
    if (event->record->flags & HOOK_FLAG_HEADER)
        trail_add_header(trail, event->record);
    for (unsigned i = 0; i < event->record->n_actions; i++)
        trail_add_action(trail, event->record, &event->record->actions[i]);
    return TAP_PACKET_REDRAW;
}

/* A count, or "-" where nobody could have counted. */
static const char *count_text(bool known, unsigned count, char out[16])
{
    if (known)
        snprintf(out, 16, "%u", count);
    else
        snprintf(out, 16, "-");
    return out;
}

static void trail_print_row(const struct trail *trail, const struct trail_row *row)
{
    char from[ENDPOINT_TEXT_MAX], to[ENDPOINT_TEXT_MAX], text[4][16];
    g_autoptr(GString) wires = g_string_new(NULL);
    bool sender = g_hash_table_contains(trail->watched, endpoint_text(&row->from, from));
    bool receiver = g_hash_table_contains(trail->watched, endpoint_text(&row->to, to));
    for (unsigned i = 0; i < trail->n_wires; i++)
        g_string_append_printf(wires, "%s%u", i > 0 ? "/" : "", row->on_wire[i]);
    if (trail->n_wires == 0)
        g_string_append_c(wires, '-');
    printf("%-26s %-26s %-14s %8s %8s %8s %8s %8s\n", from, to, row->option,
           count_text(sender, row->reserved, text[0]), count_text(sender, row->written, text[1]),
           wires->str, count_text(receiver, row->parsed, text[2]),
           count_text(receiver, row->applied, text[3]));
    for (guint i = 0; i < row->reasons->len; i++)
        printf("    %s\n", (const char *)row->reasons->pdata[i]);
    if (row->more_reasons)
        printf("    ... and more\n");
}

static void trail_print(void *data)
{
    const struct trail *trail = data;
    printf("\n=== Optrail: the trail of each option ===\n");
    printf("%-26s %-26s %-14s %8s %8s %8s %8s %8s\n", "From", "To", "Option", "reserved", "written",
           "on wire", "parsed", "applied");
    for (guint i = 0; i < trail->rows->len; i++)
        trail_print_row(trail, trail->rows->pdata[i]);
    printf("-: no hooks of that end are in this file; N/N: by capturing interface\n");
}

static void trail_finish(void *data)
{
    struct trail *trail = data;
    g_hash_table_unref(trail->by_name);
    g_hash_table_unref(trail->watched);
    g_ptr_array_unref(trail->rows);
    g_free(trail);
}

static void trail_begin(const char *argument, void *data)
{
    static const char prefix[] = "optrail,trail,";
    const char *filter = g_str_has_prefix(argument, prefix) ? argument + strlen(prefix) : NULL;
    struct trail *trail = g_new0(struct trail, 1);
    (void)data;
    trail->rows = g_ptr_array_new_with_free_func(free_row);
    trail->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    trail->watched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *error = register_tap_listener("optrail", trail, filter, TL_REQUIRES_NOTHING,
                                           trail_reset, trail_add, trail_print, trail_finish);
    if (error != NULL) {
        fprintf(stderr, "optrail,trail: %s\n", error->str);
        g_string_free(error, TRUE);
        trail_finish(trail);
        exit(1);
    }
}

/* --- registration -------------------------------------------------------------------------------- */

void stats_register(void)
{
    static stat_tap_ui trail = {
        REGISTER_PACKET_STAT_GROUP_UNSORTED, NULL, "optrail,trail", trail_begin, 0, NULL};
    tap = register_tap("optrail");
    stats_tree_register_plugin("optrail", "optrail", "TCP Options (Optrail)", 0, tree_add,
                               tree_begin, NULL);
    register_stat_tap_ui(&trail, NULL);
}
