/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flows.c - the connections that one vantage point sees.
 *
 * An open-addressing table of (hash, side); the incarnations of one pair of ports hang behind each
 * other, newest first. Who is the client: a SYN or SYN-ACK tells, else a hook, else the lower port
 * is taken for the server's.
 */
#include "analyze/flows.h"

#include <string.h>

enum { INITIAL_SLOTS = 1024 };

struct flow_slot {
    uint64_t hash;
    struct side *side; /* NULL: free; the newest incarnation */
};

struct flow_table {
    struct flow_slot *slots;
    size_t n_slots; /* a power of two */
    size_t n_used;
};

struct flow_table *flow_table_new(void)
{
    struct flow_table *table = g_new0(struct flow_table, 1);
    table->n_slots = INITIAL_SLOTS;
    table->slots = g_new0(struct flow_slot, table->n_slots);
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (table == NULL)
        return;
    g_free(table->slots);
    g_free(table);
}

/* The slot of that key, or the free one where it belongs. */
static struct flow_slot *slot_of(const struct flow_table *table, const struct flow_key *key,
                                 uint64_t hash)
{
    size_t mask = table->n_slots - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct flow_slot *slot = &table->slots[i];
        if (slot->side == NULL || (slot->hash == hash && flow_key_equal(&slot->side->key, key)))
            return slot;
    }
}

struct side *flow_table_find(const struct flow_table *table, const struct flow_key *key,
                             uint64_t hash)
{
    return slot_of(table, key, hash)->side;
}

static void table_grow(struct flow_table *table)
{
    struct flow_slot *old = table->slots;
    size_t n_old = table->n_slots;
    table->n_slots *= 2;
    table->slots = g_new0(struct flow_slot, table->n_slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].side)
            *slot_of(table, &old[i].side->key, old[i].hash) = old[i];
    g_free(old);
}

static void table_add(struct flow_table *table, struct side *side, uint64_t hash)
{
    struct flow_slot *slot = slot_of(table, &side->key, hash);
    if (slot->side == NULL) {
        if ((table->n_used + 1) * 4 > table->n_slots * 3) {
            table_grow(table);
            slot = slot_of(table, &side->key, hash);
        }
        table->n_used++;
    }
    side->older = slot->side;
    side->reused = slot->side != NULL;
    if (slot->side)
        slot->side->reused = true;
    slot->side = side;
    slot->hash = hash;
}

/* Closes the hole at `hole` so that searches still find what was pushed beyond it. */
static void table_close_hole(struct flow_table *table, size_t hole)
{
    size_t mask = table->n_slots - 1;
    for (size_t i = (hole + 1) & mask; table->slots[i].side; i = (i + 1) & mask) {
        size_t home = table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole].side = NULL;
    table->n_used--;
}

void flow_table_remove(struct flow_table *table, struct side *side)
{
    struct flow_slot *slot = slot_of(table, &side->key, flow_key_hash(&side->key));
    struct side **link = &slot->side;
    while (*link && *link != side)
        link = &(*link)->older;
    if (*link == NULL)
        return;
    *link = side->older;
    side->older = NULL;
    if (slot->side == NULL)
        table_close_hole(table, (size_t)(slot - table->slots));
}

void flows_drop_waiting(struct analysis *analysis, struct side *side)
{
    flow_table_remove(analysis->tables[side->vantage], side);
    slab_give(&analysis->sides, side);
    analysis->report->flows_dropped++;
}

void flow_table_visit_waiting(const struct flow_table *table,
                              void (*visit)(struct side *side, void *context), void *context)
{
    for (size_t i = 0; i < table->n_slots; i++)
        for (struct side *side = table->slots[i].side; side; side = side->older)
            if (side->connection == NULL)
                visit(side, context);
}

static struct side *side_new(struct analysis *analysis, enum vantage vantage,
                             const struct flow_key *key, uint64_t hash, uint64_t time_ns)
{
    struct side *side = slab_take(&analysis->sides);
    side->key = *key;
    side->vantage = (uint8_t)vantage;
    side->first_ns = side->last_ns = time_ns;
    table_add(analysis->tables[vantage], side, hash);
    return side;
}

/* A SYN that cannot belong to the incarnation we know. */
static bool starts_anew(const struct side *side, const struct packet *packet, bool from_low)
{
    unsigned direction = from_low == side->client_is_low ? FROM_CLIENT : FROM_SERVER;
    if (packet->flags & (TCP_ACK | TCP_RST) || !(packet->flags & TCP_SYN))
        return false;
    if (side->has_isn[direction])
        return side->isn[direction] != packet->seq;
    /* Seen from the middle on, or the other end's SYN is known: simultaneous open keeps both. */
    return side_closed(side) || (side->has_packets && !side->has_isn[!direction]);
}

/* Without a handshake: a server's port is the lower one, more often than not. */
static bool guess_client_is_low(const struct flow_key *key, bool from_low)
{
    if (key->low.port != key->high.port)
        return key->low.port > key->high.port;
    return from_low;
}

struct side *flows_of_segment(struct analysis *analysis, enum vantage vantage,
                              const struct packet *packet, uint64_t time_ns, bool *from_low,
                              bool *made)
{
    struct flow_key key;
    *from_low = flow_key_make(&key, &packet->source, &packet->destination);
    uint64_t hash = flow_key_hash(&key);
    struct side *side = flow_table_find(analysis->tables[vantage], &key, hash);
    if (side == NULL || starts_anew(side, packet, *from_low))
        side = side_new(analysis, vantage, &key, hash, time_ns);
    *made = side->connection == NULL;
    if (!*made)
        return side;
    if (packet->flags & TCP_SYN)
        side->client_is_low = packet->flags & TCP_ACK ? !*from_low : *from_low;
    else if (side->hooks_waiting == NULL)
        side->client_is_low = guess_client_is_low(&key, *from_low);
    return side;
}

/*
 * Connecting anew over a pair of ports: the last connection is over, or began long ago and nobody
 * saw it end, as one whose SYNs were all dropped. A CONNECT stands microseconds before its own SYN;
 * should the clocks' error put it behind, it is still that SYN's.
 */
static bool connects_anew(const struct side *side, const struct hook_record *hook, uint64_t time_ns)
{
    static const uint64_t OWN_SYN_NS = 100 * 1000 * 1000;
    return hook->op == HOOK_TCP_CONNECT &&
           (side_closed(side) || time_ns > side->first_ns + OWN_SYN_NS);
}

struct side *flows_of_hook(struct analysis *analysis, enum vantage vantage,
                           const struct hook_record *hook, uint64_t time_ns, bool *local_low,
                           bool *made)
{
    struct flow_key key;
    *local_low = flow_key_make(&key, &hook->local, &hook->remote);
    uint64_t hash = flow_key_hash(&key);
    struct side *side = flow_table_find(analysis->tables[vantage], &key, hash);
    *made = side == NULL || connects_anew(side, hook, time_ns);
    if (!*made)
        return side;
    side = side_new(analysis, vantage, &key, hash, time_ns);
    if (hook->op == HOOK_TCP_CONNECT || hook->op == HOOK_ACTIVE_ESTABLISHED)
        side->client_is_low = *local_low;
    else if (hook->op == HOOK_PASSIVE_ESTABLISHED)
        side->client_is_low = !*local_low;
    else
        side->client_is_low = guess_client_is_low(&key, *local_low);
    return side;
}

static bool set_isn(struct side *side, unsigned direction, uint32_t isn)
{
    if (side->has_isn[direction])
        return false;
    side->isn[direction] = isn;
    side->has_isn[direction] = true;
    return true;
}

/* A handshake says who is the client: the sender's direction is then FROM_CLIENT, or it was not. */
static void note_role(struct connection *connection, bool sender_is_client, unsigned direction)
{
    if (connection->roles == ROLES_HANDSHAKE)
        return;
    connection->roles = ROLES_HANDSHAKE;
    connection->swapped = sender_is_client != (direction == FROM_CLIENT);
}

bool flows_note_segment(struct side *side, const struct packet *packet, unsigned direction,
                        uint64_t time_ns, uint64_t frame)
{
    bool learnt = false;
    if (side->first_frame == 0) {
        side->first_frame = frame;
        side->first_ns = time_ns;
    }
    side->has_packets = true;
    side->options_cut[direction] |= packet->options_captured < packet->options_length;
    if (time_ns > side->last_ns)
        side->last_ns = time_ns;
    if (packet->flags & TCP_RST) {
        side->rst = true;
        return false;
    }
    if (packet->flags & TCP_SYN) {
        learnt = set_isn(side, direction, packet->seq);
        note_role(side->connection, !(packet->flags & TCP_ACK), direction);
        if (packet->flags & TCP_ACK) {
            learnt |= set_isn(side, !direction, packet->ack - 1);
            if (side->synack_ns == 0)
                side->synack_ns = time_ns;
        } else if (side->syn_ns == 0) {
            side->syn_ns = time_ns;
        }
    }
    if (packet->flags & TCP_FIN)
        side->fin[direction] = true;
    if ((packet->flags & TCP_ACK) &&
        (!side->has_ack[direction] || (int32_t)(packet->ack - side->highest_ack[direction]) > 0)) {
        side->highest_ack[direction] = packet->ack;
        side->has_ack[direction] = true;
    }
    return learnt;
}
