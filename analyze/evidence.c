/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.c - findings: what happened, how often, in which frames, and how sure that is.
 */
#include "analyze/evidence.h"

#include <string.h>

static struct evidence *evidence_of(struct analysis *analysis, struct connection *connection,
                                    const struct sighting *s)
{
    struct evidence **link = &connection->evidence;
    for (; *link; link = &(*link)->next) {
        struct evidence *e = *link;
        if (e->verdict == s->verdict && e->option == s->option && e->direction == s->direction &&
            e->segment == s->segment)
            return e;
    }
    struct evidence *e = slab_take(&analysis->evidence);
    e->verdict = (uint8_t)s->verdict;
    e->confidence = (uint8_t)s->confidence;
    e->direction = (uint8_t)s->direction;
    e->option = s->option;
    e->kind = s->kind == 0 && s->option ? s->option->kind : s->kind;
    e->segment = (int8_t)s->segment;
    e->detail = g_strdup(s->detail);
    e->absent_at = (uint8_t)s->absent_at;
    e->absent_events = s->absent_events;
    *link = e;
    return e;
}

void evidence_frame(struct evidence *evidence, enum vantage vantage, uint64_t frame)
{
    if (frame != 0 && evidence->n_frames[vantage] < REPORT_FRAMES)
        evidence->frames[vantage][evidence->n_frames[vantage]++] = frame;
}

struct evidence *evidence_add(struct analysis *analysis, struct connection *connection,
                              const struct sighting *s)
{
    struct evidence *e = evidence_of(analysis, connection, s);
    e->count++;
    e->confidence = MIN(e->confidence, (uint8_t)s->confidence);
    evidence_frame(e, VANTAGE_A, s->frame_a);
    evidence_frame(e, VANTAGE_B, s->frame_b);
    if (s->event != 0 && e->n_events < REPORT_FRAMES) {
        e->events[e->n_events] = s->event;
        e->event_vantage[e->n_events++] = (uint8_t)s->event_vantage;
    }
    return e;
}

static void report_evidence(struct analysis *analysis, const struct connection *connection,
                            const struct evidence *e)
{
    struct report_finding *out = report_add_finding(analysis->report);
    out->verdict = e->verdict;
    out->flow = connection->id;
    out->direction = e->direction < DIRECTIONS ? connection_direction(connection, e->direction)
                                               : DIRECTION_UNKNOWN;
    out->option = e->option ? g_strdup(e->option->name) : NULL;
    out->segment = e->segment;
    out->count = e->count;
    out->confidence = e->confidence;
    out->n_frames_a = e->n_frames[VANTAGE_A];
    out->n_frames_b = e->n_frames[VANTAGE_B];
    out->n_events = e->n_events;
    memcpy(out->frames_a, e->frames[VANTAGE_A], sizeof(out->frames_a));
    memcpy(out->frames_b, e->frames[VANTAGE_B], sizeof(out->frames_b));
    memcpy(out->events, e->events, sizeof(out->events));
    for (unsigned i = 0; i < e->n_events; i++)
        out->event_vantage[i] = e->event_vantage[i] == VANTAGE_A ? 'a' : 'b';
    out->explain = explain(analysis, connection, e);
}

void evidence_report(struct analysis *analysis, struct connection *connection)
{
    struct evidence *next;
    for (struct evidence *e = connection->evidence; e; e = next) {
        next = e->next;
        report_evidence(analysis, connection, e);
        g_free(e->detail);
        slab_give(&analysis->evidence, e);
    }
    connection->evidence = NULL;
}
