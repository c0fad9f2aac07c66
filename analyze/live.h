/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - the connections that are not yet given back, in the order in which they began.
 */
#ifndef OPTRAIL_ANALYZE_LIVE_H
#define OPTRAIL_ANALYZE_LIVE_H

#include "analyze/model.h"

/* A new connection, of no side yet. Whether there is room for it the caller has seen to. */
struct connection *live_new(struct analysis *analysis);

/* Takes a connection out of the list; who looks for one to drop goes on behind it. */
void live_take_out(struct analysis *analysis, struct connection *connection);

/* The one that began next; NULL: none did. */
struct connection *live_newer(const struct analysis *analysis, const struct connection *connection);

#endif
