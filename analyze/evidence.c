/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.c - findings: what happened, how often, in which frames, and how sure that is.
 */
#include "analyze/evidence.h"

#include <string.h>

#include "analyze/input.h"

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
    e->segment = s->segment < 0 ? -1 : (int8_t)s->segment;
    e->detail = g_strdup(s->detail);
    e->absent_at = (uint8_t)s->absent_at;
    *link = e;
    return e;
}

void evidence_frame(struct evidence *evidence, enum vantage vantage, uint64_t frame)
{
    for (unsigned i = 0; i < evidence->n_frames[vantage]; i++)
        if (evidence->frames[vantage][i] == frame)
            return;
    if (frame != 0 && evidence->n_frames[vantage] < REPORT_FRAMES)
        evidence->frames[vantage][evidence->n_frames[vantage]++] = frame;
}

/* Losses are told by the record behind them: a later one may yet tell of this stretch of time. */
static void note_absent_events(const struct analysis *analysis, struct evidence *e,
                               const struct sighting *s)
{
    guint known = analysis->inputs[s->events_at]->lost_events.list->len;
    e->from_ns = e->absent_events ? MIN(e->from_ns, s->from_ns) : s->from_ns;
    e->to_ns = MAX(e->to_ns, s->to_ns);
    e->gaps_known = e->absent_events ? MIN(e->gaps_known, known) : known;
    e->events_at = (uint8_t)s->events_at;
    e->absent_events = true;
}

struct evidence *evidence_add(struct analysis *analysis, struct connection *connection,
                              const struct sighting *s)
{
    struct evidence *e = evidence_of(analysis, connection, s);
    if (s->beside)
        e->beside++;
    else
        e->count++;
    if (s->absent_events)
        note_absent_events(analysis, e, s);
    e->confidence = MIN(e->confidence, (uint8_t)s->confidence);
    evidence_frame(e, VANTAGE_A, s->frame_a);
    evidence_frame(e, VANTAGE_B, s->frame_b);
    if (s->event != 0 && e->n_events < REPORT_FRAMES) {
        e->events[e->n_events] = s->event;
        e->event_vantage[e->n_events++] = (uint8_t)s->event_vantage;
    }
    return e;
}

static void withdraw(struct connection *connection, struct evidence *e)
{
    for (struct row *row = connection->rows; row; row = row->next) {
        if (row->option != e->option || row->direction != e->direction ||
            (int)row->segment != e->segment)
            continue;
        row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST] += row->counts[e->verdict];
        row->counts[e->verdict] = 0;
    }
    e->verdict = VERDICT_INCONCLUSIVE_EVENTS_LOST;
    e->confidence = CONFIDENCE_INCONCLUSIVE;
    g_free(e->detail);
    e->detail = g_strdup("the recorder lost some at that time");
}

void evidence_withdraw(struct analysis *analysis, struct connection *connection)
{
    for (struct evidence *e = connection->evidence; e; e = e->next)
        if (e->absent_events && input_lost_events_since(analysis->inputs[e->events_at],
                                                        e->gaps_known, e->from_ns, e->to_ns))
            withdraw(connection, e);
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
    out->segment = (int)e->segment;
    out->count = MAX(e->count, e->beside);
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
