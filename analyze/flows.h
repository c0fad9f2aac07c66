/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flows.h - the connections that one vantage point sees.
 *
 * Found by endpoints; a SYN with another initial sequence number starts a new incarnation of the
 * same pair of ports.
 */
#ifndef OPTRAIL_ANALYZE_FLOWS_H
#define OPTRAIL_ANALYZE_FLOWS_H

#include <stdbool.h>

#include "analyze/model.h"
#include "wire/hook.h"
#include "wire/packet.h"

struct flow_table;

struct flow_table *flow_table_new(void);
void flow_table_free(struct flow_table *table);

/* The newest incarnation of these endpoints, or NULL. */
struct side *flow_table_find(const struct flow_table *table, const struct flow_key *key,
                             uint64_t hash);

/* Calls `visit` for every side that has no connection yet: only hooks were seen of it. */
void flow_table_visit_waiting(const struct flow_table *table,
                              void (*visit)(struct side *side, void *context), void *context);

/* A side of hooks alone, for which there is no room: forgotten and freed, and counted. */
void flows_drop_waiting(struct analysis *analysis, struct side *side);

/* Forgets one incarnation; does not free it. */
void flow_table_remove(struct flow_table *table, struct side *side);

/*
 * The side that a segment belongs to, made when there was none; `*made` is true when it has no
 * connection yet. `*from_low` tells who sent the segment, in the order of the key.
 */
struct side *flows_of_segment(struct analysis *analysis, enum vantage vantage,
                              const struct packet *packet, uint64_t time_ns, bool *from_low,
                              bool *made);

/* The same for a hook record; `*local_low` tells which end the hook ran at. */
struct side *flows_of_hook(struct analysis *analysis, enum vantage vantage,
                           const struct hook_record *hook, uint64_t time_ns, bool *local_low,
                           bool *made);

/*
 * Notes what a segment says about its connection: sequence numbers that handshakes name, who is
 * the client, how it ends. Needs side->connection. True when an initial sequence number is new.
 */
bool flows_note_segment(struct side *side, const struct packet *packet, unsigned direction,
                        uint64_t time_ns, uint64_t frame);

/* True when both ends have closed, as this vantage point saw it. */
static inline bool side_closed(const struct side *side)
{
    return side->rst || (side->fin[FROM_CLIENT] && side->fin[FROM_SERVER]);
}

#endif
