/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translate.h - one space of sequence numbers for both vantage points.
 *
 * A box on the path may add a constant to the sequence numbers of each direction and to timestamps.
 * The common space is A's; B's numbers are brought there by what the handshakes told.
 */
#ifndef OPTRAIL_ANALYZE_TRANSLATE_H
#define OPTRAIL_ANALYZE_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/model.h"

/* Learns B minus A from initial sequence numbers that both sides know. True when it changed. */
bool translate_learn(struct connection *connection);

/* A sequence number of a direction, as a vantage point saw it, in the common space. */
static inline uint32_t translate_number(const struct connection *connection, unsigned vantage,
                                        unsigned direction, uint32_t wire)
{
    return vantage == VANTAGE_B ? wire - connection->joining->delta[direction] : wire;
}

/* Fills `seq` and `ack` of a segment from what it was captured with. */
void translate_segment(struct connection *connection, struct segment *segment);

/*
 * Whether the timestamps of a segment at A and one at B agree with what is known of the
 * translation. True as well when one of them has none.
 */
bool translate_timestamps_agree(const struct connection *connection, const struct segment *a,
                                const struct segment *b);

/* Learns from a joined pair how TSval is translated. */
void translate_learn_timestamps(struct connection *connection, const struct segment *a,
                                const struct segment *b);

#endif
