/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.h - findings: what happened, how often, in which frames, and how sure that is.
 */
#ifndef OPTRAIL_ANALYZE_EVIDENCE_H
#define OPTRAIL_ANALYZE_EVIDENCE_H

#include "analyze/model.h"

struct sighting { /* one instance of what a finding speaks of */
    enum verdict verdict;
    enum confidence confidence;
    unsigned direction;            /* of the connection */
    const struct identity *option; /* NULL: not about one */
    uint8_t kind;                  /* the option's, as it stood on the wire; 0: its usual one */
    int segment;                   /* enum segment_class, -1: not about a class */
    uint64_t frame_a, frame_b;     /* 0: none */
    uint64_t event;                /* frame number of a hook record; 0: none */
    unsigned event_vantage;
    const char *detail; /* kept of the first instance; NULL: none */
    unsigned absent_at; /* claims that this vantage's packets lack something; VANTAGES: no */
    bool absent_events; /* claims that hook records of `events_at` lack something ... */
    unsigned events_at;
    uint64_t from_ns, to_ns; /* ... in that stretch of time */
    bool beside;             /* speaks of a segment that the packets may speak of by themselves */
};

/* Adds an instance to its finding, which is made when there is none. */
struct evidence *evidence_add(struct analysis *analysis, struct connection *connection,
                              const struct sighting *sighting);

/* The same, with the row of the same option, direction and class, which makes it quicker. */
struct evidence *evidence_add_to(struct analysis *analysis, struct row *row,
                                 const struct sighting *sighting);

/*
 * One more instance of what was counted last with that row, whose frames are of no interest any
 * more, since it names enough: NULL when it is not as simple as that, and nothing was counted.
 */
static inline struct evidence *evidence_again(struct row *row, enum verdict verdict,
                                              enum confidence confidence, bool at_a, bool at_b)
{
    struct evidence *e = row->said;
    if (e == NULL || e->verdict != verdict || e->confidence > confidence || e->absent_events ||
        (at_a && e->n_frames[VANTAGE_A] < REPORT_FRAMES) ||
        (at_b && e->n_frames[VANTAGE_B] < REPORT_FRAMES))
        return NULL;
    e->count++;
    return e;
}

/* All findings of one connection become another's. */
void evidence_move(struct analysis *analysis, struct connection *into, struct connection *from);

/* Frees the findings of a connection. */
void evidence_clear(struct analysis *analysis, struct connection *connection);

/* For the table of findings behind the first ones. */
guint evidence_hash(gconstpointer evidence);
gboolean evidence_equal(gconstpointer a, gconstpointer b);

/* Adds one more frame to a finding's evidence, if there is room. */
void evidence_frame(struct evidence *evidence, enum vantage vantage, uint64_t frame);

/* At the end: nothing can be claimed any more, for a reason that is copied. */
void evidence_doubt(struct analysis *analysis, struct evidence *evidence, enum verdict verdict,
                    const char *why);

/*
 * Takes back what was claimed to be absent from hook records, where the end of the input tells of
 * losses that were not known when it was claimed. When everything was read.
 */
void evidence_withdraw(struct analysis *analysis, struct connection *connection);

/* Puts a finished connection's findings into the report, in words, and frees them. */
void evidence_report(struct analysis *analysis, struct connection *connection);

/* explain.c: the sentence for a finding. Free with g_free(). */
char *explain(const struct analysis *analysis, const struct connection *connection,
              const struct evidence *evidence);

#endif
