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
 * The rings of `cpus` CPUs, each of `slots` (a power of two), in `memory`, which stays the
 * caller's. Free with g_free().
 */
struct observer_rings *observer_rings_new(void *memory, unsigned cpus, unsigned slots);

/*
 * Gives what is published, at most `most` events of each ring, to the sink: how many. Events of
 * one ring come in the order in which observers began to write them.
 */
unsigned observer_rings_fetch(struct observer_rings *rings, unsigned most, observer_ring_sink sink,
                              void *user);

/*
 * The moment (MONOTONIC) up to which the last fetch gave everything: UINT64_MAX when no ring had
 * more than it was asked for.
 */
uint64_t observer_rings_complete_ns(const struct observer_rings *rings);

/* Events that found no room, in all rings. */
uint64_t observer_rings_lost(const struct observer_rings *rings);

#endif
