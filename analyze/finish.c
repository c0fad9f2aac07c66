/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finish.c - a connection is over: what is left of it is judged. See finish.h. */
#include "analyze/finish.h"

#include "analyze/flows.h"
#include "analyze/join_hooks.h"
#include "analyze/join_packets.h"
#include "analyze/judge.h"
#include "analyze/mptcp.h"
#include "analyze/pair_index.h"

static void side_forget(struct analysis *analysis, struct side *side)
{
    pair_forget(analysis->pairing, side);
    flow_table_remove(analysis->tables[side->vantage], side);
}

/* What is of no use when all is joined; the rest goes to the report. */
static void give_back_places(struct analysis *analysis, struct joining *joining)
{
    if (joining->lanes)
        slab_give(&analysis->lanes, joining->lanes);
    if (joining->passages)
        slab_give(&analysis->passages, joining->passages);
    if (joining->arrived_again)
        g_array_free(joining->arrived_again, TRUE);
    joining->lanes = NULL;
    joining->passages = NULL;
    joining->arrived_again = NULL;
}

void finish_joining(struct analysis *analysis, struct connection *connection)
{
    if (connection->joining == NULL)
        return;
    give_back_places(analysis, connection->joining);
    slab_give(&analysis->joinings, connection->joining);
    connection->joining = NULL;
}

void finish_connection(struct analysis *analysis, struct connection *connection)
{
    if (connection->finished)
        return;
    connection->finished = true;
    orient(analysis, connection, NULL, NULL, true);
    judge_undecided(analysis, connection);
    if (connection->joining)
        join_flush(analysis, connection);
    join_hooks_flush(analysis, connection);
    join_hooks_clear(analysis, connection);
    judge_path(analysis, connection);
    judge_mptcp(analysis, connection);
    judge_answers(analysis, connection);
    if (connection->joining)
        give_back_places(analysis, connection->joining);
    for (unsigned v = 0; v < VANTAGES; v++)
        if (connection->sides[v])
            side_forget(analysis, connection->sides[v]);
}
