/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_file.c - from the text of NAME.opt to a description, with every check that one file needs.
 *
 * Specification: docs/options.md.  All faults of a file are found in one go, each with its line.
 * What needs other descriptions (same name, same octets) is option_set.c's.
 */
#include "wire/option_internal.h"

#include <string.h>

static const struct option_word carriers[] = {
    {"kind", CARRIER_KIND},
    {"exid", CARRIER_EXID},
    {"mptcp", CARRIER_MPTCP},
    {"mptcp-exp", CARRIER_MPTCP_EXP},
};
static const struct option_word senders[] = {
    {"client", SENDER_CLIENT},
    {"server", SENDER_SERVER},
    {"both", SENDER_BOTH},
};
static const struct option_word answers[] = {
    {"none", ANSWER_NONE},
    {"same", ANSWER_SAME},
    {"echo", ANSWER_ECHO},
};

/* Names that stand behind "optrail." in filters already. */
static const char *const option_names_taken[] = {
    "answered", "asked", "clock",     "contradicted", "duplicate", "event",   "first",
    "hook",     "last",  "malformed", "misplaced",    "octets",    "option",  "profile",
    "range",    "space", "stream",    "trail",        "truncated", "unknown",
};

/* --- [option] -------------------------------------------------------------------------------- */

static void read_name(struct option_parser *p, struct key_group *group, struct option_lines *lines)
{
    struct key_entry *entry = option_take_required(p, group, "name");
    if (entry == NULL)
        return;
    lines->name = entry->line;
    if (!option_is_name(entry->value, "_-"))
        option_fault_at(p, entry, "a name is a-z, then a-z, 0-9, _ and -, at most %d characters",
                        OPTION_NAME_MAX);
    else if (option_is_one_of(entry->value, option_names_taken, G_N_ELEMENTS(option_names_taken)))
        option_fault_at(p, entry, "the filter field optrail.%s means something else", entry->value);
    p->desc->name = g_strdup(entry->value);
}

static void read_id(struct option_parser *p, struct key_group *group, struct option_lines *lines)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = option_take_required(p, group, "id");
    if (entry == NULL)
        return;
    lines->id = entry->line;
    uint64_t id = 0;
    if (!option_number(entry->value, &id)) {
        option_fault_at(p, entry, "not a number (decimal, or hexadecimal behind 0x)");
        return;
    }
    switch (desc->carrier) {
    case CARRIER_KIND:
        if (id == TCP_KIND_EXP1 || id == TCP_KIND_EXP2)
            option_fault_at(p, entry, "kinds 253 and 254 are shared by ExID: use carrier = exid");
        else if (id == TCP_KIND_MPTCP)
            option_fault_at(p, entry, "kind 30 is Multipath TCP: use carrier = mptcp or mptcp-exp");
        else if (id < 2 || id > 255)
            option_fault_at(p, entry, "a kind with a length is 2 to 255");
        break;
    case CARRIER_EXID:
        desc->id_bits = strlen(entry->value) == 10 ? 32 : 16;
        if (!g_ascii_strncasecmp(entry->value, "0x", 2) &&
            (strlen(entry->value) == 6 || strlen(entry->value) == 10))
            break;
        option_fault_at(p, entry,
                        "an ExID is 0x and 4 hexadecimal digits (16 bits) or 8 (32 bits)");
        break;
    case CARRIER_MPTCP:
        if (id > 15)
            option_fault_at(p, entry, "a subtype of Multipath TCP is 0 to 15");
        break;
    case CARRIER_MPTCP_EXP:
        if (id > 255)
            option_fault_at(p, entry, "an experiment id is 0 to 255");
        break;
    }
    desc->id = (uint32_t)id;
}

static void read_kinds(struct option_parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = key_group_take(group, "kinds");
    desc->kinds_253 = desc->kinds_254 = desc->carrier == CARRIER_EXID && entry == NULL;
    if (entry == NULL)
        return;
    if (desc->carrier != CARRIER_EXID) {
        option_fault_at(p, entry, "only an option with carrier = exid has kinds");
        return;
    }
    g_auto(GStrv) parts = option_split_list(entry->value);
    for (char **part = parts; *part != NULL; part++) {
        uint64_t kind = 0;
        bool *which = !option_number(*part, &kind) ? NULL
                      : kind == TCP_KIND_EXP1      ? &desc->kinds_253
                      : kind == TCP_KIND_EXP2      ? &desc->kinds_254
                                                   : NULL;
        if (which == NULL || *which) {
            option_fault_at(p, entry, "must be 253, 254, or 253;254");
            return;
        }
        *which = true;
    }
    if (parts[0] == NULL)
        option_fault_at(p, entry, "must be 253, 254, or 253;254");
}

static void read_length(struct option_parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    p->length_line = group->line;
    struct key_entry *entry = option_take_required(p, group, "length");
    if (entry == NULL)
        return;
    p->length_line = entry->line;
    g_auto(GStrv) parts = g_strsplit(entry->value, "-", 3);
    uint64_t low = 0, high = 0;
    guint n = g_strv_length(parts);
    if (n < 1 || n > 2 || !option_number(g_strstrip(parts[0]), &low) ||
        !option_number(g_strstrip(parts[n - 1]), &high)) {
        option_fault_at(p, entry, "must be octets (6) or a range of them (4-16)");
        return;
    }
    unsigned header = (desc->header_bits + 7) / 8;
    if (low > high || high > TCP_OPTION_SPACE) {
        option_fault_at(p, entry, "a header has room for %d octets of options, the lower end first",
                        TCP_OPTION_SPACE);
    } else if (low < header) {
        option_fault_at(p, entry, "kind, length and what names the option take %u octets", header);
    } else {
        desc->length_min = (unsigned)low;
        desc->length_max = (unsigned)high;
    }
}

static void read_segments(struct option_parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = key_group_take(group, "segments");
    if (entry == NULL) {
        desc->segments = (SEGMENT_BIT(SEGMENT_CLASSES) - 1) & ~SEGMENT_BIT(SEGMENT_RST);
        return;
    }
    g_auto(GStrv) parts = option_split_list(entry->value);
    for (char **part = parts; *part != NULL; part++) {
        int segment = segment_class_from_name(*part);
        if (segment < 0 || desc->segments & SEGMENT_BIT(segment)) {
            g_autofree char *quoted = option_quote(*part);
            option_fault_at(p, entry,
                            "%s %s; segments are syn, synack, ack, data, fin and rst, with ; "
                            "between them",
                            quoted, segment < 0 ? "is unknown" : "stands twice");
            return;
        }
        desc->segments |= SEGMENT_BIT(segment);
    }
    if (desc->segments == 0)
        option_fault_at(p, entry, "no segment; leave the key out for anywhere but RST");
}

static void read_profiles(struct option_parser *p, struct key_group *group)
{
    struct key_entry *entry = key_group_take(group, "profile");
    p->desc->profiles = option_split_list(entry != NULL ? entry->value : "");
    if (entry != NULL && p->desc->profiles[0] == NULL)
        option_fault_at(p, entry,
                        "no profile; leave the key out for an option that is always active");
    for (char **profile = p->desc->profiles; *profile != NULL; profile++)
        if (!option_is_name(*profile, "_-")) {
            g_autofree char *quoted = option_quote(*profile);
            option_fault_at(p, entry, "%s is no name of a profile: a-z, then a-z, 0-9, _ and -",
                            quoted);
        }
}

static void read_option(struct option_parser *p, struct key_group *group,
                        struct option_lines *lines)
{
    struct option_desc *desc = p->desc;
    lines->name = lines->id = group->line;
    read_name(p, group, lines);
    desc->title = option_take_text(p, group, "title");
    if (desc->title[0] == '\0' && desc->name != NULL) {
        g_free(desc->title);
        desc->title = g_strdup(desc->name);
    }
    desc->reference = option_take_text(p, group, "reference");

    bool known = false;
    if (option_take_required(p, group, "carrier") != NULL) {
        int carrier = TAKE_WORD(p, group, "carrier", carriers, -1);
        known = carrier >= 0;
        if (known)
            desc->carrier = (enum option_carrier)carrier;
    }
    if (known) {
        read_id(p, group, lines);
        static const unsigned header_bits[] = {[CARRIER_KIND] = 16,
                                               [CARRIER_EXID] = 16,
                                               [CARRIER_MPTCP] = 20,
                                               [CARRIER_MPTCP_EXP] = 32};
        desc->header_bits = header_bits[desc->carrier] + desc->id_bits;
        read_kinds(p, group);
        read_length(p, group);
    } else {
        /* Their meaning hangs on the carrier, but what is wrong with any can be said now. */
        struct key_entry *id = option_take_required(p, group, "id");
        uint64_t number = 0;
        if (id != NULL && !option_number(id->value, &number))
            option_fault_at(p, id, "not a number (decimal, or hexadecimal behind 0x)");
        key_group_take(group, "kinds");
        read_length(p, group);
    }
    read_segments(p, group);
    desc->sender = (enum option_sender)TAKE_WORD(p, group, "direction", senders, SENDER_BOTH);
    desc->answer = (enum option_answer)TAKE_WORD(p, group, "answer", answers, ANSWER_NONE);
    if (known && desc->answer == ANSWER_ECHO && desc->carrier != CARRIER_MPTCP_EXP)
        option_fault_at(p, key_group_take(group, "answer"),
                        "only carrier = mptcp-exp has an echo bit");
    read_profiles(p, group);
    option_unknown_keys(p, group, "[option]");
}

static void read_groups(struct option_parser *p, struct option_lines *lines)
{
    struct key_group *option = NULL;
    for (guint i = 0; i < p->groups->len; i++) {
        struct key_group *group = p->groups->pdata[i];
        if (strcmp(group->name, "option") == 0)
            option = group;
    }
    if (option == NULL)
        option_fault(p->faults, 1, "there is no group [option]");
    else
        read_option(p, option, lines);

    for (guint i = 0; i < p->groups->len; i++) {
        struct key_group *group = p->groups->pdata[i];
        if (g_str_has_prefix(group->name, "field ") || g_str_has_prefix(group->name, "field\t")) {
            option_read_field(p, group);
        } else if (group != option) {
            g_autofree char *quoted = option_quote(group->name);
            option_fault(p->faults, group->line,
                         "unknown group %s; there are [option] and [field NAME]", quoted);
        }
    }
    for (guint i = 0; i < p->fields->len; i++) {
        struct key_group *group = p->origins->pdata[i];
        if (key_group_take(group, "of") != NULL)
            option_read_computed(p, group, &g_array_index(p->fields, struct option_field, i));
        g_autofree char *where = g_strdup_printf("[%s]", group->name);
        option_unknown_keys(p, group, where);
    }
    /* With other faults a fault of the layout would be an echo of theirs. */
    if (p->faults->count == 0)
        option_lay_out(p);
}

struct option_desc *option_desc_parse(const char *text, size_t length, struct option_lines *lines,
                                      struct option_faults *faults)
{
    struct option_parser p = {
        .faults = faults,
        .desc = g_new0(struct option_desc, 1),
        .fields = g_array_new(FALSE, FALSE, sizeof(struct option_field)),
        .origins = g_ptr_array_new(),
    };
    p.groups = key_file_read(text, length, faults);
    *lines = (struct option_lines){1, 1};
    if (faults->count == 0 || p.groups->len > 0)
        read_groups(&p, lines);

    p.desc->n_fields = p.fields->len;
    p.desc->fields = (struct option_field *)(void *)g_array_free(p.fields, FALSE);
    g_ptr_array_unref(p.origins);
    g_ptr_array_unref(p.groups);
    if (faults->count > 0) {
        option_desc_free(p.desc);
        return NULL;
    }
    return p.desc;
}
