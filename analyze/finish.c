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

void finish_joining(struct analysis *analysis, struct connection *connection)
{
    if (connection->lanes)
        slab_give(&analysis->lanes, connection->lanes);
    if (connection->passages)
        slab_give(&analysis->passages, connection->passages);
    connection->lanes = NULL;
    connection->passages = NULL;
}

void finish_connection(struct analysis *analysis, struct connection *connection)
{
    if (connection->finished)
        return;
    connection->finished = true;
    orient(analysis, connection, NULL, NULL, true);
    judge_undecided(analysis, connection);
    if (connection->lanes)
        join_flush(analysis, connection);
    join_hooks_flush(analysis, connection);
    join_hooks_clear(analysis, connection);
    judge_path(analysis, connection);
    judge_mptcp(analysis, connection);
    judge_answers(analysis, connection);
    if (connection->arrived_again)
        g_array_free(connection->arrived_again, TRUE);
    connection->arrived_again = NULL;
    finish_joining(analysis, connection);
    for (unsigned v = 0; v < VANTAGES; v++)
        if (connection->sides[v])
            side_forget(analysis, connection->sides[v]);
}
