/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identify.c - which option is this? A cached answer, and the options of a header as a list.
 *
 * option_set_find() weighs every description that claims the octets. Its answer depends only on
 * kind, length and the octets that hold ids, so it is remembered under those.
 */
#include "analyze/identify.h"

#include <glib.h>
#include <string.h>

#include "analyze/fingerprint.h"
#include "wire/bytes.h"
#include "wire/codec.h"

enum { KINDS = 256, CACHE_SLOTS = 1024, KIND_WSCALE = 3, KIND_SACK_PERMITTED = 4, KIND_SACK = 5 };

struct cache_slot {
    uint64_t key;
    const struct identity *identity; /* NULL: empty */
};

struct kind_slot { /* the last answer about a kind that holds no ids */
    const struct identity *identity;
    uint8_t length; /* 0: none yet */
};

enum { FORM_SLOTS = 1024, FORM_OCTETS = 16 };

struct form_slot {                  /* what was found out about an option of these octets */
    const struct option_desc *desc; /* NULL: empty */
    uint8_t length;
    bool well_formed;
    uint8_t octets[FORM_OCTETS];
};

struct identities {
    const struct option_set *options;
    struct identity others;
    GHashTable *by_name;
    struct kind_slot kinds[KINDS];
    struct cache_slot cache[CACHE_SLOTS];
    struct form_slot forms[FORM_SLOTS];
};

static char OTHERS[] = "others";

static void identity_free(gpointer data)
{
    struct identity *identity = data;
    g_free(identity->name);
    g_free(identity);
}

struct identities *identities_new(const struct option_set *options)
{
    struct identities *identities = g_new0(struct identities, 1);
    identities->options = options;
    identities->others.name = OTHERS;
    identities->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, identity_free);
    return identities;
}

void identities_free(struct identities *identities)
{
    if (identities == NULL)
        return;
    g_hash_table_destroy(identities->by_name);
    g_free(identities);
}

static bool kind_is_everyday(uint8_t kind)
{
    return (kind >= TCP_KIND_MSS && kind <= KIND_SACK) || kind == TCP_KIND_TIMESTAMPS;
}

static bool kind_has_ids(uint8_t kind)
{
    return kind == TCP_KIND_EXP1 || kind == TCP_KIND_EXP2 || kind == TCP_KIND_MPTCP;
}

/* Kind, length, how much is there, and the octets that may be an id. */
static uint64_t cache_key(const uint8_t *octets, unsigned available)
{
    unsigned ids = 0;
    if (octets[0] == TCP_KIND_EXP1 || octets[0] == TCP_KIND_EXP2)
        ids = 4;
    else if (octets[0] == TCP_KIND_MPTCP)
        ids = 2;
    uint64_t key = (uint64_t)octets[0] << 56 | (uint64_t)(available & 0x7f) << 40;
    if (available > 1)
        key |= (uint64_t)octets[1] << 48 | 1ull << 47;
    for (unsigned i = 0; i < ids && i + 2 < available; i++)
        key |= (uint64_t)octets[2 + i] << (24 - 8 * i);
    return key;
}

static const struct identity *identity_make(struct identities *identities, const uint8_t *octets,
                                            unsigned available)
{
    char label[OPTION_LABEL_MAX];
    const struct option_desc *desc = option_set_find(identities->options, octets, available);
    option_label(desc, octets, available, label);
    struct identity *identity = g_hash_table_lookup(identities->by_name, label);
    if (identity == NULL) {
        identity = g_new0(struct identity, 1);
        identity->name = g_strdup(label);
        identity->desc = desc;
        identity->kind = octets[0];
        identity->everyday = desc == NULL && kind_is_everyday(octets[0]);
        g_hash_table_insert(identities->by_name, identity->name, identity);
    }
    return identity;
}

static const struct identity *identify_by_key(struct identities *identities, const uint8_t *octets,
                                              unsigned available)
{
    uint64_t key = cache_key(octets, available);
    struct cache_slot *slot =
        &identities->cache[(key * 0x9e3779b97f4a7c15ull) >> 32 & (CACHE_SLOTS - 1)];
    if (slot->identity == NULL || slot->key != key) {
        slot->identity = identity_make(identities, octets, available);
        slot->key = key;
    }
    return slot->identity;
}

/* Most options are whole, and of a kind and length that say it all. */
static inline const struct identity *identify_here(struct identities *identities,
                                                   const uint8_t *octets, unsigned available)
{
    struct kind_slot *slot = &identities->kinds[octets[0]];
    bool whole = available >= 2 && octets[1] == available;
    if (whole && slot->length == available) /* 0: no answer yet */
        return slot->identity;
    const struct identity *identity = identify_by_key(identities, octets, available);
    if (whole && !kind_has_ids(octets[0])) {
        slot->identity = identity;
        slot->length = octets[1];
    }
    return identity;
}

const struct identity *identify(struct identities *identities, const uint8_t *octets,
                                unsigned available)
{
    return identify_here(identities, octets, available);
}

const struct identity *identities_others(const struct identities *identities)
{
    return &identities->others;
}

/* --- its form --------------------------------------------------------------------------------- */

static bool keeps_to_description(const struct option_desc *desc, const uint8_t *octets,
                                 unsigned length)
{
    struct codec_option decoded;
    codec_decode(desc, octets, length, &decoded);
    return !(decoded.faults & (FAULT_MALFORMED | FAULT_RANGE));
}

bool option_well_formed(struct identities *identities, const struct option_desc *desc,
                        const uint8_t *octets, unsigned length)
{
    if (length > FORM_OCTETS)
        return keeps_to_description(desc, octets, length);
    uint64_t hash = fingerprint_options(octets, length) ^ (uintptr_t)desc >> 4;
    struct form_slot *slot =
        &identities->forms[hash * 0x9e3779b97f4a7c15ull >> 32 & (FORM_SLOTS - 1)];
    if (slot->desc == desc && slot->length == length && memcmp(slot->octets, octets, length) == 0)
        return slot->well_formed;
    slot->desc = desc;
    slot->length = (uint8_t)length;
    memcpy(slot->octets, octets, length);
    return slot->well_formed = keeps_to_description(desc, octets, length);
}

/* --- the options of a header ------------------------------------------------------------------ */

void option_list_read(struct identities *identities, const uint8_t *octets, uint8_t captured,
                      uint8_t declared, struct option_list *out)
{
    struct tcp_options list = {octets, captured, declared};
    struct tcp_option option;
    out->octets = octets;
    out->captured = captured;
    out->declared = declared;
    out->n = 0;
    while (out->n < OPTIONS_PER_HEADER && tcp_options_next_real(&list, &option)) {
        out->at[out->n++] = (struct option_at){
            .identity = identify_here(identities, option.octets, option.available),
            .offset = (uint8_t)(option.octets - octets),
            .length = option.length,
            .available = option.available,
            .malformed = option.malformed,
        };
    }
}

const struct option_at *option_list_find(const struct option_list *list,
                                         const struct identity *identity, unsigned nth)
{
    for (unsigned i = 0; i < list->n; i++)
        if (list->at[i].identity == identity && nth-- == 0)
            return &list->at[i];
    return NULL;
}

struct options_glance options_glance(struct tcp_options list)
{
    /* NOP, NOP, Timestamps, as RFC 7323 (appendix A) lays it out: nearly every segment begins so. */
    static const uint32_t USUAL =
        TCP_KIND_NOP << 24 | TCP_KIND_NOP << 16 | TCP_KIND_TIMESTAMPS << 8 | 10;
    struct options_glance glance = {.everyday = list.captured == list.declared};
    struct tcp_option option;
    if (tcp_options_left(&list) >= 12 && load_be32(list.at) == USUAL) {
        glance.tsval = load_be32(list.at + 4);
        glance.tsecr = load_be32(list.at + 8);
        glance.has_timestamps = true;
        tcp_options_skip(&list, 12);
    }
    while (tcp_options_next_real(&list, &option)) {
        if (tcp_option_timestamps(&option)) {
            if (glance.has_timestamps)
                continue; /* the first counts */
            glance.tsval = load_be32(option.octets + 2);
            glance.tsecr = load_be32(option.octets + 6);
            glance.has_timestamps = true;
        } else {
            glance.has_mptcp |= option.kind == TCP_KIND_MPTCP;
            glance.everyday &= kind_is_everyday(option.kind) && !option.malformed;
        }
    }
    return glance;
}
