/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_ring.h - the recorder's side of the rings of observer.h: one per CPU, in memory that the
 * observers write and the recorder reads.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_RING_H
#define OPTRAIL_TRACE_OBSERVER_RING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/observer.h"

struct observer_rings;

/* Takes an event of a CPU: `size` octets with what programs reported, valid during the call. */
typedef void (*observer_ring_sink)(void *user, unsigned cpu, const struct observer_event *event,
                                   size_t size);

/* Octets that the map of rings takes for each CPU, and for all. */
size_t observer_ring_size(unsigned slots);

/*
 * The rings of `cpus` CPUs, each of `slots` (a power of two, or 0), in `memory`, which stays the
 * caller's. Free with g_free().
 */
struct observer_rings *observer_rings_new(void *memory, unsigned cpus, unsigned slots);

/*
 * Gives what is published, at most `most` events of each ring, to the sink: how many. Events of
 * one ring come in the order in which observers began to write them. An event without a time has
 * that of the next; where none comes before the fetch after this one, the moment of that fetch.
 */
unsigned observer_rings_fetch(struct observer_rings *rings, unsigned most, observer_ring_sink sink,
                              void *user);

/* Nothing more will come: an event that waits for the next one to learn its time waits no longer. */
void observer_rings_end(struct observer_rings *rings);

/* Tells the observers (struct observer_ring) what is attached. */
void observer_rings_set_overlap(struct observer_rings *rings, bool overlap);
void observer_rings_set_entry(struct observer_rings *rings, bool entry);

/*
 * The moment (MONOTONIC) up to which the last fetch gave everything: UINT64_MAX when no ring had
 * more than it was asked for.
 */
uint64_t observer_rings_complete_ns(const struct observer_rings *rings);

/* Events that found no room, in all rings. */
uint64_t observer_rings_lost(const struct observer_rings *rings);

#endif
