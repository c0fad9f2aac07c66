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
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/trail.h"
#include "wire/packet.h"

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

static bool is_padding(const uint8_t *octets, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (octets[i] != TCP_KIND_NOP && octets[i] != TCP_KIND_EOL)
            return false;
    return true;
}

/* As far as the capture holds them; one of both may end before the padding. */
static bool same_options(const struct hook_event *event, const struct segment *segment)
{
    unsigned common = MIN(event->options_length, segment->options_captured);
    return memcmp(event->options, segment->options, common) == 0 &&
           is_padding(segment->options, common, segment->options_captured) &&
           (segment->options_captured < segment->options_length ||
            is_padding(event->options, common, event->options_length));
}

/*
 * Acknowledgements of one number are told apart by their options. The socket's backlog glues those
 * that differ in nothing but the number; the header that the hook sees keeps the first one's, so
 * that with equal timestamps either may be greater.
 */
static bool holds_parsed(const struct hook_event *parse, const struct segment *segment)
{
    if (segment->length > 0)
        return holds(parse, segment);
    return same_options(parse, segment) &&
           (holds(parse, segment) ||
            (parse->length == 0 && parse->class == SEGMENT_ACK && segment->class == SEGMENT_ACK &&
             parse->direction == segment->direction && parse->seq == segment->seq_wire &&
             (segment->has_timestamps || (int32_t)(parse->ack - segment->ack_wire) >= 0)));
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
    return holds(write, segment) && (!write->has_window || write->window == segment->window);
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
    return (same_options(write, segment) ? 2 : 0) + (write->matched ? 0 : 1);
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
        bool other = demanding && write->length == 0 && !same_options(write, segment);
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

void judge_hooks(struct analysis *analysis, struct connection *connection)
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

/* Brings A's numbers to those of the other vantage point, or back. */
static void shift_numbers(const struct connection *connection, struct segment *segment, bool to_b)
{
    unsigned direction = segment->direction;
    uint32_t seq = connection->delta[direction], ack = connection->delta[!direction];
    segment->seq_wire += to_b ? seq : -seq;
    segment->ack_wire += to_b ? ack : -ack;
}

/* Which of the written options the segment bears, too. */
static uint32_t borne_by(const struct analysis *analysis, const struct hook_event *write,
                         const struct segment *segment)
{
    struct option_list written, borne;
    uint32_t found = 0;
    option_list_read(analysis->identities, write->options, write->options_length,
                     write->options_length, &written);
    option_list_read(analysis->identities, segment->options, segment->options_captured,
                     segment->options_length, &borne);
    for (unsigned i = 0; i < written.n; i++)
        if (option_list_find(&borne, written.at[i].identity, 0))
            found |= 1u << i;
    return found;
}

bool join_hooks_elsewhere(const struct analysis *analysis, const struct segment *segment)
{
    const struct connection *connection = segment->connection;
    struct hook_state *hooks = connection->hooks;
    unsigned other = !segment->vantage;
    bool found = false;
    if (hooks == NULL)
        return false;
    struct segment there = *segment;
    there.seq_wire = (uint32_t)segment->seq;
    there.ack_wire = segment->ack;
    if (other == VANTAGE_B)
        shift_numbers(connection, &there, true);
    /* Timestamps may be translated on the way. */
    there.has_timestamps =
        segment->has_timestamps && connection->timestamp_delta[segment->direction] == 0;
    for (struct hook_event *write = hooks->writes[other].first; write; write = write->next) {
        if (!holds(write, &there))
            continue;
        write->seen_elsewhere = found = true;
        write->told |= borne_by(analysis, write, segment);
    }
    for (struct hook_event *parse = hooks->parses[other].first; parse; parse = parse->next)
        found |= !parse->matched && holds_parsed(parse, &there);
    return found;
}

bool join_hooks_arrived(const struct connection *connection, const struct hook_event *write)
{
    struct segment segment = {
        .direction = write->direction,
        .class = write->class,
        .length = write->length,
        .flags = write->class == SEGMENT_SYN ? TCP_SYN : TCP_ACK,
        .has_timestamps = write->has_tsval,
        .tsval = write->tsval,
        .options_length = write->options_length,
        .options_captured = write->options_length,
    };
    memcpy(segment.options, write->options, write->options_length);
    /* Another copy of the payload was seen to leave: it may be that one that arrived. */
    for (unsigned v = 0; v < VANTAGES && !write->again; v++) {
        segment.seq_wire = write->seq;
        segment.ack_wire = write->ack;
        if (v != write->vantage) {
            shift_numbers(connection, &segment, v == VANTAGE_B);
            segment.has_timestamps &= connection->timestamp_delta[write->direction] == 0;
        }
        const struct hook_event *parse = connection->hooks->parses[v].first;
        for (; parse; parse = parse->next)
            if (holds_parsed(parse, &segment))
                return true;
    }
    return false;
}

/* --- the funnel ------------------------------------------------------------------------------- */

/* Whether the recorder of that vantage point lost nothing while the connection lived. */
static bool saw_all(const struct analysis *analysis, const struct connection *connection,
                    unsigned vantage)
{
    const struct side *side = connection->sides[vantage];
    const struct input *input = analysis->inputs[vantage];
    return side ? !input_lost_events_between(input,
                                             side->first_ns - MIN(side->first_ns, HOOK_NEAR_NS),
                                             side->last_ns + HOOK_NEAR_NS)
                : !input_lost_events_between(input, 0, UINT64_MAX);
}

/* What the hooks of an end say, from whichever file holds them; NULL when not all can be known. */
static const struct hook_end *end_of(const struct analysis *analysis,
                                     const struct connection *connection, unsigned direction)
{
    const struct hook_state *hooks = connection->hooks;
    for (unsigned v = 0; hooks && v < analysis->n_vantages; v++)
        if (hooks->ends[v][direction].present)
            return saw_all(analysis, connection, v) ? &hooks->ends[v][direction] : NULL;
    return NULL;
}

void join_hooks_funnel(const struct analysis *analysis, const struct connection *connection,
                       const struct row *row, struct report_option *out)
{
    const struct hook_end *sender = end_of(analysis, connection, row->direction);
    const struct hook_end *receiver = end_of(analysis, connection, !row->direction);
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
