/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair_index.h - sides by what may find their counterpart: what their SYNs bear, and what they carry.
 */
#ifndef OPTRAIL_ANALYZE_PAIR_INDEX_H
#define OPTRAIL_ANALYZE_PAIR_INDEX_H

#include <stdbool.h>

#include "analyze/model.h"

/* What a SYN bears: each an index of its own. */
enum pair_key { PAIR_ISN, PAIR_JOIN, PAIR_TSVAL, PAIR_KEYS };

struct pairing;

struct pairing *pairing_new(void);
void pairing_free(struct pairing *pairing);

/* Lets a side be found by what its SYN bears. */
void pair_index_syn(struct pairing *pairing, struct side *side);

/* The sides of that vantage point whose SYN bears the same as that of `side`; NULL: none. */
const GPtrArray *pair_index_alike(const struct pairing *pairing, const struct side *side,
                                  enum pair_key which, enum vantage vantage);

/* Lets a side be found by a piece of payload, unless it has shown many already. */
void pair_index_payload(struct pairing *pairing, struct side *side, uint64_t key);

/*
 * The sides of that vantage point that showed the payload; NULL: none. Of too many to tell of, some,
 * and a NULL behind them.
 */
const GPtrArray *pair_index_carrying(const struct pairing *pairing, enum vantage vantage,
                                     uint64_t key);

/* How many streams began with that payload, paired or not; some may be others'. It saturates. */
uint8_t *pair_index_streams(struct pairing *pairing, enum vantage vantage, uint64_t key);

/* Nothing finds this side any more: it has its counterpart, or is about to be freed. */
void pair_forget(struct pairing *pairing, struct side *side);

#endif
