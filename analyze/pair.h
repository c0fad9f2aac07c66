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

/* Forgets a side that is about to be freed. */
void pair_forget(struct pairing *pairing, struct side *side);

#endif
