/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair_index.c - sides by what may find their counterpart. See pair_index.h.
 *
 * Each index is a hash table from a key to the sides that have it. There is an end to how many
 * stand under one key: who is one of very many is not found by it.
 */
#include "analyze/pair_index.h"

enum {
    ALIKE_MAX = 64,     /* sides under one key of SYNs */
    SAME_MAX = 4,       /* sides under one key of payload */
    KEYS_PER_SIDE = 16, /* of payload */
    COUNTERS = 1 << 16
};

struct pairing {
    GHashTable *syns[PAIR_KEYS][VANTAGES]; /* key -> GPtrArray of struct side */
    GHashTable *payloads[VANTAGES];        /* the same */
    uint8_t streams[VANTAGES][COUNTERS];   /* a counter shared by several counts more */
};

static GHashTable *index_new(void)
{
    return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                 (GDestroyNotify)g_ptr_array_unref);
}

struct pairing *pairing_new(void)
{
    struct pairing *pairing = g_new0(struct pairing, 1);
    for (unsigned v = 0; v < VANTAGES; v++) {
        pairing->payloads[v] = index_new();
        for (unsigned k = 0; k < PAIR_KEYS; k++)
            pairing->syns[k][v] = index_new();
    }
    return pairing;
}

void pairing_free(struct pairing *pairing)
{
    if (pairing == NULL)
        return;
    for (unsigned v = 0; v < VANTAGES; v++) {
        g_hash_table_destroy(pairing->payloads[v]);
        for (unsigned k = 0; k < PAIR_KEYS; k++)
            g_hash_table_destroy(pairing->syns[k][v]);
    }
    g_free(pairing);
}

/* The sides under that key, made when there are none. */
static GPtrArray *sides_under(GHashTable *index, gpointer key)
{
    GPtrArray *sides = g_hash_table_lookup(index, key);
    if (sides == NULL) {
        sides = g_ptr_array_new();
        g_hash_table_insert(index, key, sides);
    }
    return sides;
}

static void take_out(GHashTable *index, gpointer key, struct side *side)
{
    GPtrArray *sides = g_hash_table_lookup(index, key);
    if (sides == NULL)
        return;
    g_ptr_array_remove(sides, side);
    if (sides->len == 0)
        g_hash_table_remove(index, key);
}

/* --- SYNs ------------------------------------------------------------------------------------- */

/* False when the side has no such key. */
static bool key_of(const struct side *side, enum pair_key which, gpointer *key)
{
    const uint64_t values[PAIR_KEYS] = {side->isn[FROM_CLIENT], side->join_identity,
                                        side->syn_tsval};
    const bool has[PAIR_KEYS] = {side->has_isn[FROM_CLIENT], side->join_identity != 0,
                                 side->has_syn_tsval};
    *key = GSIZE_TO_POINTER(values[which]);
    return has[which];
}

void pair_index_syn(struct pairing *pairing, struct side *side)
{
    gpointer key;
    for (unsigned k = 0; k < PAIR_KEYS; k++) {
        if (!key_of(side, k, &key))
            continue;
        GPtrArray *sides = sides_under(pairing->syns[k][side->vantage], key);
        if (sides->len >= ALIKE_MAX)
            continue; /* none of so many will be the only one that it can be */
        g_ptr_array_add(sides, side);
        side->indexed |= (uint8_t)(1u << k);
    }
}

const GPtrArray *pair_index_alike(const struct pairing *pairing, const struct side *side,
                                  enum pair_key which, enum vantage vantage)
{
    gpointer key;
    return key_of(side, which, &key) ? g_hash_table_lookup(pairing->syns[which][vantage], key)
                                     : NULL;
}

/* --- payload ---------------------------------------------------------------------------------- */

void pair_index_payload(struct pairing *pairing, struct side *side, uint64_t key)
{
    if (side->payload_keys == NULL)
        side->payload_keys = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (side->payload_keys->len >= KEYS_PER_SIDE)
        return;
    GPtrArray *sides = sides_under(pairing->payloads[side->vantage], GSIZE_TO_POINTER(key));
    /* More than one is one too many already: a NULL says for ever that there were. */
    if (sides->len < SAME_MAX)
        g_ptr_array_add(sides, side);
    else if (sides->len == SAME_MAX)
        g_ptr_array_add(sides, NULL);
    g_array_append_val(side->payload_keys, key);
}

const GPtrArray *pair_index_carrying(const struct pairing *pairing, enum vantage vantage,
                                     uint64_t key)
{
    return g_hash_table_lookup(pairing->payloads[vantage], GSIZE_TO_POINTER(key));
}

uint8_t *pair_index_streams(struct pairing *pairing, enum vantage vantage, uint64_t key)
{
    return &pairing->streams[vantage][(key * 0x9e3779b97f4a7c15ull) >> 48 & (COUNTERS - 1)];
}

/* --- both ------------------------------------------------------------------------------------- */

void pair_forget(struct pairing *pairing, struct side *side)
{
    gpointer key;
    for (unsigned k = 0; k < PAIR_KEYS; k++)
        if (side->indexed >> k & 1 && key_of(side, k, &key))
            take_out(pairing->syns[k][side->vantage], key, side);
    side->indexed = 0;
    for (unsigned i = 0; side->payload_keys && i < side->payload_keys->len; i++)
        take_out(pairing->payloads[side->vantage],
                 GSIZE_TO_POINTER(g_array_index(side->payload_keys, uint64_t, i)), side);
    if (side->payload_keys)
        g_array_free(side->payload_keys, TRUE);
    side->payload_keys = NULL;
}
