/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tell.c - from a judged connection to the report. See tell.h. */
#include "analyze/tell.h"

#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/join_hooks.h"
#include "analyze/mptcp.h"
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
    if (connection->sides[VANTAGE_A] && connection->sides[VANTAGE_B]) {
        const struct joining *joining = connection->joining;
        unsigned forward = connection->swapped ? FROM_SERVER : FROM_CLIENT;
        flow->paired_by = joining->paired_by;
        flow->has_delta = joining->pairs > 0;
        flow->delta_forward = joining->delta[forward];
        flow->delta_reverse = joining->delta[!forward];
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

void tell_connection(struct analysis *analysis, struct connection *connection)
{
    withdraw_claims(analysis, connection);
    report_flow(analysis, connection);
    trail_report(analysis, connection);
    evidence_report(analysis, connection);
    g_free(connection->mptcp);
    connection->mptcp = NULL;
}
