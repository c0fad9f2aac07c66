/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chain.h - the behaviours that stand in the path, one behind the other, and what they remember.
 *
 * A segment from the client passes the stages in the order they were named, one from the server in
 * the opposite order, as with boxes that stand in a row. Memory is bounded: so many connections,
 * so many segments held back; the oldest make room.
 */
#ifndef OPTRAIL_LAB_CHAIN_H
#define OPTRAIL_LAB_CHAIN_H

#include <glib.h>
#include <stdio.h>

#include "lab/forwarder/frame.h"
#include "lab/forwarder/link.h"
#include "lab/forwarder/settings.h"

enum {
    CHAIN_STAGES_MAX = 8,
    CHAIN_CONNECTIONS_MAX = 20000,
    CHAIN_HELD_MAX = 1024,
};

struct chain;
struct stage;

enum fate { PASS, TAKEN }; /* TAKEN: dropped, held, or passed on already */

struct behaviour {
    const char *name;
    const char *keys; /* settings that it knows besides affect and port */
    bool cuts;        /* wants single segments, no super-segments */
    bool watches;     /* sees every segment of an affected connection, chosen or not */
    /* `chosen`: the segment is one that direction, segments and nth ask for. */
    enum fate (*act)(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen);
};

/* All of them, ended by one without a name. */
extern const struct behaviour behaviours[];

struct held {
    struct frame *frame;
    struct stage *stage;
    gint64 until_us;  /* monotonic */
    uint32_t to_pass; /* segments that shall overtake it */
};

/* What a stage remembers of a connection. */
struct memory {
    uint32_t count[2];    /* segments chosen from, by direction */
    struct held *held[2]; /* owned by the chain */
    uint8_t options[TCP_OPTIONS_MAX];
    uint8_t options_length;
};

struct connection {
    struct flow_key key;
    uint32_t number; /* from 0, in the order of the SYNs */
    uint32_t isn;
    bool syn_seen;
    GList order; /* in chain->by_age; data is the connection */
    struct memory memory[];
};

struct stage {
    const struct behaviour *behaviour;
    struct settings settings;
    unsigned index; /* in chain->stages */
};

struct chain {
    struct link links[2]; /* FORWARD leaves by links[1], REVERSE by links[0] */
    struct stage stages[CHAIN_STAGES_MAX];
    unsigned n_stages;
    GHashTable *connections; /* by key */
    GQueue by_age;
    uint32_t next_number;
    GQueue held;   /* struct held, in no order */
    FILE *account; /* what the behaviours did, see note.h; NULL: nobody asked. Not owned. */
};

void chain_init(struct chain *chain);
void chain_free(struct chain *chain);

/*
 * Adds the stages that the words name: NAME [KEY=VALUE]... [NAME...]. False with an error for a
 * word that is neither.
 */
bool chain_parse(struct chain *chain, char **words, GError **error);

/* Takes a frame from a link: through all stages and out by the other. */
void chain_take(struct chain *chain, struct frame *frame);

/* Milliseconds until a held segment must go, for poll(); -1: none is held. */
int chain_timeout(const struct chain *chain);

/* Lets go of what was held long enough. */
void chain_expire(struct chain *chain);

/* --- for behaviours ------------------------------------------------------------------------------ */

static inline struct memory *stage_memory(const struct stage *stage, const struct frame *frame)
{
    return &frame->connection->memory[stage->index];
}

/* Passes a frame on to what stands behind a stage in the frame's direction. */
void chain_pass_on(struct chain *chain, const struct stage *stage, struct frame *frame);

/* Keeps a copy back, one per stage, connection and direction, for settings.wait_ms at most. */
struct held *chain_hold(struct chain *chain, struct stage *stage, struct frame *frame);

/* Passes a held segment on and forgets it. */
void chain_release(struct chain *chain, struct held *held);

#endif
