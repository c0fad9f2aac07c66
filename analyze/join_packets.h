/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join_packets.h - which segment at A is which at B, in sequence space.
 *
 * A segment that finds its counterpart is judged with it and forgotten; one that does not, waits.
 * Segments that one vantage point shows in other pieces than the other (TSO, GRO, boxes that split
 * and coalesce) are joined by the sequence numbers that they cover.
 */
#ifndef OPTRAIL_ANALYZE_JOIN_PACKETS_H
#define OPTRAIL_ANALYZE_JOIN_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/model.h"

struct join;

struct join *join_new(void);
void join_free(struct join *join);

/*
 * How many segments may wait at a time: about 300 octets each. Beyond, those that have waited
 * longest are given up: nothing is claimed of them, nor of what could have been their counterpart.
 */
enum { WAITING_MAX = 1 << 20 };

/* Joins a segment with what waits, or lets a copy of it wait. */
void join_segment(struct analysis *analysis, struct segment *segment);

/* Sorts what waits at B in anew, after the translation of sequence numbers was learnt. */
void join_retranslate(struct analysis *analysis, struct connection *connection);

/* All that waits of one connection waits of another now, or finds its counterpart there. */
void join_take_over(struct analysis *analysis, struct connection *into, struct connection *from,
                    unsigned vantage);

/*
 * The connection is over: joins what only fits with less demanding rules and has the rest judged
 * as missing. Nothing of it waits afterwards.
 */
void join_flush(struct analysis *analysis, struct connection *connection);

#endif
