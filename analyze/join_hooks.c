/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join_hooks.c - which hook invocation belongs to which captured segment, within one vantage point.
 *
 * A write comes before its segment in a recording and a parse after it; where clocks put them the
 * other way round, a short memory of the latest of either makes up for it.
 */
#include "analyze/join_hooks.h"

#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/match_hooks.h"

struct hook_state *join_hooks_state(struct analysis *analysis, struct connection *connection)
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

/* --- writes ----------------------------------------------------------------------------------- */

static void match_write(struct analysis *analysis, struct hook_event *write,
                        const struct segment *segment)
{
    if (!write->matched)
        judge_written(analysis, segment->connection, write, segment);
    write->matched = true;
    write->covered += segment->length;
}

/* The header that a write hook sees is the one that leaves, but for its checksum. */
static bool may_leave_as(const struct hook_event *write, const struct segment *segment)
{
    return match_holds(write, segment) && (!write->has_window || write->window == segment->window);
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

/* How well a write fits a segment: by its octets, and better none of which a slice was seen. */
static unsigned fit(const struct hook_event *write, const struct segment *segment)
{
    return (match_same_options(write, segment) ? 2 : 0) + (write->matched ? 0 : 1);
}

/* A segment leaves: the write that it comes from. */
static bool leave(struct analysis *analysis, struct hook_list *writes,
                  const struct segment *segment)
{
    struct hook_event *before = NULL, *found = NULL, *found_before = NULL;
    for (struct hook_event *write = writes->first; write; before = write, write = write->next) {
        write->again |= overlaps(write, segment);
        if (!may_leave_as(write, segment) || (found && fit(write, segment) <= fit(found, segment)))
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

/*
 * A write whose segments the capture shows before it. True when all of them were there. An
 * acknowledgement with other options may be an earlier one of the same number: as long as its own
 * may still come (`demanding`), it is not taken for it.
 */
static bool left_before(struct analysis *analysis, struct segment_list *left,
                        struct hook_event *write, bool demanding)
{
    struct segment *before = NULL, *next;
    for (struct segment *segment = left->first; segment && !is_spent(write); segment = next) {
        next = segment->later;
        bool other = demanding && write->length == 0 && !match_same_options(write, segment);
        if (other || !may_leave_as(write, segment)) {
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
        if (match_holds_parsed(parse, segment))
            return parse->matched = true;
    return false;
}

static void take_parsed(struct analysis *analysis, struct segment_list *arrived,
                        struct hook_event *parse)
{
    struct segment *before = NULL, *next;
    for (struct segment *segment = arrived->first; segment; segment = next) {
        next = segment->later;
        if (!match_holds_parsed(parse, segment)) {
            before = segment;
            continue;
        }
        parse->matched = true;
        segment_list_take(analysis, arrived, before, segment);
    }
}

void join_hooks_write(struct analysis *analysis, struct hook_state *hooks, struct hook_event *write)
{
    if (left_before(analysis, &hooks->left[write->vantage], write, true))
        slab_give(&analysis->hook_events, write);
    else
        hook_list_add(&hooks->writes[write->vantage], write);
}

void join_hooks_parse(struct analysis *analysis, struct hook_state *hooks, struct hook_event *parse)
{
    take_parsed(analysis, &hooks->arrived[parse->vantage], parse);
    hook_list_add(&hooks->parses[parse->vantage], parse);
    parses_shorten(analysis, &hooks->parses[parse->vantage]);
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
    struct hook_state *hooks = join_hooks_state(analysis, segment->connection);
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

/* --- the end ---------------------------------------------------------------------------------- */

void join_hooks_flush(struct analysis *analysis, struct connection *connection)
{
    struct hook_state *hooks = connection->hooks;
    for (unsigned v = 0; hooks && v < VANTAGES; v++) {
        for (struct hook_event *write = hooks->writes[v].first; write; write = write->next)
            if (!write->matched && !left_before(analysis, &hooks->left[v], write, false))
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
