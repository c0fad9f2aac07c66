/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * learn.c - how sequence numbers are rewritten, of connections whose handshake one capture lacks.
 *
 * Payload that occurs under two numbers at one vantage point (zeros, a repeated request) has no
 * vote. The others must agree in their majority: an equal segment of another stretch of the stream
 * is outvoted.
 */
#include "analyze/learn.h"

enum { VOTES_MIN = 2 }; /* one equal segment may be another of the same octets */

struct ballot {
    GHashTable *votes; /* difference -> how many */
    unsigned n;
};

static void ballot_add(struct ballot *ballot, uint32_t delta)
{
    gpointer key = GUINT_TO_POINTER(delta);
    unsigned votes = GPOINTER_TO_UINT(g_hash_table_lookup(ballot->votes, key)) + 1;
    g_hash_table_insert(ballot->votes, key, GUINT_TO_POINTER(votes));
    ballot->n++;
}

/* The difference that more than half voted for. */
static bool ballot_winner(const struct ballot *ballot, uint32_t *delta)
{
    GHashTableIter iter;
    gpointer key, votes;
    g_hash_table_iter_init(&iter, ballot->votes);
    while (g_hash_table_iter_next(&iter, &key, &votes))
        if (GPOINTER_TO_UINT(votes) >= VOTES_MIN && GPOINTER_TO_UINT(votes) * 2 > ballot->n) {
            *delta = GPOINTER_TO_UINT(key);
            return true;
        }
    return false;
}

static uint64_t key_of(const struct segment *s)
{
    return s->payload * 31 + s->length;
}

/* Segments of a lane by their payload; a NULL where the same payload has two numbers. */
static GHashTable *by_payload(const struct lane *lane)
{
    GHashTable *table = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (struct segment *s = lane->first; s; s = s->later) {
        gpointer key = GSIZE_TO_POINTER(key_of(s)), other;
        if (!s->payload_known)
            continue;
        bool there = g_hash_table_lookup_extended(table, key, NULL, &other);
        if (!there)
            g_hash_table_insert(table, key, s);
        else if (other && ((struct segment *)other)->seq_wire != s->seq_wire)
            g_hash_table_insert(table, key, NULL);
    }
    return table;
}

static bool settle(struct connection *connection, unsigned direction, const struct ballot *ballot)
{
    uint32_t delta;
    if (connection->joining->delta_state[direction] == DELTA_LEARNT ||
        !ballot_winner(ballot, &delta))
        return false;
    bool changed = connection->joining->delta[direction] != delta;
    connection->joining->delta[direction] = delta;
    connection->joining->delta_state[direction] = DELTA_LEARNT;
    return changed;
}

static bool learn_direction(struct connection *connection, unsigned direction)
{
    const struct lane *a = &connection->joining->lanes[VANTAGE_A][direction];
    const struct lane *b = &connection->joining->lanes[VANTAGE_B][direction];
    if (a->first == NULL || b->first == NULL)
        return false;
    g_autoptr(GHashTable) at_a = by_payload(a);
    g_autoptr(GHashTable) at_b = by_payload(b);
    struct ballot own = {g_hash_table_new(g_direct_hash, g_direct_equal), 0};
    struct ballot other = {g_hash_table_new(g_direct_hash, g_direct_equal), 0};
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, at_b);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct segment *t = value, *s = g_hash_table_lookup(at_a, key);
        if (s == NULL || t == NULL)
            continue;
        ballot_add(&own, t->seq_wire - s->seq_wire);
        if (s->flags & t->flags & TCP_ACK)
            ballot_add(&other, t->ack_wire - s->ack_wire);
    }
    bool changed = settle(connection, direction, &own);
    changed |= settle(connection, !direction, &other);
    g_hash_table_destroy(own.votes);
    g_hash_table_destroy(other.votes);
    return changed;
}

bool learn_translation(struct connection *connection)
{
    bool changed = false;
    for (unsigned d = 0; d < DIRECTIONS; d++)
        if (connection->joining->delta_state[FROM_CLIENT] == DELTA_PRESUMED ||
            connection->joining->delta_state[FROM_SERVER] == DELTA_PRESUMED)
            changed |= learn_direction(connection, d);
    return changed;
}
