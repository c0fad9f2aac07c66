/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.c - findings: what happened, how often, in which frames, and how sure that is.
 */
#include "analyze/evidence.h"

#include <string.h>

#include "analyze/input.h"

/* --- finding a finding ------------------------------------------------------------------------ */

guint evidence_hash(gconstpointer key)
{
    const struct evidence *e = key;
    uint64_t h = (uint64_t)e->connection * 0x9e3779b97f4a7c15ull ^ (uint64_t)e->option;
    h = h * 0xff51afd7ed558ccdull ^ (uint64_t)e->verdict << 16 ^ (uint64_t)e->direction << 8 ^
        (uint8_t)e->segment;
    return (guint)(h * 0x9e3779b97f4a7c15ull >> 32);
}

gboolean evidence_equal(gconstpointer a, gconstpointer b)
{
    const struct evidence *e = a, *f = b;
    return e->connection == f->connection && e->verdict == f->verdict && e->option == f->option &&
           e->direction == f->direction && e->segment == f->segment;
}

/* Where those end that are walked along: NULL there, if there are fewer. */
static struct evidence **behind_the_first(struct connection *connection, unsigned *walked)
{
    struct evidence **link = &connection->evidence;
    for (*walked = 0; *link && *walked < LISTED_AT_FIRST; ++*walked)
        link = &(*link)->next;
    return link;
}

/* Puts it into the list of its connection, which has none like it. */
static void put(struct analysis *analysis, struct evidence *e)
{
    struct connection *connection = e->connection;
    unsigned walked;
    struct evidence **link = behind_the_first(connection, &walked);
    e->next = *link;
    *link = e;
    e->hashed = walked == LISTED_AT_FIRST;
    if (!e->hashed)
        return;
    connection->more_evidence++;
    g_hash_table_add(analysis->evidence_more, e);
}

static struct evidence *find(struct analysis *analysis, const struct evidence *key)
{
    unsigned walked = 0;
    for (struct evidence *e = key->connection->evidence; e && walked < LISTED_AT_FIRST;
         e = e->next, walked++)
        if (evidence_equal(e, key))
            return e;
    return walked < LISTED_AT_FIRST ? NULL : g_hash_table_lookup(analysis->evidence_more, key);
}

static bool are_too_many(const struct analysis *analysis, const struct evidence *key)
{
    return key->option && key->option->desc == NULL &&
           (key->connection->more_evidence >= LISTED_MORE ||
            g_hash_table_size(analysis->evidence_more) >= LISTED_MORE_IN_ALL);
}

static struct evidence *evidence_of(struct analysis *analysis, struct connection *connection,
                                    const struct sighting *s)
{
    struct evidence key = {.connection = connection,
                           .verdict = (uint8_t)s->verdict,
                           .option = s->option,
                           .direction = (uint8_t)s->direction,
                           .segment = s->segment < 0 ? -1 : (int8_t)s->segment};
    struct evidence *e = find(analysis, &key);
    if (e == NULL && are_too_many(analysis, &key)) {
        key.option = identities_others(analysis->identities);
        e = find(analysis, &key);
    }
    if (e)
        return e;
    e = slab_take(&analysis->evidence);
    *e = key;
    e->confidence = (uint8_t)s->confidence;
    e->kind = s->kind == 0 && s->option ? s->option->kind : s->kind;
    if (key.option == identities_others(analysis->identities))
        e->kind = 0; /* of several */
    e->detail = g_strdup(s->detail);
    e->absent_at = (uint8_t)s->absent_at;
    put(analysis, e);
    return e;
}

/* --- counting --------------------------------------------------------------------------------- */

void evidence_frame(struct evidence *evidence, enum vantage vantage, uint64_t frame)
{
    if (frame == 0 || evidence->n_frames[vantage] == REPORT_FRAMES)
        return;
    for (unsigned i = 0; i < evidence->n_frames[vantage]; i++)
        if (evidence->frames[vantage][i] == frame)
            return;
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

static void count(const struct analysis *analysis, struct evidence *e, const struct sighting *s)
{
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
}

struct evidence *evidence_add(struct analysis *analysis, struct connection *connection,
                              const struct sighting *s)
{
    struct evidence *e = evidence_of(analysis, connection, s);
    count(analysis, e, s);
    return e;
}

struct evidence *evidence_add_to(struct analysis *analysis, struct row *row,
                                 const struct sighting *s)
{
    if (row->said == NULL || row->said->verdict != s->verdict)
        row->said = evidence_of(analysis, row->connection, s);
    count(analysis, row->said, s);
    return row->said;
}

void evidence_move(struct analysis *analysis, struct connection *into, struct connection *from)
{
    for (struct evidence *e = from->evidence, *next; e; e = next) {
        next = e->next;
        if (e->hashed)
            g_hash_table_remove(analysis->evidence_more, e);
        e->connection = into;
        put(analysis, e);
    }
    from->evidence = NULL;
}

/* --- taking back ------------------------------------------------------------------------------ */

void evidence_doubt(struct analysis *analysis, struct evidence *e, enum verdict verdict,
                    const char *why)
{
    if (e->hashed) /* by its verdict, too */
        g_hash_table_remove(analysis->evidence_more, e);
    e->hashed = false;
    e->verdict = (uint8_t)verdict;
    e->confidence = CONFIDENCE_INCONCLUSIVE;
    g_free(e->detail);
    e->detail = g_strdup(why);
}

static void withdraw(struct analysis *analysis, struct connection *connection, struct evidence *e)
{
    for (struct row *row = connection->rows; row; row = row->next) {
        if (row->option != e->option || row->direction != e->direction ||
            (int)row->segment != e->segment)
            continue;
        row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST] += row->counts[e->verdict];
        row->counts[e->verdict] = 0;
    }
    evidence_doubt(analysis, e, VERDICT_INCONCLUSIVE_EVENTS_LOST,
                   "the recorder lost some at that time");
}

void evidence_withdraw(struct analysis *analysis, struct connection *connection)
{
    for (struct evidence *e = connection->evidence; e; e = e->next)
        if (e->absent_events && input_lost_events_since(analysis->inputs[e->events_at],
                                                        e->gaps_known, e->from_ns, e->to_ns))
            withdraw(analysis, connection, e);
}

/* --- into the report -------------------------------------------------------------------------- */

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
    for (struct evidence *e = connection->evidence; e; e = e->next)
        report_evidence(analysis, connection, e);
    evidence_clear(analysis, connection);
}

void evidence_clear(struct analysis *analysis, struct connection *connection)
{
    for (struct evidence *e = connection->evidence, *next; e; e = next) {
        next = e->next;
        if (e->hashed)
            g_hash_table_remove(analysis->evidence_more, e);
        g_free(e->detail);
        slab_give(&analysis->evidence, e);
    }
    connection->evidence = NULL;
}
