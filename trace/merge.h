/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.h - putting the records of several sources into one order of time.
 *
 * Each source gives its records almost in order, and late by some milliseconds: they wait here,
 * copied, until nothing older can come any more.
 */
#ifndef OPTRAIL_TRACE_MERGE_H
#define OPTRAIL_TRACE_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "wire/pcapng_write.h"

struct merge;

/* Takes one record, the oldest; `packet` is valid during the call. 0 or a negative errno. */
typedef int (*merge_sink)(void *user, const struct pcapng_packet *packet);

/* Never NULL. Free with merge_free(), which drops what still waits. */
struct merge *merge_new(merge_sink sink, void *user);
void merge_free(struct merge *merge);

/* Adds a record; its octets are copied, a comment is not kept. */
void merge_push(struct merge *merge, const struct pcapng_packet *packet);

/*
 * Hands every record with a time before `time_ns` to the sink, in order of time; records of the
 * same time in the order in which they were added. 0, or what the sink returned: it is then not
 * asked again and the rest is dropped.
 */
int merge_until(struct merge *merge, uint64_t time_ns);

/* Records that wait, and those that came after a younger one had been handed over. */
size_t merge_waiting(const struct merge *merge);
uint64_t merge_late(const struct merge *merge);

/* Forgets how far it has come: for when the clock was set back. Hands over all that waits. */
int merge_restart(struct merge *merge);

#endif
