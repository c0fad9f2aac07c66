/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * retire.h - what is over makes room, and what is too much is dropped and counted.
 *
 * State is kept for connections that are under way. One that is over goes to the report, or is only
 * counted when there is nothing to say of it and the report names many already; its state is given
 * back. It is kept to the end when the end of the input may change what is said of it: a capture
 * may tell at its end that it lost packets. When there are more connections at a time than there is
 * room for, half-open ones are dropped first, the longest known before the others.
 */
#ifndef OPTRAIL_ANALYZE_RETIRE_H
#define OPTRAIL_ANALYZE_RETIRE_H

#include "analyze/model.h"

enum {
    CONNECTIONS_MAX = 1 << 19, /* at a time: about 0.4 KB each, 1 KB with two captures */
    LISTED_PART = 4 /* of that, are listed of which there is nothing to say, or that all arrived */
};

/* Both ends have closed: it waits for stragglers, and is the next one in its turn. */
void retire_later(struct analysis *analysis, struct connection *connection);
struct connection *retire_next(struct analysis *analysis);

/* A connection is over: finishes it and gives it back if it can be given back: then true. */
bool retire(struct analysis *analysis, struct connection *connection);

/* One of which nothing is left, since it went to another. True. */
bool retire_merged(struct analysis *analysis, struct connection *connection);

/* There will be one more connection: drops another when there is no room. */
void retire_make_room(struct analysis *analysis);

#endif
