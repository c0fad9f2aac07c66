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

struct pairing;

struct pairing *pairing_new(void);
void pairing_free(struct pairing *pairing);

/*
 * Gives a new side its connection: that of its counterpart at the other vantage point when one is
 * known, else one of its own. `first` is the side's first segment, NULL when a hook made it.
 */
void pair_side(struct analysis *analysis, struct side *side, const struct packet *first);

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
void pair_payload_forget(struct analysis *analysis, struct side *side);

struct payload_index;
struct payload_index *payload_index_new(void);
void payload_index_free(struct payload_index *index);

/*
 * Makes one connection of two that have one side each, at different vantage points, with the same
 * directions. All of `from` goes over to `into`; `from` stays behind, merged.
 */
void connection_merge(struct analysis *analysis, struct connection *into, struct connection *from);

/* Forgets a side that is about to be freed. */
void pair_forget(struct pairing *pairing, struct side *side);

#endif
