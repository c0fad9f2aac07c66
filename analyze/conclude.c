/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conclude.c - from judged connections to the report. See conclude.h.
 *
 * Connections are numbered in the order in which they were first seen. Those that went to the report
 * early (retire.h) bear their provisional number there until all are known.
 */
#include "analyze/conclude.h"

#include "analyze/clock.h"
#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/join_hooks.h"
#include "analyze/judge.h"
#include "analyze/mptcp.h"
#include "analyze/mptcp_events.h"
#include "analyze/overall.h"
#include "analyze/pair.h"
#include "analyze/retire.h"
#include "analyze/trail.h"

static char *end_text(const struct side *side, bool low)
{
    char text[ENDPOINT_TEXT_MAX];
    if (side == NULL)
        return NULL;
    return g_strdup(endpoint_text(low ? &side->key.low : &side->key.high, text));
}

static char *client_text(const struct connection *connection, unsigned vantage, bool client)
{
    const struct side *side = connection->sides[vantage];
    return side ? end_text(side, (side->client_is_low != connection->swapped) == client) : NULL;
}

static void report_mptcp(const struct connection *connection, struct report_flow *flow)
{
    const struct mptcp *mptcp = connection->mptcp;
    uint32_t hook_token = connection->hooks ? connection->hooks->token : 0;
    if ((mptcp == NULL || mptcp->group == NULL) && hook_token == 0)
        return;
    flow->has_mptcp = true;
    flow->token = mptcp && mptcp->group ? mptcp->group->token : hook_token;
    flow->subflow = mptcp ? mptcp->subflow : 0;
    flow->role = mptcp && mptcp->join ? "join" : "initial";
}

static void report_flow(struct analysis *analysis, const struct connection *connection)
{
    struct report_flow *flow = report_add_flow(analysis->report);
    flow->id = connection->id;
    flow->client = client_text(connection, VANTAGE_A, true);
    flow->server = client_text(connection, VANTAGE_A, false);
    flow->client_b = client_text(connection, VANTAGE_B, true);
    flow->server_b = client_text(connection, VANTAGE_B, false);
    flow->paired_by = connection->paired_by;
    if (connection->sides[VANTAGE_A] && connection->sides[VANTAGE_B]) {
        unsigned forward = connection->swapped ? FROM_SERVER : FROM_CLIENT;
        flow->has_delta = connection->pairs > 0;
        flow->delta_forward = connection->delta[forward];
        flow->delta_reverse = connection->delta[!forward];
    }
    if (analysis->n_vantages > 1 && connection->oriented != ORIENTED_NOT)
        flow->client_side = connection->client_vantage == VANTAGE_A ? 'a' : 'b';
    else if (connection->oriented == ORIENTED_HOOKS && connection->client_vantage == VANTAGE_A)
        flow->client_side = 'a';
    report_mptcp(connection, flow);
}

static void withdraw_count(struct row *row, enum verdict verdict)
{
    row->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS] += row->counts[verdict];
    row->counts[verdict] = 0;
}

/*
 * Absence was claimed before the whole capture was read; at its end it may say that it lost
 * packets, and not where.
 */
static void withdraw_claims(struct analysis *analysis, struct connection *connection)
{
    evidence_withdraw(analysis, connection);
    for (struct evidence *e = connection->evidence; e; e = e->next) {
        if (e->absent_at >= analysis->n_vantages ||
            !input_lost_packets_somewhere(analysis->inputs[e->absent_at]))
            continue;
        evidence_doubt(analysis, e, VERDICT_INCONCLUSIVE_CAPTURE_LOSS,
                       "the capture says that it lost packets, but not where");
    }
    for (struct row *row = connection->rows; row && analysis->n_vantages > 1; row = row->next) {
        enum vantage near = connection_upstream(connection, row->direction);
        if (input_lost_packets_somewhere(analysis->inputs[!near])) {
            withdraw_count(row, VERDICT_SEGMENT_LOST);
            withdraw_count(row, VERDICT_SYN_BLOCKED);
        }
        if (input_lost_packets_somewhere(analysis->inputs[near])) {
            withdraw_count(row, VERDICT_HOOK_NOT_ON_WIRE);
            withdraw_count(row, VERDICT_SEGMENT_DUPLICATED);
            withdraw_count(row, VERDICT_PATH_RST_INJECTED);
        }
    }
}

void conclude_connection(struct analysis *analysis, struct connection *connection)
{
    withdraw_claims(analysis, connection);
    report_flow(analysis, connection);
    trail_report(analysis, connection);
    evidence_report(analysis, connection);
    g_free(connection->mptcp);
    connection->mptcp = NULL;
}

/* --- numbers ----------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct connection *const *c = a, *const *d = b;
    return (*c)->id < (*d)->id ? -1 : 1;
}

static int flows_by_id(const void *a, const void *b)
{
    const struct report_flow *const *c = a, *const *d = b;
    return (*c)->id < (*d)->id ? -1 : 1;
}

/* Rank of a provisional number among those that went to the report early, from 0. */
static unsigned rank_of(const GArray *early, unsigned id)
{
    unsigned low = 0, high = early->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(early, unsigned, middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Numbers without gaps, for what is in the report already and for what goes there now. */
static void number_all(struct analysis *analysis, GPtrArray *left)
{
    struct report *report = analysis->report;
    g_autoptr(GArray) early = g_array_sized_new(FALSE, FALSE, sizeof(unsigned), report->flows->len);
    g_autoptr(GArray) final = g_array_sized_new(FALSE, FALSE, sizeof(unsigned), report->flows->len);
    unsigned id = 0, next = 0;
    g_ptr_array_sort(report->flows, flows_by_id);
    for (unsigned i = 0; i < report->flows->len; i++) {
        struct report_flow *flow = g_ptr_array_index(report->flows, i);
        while (next < left->len &&
               ((struct connection *)g_ptr_array_index(left, next))->id < flow->id)
            ((struct connection *)g_ptr_array_index(left, next++))->id = ++id;
        g_array_append_val(early, flow->id);
        flow->id = ++id;
        g_array_append_val(final, flow->id);
    }
    while (next < left->len)
        ((struct connection *)g_ptr_array_index(left, next++))->id = ++id;
    for (unsigned i = 0; i < report->options->len; i++) {
        struct report_option *row = g_ptr_array_index(report->options, i);
        row->flow = g_array_index(final, unsigned, rank_of(early, row->flow));
    }
    for (unsigned i = 0; i < report->findings->len; i++) {
        struct report_finding *finding = g_ptr_array_index(report->findings, i);
        finding->flow = g_array_index(final, unsigned, rank_of(early, finding->flow));
    }
}

/* --- the whole --------------------------------------------------------------------------------- */

void conclude(struct analysis *analysis)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    for (struct connection *c = analysis->live; c && analysis->n_vantages > 1; c = c->next)
        if (!c->finished && c->sides[VANTAGE_A] == NULL && c->sides[VANTAGE_B])
            pair_late(analysis, c->sides[VANTAGE_B]);
    for (struct connection *c = analysis->live; c; c = c->next)
        if (!c->merged)
            g_ptr_array_add(left, c);
    g_ptr_array_sort(left, by_id);
    for (unsigned i = 0; i < left->len; i++)
        connection_finish(analysis, g_ptr_array_index(left, i));
    number_all(analysis, left);
    judge_syns(analysis);
    for (unsigned i = 0; i < left->len; i++)
        conclude_connection(analysis, g_ptr_array_index(left, i));
    analysis->report->n_inputs = analysis->n_vantages;
    for (unsigned v = 0; v < analysis->n_vantages; v++)
        input_report(analysis->inputs[v], &analysis->report->inputs[v]);
    if (analysis->n_vantages > 1)
        clock_report(analysis->clock, &analysis->report->clock);
    judge_inputs(analysis);
    mptcp_events_link(analysis->report);
    report_sort(analysis->report);
    analysis->report->overall = overall_verdict(analysis->report);
}
