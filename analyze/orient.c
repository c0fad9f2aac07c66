/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orient.c - which vantage point is nearer the client of a connection, without any clock.
 *
 * Hooks know their own end. Else the handshake: between SYN and SYN-ACK more time passes the
 * farther one stands from the server, each measured on one clock. Else hop counts: a segment has
 * been routed more often where its TTL is lower. Else A is taken for the client's side.
 */
#include "analyze/join_hooks.h"
#include "analyze/judge.h"

static bool by_hooks(struct connection *connection)
{
    for (unsigned vantage = 0; vantage < VANTAGES; vantage++)
        for (unsigned end = 0; end < DIRECTIONS; end++) {
            if (!join_hooks_at(connection, vantage, end) ||
                join_hooks_at(connection, vantage, !end))
                continue; /* none here, or of both ends in one file: they tell nothing */
            bool client = connection_direction(connection, end) == DIRECTION_FORWARD;
            connection->client_vantage = (uint8_t)(client ? vantage : !vantage);
            return true;
        }
    return false;
}

static bool by_handshake(struct connection *connection)
{
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    if (!a || !b || connection->terminated || !a->syn_ns || !a->synack_ns || !b->syn_ns ||
        !b->synack_ns || a->synack_ns < a->syn_ns || b->synack_ns < b->syn_ns)
        return false;
    uint64_t gap_a = a->synack_ns - a->syn_ns, gap_b = b->synack_ns - b->syn_ns;
    if (gap_a == gap_b)
        return false;
    connection->client_vantage = gap_a > gap_b ? VANTAGE_A : VANTAGE_B;
    return true;
}

static bool by_hop_count(struct connection *connection, const struct segment *a,
                         const struct segment *b)
{
    if (a == NULL || b == NULL || a->ttl == b->ttl)
        return false;
    bool a_first = a->ttl > b->ttl;
    bool forward = connection_direction(connection, a->direction) == DIRECTION_FORWARD;
    connection->client_vantage = a_first == forward ? VANTAGE_A : VANTAGE_B;
    return true;
}

bool orient(struct analysis *analysis, struct connection *connection, const struct segment *a,
            const struct segment *b, bool must)
{
    if (connection->oriented != ORIENTED_NOT)
        return true;
    if (analysis->n_vantages == 1) {
        if (by_hooks(connection))
            connection->oriented = ORIENTED_HOOKS;
        return must;
    }
    if (by_hooks(connection))
        connection->oriented = ORIENTED_HOOKS;
    else if (by_handshake(connection))
        connection->oriented = ORIENTED_HANDSHAKE;
    else if (must && by_hop_count(connection, a, b))
        connection->oriented = ORIENTED_TTL;
    else if (must)
        connection->oriented = ORIENTED_DEFAULT;
    return connection->oriented != ORIENTED_NOT;
}
