/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - the connections that are not yet given back. See live.h.
 *
 * A list with the newest in front; each knows the pointer that points at it.
 */
#include "analyze/live.h"

#include <stddef.h>

static struct joining *joining_new(struct analysis *analysis)
{
    struct joining *joining = slab_take(&analysis->joinings);
    joining->lanes = slab_take(&analysis->lanes);
    return joining;
}

struct connection *live_new(struct analysis *analysis)
{
    struct connection *connection = slab_take(&analysis->connections);
    connection->id = ++analysis->next_id;
    if (analysis->n_vantages > 1)
        connection->joining = joining_new(analysis);
    connection->next = analysis->live;
    connection->link = &analysis->live;
    if (analysis->live)
        analysis->live->link = &connection->next;
    else
        analysis->oldest = connection;
    analysis->live = connection;
    return connection;
}

struct connection *live_newer(const struct analysis *analysis, const struct connection *connection)
{
    if (connection->link == (struct connection **)&analysis->live)
        return NULL;
    return (struct connection *)((char *)connection->link - offsetof(struct connection, next));
}

void live_take_out(struct analysis *analysis, struct connection *connection)
{
    if (analysis->oldest == connection)
        analysis->oldest = live_newer(analysis, connection);
    if (analysis->hand == connection)
        analysis->hand = live_newer(analysis, connection);
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
}
