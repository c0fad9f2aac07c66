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

enum { COVER_RANGES = 6, COVER_FRAMES = 4 };

struct cover { /* which part of a waiting segment was seen in other pieces, and how it looked */
    uint32_t from[COVER_RANGES], to[COVER_RANGES]; /* offsets into the segment, disjoint */
    uint8_t n_ranges;
    uint8_t n_pieces;              /* saturates */
    uint32_t covered;              /* octets */
    uint32_t longest_piece;        /* payload of the longest */
    uint32_t kept_by_any;          /* a bit per option of the segment: intact on some piece ... */
    uint32_t kept_by_all;          /* ... and on all of them */
    uint32_t changed_by_any;       /* on some piece with other octets */
    uint64_t payload;              /* what the pieces add to the whole's fingerprint ... */
    bool payload_unknown;          /* ... unless one was cut or sticks out */
    bool again;                    /* some piece was a retransmission */
    bool shortened;                /* some piece has a shorter header */
    uint64_t frames[COVER_FRAMES]; /* of the first pieces, at the other vantage point */
    uint8_t n_frames;
};

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

/* Segments that wait now. */
size_t join_waiting(const struct join *join);

#endif
