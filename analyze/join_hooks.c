/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join_hooks.c - which hook invocation belongs to which captured segment, within one vantage point.
 *
 * A write comes before its segment in a recording and a parse after it; where clocks put them the
 * other way round, a short memory of the latest of either makes up for it.
 */
#include "analyze/join_hooks.h"

#include <string.h>

#include "analyze/flows.h"
#include "analyze/judge.h"
#include "analyze/trail.h"
#include "wire/packet.h"

static struct hook_state *state_of(struct analysis *analysis, struct connection *connection)
{
    if (connection->hooks == NULL)
        connection->hooks = slab_take(&analysis->hook_states);
    return connection->hooks;
}

bool join_hooks_at(const struct connection *connection, unsigned vantage, unsigned direction)
{
    return connection->hooks && connection->hooks->ends[vantage][direction].present;
}

/* --- lists ------------------------------------------------------------------------------------ */

static void hook_list_add(struct hook_list *list, struct hook_event *event)
{
    event->next = NULL;
    *(list->last ? &list->last->next : &list->first) = event;
    list->last = event;
    list->n++;
}

/* Takes out the event that *link points at; `before` is the one in front of it, or NULL. */
static void hook_list_take(struct hook_list *list, struct hook_event *before,
                           struct hook_event *event)
{
    *(before ? &before->next : &list->first) = event->next;
    if (list->last == event)
        list->last = before;
    list->n--;
}

static void hook_list_shorten(struct analysis *analysis, struct hook_list *list, unsigned n)
{
    while (list->n > n) {
        struct hook_event *event = list->first;
        hook_list_take(list, NULL, event);
        slab_give(&analysis->hook_events, event);
    }
}

/* Forgets the oldest beyond so many, but not soon those that nothing was found for. */
static void parses_shorten(struct analysis *analysis, struct hook_list *list)
{
    struct hook_event *before = NULL, *next;
    for (struct hook_event *event = list->first; event && list->n > RECENT_MAX; event = next) {
        next = event->next;
        if (!event->matched && list->n <= UNMATCHED_MAX) {
            before = event;
            continue;
        }
        hook_list_take(list, before, event);
        slab_give(&analysis->hook_events, event);
    }
}

static void segment_list_add(struct analysis *analysis, struct segment_list *list,
                             const struct segment *segment)
{
    struct segment *kept = slab_take_raw(&analysis->segments);
    *kept = *segment;
    kept->cover = NULL;
    kept->later = NULL;
    *(list->last ? &list->last->later : &list->first) = kept;
    list->last = kept;
    list->n++;
}

static void segment_list_take(struct analysis *analysis, struct segment_list *list,
                              struct segment *before, struct segment *segment)
{
    *(before ? &before->later : &list->first) = segment->later;
    if (list->last == segment)
        list->last = before;
    list->n--;
    slab_give(&analysis->segments, segment);
}

static void segment_list_shorten(struct analysis *analysis, struct segment_list *list, unsigned n)
{
    while (list->n > n)
        segment_list_take(analysis, list, NULL, list->first);
}

/* --- does a hook's segment hold a captured one? ----------------------------------------------- */

static bool class_fits(const struct hook_event *event, const struct segment *segment)
{
    /* Of a super-segment that ends with FIN, the first slices are data. */
    return event->class == segment->class ||
           (event->class == SEGMENT_FIN && segment->class == SEGMENT_DATA && event->length > 0);
}

static bool holds(const struct hook_event *event, const struct segment *segment)
{
    uint32_t offset = segment->seq_wire - event->seq;
    if (event->direction != segment->direction || !class_fits(event, segment))
        return false;
    if (event->has_tsval && segment->has_timestamps && event->tsval != segment->tsval)
        return false;
    if (event->length == 0)
        return segment->length == 0 && offset == 0 &&
               (event->ack == segment->ack_wire || !(segment->flags & TCP_ACK));
    return segment->length > 0 && offset < event->length &&
           segment->length <= event->length - offset;
}

/*
 * The socket's backlog glues acknowledgements that differ in nothing but the number. The header that
 * the hook sees keeps the first one's number, so that with equal timestamps either may be greater.
 */
static bool holds_parsed(const struct hook_event *parse, const struct segment *segment)
{
    if (holds(parse, segment))
        return true;
    return parse->length == 0 && segment->length == 0 && parse->class == SEGMENT_ACK &&
           segment->class == SEGMENT_ACK && parse->direction == segment->direction &&
           parse->seq == segment->seq_wire &&
           (segment->has_timestamps || (int32_t)(parse->ack - segment->ack_wire) >= 0) &&
           parse->options_length == segment->options_length &&
           memcmp(parse->options, segment->options, segment->options_captured) == 0;
}

/* --- writes ----------------------------------------------------------------------------------- */

static void match_write(struct analysis *analysis, struct hook_event *write,
                        const struct segment *segment)
{
    if (!write->matched)
        judge_written(analysis, segment->connection, write, segment);
    write->matched = true;
    write->covered += segment->length;
}

static bool is_spent(const struct hook_event *write)
{
    return write->matched && write->covered >= write->length;
}

static bool overlaps(const struct hook_event *write, const struct segment *segment)
{
    return write->direction == segment->direction && write->length > 0 && segment->length > 0 &&
           segment->seq_wire - write->seq < write->length;
}

/* A segment leaves: the write that it comes from, one not seen yet before one of several slices. */
static bool leave(struct analysis *analysis, struct hook_list *writes,
                  const struct segment *segment)
{
    struct hook_event *before = NULL, *found = NULL, *found_before = NULL;
    for (struct hook_event *write = writes->first; write; before = write, write = write->next) {
        write->again |= overlaps(write, segment);
        if (!holds(write, segment) || (found && write->matched >= found->matched))
            continue;
        found = write;
        found_before = before;
    }
    if (found == NULL)
        return false;
    match_write(analysis, found, segment);
    if (is_spent(found)) {
        hook_list_take(writes, found_before, found);
        slab_give(&analysis->hook_events, found);
    }
    return true;
}

/* A write whose segments the capture shows before it. True when all of them were there. */
static bool left_before(struct analysis *analysis, struct segment_list *left,
                        struct hook_event *write)
{
    struct segment *before = NULL, *next;
    for (struct segment *segment = left->first; segment && !is_spent(write); segment = next) {
        next = segment->later;
        if (!holds(write, segment)) {
            before = segment;
            continue;
        }
        match_write(analysis, write, segment);
        segment_list_take(analysis, left, before, segment);
    }
    return is_spent(write);
}

/* --- parses ----------------------------------------------------------------------------------- */

static bool parsed_before(struct hook_list *parses, const struct segment *segment)
{
    for (struct hook_event *parse = parses->first; parse; parse = parse->next)
        if (holds_parsed(parse, segment))
            return parse->matched = true;
    return false;
}

static void take_parsed(struct analysis *analysis, struct segment_list *arrived,
                        struct hook_event *parse)
{
    struct segment *before = NULL, *next;
    for (struct segment *segment = arrived->first; segment; segment = next) {
        next = segment->later;
        if (!holds_parsed(parse, segment)) {
            before = segment;
            continue;
        }
        parse->matched = true;
        segment_list_take(analysis, arrived, before, segment);
    }
}

/* --- segments --------------------------------------------------------------------------------- */

/* The kernel throws away what it has already, before any hook sees it. */
static bool is_old(const struct hook_end *end, const struct segment *segment)
{
    return segment->length > 0 && end->has_parsed &&
           (int32_t)(segment->seq_wire + segment->length - end->parsed_up_to) <= 0;
}

void join_hooks_segment(struct analysis *analysis, const struct segment *segment)
{
    unsigned v = segment->vantage;
    if (segment->everyday || !analysis->inputs[v]->has_hooks)
        return;
    struct hook_state *hooks = state_of(analysis, segment->connection);
    const struct hook_end *sender = &hooks->ends[v][segment->direction];
    const struct hook_end *receiver = &hooks->ends[v][!segment->direction];
    bool unknown = !sender->present && !receiver->present;
    if (sender->present || unknown) {
        if (!leave(analysis, &hooks->writes[v], segment)) {
            segment_list_add(analysis, &hooks->left[v], segment);
            segment_list_shorten(analysis, &hooks->left[v], RECENT_MAX);
        }
    }
    if (receiver->present || unknown) {
        if (!is_old(receiver, segment) && !parsed_before(&hooks->parses[v], segment))
            segment_list_add(analysis, &hooks->arrived[v], segment);
        if (unknown)
            segment_list_shorten(analysis, &hooks->arrived[v], RECENT_MAX);
    }
}

/* --- records ---------------------------------------------------------------------------------- */

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
    event->direction = (uint8_t)i->direction;
    event->class = (uint8_t)i->class;
    event->vantage = (uint8_t)i->vantage;
    event->options_length = MIN(i->record->options_length, TCP_OPTION_SPACE);
    memcpy(event->options, i->record->options, event->options_length);
    struct tcp_options list = {event->options, event->options_length, event->options_length};
    event->has_tsval = tcp_options_timestamps(list, &event->tsval, &tsecr);
    return event;
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
            row_of(i, option, i->class)->reserved++;
            if (i->end->n_reserved < OPTIONS_PER_HEADER)
                i->end->reserved[i->end->n_reserved++] = option;
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
        row->written++;
        row->reserved_seen += i->record->reserved > 0;
        written |= 1u << n;
    }
    settle_reserved(i, written == 0);
    if (written == 0)
        return;
    struct hook_event *write = event_of(i);
    write->written = written;
    if (left_before(i->analysis, &i->hooks->left[i->vantage], write))
        slab_give(&i->analysis->hook_events, write);
    else
        hook_list_add(&i->hooks->writes[i->vantage], write);
}

static void on_parse(struct invocation *i)
{
    bool interesting = false;
    for (unsigned n = 0; n < i->options.n; n++) {
        const struct identity *option = i->options.at[n].identity;
        if (option->everyday && !i->analysis->settings->all_options)
            continue;
        struct row *row = row_of(i, option, i->class);
        row->contained++;
        row->loaded += has_action(i, HOOK_ACTION_LOAD, option);
        interesting = true;
    }
    if (i->record->segment_length > 0) {
        uint32_t to = i->record->seq + i->record->segment_length;
        if (!i->end->has_parsed || (int32_t)(to - i->end->parsed_up_to) > 0)
            i->end->parsed_up_to = to;
        i->end->has_parsed = true;
    }
    if (!interesting)
        return;
    struct hook_event *parse = event_of(i);
    take_parsed(i->analysis, &i->hooks->arrived[i->vantage], parse);
    hook_list_add(&i->hooks->parses[i->vantage], parse);
    parses_shorten(i->analysis, &i->hooks->parses[i->vantage]);
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
        if (action->kind == HOOK_ACTION_SETSOCKOPT)
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
    struct hook_state *hooks = state_of(analysis, connection);
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

/* --- the end ---------------------------------------------------------------------------------- */

void judge_hooks(struct analysis *analysis, struct connection *connection)
{
    struct hook_state *hooks = connection->hooks;
    for (unsigned v = 0; hooks && v < VANTAGES; v++) {
        for (struct hook_event *write = hooks->writes[v].first; write; write = write->next)
            if (!write->matched)
                judge_written(analysis, connection, write, NULL);
        for (struct segment *segment = hooks->arrived[v].first; segment; segment = segment->later)
            if (hooks->ends[v][!segment->direction].present)
                judge_not_parsed(analysis, segment);
    }
}

void join_hooks_clear(struct analysis *analysis, struct connection *connection)
{
    struct hook_state *hooks = connection->hooks;
    for (unsigned v = 0; hooks && v < VANTAGES; v++) {
        hook_list_shorten(analysis, &hooks->writes[v], 0);
        hook_list_shorten(analysis, &hooks->parses[v], 0);
        segment_list_shorten(analysis, &hooks->left[v], 0);
        segment_list_shorten(analysis, &hooks->arrived[v], 0);
    }
}

bool join_hooks_elsewhere(const struct segment *segment)
{
    const struct connection *connection = segment->connection;
    struct hook_state *hooks = connection->hooks;
    unsigned other = !segment->vantage, direction = segment->direction;
    if (hooks == NULL)
        return false;
    struct segment there = *segment;
    there.seq_wire = (uint32_t)segment->seq;
    there.ack_wire = segment->ack;
    if (other == VANTAGE_B) {
        there.seq_wire += connection->delta[direction];
        there.ack_wire += connection->delta[!direction];
    }
    /* Timestamps may be translated on the way. */
    there.has_timestamps = segment->has_timestamps && connection->timestamp_delta[direction] == 0;
    for (struct hook_event *write = hooks->writes[other].first; write; write = write->next)
        if (holds(write, &there))
            write->seen_elsewhere = true;
    for (struct hook_event *parse = hooks->parses[other].first; parse; parse = parse->next)
        if (!parse->matched && holds_parsed(parse, &there))
            return true;
    return false;
}

/* What the hooks of an end say, from whichever file holds them. */
static const struct hook_end *end_of(const struct hook_state *hooks, unsigned direction)
{
    for (unsigned v = 0; hooks && v < VANTAGES; v++)
        if (hooks->ends[v][direction].present)
            return &hooks->ends[v][direction];
    return NULL;
}

void join_hooks_funnel(const struct connection *connection, const struct row *row,
                       struct report_option *out)
{
    const struct hook_end *sender = end_of(connection->hooks, row->direction);
    const struct hook_end *receiver = end_of(connection->hooks, !row->direction);
    if (sender) {
        out->reserved = sender->reports ? row->reserved : row->reserved_seen;
        out->written = row->written;
    }
    /* The kernel has no parse hook for a SYN: only a program that had it saved can tell. */
    if (receiver && (row->segment != SEGMENT_SYN || row->loaded > 0))
        out->parsed = receiver->reports ? row->loaded : row->contained;
    if (receiver && receiver->reports && (row->segment != SEGMENT_SYN || row->loaded > 0))
        out->applied = row->applied;
}
