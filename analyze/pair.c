/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair.c - which connection at A is which at B.
 *
 * A side is paired when it is first seen, with a side of the other vantage point that has no
 * counterpart yet. The same endpoints are the same connection if the initial sequence numbers
 * agree (or the SYNs' timestamps do, where sequence numbers are rewritten): a port that was used
 * again has another number. Behind address translation the initial sequence number itself finds
 * the counterpart, confirmed by whatever the translation left alone.
 */
#include "analyze/pair.h"

#include "analyze/flows.h"

#include <string.h>

struct pairing {
    GHashTable *by_isn[VANTAGES]; /* client's initial sequence number -> GPtrArray of struct side */
};

struct pairing *pairing_new(void)
{
    struct pairing *pairing = g_new0(struct pairing, 1);
    for (unsigned v = 0; v < VANTAGES; v++)
        pairing->by_isn[v] = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                                   (GDestroyNotify)g_ptr_array_unref);
    return pairing;
}

void pairing_free(struct pairing *pairing)
{
    if (pairing == NULL)
        return;
    for (unsigned v = 0; v < VANTAGES; v++)
        g_hash_table_destroy(pairing->by_isn[v]);
    g_free(pairing);
}

static void index_add(struct pairing *pairing, struct side *side)
{
    gpointer key = GUINT_TO_POINTER(side->isn[FROM_CLIENT]);
    GPtrArray *sides = g_hash_table_lookup(pairing->by_isn[side->vantage], key);
    if (sides == NULL) {
        sides = g_ptr_array_new();
        g_hash_table_insert(pairing->by_isn[side->vantage], key, sides);
    }
    g_ptr_array_add(sides, side);
    side->indexed = true;
}

void pair_forget(struct pairing *pairing, struct side *side)
{
    if (!side->indexed)
        return;
    gpointer key = GUINT_TO_POINTER(side->isn[FROM_CLIENT]);
    GPtrArray *sides = g_hash_table_lookup(pairing->by_isn[side->vantage], key);
    if (sides) {
        g_ptr_array_remove(sides, side);
        if (sides->len == 0)
            g_hash_table_remove(pairing->by_isn[side->vantage], key);
    }
    side->indexed = false;
}

static bool is_single(const struct side *side)
{
    return side->connection && side->connection->sides[!side->vantage] == NULL;
}

/* --- by endpoints ----------------------------------------------------------------------------- */

static bool same_incarnation(const struct side *side, const struct side *other)
{
    if (!side->has_isn[FROM_CLIENT] || !other->has_isn[FROM_CLIENT])
        return true; /* one of them was not seen from its beginning */
    if (side->client_is_low != other->client_is_low)
        return false;
    if (side->isn[FROM_CLIENT] == other->isn[FROM_CLIENT])
        return true;
    return side->has_syn_tsval && other->has_syn_tsval && side->syn_tsval == other->syn_tsval;
}

static struct side *by_tuple(struct analysis *analysis, const struct side *side)
{
    struct side *found = NULL;
    struct side *other = flow_table_find(analysis->tables[!side->vantage], &side->key, side->hash);
    for (; other; other = other->older) {
        if (!is_single(other) || !same_incarnation(side, other))
            continue;
        if (side->has_isn[FROM_CLIENT] && other->has_isn[FROM_CLIENT])
            return other; /* handshakes agree: nothing can be better */
        if (found == NULL)
            found = other;
    }
    return found;
}

/* --- by initial sequence number --------------------------------------------------------------- */

static const struct endpoint *client_of(const struct side *side)
{
    return side->client_is_low ? &side->key.low : &side->key.high;
}

static const struct endpoint *server_of(const struct side *side)
{
    return side->client_is_low ? &side->key.high : &side->key.low;
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* Something that address translation left alone, beside the initial sequence number. */
static bool something_else_agrees(const struct side *side, const struct side *other)
{
    const struct endpoint *client = client_of(side), *server = server_of(side);
    const struct endpoint *other_client = client_of(other), *other_server = server_of(other);
    if (side->has_syn_tsval && other->has_syn_tsval)
        return side->syn_tsval == other->syn_tsval || server->port == other_server->port;
    return client->port == other_client->port || server->port == other_server->port ||
           same_address(client, other_client) || same_address(server, other_server);
}

static struct side *by_isn(struct analysis *analysis, const struct side *side)
{
    struct side *found = NULL;
    if (!side->has_isn[FROM_CLIENT])
        return NULL;
    GPtrArray *sides = g_hash_table_lookup(analysis->pairing->by_isn[!side->vantage],
                                           GUINT_TO_POINTER(side->isn[FROM_CLIENT]));
    for (unsigned i = 0; sides && i < sides->len; i++) {
        struct side *other = g_ptr_array_index(sides, i);
        if (!is_single(other) || !something_else_agrees(side, other))
            continue;
        if (found)
            return NULL; /* two could be meant: neither is */
        found = other;
    }
    return found;
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
    const char *name; /* paired_by */
    struct side *(*find)(struct analysis *analysis, const struct side *side);
} METHODS[] = {
    {"tuple", by_tuple},
    {"isn", by_isn},
};

static struct connection *connection_new(struct analysis *analysis)
{
    struct connection *connection = slab_take(&analysis->connections);
    connection->id = ++analysis->next_id;
    connection->next = analysis->live;
    connection->link = &analysis->live;
    if (analysis->live)
        analysis->live->link = &connection->next;
    analysis->live = connection;
    return connection;
}

/* What the first segment tells before the side has a connection: numbers to pair by. */
static void note_first(struct side *side, const struct packet *first)
{
    uint32_t tsecr;
    if (!(first->flags & TCP_SYN) || first->flags & TCP_RST)
        return;
    bool synack = first->flags & TCP_ACK;
    side->isn[FROM_CLIENT] = synack ? first->ack - 1 : first->seq;
    side->has_isn[FROM_CLIENT] = true;
    if (synack) {
        side->isn[FROM_SERVER] = first->seq;
        side->has_isn[FROM_SERVER] = true;
    } else {
        side->has_syn_tsval =
            tcp_options_timestamps(tcp_options_of(first), &side->syn_tsval, &tsecr);
    }
}

void pair_side(struct analysis *analysis, struct side *side, const struct packet *first)
{
    struct side *other = NULL;
    const char *method = NULL;
    if (first)
        note_first(side, first);
    for (unsigned i = 0; analysis->n_vantages > 1 && other == NULL && i < G_N_ELEMENTS(METHODS);
         i++) {
        other = METHODS[i].find(analysis, side);
        method = METHODS[i].name;
    }
    if (other == NULL) {
        side->connection = connection_new(analysis);
        side->connection->sides[side->vantage] = side;
        if (analysis->n_vantages > 1 && side->has_isn[FROM_CLIENT])
            index_add(analysis->pairing, side);
        return;
    }
    struct connection *connection = other->connection;
    pair_forget(analysis->pairing, other);
    if (flow_key_equal(&side->key, &other->key) && side->client_is_low != other->client_is_low) {
        /* One of them guessed who is the client; the connection keeps the direction it began with. */
        side->client_is_low = other->client_is_low;
        if (side->has_isn[FROM_CLIENT]) {
            uint32_t isn = side->isn[FROM_CLIENT];
            bool has = side->has_isn[FROM_SERVER];
            side->isn[FROM_CLIENT] = side->isn[FROM_SERVER];
            side->has_isn[FROM_CLIENT] = has;
            side->isn[FROM_SERVER] = isn;
            side->has_isn[FROM_SERVER] = true;
        }
    }
    side->connection = connection;
    connection->sides[side->vantage] = side;
    connection->paired_by = method;
}
