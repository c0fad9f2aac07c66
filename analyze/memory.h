/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - what was seen lately, in tables of a fixed size: the newest overwrites the oldest.
 *
 * Forgetting loses a finding, and makes none.
 */
#ifndef OPTRAIL_ANALYZE_MEMORY_H
#define OPTRAIL_ANALYZE_MEMORY_H

#include <stdbool.h>

#include "analyze/model.h"

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *memory);

/*
 * A number by which a captured segment is known. What stands there is fetched into the cache, so
 * that the call of memory_segment() that follows a little later need not wait for it.
 */
uint64_t memory_recall(const struct memory *memory, const struct segment *segment);

/*
 * Remembers a captured segment by that number; what it is to an equal one seen before in the same file.
 * `interface` is that of the capture, `cooked` when that interface stands for several.
 */
enum twin memory_segment(struct memory *memory, uint64_t identity, const struct segment *segment,
                         uint32_t interface, bool cooked);

/* Remembers the octets of an option that a vantage point saw in a direction. */
void memory_option(struct memory *memory, const struct segment *segment, const uint8_t *octets,
                   unsigned length);

/* Whether the same octets came the other way before, at the vantage point of `segment`. */
bool memory_option_came(const struct memory *memory, const struct segment *segment,
                        const uint8_t *octets, unsigned length);

#endif
