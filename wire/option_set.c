/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_set.c - sets of option descriptions: adding, profiles, and finding one by octets.
 *
 * Finding is done per option per packet, so every set keeps tables of its active descriptions:
 * one list per kind, for the ExIDs one per hash of their first 16 bits, for Multipath TCP one per
 * subtype.  A list is in order of preference and seldom longer than two.
 */
#include "wire/option_set.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/option_internal.h"

/* Kinds, then hashes of ExIDs, then subtypes of Multipath TCP. */
enum { SLOTS_EXID = 256, SLOTS_MPTCP = 512, SLOTS = 528 };

struct candidate {
    uint64_t value, mask; /* of octets 2 to 5, see load_id() */
    uint8_t needed;       /* octets that must be there to tell its id */
    bool kinds_253, kinds_254;
    bool chosen; /* an alternative of the chosen profile */
    const struct option_desc *desc;
};

struct slot {
    uint32_t start, count;
};

struct option_set {
    GPtrArray *descs;   /* struct option_desc *, owned */
    GHashTable *names;  /* name -> struct option_desc * */
    char *profile;      /* NULL: none chosen */
    GArray *candidates; /* struct candidate, the lists of all slots one behind the other */
    struct slot slots[SLOTS];
};

struct option_set *option_set_new(void)
{
    struct option_set *set = g_new0(struct option_set, 1);
    set->descs = g_ptr_array_new_with_free_func((GDestroyNotify)option_desc_free);
    set->names = g_hash_table_new(g_str_hash, g_str_equal);
    set->candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    return set;
}

void option_set_free(struct option_set *set)
{
    if (set == NULL)
        return;
    g_hash_table_unref(set->names);
    g_ptr_array_unref(set->descs);
    g_array_unref(set->candidates);
    g_free(set->profile);
    g_free(set);
}

/* --- the tables ------------------------------------------------------------------------------ */

static unsigned exid_slot(uint8_t high, uint8_t low)
{
    return SLOTS_EXID + (high ^ (low * 31u & 0xFF));
}

static unsigned slot_of(const struct option_desc *desc)
{
    switch (desc->carrier) {
    case CARRIER_KIND:
        return desc->id;
    case CARRIER_EXID: {
        uint32_t first = desc->id_bits == 32 ? desc->id >> 16 : desc->id;
        return exid_slot((uint8_t)(first >> 8), (uint8_t)first);
    }
    case CARRIER_MPTCP:
        return SLOTS_MPTCP + desc->id;
    case CARRIER_MPTCP_EXP:
        return SLOTS_MPTCP + MPTCP_SUBTYPE_PRIVATE;
    }
    return 0;
}

static struct candidate candidate_of(const struct option_desc *desc, bool chosen)
{
    struct candidate candidate = {
        .kinds_253 = desc->kinds_253,
        .kinds_254 = desc->kinds_254,
        .chosen = chosen,
        .needed = 2,
        .desc = desc,
    };
    if (desc->carrier == CARRIER_EXID && desc->id_bits == 32) {
        candidate.value = desc->id;
        candidate.mask = UINT32_MAX;
        candidate.needed = 6;
    } else if (desc->carrier == CARRIER_EXID) {
        candidate.value = (uint64_t)desc->id << 16;
        candidate.mask = 0xFFFF0000;
        candidate.needed = 4;
    } else if (desc->carrier == CARRIER_MPTCP_EXP) {
        /* All but the echo bit, the three bits that are zero included. */
        candidate.value = 0xF0000000 | (uint64_t)desc->id << 16;
        candidate.mask = 0xFEFF0000;
        candidate.needed = 4;
    }
    return candidate;
}

/* An alternative of the profile first, then the longer id, then the order of adding. */
static gint candidate_compare(gconstpointer a, gconstpointer b)
{
    const struct candidate *left = a, *right = b;
    unsigned left_slot = slot_of(left->desc), right_slot = slot_of(right->desc);
    if (left_slot != right_slot)
        return left_slot < right_slot ? -1 : 1;
    if (left->chosen != right->chosen)
        return left->chosen ? -1 : 1;
    if (left->needed != right->needed)
        return left->needed > right->needed ? -1 : 1;
    return left->desc->index < right->desc->index ? -1 : 1;
}

static void index_set(struct option_set *set)
{
    g_array_set_size(set->candidates, 0);
    memset(set->slots, 0, sizeof(set->slots));
    for (guint i = 0; i < set->descs->len; i++) {
        const struct option_desc *desc = set->descs->pdata[i];
        if (!option_set_is_active(set, desc))
            continue;
        struct candidate candidate = candidate_of(desc, desc->profiles[0] != NULL);
        g_array_append_val(set->candidates, candidate);
    }
    g_array_sort(set->candidates, candidate_compare);
    for (guint i = 0; i < set->candidates->len; i++) {
        const struct candidate *candidate = &g_array_index(set->candidates, struct candidate, i);
        struct slot *slot = &set->slots[slot_of(candidate->desc)];
        if (slot->count++ == 0)
            slot->start = i;
    }
}

/* Octets 2 to 5 as one number, missing ones zero. */
static uint64_t load_id(const uint8_t *option, size_t length)
{
    struct bytes octets = bytes_of(option, length);
    bytes_skip(&octets, 2);
    if (bytes_left(&octets) >= 4)
        return bytes_be32(&octets);
    uint64_t id = 0;
    for (int i = 0; i < 4; i++)
        id = id << 8 | bytes_u8(&octets);
    return id;
}

const struct option_desc *option_set_find(const struct option_set *set, const uint8_t *option,
                                          size_t length)
{
    if (length < 2)
        return NULL;
    uint8_t kind = option[0], declared = option[1];
    unsigned slot = kind;
    if (kind == TCP_KIND_MPTCP) {
        if (length < 3)
            return NULL;
        slot = SLOTS_MPTCP + (option[2] >> 4);
    } else if (kind == TCP_KIND_EXP1 || kind == TCP_KIND_EXP2) {
        if (length < 4)
            return NULL;
        slot = exid_slot(option[2], option[3]);
    }
    uint32_t left = set->slots[slot].count;
    if (left == 0)
        return NULL;

    uint64_t id = load_id(option, length);
    const struct option_desc *by_id = NULL;
    const struct candidate *candidate =
        &g_array_index(set->candidates, struct candidate, set->slots[slot].start);
    for (; left > 0; left--, candidate++) {
        const struct option_desc *desc = candidate->desc;
        if ((id & candidate->mask) != candidate->value || length < candidate->needed)
            continue;
        if ((kind == TCP_KIND_EXP1 && !candidate->kinds_253) ||
            (kind == TCP_KIND_EXP2 && !candidate->kinds_254))
            continue;
        if (declared >= desc->length_min && declared <= desc->length_max)
            return desc;
        /*
         * A length that does not fit is a fault of an option that is known all the same.  Not so
         * with four octets of subtype 15: that is what everybody else's experiments look like,
         * and octet 3 need not be an experiment id there.
         */
        if (by_id == NULL && !(desc->carrier == CARRIER_MPTCP_EXP && declared <= 4))
            by_id = desc;
    }
    return by_id;
}

/* --- adding ---------------------------------------------------------------------------------- */

static bool share_profile(const struct option_desc *a, const struct option_desc *b)
{
    if (a->profiles[0] == NULL || b->profiles[0] == NULL)
        return a->profiles[0] == NULL && b->profiles[0] == NULL;
    for (char **profile = a->profiles; *profile != NULL; profile++)
        if (g_strv_contains((const char *const *)b->profiles, *profile))
            return true;
    return false;
}

/*
 * Whether some octets would be an option of both while both are active: the carriers may differ
 * (subtype 15 holds all experiments of mptcp-exp), and so may the width of the ExID (a 16-bit one
 * holds all 32-bit ones that begin alike).
 */
static bool claim_same(const struct option_desc *a, const struct option_desc *b)
{
    struct candidate left = candidate_of(a, false), right = candidate_of(b, false);
    return slot_of(a) == slot_of(b) && ((left.value ^ right.value) & left.mask & right.mask) == 0 &&
           a->length_min <= b->length_max && b->length_min <= a->length_max &&
           (a->carrier != CARRIER_EXID || (a->kinds_253 && b->kinds_253) ||
            (a->kinds_254 && b->kinds_254)) &&
           share_profile(a, b);
}

/* Filter fields may hold '-', C identifiers may not: `a-b` and `a_b` are one name there. */
static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return false;
    return *a == *b;
}

static void check_against(const struct option_set *set, const struct option_desc *desc,
                          const struct option_lines *lines, struct option_faults *faults)
{
    for (guint i = 0; i < set->descs->len; i++) {
        const struct option_desc *other = set->descs->pdata[i];
        const char *origin = other->builtin ? "the built-in " : "";
        if (same_name(desc->name, other->name))
            option_fault(faults, lines->name, "the name '%s' is taken by %s%s", desc->name, origin,
                         other->file);
        else if (claim_same(desc, other))
            option_fault(faults, lines->id, "claims the same octets as option '%s' of %s%s",
                         other->name, origin, other->file);
    }
}

static unsigned add_text(struct option_set *set, const char *file, const char *text, size_t length,
                         bool builtin, GPtrArray *out)
{
    struct option_faults faults;
    struct option_lines lines;
    option_faults_init(&faults);
    struct option_desc *desc = option_desc_parse(text, length, &lines, &faults);
    if (desc != NULL)
        check_against(set, desc, &lines, &faults);
    unsigned count = faults.count;
    if (desc == NULL || count > 0) {
        option_desc_free(desc);
    } else {
        desc->file = g_strdup(file);
        desc->builtin = builtin;
        desc->index = set->descs->len;
        g_ptr_array_add(set->descs, desc);
        g_hash_table_insert(set->names, desc->name, desc);
    }
    option_faults_report(&faults, file, out);
    option_faults_clear(&faults);
    return count;
}

static unsigned add_fault(GPtrArray *faults, const char *file, const char *what)
{
    if (faults != NULL)
        g_ptr_array_add(faults, g_strdup_printf("%s:1: %s", file, what));
    return 1;
}

unsigned option_set_add_text(struct option_set *set, const char *file_name, const char *text,
                             size_t length, GPtrArray *faults)
{
    unsigned count = add_text(set, file_name, text, length, false, faults);
    index_set(set);
    return count;
}

/* The file's octets, at most one more than a description may have. NULL with a fault. */
static char *read_file(const char *path, size_t *length, GPtrArray *faults)
{
    /* Neither a pipe nor a device may hold up the reader, so not g_file_get_contents(). */
    g_autofree char *buffer = NULL;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        add_fault(faults, path, "no such file");
        return NULL;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        add_fault(faults, path, "not a regular file");
        return NULL;
    }
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        buffer = g_malloc(OPTION_FILE_MAX + 1);
        *length = fread(buffer, 1, OPTION_FILE_MAX + 1, file);
        bool failed = ferror(file) != 0;
        fclose(file);
        if (!failed)
            return g_steal_pointer(&buffer);
    }
    g_autofree char *what = g_strdup_printf("cannot be read: %s", g_strerror(errno));
    add_fault(faults, path, what);
    return NULL;
}

static unsigned add_file(struct option_set *set, const char *path, GPtrArray *faults)
{
    size_t length = 0;
    g_autofree char *text = read_file(path, &length, faults);
    return text == NULL ? 1 : add_text(set, path, text, length, false, faults);
}

unsigned option_set_add_file(struct option_set *set, const char *path, GPtrArray *faults)
{
    unsigned count = add_file(set, path, faults);
    index_set(set);
    return count;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

unsigned option_set_add_dir(struct option_set *set, const char *dir, GPtrArray *faults)
{
    g_autoptr(GError) error = NULL;
    GDir *handle = g_dir_open(dir, 0, &error);
    if (handle == NULL) {
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return 0;
        return add_fault(faults, dir, error->message);
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(handle)) != NULL)
        /* Editors leave hidden copies about. */
        if (g_str_has_suffix(name, ".opt") && name[0] != '.')
            g_ptr_array_add(names, g_build_filename(dir, name, NULL));
    g_dir_close(handle);
    g_ptr_array_sort(names, compare_names);

    unsigned count = 0;
    for (guint i = 0; i < names->len; i++)
        count += add_file(set, names->pdata[i], faults);
    index_set(set);
    return count;
}

/* Made by glib-compile-resources from options/. */
extern GResource *optrail_options_get_resource(void);

unsigned option_set_add_builtin(struct option_set *set, GPtrArray *faults)
{
    GResource *resource = optrail_options_get_resource();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = g_resource_enumerate_children(resource, "/optrail/options",
                                                        G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
    if (names == NULL)
        return add_fault(faults, "built-in options", error->message);
    /* Without their suffix: "rate" stands before its twin "rate-exid". */
    guint n = g_strv_length(names);
    qsort(names, n, sizeof(*names), compare_names);
    unsigned count = 0;
    for (guint i = 0; i < n; i++) {
        g_autofree char *path = g_strconcat("/optrail/options/", names[i], NULL);
        g_autoptr(GBytes) bytes =
            g_resource_lookup_data(resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
        gsize length = 0;
        const char *text = bytes != NULL ? g_bytes_get_data(bytes, &length) : NULL;
        count += add_text(set, names[i], text, length, true, faults);
    }
    index_set(set);
    return count;
}

char *option_user_dir(void)
{
    return g_build_filename(g_get_user_config_dir(), "optrail", "options", NULL);
}

/* --- asking ---------------------------------------------------------------------------------- */

bool option_set_choose_profile(struct option_set *set, const char *profile)
{
    bool known = profile == NULL || profile[0] == '\0';
    for (guint i = 0; !known && i < set->descs->len; i++) {
        const struct option_desc *desc = set->descs->pdata[i];
        known = g_strv_contains((const char *const *)desc->profiles, profile);
    }
    if (!known)
        return false;
    g_free(set->profile);
    set->profile = profile != NULL && profile[0] != '\0' ? g_strdup(profile) : NULL;
    index_set(set);
    return true;
}

bool option_set_is_active(const struct option_set *set, const struct option_desc *desc)
{
    return desc->profiles[0] == NULL ||
           (set->profile != NULL &&
            g_strv_contains((const char *const *)desc->profiles, set->profile));
}

size_t option_set_size(const struct option_set *set)
{
    return set->descs->len;
}

const struct option_desc *option_set_at(const struct option_set *set, size_t index)
{
    return index < set->descs->len ? set->descs->pdata[index] : NULL;
}

const struct option_desc *option_set_by_name(const struct option_set *set, const char *name)
{
    return g_hash_table_lookup(set->names, name);
}
