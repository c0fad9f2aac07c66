/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * waiting.h - segments that wait for their counterparts: found by key, and by sequence number.
 *
 * Copies under one key stand in a row of their own, the oldest first, so that a run of a million
 * identical acknowledgements costs its neighbours nothing. How far anybody walks along such rows and
 * lanes is limited per connection: each segment brings so many steps, and some are there to begin
 * with. Beyond, nothing is claimed.
 */
#ifndef OPTRAIL_ANALYZE_WAITING_H
#define OPTRAIL_ANALYZE_WAITING_H

#include <stdbool.h>

#include "analyze/model.h"

enum {
    STEPS_PER_SEGMENT = 64,
    STEPS_AT_FIRST = 1 << 18,
    STEPS_ALWAYS = 16 /* copies that are looked at, whatever was spent */
};

struct
    join { /* what waits, by key; the two vantage points apart, so that each looks at the other */
    struct segment **buckets[VANTAGES]; /* the oldest copy of each key */
    size_t n_buckets;                   /* a power of two, each */
    size_t n_waiting;
    struct segment *oldest, *newest; /* all that waits, by how long */
};

/* Sets the hash of a segment's key, when its connection and its numbers are known. */
void waiting_key(struct segment *segment);

/* What waits at the other vantage point under the same key: the oldest, then `copy_next`. */
struct segment *waiting_copies(const struct join *join, const struct segment *segment);

/* Lets `segment` wait: false when its place is too far to walk to. It stays where it is. */
bool waiting_add(struct join *join, struct segment *segment);
void waiting_remove(struct join *join, struct segment *segment);

/* One step along a row or a lane: false when the connection has no more. */
static inline bool waiting_step(struct connection *connection)
{
    return connection->joining->steps_spent < STEPS_AT_FIRST && ++connection->joining->steps_spent;
}

/* A segment came: it brings steps. */
static inline void waiting_earn_steps(struct connection *connection)
{
    connection->joining->steps_spent -=
        MIN(connection->joining->steps_spent, (uint32_t)STEPS_PER_SEGMENT);
}

#endif
