/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook_records.c - what a hook record says of its connection: room asked for, options stored, seen
 * and acted upon, and who is client and who is server.
 */
#include "analyze/join_hooks.h"

#include <string.h>

#include "analyze/judge.h"
#include "analyze/trail.h"
#include "wire/packet.h"

struct invocation { /* a hook record and what it means for the connection */
    struct analysis *analysis;
    struct connection *connection;
    struct hook_state *hooks;
    struct hook_end *end;
    const struct hook_record *record;
    struct option_list options;
    unsigned vantage, direction, class; /* direction and class of the segment */
    uint64_t frame, time_ns;
};

static const struct identity *identity_of(const struct invocation *i, const struct hook_action *a)
{
    if (a->head[0] == TCP_KIND_EOL || a->head[0] == TCP_KIND_NOP)
        return NULL;
    unsigned length = a->head[1] >= 2 && a->head[1] < HOOK_HEAD ? a->head[1] : HOOK_HEAD;
    return identify(i->analysis->identities, a->head, length);
}

static struct row *row_of(const struct invocation *i, const struct identity *option, unsigned class)
{
    return trail_row(i->analysis, i->connection, option, i->direction, class);
}

static bool has_action(const struct invocation *i, enum hook_action_kind kind,
                       const struct identity *option)
{
    for (unsigned n = 0; n < i->record->n_actions; n++) {
        const struct hook_action *action = &i->record->actions[n];
        bool good = kind == HOOK_ACTION_LOAD ? action->result > 0 : action->result >= 0;
        if (action->kind == kind && good && identity_of(i, action) == option)
            return true;
    }
    return false;
}

static struct hook_event *event_of(const struct invocation *i)
{
    uint32_t tsecr;
    struct hook_event *event = slab_take(&i->analysis->hook_events);
    event->time_ns = i->time_ns;
    event->frame = i->frame;
    event->seq = i->record->seq;
    event->ack = i->record->ack;
    event->length = i->record->segment_length;
    event->window = i->record->window;
    event->has_window = i->record->flags & HOOK_FLAG_HEADER;
    event->direction = (uint8_t)i->direction;
    event->class = (uint8_t)i->class;
    event->vantage = (uint8_t)i->vantage;
    event->options_length = MIN(i->record->options_length, TCP_OPTION_SPACE);
    memcpy(event->options, i->record->options, event->options_length);
    struct tcp_options list = {event->options, event->options_length, event->options_length};
    event->has_tsval = tcp_options_timestamps(list, &event->tsval, &tsecr);
    return event;
}

/* However often room is asked for in an invocation: it is one segment. */
static void note_reserved(struct invocation *i, const struct identity *option)
{
    for (unsigned n = 0; n < i->end->n_reserved; n++)
        if (i->end->reserved[n] == option)
            return;
    row_of(i, option, i->class)->reserved++;
    if (i->end->n_reserved < OPTIONS_PER_HEADER)
        i->end->reserved[i->end->n_reserved++] = option;
}

static void on_length(struct invocation *i)
{
    if (i->record->flags & HOOK_FLAG_PROBE)
        return;
    i->end->n_reserved = 0;
    i->end->reserved_class = (uint8_t)i->class;
    i->end->reserved_frame = i->frame;
    i->end->reserved_ns = i->time_ns;
    for (unsigned n = 0; n < i->record->n_actions; n++) {
        const struct hook_action *action = &i->record->actions[n];
        const struct identity *option = identity_of(i, action);
        if (option == NULL || action->kind != HOOK_ACTION_RESERVE)
            continue;
        if (action->result >= 0) {
            note_reserved(i, option);
        } else
            judge_refused(i->analysis, i->connection, i->vantage, i->direction, i->class, action,
                          i->frame);
    }
}

/* Whether the programs stored that option in this invocation. */
static bool was_written(const struct invocation *i, const struct option_at *option)
{
    if (i->record->flags & HOOK_FLAG_ENTRY)
        return option->offset >= i->record->options_before;
    return has_action(i, HOOK_ACTION_STORE, option->identity);
}

/* A store that failed is told as such. */
static bool tried_to_store(const struct invocation *i, const struct identity *option)
{
    for (unsigned n = 0; n < i->record->n_actions; n++)
        if (i->record->actions[n].kind == HOOK_ACTION_STORE &&
            identity_of(i, &i->record->actions[n]) == option)
            return true;
    return false;
}

/* This write is for the segment that room was reserved for in the invocation before. */
static void settle_reserved(struct invocation *i, bool nothing_written)
{
    struct hook_end *end = i->end;
    for (unsigned n = 0; n < end->n_reserved && end->reserved_class == i->class; n++)
        if (option_list_find(&i->options, end->reserved[n], 0) == NULL &&
            !tried_to_store(i, end->reserved[n]))
            judge_not_written(i->analysis, i->connection, i->vantage, i->direction, i->class,
                              end->reserved[n], end->reserved_ns, i->frame);
    if (end->n_reserved == 0 && !end->reports && nothing_written && i->record->reserved > 0 &&
        i->record->flags & HOOK_FLAG_ENTRY)
        judge_not_written(i->analysis, i->connection, i->vantage, i->direction, i->class, NULL,
                          i->time_ns, i->frame);
    end->n_reserved = 0;
}

/* The first of those options `among` (a bit each) that bear its name: a segment counts once. */
static bool is_first(const struct option_list *list, unsigned index, uint32_t among)
{
    for (unsigned n = 0; n < index; n++)
        if (among >> n & 1 && list->at[n].identity == list->at[index].identity)
            return false;
    return true;
}

static void on_write(struct invocation *i)
{
    uint32_t written = 0;
    for (unsigned n = 0; n < i->record->n_actions; n++) {
        const struct hook_action *action = &i->record->actions[n];
        if (action->kind == HOOK_ACTION_STORE && action->result < 0 && identity_of(i, action))
            judge_refused(i->analysis, i->connection, i->vantage, i->direction, i->class, action,
                          i->frame);
    }
    for (unsigned n = 0; n < i->options.n; n++) {
        if (!was_written(i, &i->options.at[n]))
            continue;
        struct row *row = row_of(i, i->options.at[n].identity, i->class);
        bool first = is_first(&i->options, n, written);
        row->written += first;
        row->reserved_seen += first && i->record->reserved > 0;
        written |= 1u << n;
    }
    settle_reserved(i, written == 0);
    if (written == 0)
        return;
    struct hook_event *write = event_of(i);
    write->written = written;
    join_hooks_write(i->analysis, i->hooks, write);
}

static void on_parse(struct invocation *i)
{
    bool interesting = false;
    for (unsigned n = 0; n < i->options.n; n++) {
        const struct identity *option = i->options.at[n].identity;
        if (option->everyday && !i->analysis->settings->all_options)
            continue;
        interesting = true;
        if (!is_first(&i->options, n, UINT32_MAX))
            continue;
        struct row *row = row_of(i, option, i->class);
        row->contained++;
        row->loaded += has_action(i, HOOK_ACTION_LOAD, option);
    }
    if (i->record->segment_length > 0) {
        uint32_t to = i->record->seq + i->record->segment_length;
        if (!i->end->has_parsed || (int32_t)(to - i->end->parsed_up_to) > 0)
            i->end->parsed_up_to = to;
        i->end->has_parsed = true;
    }
    if (!interesting)
        return;
    join_hooks_parse(i->analysis, i->hooks, event_of(i));
}

/* The class of the segment that brought an option: the saved SYN when it is not in the header. */
static unsigned class_that_brought(const struct invocation *i, const struct identity *option)
{
    bool here = option_list_find(&i->options, option, 0) != NULL;
    return !here && i->record->op == HOOK_PASSIVE_ESTABLISHED ? SEGMENT_SYN : i->class;
}

static void on_actions(struct invocation *i)
{
    for (unsigned n = 0; n < i->record->n_actions; n++) {
        const struct hook_action *action = &i->record->actions[n];
        const struct identity *option = identity_of(i, action);
        if (option == NULL)
            continue;
        unsigned class = class_that_brought(i, option);
        if (action->kind == HOOK_ACTION_LOAD && action->result > 0 && class == SEGMENT_SYN &&
            i->class != SEGMENT_SYN) {
            row_of(i, option, class)->contained++;
            row_of(i, option, class)->loaded++;
        }
        if (action->kind == HOOK_ACTION_SETSOCKOPT || action->kind == HOOK_ACTION_CALL)
            judge_action(i->analysis, i->connection, i->vantage, i->direction, class, action,
                         i->frame);
    }
}

static const struct {
    uint32_t op;
    void (*handle)(struct invocation *i);
} HANDLERS[] = {
    {HOOK_HDR_OPT_LEN, on_length},         {HOOK_WRITE_HDR_OPT, on_write},
    {HOOK_PARSE_HDR_OPT, on_parse},        {HOOK_ACTIVE_ESTABLISHED, on_parse},
    {HOOK_PASSIVE_ESTABLISHED, on_parse},  {HOOK_PARSE_HDR_OPT, on_actions},
    {HOOK_ACTIVE_ESTABLISHED, on_actions}, {HOOK_PASSIVE_ESTABLISHED, on_actions},
};

static void note_end(struct invocation *i)
{
    if (!i->end->present) {
        i->end->present = true;
        i->end->first_ns = i->time_ns;
    }
    i->end->reports |= i->record->n_actions > 0;
    if (i->record->token != 0)
        i->hooks->token = i->record->token;
}

/* A hook that only a client's or only a server's socket runs into tells who is who. */
static void note_role(struct connection *connection, unsigned end, uint32_t op)
{
    bool client = op == HOOK_TCP_CONNECT || op == HOOK_ACTIVE_ESTABLISHED;
    if (connection->roles != ROLES_GUESSED || (!client && op != HOOK_PASSIVE_ESTABLISHED))
        return;
    connection->roles = ROLES_HOOKS;
    connection->swapped = client != (end == FROM_CLIENT);
}

void join_hooks_record(struct analysis *analysis, struct connection *connection,
                       enum vantage vantage, unsigned end, const struct hook_record *record,
                       uint64_t frame, uint64_t time_ns)
{
    bool outgoing = record->op == HOOK_HDR_OPT_LEN || record->op == HOOK_WRITE_HDR_OPT;
    struct hook_state *hooks = join_hooks_state(analysis, connection);
    struct invocation i = {
        .analysis = analysis,
        .connection = connection,
        .hooks = hooks,
        .end = &hooks->ends[vantage][end],
        .record = record,
        .vantage = vantage,
        .direction = outgoing ? end : !end,
        .class = segment_classify(record->tcp_flags, record->segment_length),
        .frame = frame,
        .time_ns = time_ns,
    };
    note_end(&i);
    note_role(connection, end, record->op);
    uint8_t length = MIN(record->options_length, TCP_OPTION_SPACE);
    option_list_read(analysis->identities, record->options, length, length, &i.options);
    for (unsigned n = 0; n < G_N_ELEMENTS(HANDLERS); n++)
        if (HANDLERS[n].op == record->op)
            HANDLERS[n].handle(&i);
}
