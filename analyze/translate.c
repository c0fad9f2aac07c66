/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translate.c - one space of sequence numbers for both vantage points.
 *
 * Specification: RFC 9293 section 3.4 (sequence numbers modulo 2^32), RFC 7323 (timestamps).
 */
#include "analyze/translate.h"

/* Where unwrapped numbers begin: so that a keep-alive one octet before the start is no wrap. */
static const uint64_t UNWRAPPED_START = 1ull << 32;

bool translate_learn(struct connection *connection)
{
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    bool changed = false;
    if (a == NULL || b == NULL)
        return false;
    for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
        if (!a->has_isn[direction] || !b->has_isn[direction] ||
            connection->joining->delta_state[direction] == DELTA_LEARNT)
            continue;
        uint32_t delta = b->isn[direction] - a->isn[direction];
        changed |= delta != connection->joining->delta[direction];
        connection->joining->delta[direction] = delta;
        connection->joining->delta_state[direction] = DELTA_LEARNT;
    }
    return changed;
}

static uint64_t unwrap(struct connection *connection, const struct segment *segment, uint32_t seq)
{
    uint64_t *last = &connection->last_seq[segment->direction];
    if (*last == 0)
        return *last = UNWRAPPED_START + seq;
    int32_t step = (int32_t)(seq - (uint32_t)*last);
    uint64_t unwrapped = *last + (uint64_t)(int64_t)step;
    /* A reset may bear any number: it does not lead the others away. */
    if (step > 0 && segment->class != SEGMENT_RST)
        *last = unwrapped;
    return unwrapped;
}

void translate_segment(struct connection *connection, struct segment *segment)
{
    unsigned direction = segment->direction;
    uint32_t seq = translate_number(connection, segment->vantage, direction, segment->seq_wire);
    segment->ack = translate_number(connection, segment->vantage, !direction, segment->ack_wire);
    segment->seq = unwrap(connection, segment, seq);
}

bool translate_timestamps_agree(const struct connection *connection, const struct segment *a,
                                const struct segment *b)
{
    unsigned direction = a->direction;
    if (!a->has_timestamps || !b->has_timestamps)
        return true;
    if (connection->joining->timestamp_state[direction] == TIMESTAMPS_CHANGING)
        return true;
    return b->tsval - a->tsval == connection->joining->timestamp_delta[direction];
}

void translate_learn_timestamps(struct connection *connection, const struct segment *a,
                                const struct segment *b)
{
    unsigned direction = a->direction;
    if (!a->has_timestamps || !b->has_timestamps)
        return;
    uint32_t delta = b->tsval - a->tsval;
    if (connection->joining->timestamp_state[direction] == TIMESTAMPS_UNKNOWN) {
        connection->joining->timestamp_delta[direction] = delta;
        connection->joining->timestamp_state[direction] = TIMESTAMPS_CONSTANT;
    }
    if (delta == connection->joining->timestamp_delta[direction])
        connection->joining->timestamp_misses[direction] = 0;
}
