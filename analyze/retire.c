/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retire.c - what is over makes room, and what is too much is dropped. See retire.h. */
#include "analyze/retire.h"

#include "analyze/evidence.h"
#include "analyze/finish.h"
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/live.h"
#include "analyze/tell.h"
#include "analyze/trail.h"

enum { LOOK_AT = 64 }; /* connections, to find one to drop */

/* --- giving back ------------------------------------------------------------------------------- */

/* All of it but what went to the report. */
static void give_back(struct analysis *analysis, struct connection *connection)
{
    live_take_out(analysis, connection);
    trail_clear(analysis, connection);
    evidence_clear(analysis, connection);
    finish_joining(analysis, connection); /* of one that was merged: it is not finished */
    g_free(connection->mptcp);
    for (unsigned v = 0; v < VANTAGES; v++)
        if (connection->sides[v])
            slab_give(&analysis->sides, connection->sides[v]);
    slab_give(&analysis->connections, connection);
}

/* --- over -------------------------------------------------------------------------------------- */

/* The end of the input may say that packets were lost, and not where: then these fall. */
static bool claims_absence(const struct row *row)
{
    static const enum verdict CLAIMS[] = {VERDICT_SEGMENT_LOST, VERDICT_SEGMENT_DUPLICATED,
                                          VERDICT_PATH_RST_INJECTED, VERDICT_HOOK_NOT_ON_WIRE};
    for (unsigned i = 0; i < G_N_ELEMENTS(CLAIMS); i++)
        if (row->counts[CLAIMS[i]] > 0)
            return true;
    return false;
}

/* Whatever is still to come changes nothing in what is said of it. */
static bool is_settled(const struct analysis *analysis, const struct connection *connection)
{
    for (unsigned v = 0; v < analysis->n_vantages; v++)
        if (analysis->inputs[v]->has_hooks)
            return false;
    for (const struct evidence *e = connection->evidence; e; e = e->next)
        if (e->absent_at < VANTAGES || e->absent_events)
            return false;
    for (const struct row *row = connection->rows; row; row = row->next)
        if (claims_absence(row))
            return false;
    return !judge_syns_later(analysis, connection);
}

/* What one capture says of every option of which nothing can be said. */
static bool is_doubt_of_one(const struct analysis *analysis, unsigned verdict)
{
    return analysis->n_vantages == 1 && verdict == VERDICT_INCONCLUSIVE_NOT_COVERED;
}

/* Nothing to say, or that all arrived as it was sent, or that one capture cannot tell. */
static bool is_uneventful(const struct analysis *analysis, const struct connection *connection,
                          bool *doubt)
{
    *doubt = false;
    for (const struct evidence *e = connection->evidence; e; e = e->next)
        if (e->verdict != VERDICT_OPTION_INTACT && !is_doubt_of_one(analysis, e->verdict))
            return false;
    for (const struct row *row = connection->rows; row; row = row->next)
        for (unsigned v = VERDICT_NONE + 1; row->shown && v < VERDICTS; v++) {
            if (v == VERDICT_OPTION_INTACT || row->counts[v] == 0)
                continue;
            *doubt = true;
            if (!is_doubt_of_one(analysis, v))
                return false;
        }
    return true;
}

static void note_unlisted(struct report *report, bool doubt)
{
    report->flows_unlisted++;
    report->unlisted_in_doubt |= doubt;
}

void retire_later(struct analysis *analysis, struct connection *connection)
{
    connection->closing = true;
    connection->closed_next = NULL;
    *(analysis->closed_last ? &analysis->closed_last->closed_next : &analysis->closed) = connection;
    analysis->closed_last = connection;
    analysis->n_closed++;
}

struct connection *retire_next(struct analysis *analysis)
{
    struct connection *connection = analysis->closed;
    analysis->closed = connection->closed_next;
    if (analysis->closed == NULL)
        analysis->closed_last = NULL;
    analysis->n_closed--;
    connection->closing = false;
    return connection;
}

bool retire(struct analysis *analysis, struct connection *connection)
{
    struct report *report = analysis->report;
    bool doubt;
    finish_connection(analysis, connection);
    if (!is_settled(analysis, connection))
        return false;
    judge_syns_note(analysis, connection);
    bool listed = report->flows->len < analysis->connections_max / LISTED_PART;
    if (!listed && is_uneventful(analysis, connection, &doubt))
        note_unlisted(report, doubt);
    else if (report->flows->len < analysis->connections_max)
        tell_connection(analysis, connection);
    else
        report->flows_dropped++;
    give_back(analysis, connection);
    return true;
}

bool retire_merged(struct analysis *analysis, struct connection *connection)
{
    give_back(analysis, connection);
    return true;
}

/* --- too many ---------------------------------------------------------------------------------- */

/* Nobody has acknowledged anything. */
static bool is_half_open(const struct connection *connection)
{
    for (unsigned v = 0; v < VANTAGES; v++) {
        const struct side *side = connection->sides[v];
        if (side && (side->has_ack[FROM_CLIENT] || side->has_ack[FROM_SERVER]))
            return false;
    }
    return true;
}

/* The next one that is half-open, else the next one at all; closed ones have their own queue. */
static struct connection *one_to_drop(struct analysis *analysis)
{
    struct connection *any = NULL, *c = analysis->hand ? analysis->hand : analysis->oldest;
    for (unsigned i = 0; c && i < LOOK_AT; i++, c = live_newer(analysis, c)) {
        if (c->closing || c->merged)
            continue;
        if (is_half_open(c)) {
            any = c;
            break;
        }
        any = any ? any : c;
    }
    analysis->hand = c; /* NULL at the newest: it begins anew at the oldest */
    return any;
}

void retire_make_room(struct analysis *analysis)
{
    if (analysis->connections.in_use < analysis->connections_max)
        return;
    struct connection *connection = one_to_drop(analysis);
    if (connection == NULL && analysis->closed) { /* without waiting for stragglers */
        connection = retire_next(analysis);
        if (connection->merged ? retire_merged(analysis, connection) : retire(analysis, connection))
            return;
    }
    if (connection == NULL)
        return; /* where it looked, all have become part of others */
    for (unsigned v = 0; v < VANTAGES && connection->joining; v++)
        for (unsigned d = 0; d < DIRECTIONS; d++)
            connection->joining->gave_up[v][d] = true;
    analysis->report->flows_dropped++;
    analysis->report->flows_dropped_half_open += is_half_open(connection);
    finish_connection(analysis, connection);
    give_back(analysis, connection);
}
