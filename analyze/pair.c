/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair.c - which connection at A is which at B.
 *
 * A side is paired when it is first seen, with a side of the other vantage point that has no
 * counterpart yet. The same endpoints are the same connection if the initial sequence numbers
 * agree (or the SYNs' timestamps do, where sequence numbers are rewritten): a port that was used
 * again has another number. Behind address translation the initial sequence number itself finds
 * the counterpart, confirmed by whatever the translation left alone; or the token and nonce of an
 * MP_JOIN; or, where the sequence number is rewritten too, the SYN's timestamp. What has no
 * counterpart then may find it by its payload: pair_payload.c.
 */
#include "analyze/pair.h"

#include "analyze/flows.h"
#include "analyze/live.h"
#include "analyze/mptcp.h"
#include "analyze/pair_index.h"

#include <string.h>

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
    /* Hosts that share a clock for all connections give a proxy's SYN the same timestamp. */
    bool other_sender = side->syn_mark && other->syn_mark && side->syn_mark != other->syn_mark;
    return side->has_syn_tsval && other->has_syn_tsval && side->syn_tsval == other->syn_tsval &&
           !other_sender;
}

static struct side *by_tuple(struct analysis *analysis, const struct side *side)
{
    struct side *found = NULL;
    struct side *other =
        flow_table_find(analysis->tables[!side->vantage], &side->key, flow_key_hash(&side->key));
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
static bool something_else_agrees(const struct side *side, const struct side *other,
                                  enum pair_key which)
{
    const struct endpoint *client = client_of(side), *server = server_of(side);
    const struct endpoint *other_client = client_of(other), *other_server = server_of(other);
    if (which == PAIR_TSVAL && side->syn_mark && other->syn_mark &&
        side->syn_mark != other->syn_mark)
        return false;
    if (side->has_syn_tsval && other->has_syn_tsval)
        return side->syn_tsval == other->syn_tsval || server->port == other_server->port;
    return client->port == other_client->port || server->port == other_server->port ||
           same_address(client, other_client) || same_address(server, other_server);
}

/* The one side at the other vantage point that has the same key; NULL when two could be meant. */
static struct side *by_key(struct analysis *analysis, const struct side *side, enum pair_key which)
{
    struct side *found = NULL;
    const GPtrArray *sides = pair_index_alike(analysis->pairing, side, which, !side->vantage);
    for (unsigned i = 0; sides && i < sides->len; i++) {
        struct side *other = g_ptr_array_index(sides, i);
        if (!is_single(other) || (which != PAIR_JOIN && !something_else_agrees(side, other, which)))
            continue;
        if (found)
            return NULL;
        found = other;
    }
    return found;
}

static struct side *by_isn(struct analysis *analysis, const struct side *side)
{
    return by_key(analysis, side, PAIR_ISN);
}

/* A nonce is drawn for one SYN and for no other, and no translation changes it. */
static struct side *by_join(struct analysis *analysis, const struct side *side)
{
    return by_key(analysis, side, PAIR_JOIN);
}

/*
 * Addresses and sequence numbers are rewritten, the SYN's timestamp is not: it counts from an
 * offset that is drawn for each connection.
 */
static struct side *by_syn_timestamp(struct analysis *analysis, const struct side *side)
{
    return by_key(analysis, side, PAIR_TSVAL);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
    const char *name; /* paired_by */
    struct side *(*find)(struct analysis *analysis, const struct side *side);
} METHODS[] = {
    {"tuple", by_tuple},
    {"isn", by_isn},
    {"mptcp-token", by_join},
    {"isn", by_syn_timestamp}, /* it stands for the initial sequence number */
};

/* What the first segment tells before the side has a connection: numbers to pair by. */
static void note_first(struct side *side, const struct packet *first)
{
    struct tcp_options list = tcp_options_of(first);
    struct tcp_option option;
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
        side->has_syn_tsval = tcp_options_timestamps(list, &side->syn_tsval, &tsecr);
        mptcp_join_identity(list, &side->join_identity);
        side->syn_mark = first->ip_id ? first->ip_id : first->flow_label;
        side->syn_window = first->window;
        side->syn_ttl = first->ttl;
        while (tcp_options_next(&list, &option))
            side->syn_look = side->syn_look * 257 + option.kind + 1;
    }
}

bool pair_side(struct analysis *analysis, struct side *side, const struct packet *first)
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
    if (other == NULL)
        return false;
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
    connection->joining->paired_by = method;
    return true;
}

void pair_alone(struct analysis *analysis, struct side *side)
{
    side->connection = live_new(analysis);
    side->connection->sides[side->vantage] = side;
    if (analysis->n_vantages > 1 && side->has_isn[FROM_CLIENT])
        pair_index_syn(analysis->pairing, side);
}
