/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair.h - which connection at A is which at B.
 *
 * Methods in the order of their strength; the first that gives one answer is taken, and its name
 * is reported. Each is one row of a table in pair.c.
 */
#ifndef OPTRAIL_ANALYZE_PAIR_H
#define OPTRAIL_ANALYZE_PAIR_H

#include "analyze/model.h"
#include "wire/packet.h"

/*
 * Gives a new side the connection of its counterpart at the other vantage point; false when none is
 * known. `first` is the side's first segment, NULL when a hook made it.
 */
bool pair_side(struct analysis *analysis, struct side *side, const struct packet *first);

/* Gives a side without a counterpart a connection of its own, for which there is room. */
void pair_alone(struct analysis *analysis, struct side *side);

/* --- pair_payload.c --------------------------------------------------------------------------- */

/*
 * A side has shown payload: when it has no counterpart, looks for one with the same endpoints that
 * showed the same. When there is one, both become one connection, `segment` belongs to it, and true
 * is returned.
 */
bool pair_by_payload(struct analysis *analysis, struct side *side, struct segment *segment,
                     const struct packet *packet);
/* When nothing more of it will come: the same without waiting for anything better. */
bool pair_late_same(struct analysis *analysis, struct side *side);
/* At the end: the same, and for one with other endpoints, if that payload is nobody else's. */
void pair_late(struct analysis *analysis, struct side *side);

/* --- merge.c ---------------------------------------------------------------------------------- */

/*
 * Makes one connection of two that have one side each, at different vantage points, with the same
 * directions. All of `from` goes over to `into`; `from` stays behind, merged.
 */
void connection_merge(struct analysis *analysis, struct connection *into, struct connection *from);

#endif
