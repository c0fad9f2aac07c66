/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match_hooks.c - which captured segment a hook's segment holds, within one vantage point or across
 * both. See match_hooks.h.
 */
#include "analyze/match_hooks.h"

#include <string.h>

#include "wire/packet.h"

static bool class_fits(const struct hook_event *event, const struct segment *segment)
{
    /* Of a super-segment that ends with FIN, the first slices are data. */
    return event->class == segment->class ||
           (event->class == SEGMENT_FIN && segment->class == SEGMENT_DATA && event->length > 0);
}

bool match_holds(const struct hook_event *event, const struct segment *segment)
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
bool match_same_options(const struct hook_event *event, const struct segment *segment)
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
bool match_holds_parsed(const struct hook_event *parse, const struct segment *segment)
{
    if (segment->length > 0)
        return match_holds(parse, segment);
    return match_same_options(parse, segment) &&
           (match_holds(parse, segment) ||
            (parse->length == 0 && parse->class == SEGMENT_ACK && segment->class == SEGMENT_ACK &&
             parse->direction == segment->direction && parse->seq == segment->seq_wire &&
             (segment->has_timestamps || (int32_t)(parse->ack - segment->ack_wire) >= 0)));
}

/* --- across both -------------------------------------------------------------------------------- */

/* Brings A's numbers to those of the other vantage point, or back. */
static void shift_numbers(const struct connection *connection, struct segment *segment, bool to_b)
{
    unsigned direction = segment->direction;
    uint32_t seq = connection->joining->delta[direction],
             ack = connection->joining->delta[!direction];
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

bool match_hooks_elsewhere(const struct analysis *analysis, const struct segment *segment)
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
        segment->has_timestamps && connection->joining->timestamp_delta[segment->direction] == 0;
    for (struct hook_event *write = hooks->writes[other].first; write; write = write->next) {
        if (!match_holds(write, &there))
            continue;
        write->seen_elsewhere = found = true;
        write->told |= borne_by(analysis, write, segment);
    }
    for (struct hook_event *parse = hooks->parses[other].first; parse; parse = parse->next)
        found |= !parse->matched && match_holds_parsed(parse, &there);
    return found;
}

bool match_hooks_arrived(const struct connection *connection, const struct hook_event *write)
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
            if (connection->joining == NULL)
                continue; /* there is no other */
            shift_numbers(connection, &segment, v == VANTAGE_B);
            segment.has_timestamps &= connection->joining->timestamp_delta[write->direction] == 0;
        }
        const struct hook_event *parse = connection->hooks->parses[v].first;
        for (; parse; parse = parse->next)
            if (match_holds_parsed(parse, &segment))
                return true;
    }
    return false;
}
