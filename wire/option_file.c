/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_file.c - from the text of NAME.opt to a description, with every check that one file needs.
 *
 * Specification: docs/options.md.  All faults of a file are found in one go, each with its line.
 * What needs other descriptions (same name, same octets) is option.c's.
 */
#include "wire/option_internal.h"

#include <stdarg.h>
#include <string.h>

struct parser {
    struct option_faults *faults;
    struct option_desc *desc;
    GPtrArray *groups;  /* struct key_group * */
    GArray *fields;     /* struct option_field */
    GPtrArray *origins; /* the struct key_group * of each field */
    unsigned length_line;
};

struct word {
    const char *name;
    int value;
};

static const struct word carriers[] = {
    {"kind", CARRIER_KIND},
    {"exid", CARRIER_EXID},
    {"mptcp", CARRIER_MPTCP},
    {"mptcp-exp", CARRIER_MPTCP_EXP},
};
static const struct word senders[] = {
    {"client", SENDER_CLIENT},
    {"server", SENDER_SERVER},
    {"both", SENDER_BOTH},
};
static const struct word answers[] = {
    {"none", ANSWER_NONE},
    {"same", ANSWER_SAME},
    {"echo", ANSWER_ECHO},
};
static const struct word bases[] = {{"dec", 0}, {"hex", 1}};
static const struct word types[] = {
    {"uint", FIELD_UINT},     {"enum", FIELD_ENUM},         {"bool", FIELD_BOOL},
    {"bytes", FIELD_BYTES},   {"ipv4", FIELD_IPV4},         {"ipv6", FIELD_IPV6},
    {"string", FIELD_STRING}, {"reserved", FIELD_RESERVED},
};

/* Names that stand behind "optrail." in filters already. */
static const char *const option_names_taken[] = {
    "answered", "asked", "clock",     "contradicted", "duplicate", "event",   "first",
    "hook",     "last",  "malformed", "misplaced",    "octets",    "option",  "profile",
    "range",    "space", "stream",    "trail",        "truncated", "unknown",
};
/* Names that an option's own header has, in filters or in the C header. */
static const char *const field_names_taken[] = {"kind",    "length",     "exid",
                                                "subtype", "experiment", "subtype_echo"};

/* --- small words ----------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* A name: a lower-case letter, then those, digits and `more`. */
static bool is_name(const char *text, const char *more)
{
    size_t length = strlen(text);
    if (length > OPTION_NAME_MAX || !g_ascii_islower(text[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!g_ascii_islower(text[i]) && !g_ascii_isdigit(text[i]) && !strchr(more, text[i]))
            return false;
    return true;
}

static bool is_value_name(const char *text)
{
    size_t length = strlen(text);
    if (length > OPTION_NAME_MAX || !g_ascii_isalpha(text[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && !strchr("_.+-", text[i]))
            return false;
    return true;
}

static void fault_at(struct parser *p, const struct key_entry *entry, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "KEY = 'VALUE': what" */
static void fault_at(struct parser *p, const struct key_entry *entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *quoted = option_quote(entry->value);
    option_fault(p->faults, entry->line, "%s = %s: %s", entry->key, quoted, what);
}

/* The value behind the key's word; `fallback` when the key is not there or the word is unknown. */
static int take_word(struct parser *p, struct key_group *group, const char *key,
                     const struct word *words, size_t n, int fallback)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return fallback;
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i].name, entry->value) == 0)
            return words[i].value;
        g_string_append_printf(known, "%s%s", i ? ", " : "", words[i].name);
    }
    fault_at(p, entry, "must be one of %s", known->str);
    return fallback;
}
#define TAKE_WORD(p, group, key, words, fallback)                                                  \
    take_word(p, group, key, words, G_N_ELEMENTS(words), fallback)

/* Text for people, glib's escapes resolved; line ends become spaces. "" when there is none. */
static char *take_text(struct parser *p, struct key_group *group, const char *key)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return g_strdup("");
    GString *out = g_string_new(NULL);
    for (const char *at = entry->value; *at != '\0'; at++) {
        if (*at != '\\') {
            g_string_append_c(out, *at == '\t' ? ' ' : *at);
        } else if (at[1] != '\0' && strchr("sntr", at[1])) {
            g_string_append_c(out, ' ');
            at++;
        } else if (at[1] == '\\') {
            g_string_append_c(out, '\\');
            at++;
        } else {
            fault_at(p, entry, "a backslash stands before s, n, t, r or another backslash only");
            break;
        }
    }
    return g_string_free(out, FALSE);
}

static bool take_number(struct parser *p, struct key_group *group, const char *key,
                        uint64_t *number)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return false;
    if (option_number(entry->value, number))
        return true;
    fault_at(p, entry, "not a number (decimal, or hexadecimal behind 0x)");
    return false;
}

/* The parts of a list separated by ';', an empty last one left out. */
static char **split_list(const char *text)
{
    char **parts = g_strsplit(text, ";", -1);
    guint n = g_strv_length(parts);
    for (guint i = 0; i < n; i++)
        g_strstrip(parts[i]);
    if (n > 0 && parts[n - 1][0] == '\0') {
        g_free(parts[n - 1]);
        parts[n - 1] = NULL;
    }
    return parts;
}

static uint64_t largest(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

static void unknown_keys(struct parser *p, const struct key_group *group, const char *where)
{
    for (guint i = 0; i < group->entries->len; i++) {
        const struct key_entry *entry = group->entries->pdata[i];
        if (entry->used)
            continue;
        g_autofree char *quoted = option_quote(entry->key);
        option_fault(p->faults, entry->line, "unknown key %s in %s", quoted, where);
    }
}

/* --- [option] -------------------------------------------------------------------------------- */

static struct key_entry *take_required(struct parser *p, struct key_group *group, const char *key)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        option_fault(p->faults, group->line, "[%s] has no key '%s'", group->name, key);
    return entry;
}

static void read_name(struct parser *p, struct key_group *group, struct option_lines *lines)
{
    struct key_entry *entry = take_required(p, group, "name");
    if (entry == NULL)
        return;
    lines->name = entry->line;
    if (!is_name(entry->value, "_-"))
        fault_at(p, entry, "a name is a-z, then a-z, 0-9, _ and -, at most %d characters",
                 OPTION_NAME_MAX);
    else if (is_one_of(entry->value, option_names_taken, G_N_ELEMENTS(option_names_taken)))
        fault_at(p, entry, "the filter field optrail.%s means something else", entry->value);
    p->desc->name = g_strdup(entry->value);
}

static void read_id(struct parser *p, struct key_group *group, struct option_lines *lines)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = take_required(p, group, "id");
    if (entry == NULL)
        return;
    lines->id = entry->line;
    uint64_t id = 0;
    if (!option_number(entry->value, &id)) {
        fault_at(p, entry, "not a number (decimal, or hexadecimal behind 0x)");
        return;
    }
    switch (desc->carrier) {
    case CARRIER_KIND:
        if (id == TCP_KIND_EXP1 || id == TCP_KIND_EXP2)
            fault_at(p, entry, "kinds 253 and 254 are shared by ExID: use carrier = exid");
        else if (id == TCP_KIND_MPTCP)
            fault_at(p, entry, "kind 30 is Multipath TCP: use carrier = mptcp or mptcp-exp");
        else if (id < 2 || id > 255)
            fault_at(p, entry, "a kind with a length is 2 to 255");
        break;
    case CARRIER_EXID:
        desc->id_bits = strlen(entry->value) == 10 ? 32 : 16;
        if (!g_ascii_strncasecmp(entry->value, "0x", 2) &&
            (strlen(entry->value) == 6 || strlen(entry->value) == 10))
            break;
        fault_at(p, entry, "an ExID is 0x and 4 hexadecimal digits (16 bits) or 8 (32 bits)");
        break;
    case CARRIER_MPTCP:
        if (id > 15)
            fault_at(p, entry, "a subtype of Multipath TCP is 0 to 15");
        break;
    case CARRIER_MPTCP_EXP:
        if (id > 255)
            fault_at(p, entry, "an experiment id is 0 to 255");
        break;
    }
    desc->id = (uint32_t)id;
}

static void read_kinds(struct parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = key_group_take(group, "kinds");
    desc->kinds_253 = desc->kinds_254 = desc->carrier == CARRIER_EXID && entry == NULL;
    if (entry == NULL)
        return;
    if (desc->carrier != CARRIER_EXID) {
        fault_at(p, entry, "only an option with carrier = exid has kinds");
        return;
    }
    g_auto(GStrv) parts = split_list(entry->value);
    for (char **part = parts; *part != NULL; part++) {
        uint64_t kind = 0;
        bool *which = !option_number(*part, &kind) ? NULL
                      : kind == TCP_KIND_EXP1      ? &desc->kinds_253
                      : kind == TCP_KIND_EXP2      ? &desc->kinds_254
                                                   : NULL;
        if (which == NULL || *which) {
            fault_at(p, entry, "must be 253, 254, or 253;254");
            return;
        }
        *which = true;
    }
    if (parts[0] == NULL)
        fault_at(p, entry, "must be 253, 254, or 253;254");
}

static void read_length(struct parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    p->length_line = group->line;
    struct key_entry *entry = take_required(p, group, "length");
    if (entry == NULL)
        return;
    p->length_line = entry->line;
    g_auto(GStrv) parts = g_strsplit(entry->value, "-", 3);
    uint64_t low = 0, high = 0;
    guint n = g_strv_length(parts);
    if (n < 1 || n > 2 || !option_number(g_strstrip(parts[0]), &low) ||
        !option_number(g_strstrip(parts[n - 1]), &high)) {
        fault_at(p, entry, "must be octets (6) or a range of them (4-16)");
        return;
    }
    unsigned header = (desc->header_bits + 7) / 8;
    if (low > high || high > TCP_OPTION_SPACE) {
        fault_at(p, entry, "a header has room for %d octets of options, the lower end first",
                 TCP_OPTION_SPACE);
    } else if (low < header) {
        fault_at(p, entry, "kind, length and what names the option take %u octets", header);
    } else {
        desc->length_min = (unsigned)low;
        desc->length_max = (unsigned)high;
    }
}

static void read_segments(struct parser *p, struct key_group *group)
{
    struct option_desc *desc = p->desc;
    struct key_entry *entry = key_group_take(group, "segments");
    if (entry == NULL) {
        desc->segments = (SEGMENT_BIT(SEGMENT_CLASSES) - 1) & ~SEGMENT_BIT(SEGMENT_RST);
        return;
    }
    g_auto(GStrv) parts = split_list(entry->value);
    for (char **part = parts; *part != NULL; part++) {
        int segment = segment_class_from_name(*part);
        if (segment < 0 || desc->segments & SEGMENT_BIT(segment)) {
            g_autofree char *quoted = option_quote(*part);
            fault_at(p, entry,
                     "%s %s; segments are syn, synack, ack, data, fin and rst, with ; "
                     "between them",
                     quoted, segment < 0 ? "is unknown" : "stands twice");
            return;
        }
        desc->segments |= SEGMENT_BIT(segment);
    }
    if (desc->segments == 0)
        fault_at(p, entry, "no segment; leave the key out for anywhere but RST");
}

static void read_profiles(struct parser *p, struct key_group *group)
{
    struct key_entry *entry = key_group_take(group, "profile");
    p->desc->profiles = split_list(entry != NULL ? entry->value : "");
    if (entry != NULL && p->desc->profiles[0] == NULL)
        fault_at(p, entry, "no profile; leave the key out for an option that is always active");
    for (char **profile = p->desc->profiles; *profile != NULL; profile++)
        if (!is_name(*profile, "_-"))
            fault_at(p, entry, "a profile's name is a-z, then a-z, 0-9, _ and -");
}

static void read_option(struct parser *p, struct key_group *group, struct option_lines *lines)
{
    struct option_desc *desc = p->desc;
    lines->name = lines->id = group->line;
    read_name(p, group, lines);
    desc->title = take_text(p, group, "title");
    if (desc->title[0] == '\0' && desc->name != NULL) {
        g_free(desc->title);
        desc->title = g_strdup(desc->name);
    }
    desc->reference = take_text(p, group, "reference");

    bool known = false;
    if (take_required(p, group, "carrier") != NULL) {
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
        /* Their meaning hangs on the carrier: no second fault for the same mistake. */
        key_group_take(group, "id");
        key_group_take(group, "kinds");
        key_group_take(group, "length");
    }
    read_segments(p, group);
    desc->sender = (enum option_sender)TAKE_WORD(p, group, "direction", senders, SENDER_BOTH);
    desc->answer = (enum option_answer)TAKE_WORD(p, group, "answer", answers, ANSWER_NONE);
    if (known && desc->answer == ANSWER_ECHO && desc->carrier != CARRIER_MPTCP_EXP)
        fault_at(p, key_group_take(group, "answer"), "only carrier = mptcp-exp has an echo bit");
    read_profiles(p, group);
    unknown_keys(p, group, "[option]");
}

/* --- [field NAME] ---------------------------------------------------------------------------- */

/* Reads "NUMBER<separator>WORD" pairs; `as_names` says whether WORD is a name or a factor. */
static void read_pairs(struct parser *p, const struct key_entry *entry, const char *list,
                       char separator, bool as_names, uint64_t limit, struct field_value **out,
                       size_t *n_out)
{
    g_auto(GStrv) parts = split_list(list);
    guint n = g_strv_length(parts);
    if (n == 0 || n > OPTION_VALUES_MAX) {
        fault_at(p, entry, n == 0 ? "an empty list" : "more than %d values", OPTION_VALUES_MAX);
        return;
    }
    struct field_value *values = g_new0(struct field_value, n);
    *out = values;
    for (guint i = 0; i < n; i++) {
        struct field_value value = {0};
        char *sign = strchr(parts[i], separator);
        g_autofree char *quoted = option_quote(parts[i]);
        const char *what = NULL;
        if (sign != NULL)
            *sign = '\0';
        if (sign == NULL || !option_number(g_strstrip(parts[i]), &value.number)) {
            what = as_names ? "is not NUMBER:NAME" : "is not NUMBER=FACTOR";
        } else if (value.number > limit) {
            what = "has a number that does not fit into the field";
        } else if (as_names && !is_value_name(g_strstrip(sign + 1))) {
            what = "has a name that is not a letter, then letters, digits and _ . + -";
        } else if (!as_names &&
                   (!option_number(g_strstrip(sign + 1), &value.factor) || value.factor == 0)) {
            what = "has a factor that is not a number from 1 up";
        }
        for (size_t j = 0; what == NULL && j < *n_out; j++)
            if (values[j].number == value.number)
                what = "has a number that stands twice";
            else if (as_names && strcmp(values[j].name, sign + 1) == 0)
                what = "has a name that stands twice";
        if (what != NULL) {
            option_fault(p->faults, entry->line, "%s: %s %s", entry->key, quoted, what);
            continue;
        }
        if (as_names)
            value.name = g_strdup(sign + 1);
        values[(*n_out)++] = value;
    }
}

/* The widths that a type can have. */
static const struct {
    unsigned min, max, fallback; /* `fallback`: when `bits` is left out; 0: it may not be */
    bool octets;                 /* whole octets on octet boundaries */
    bool rest;
} widths[] = {
    [FIELD_UINT] = {1, 64, 0, false, false},
    [FIELD_ENUM] = {1, 32, 0, false, false},
    [FIELD_BOOL] = {1, 32, 1, false, false},
    [FIELD_BYTES] = {8, 8 * TCP_OPTION_SPACE, 0, true, true},
    [FIELD_IPV4] = {32, 32, 32, true, false},
    [FIELD_IPV6] = {128, 128, 128, true, false},
    [FIELD_STRING] = {8, 8 * TCP_OPTION_SPACE, 0, true, true},
    [FIELD_RESERVED] = {1, 8 * TCP_OPTION_SPACE, 0, false, false},
};

static void read_width(struct parser *p, struct key_group *group, struct option_field *field)
{
    field->bits = widths[field->type].fallback;
    struct key_entry *entry = key_group_take(group, "bits");
    if (entry == NULL) {
        if (field->bits == 0)
            option_fault(p->faults, group->line, "[%s] has neither 'bits' nor 'of'", group->name);
        return;
    }
    const char *type = types[field->type].name;
    uint64_t bits = 0;
    if (strcmp(entry->value, "rest") == 0) {
        field->rest = true;
        if (!widths[field->type].rest)
            fault_at(p, entry, "only bytes and string can take the rest, not %s", type);
    } else if (!option_number(entry->value, &bits)) {
        fault_at(p, entry, "must be a number of bits, or rest");
    } else if (bits < widths[field->type].min || bits > widths[field->type].max) {
        if (widths[field->type].min == widths[field->type].max)
            fault_at(p, entry, "%s is %u bits wide", type, widths[field->type].min);
        else
            fault_at(p, entry, "%s is %u to %u bits wide", type, widths[field->type].min,
                     widths[field->type].max);
    } else if (widths[field->type].octets && bits % 8 != 0) {
        fault_at(p, entry, "%s is whole octets: a multiple of 8 bits", type);
    } else {
        field->bits = (unsigned)bits;
    }
}

/* `min` and `max`, which must hold values that the field can have. */
static void read_rules(struct parser *p, struct key_group *group, struct option_field *field,
                       uint64_t limit)
{
    field->has_min = take_number(p, group, "min", &field->min);
    field->has_max = take_number(p, group, "max", &field->max);
    if (field->has_min && field->min > limit)
        fault_at(p, key_group_take(group, "min"), "does not fit into the field");
    if (field->has_max && field->max > limit)
        fault_at(p, key_group_take(group, "max"), "does not fit into the field");
    if (field->has_min && field->has_max && field->min > field->max)
        fault_at(p, key_group_take(group, "max"), "smaller than min");
}

/* A key that the field's type gives no meaning to. */
static void refuse_key(struct parser *p, struct key_group *group, const char *key,
                       const char *meaning)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry != NULL)
        option_fault(p->faults, entry->line, "key '%s' is for %s", key, meaning);
}

static void read_wire_field(struct parser *p, struct key_group *group, struct option_field *field)
{
    read_width(p, group, field);
    bool number = field->type == FIELD_UINT || field->type == FIELD_ENUM;
    if (field->type == FIELD_ENUM) {
        struct key_entry *values = take_required(p, group, "values");
        if (values != NULL)
            read_pairs(p, values, values->value, ':', true, largest(field->bits ? field->bits : 64),
                       &field->values, &field->n_values);
    } else {
        refuse_key(p, group, "values", "fields of type enum");
    }
    if (number) {
        field->hex = TAKE_WORD(p, group, "base", bases, 0);
    } else {
        refuse_key(p, group, "base", "numbers");
    }
    if (field->type == FIELD_UINT) {
        read_rules(p, group, field, largest(field->bits ? field->bits : 64));
    } else {
        refuse_key(p, group, "min", "fields of type uint");
        refuse_key(p, group, "max", "fields of type uint");
        refuse_key(p, group, "unit", "fields of type uint");
    }
    static const char *const transforms[] = {"factor", "factor-by", "exp2"};
    for (size_t i = 0; i < G_N_ELEMENTS(transforms); i++)
        refuse_key(p, group, transforms[i], "computed fields, which have 'of'");
}

static void read_field(struct parser *p, struct key_group *group)
{
    const char *name = group->name + strlen("field ");
    while (*name == ' ' || *name == '\t')
        name++;
    g_autofree char *quoted = option_quote(name);
    if (!is_name(name, "_")) {
        option_fault(p->faults, group->line,
                     "field %s: a name is a-z, then a-z, 0-9 and _, at most %d characters", quoted,
                     OPTION_NAME_MAX);
    } else if (is_one_of(name, field_names_taken, G_N_ELEMENTS(field_names_taken)) ||
               (p->desc->carrier == CARRIER_MPTCP_EXP && strcmp(name, "echo") == 0)) {
        option_fault(p->faults, group->line, "field %s: the option's own header has that name",
                     quoted);
    } else if (g_str_has_suffix(name, "_be")) {
        option_fault(p->faults, group->line,
                     "field %s: in the C header names get _be at their end; none may have it",
                     quoted);
    }
    for (guint i = 0; i < p->fields->len; i++)
        if (strcmp(g_array_index(p->fields, struct option_field, i).name, name) == 0)
            option_fault(p->faults, group->line, "field %s stands twice; the first is on line %u",
                         quoted, ((struct key_group *)p->origins->pdata[i])->line);

    if (p->fields->len == OPTION_FIELDS_MAX) {
        option_fault(p->faults, group->line, "more than %d fields", OPTION_FIELDS_MAX);
        return;
    }
    struct option_field field = {.name = g_strdup(name)};
    field.description = take_text(p, group, "description");
    bool computed = key_group_take(group, "of") != NULL;
    field.type = (enum field_type)TAKE_WORD(p, group, "type", types, FIELD_UINT);
    if (field.type == FIELD_UINT)
        field.unit = take_text(p, group, "unit");
    else
        field.unit = g_strdup("");
    if (!computed)
        read_wire_field(p, group, &field);
    g_array_append_val(p->fields, field);
    g_ptr_array_add(p->origins, group);
}

/* --- computed fields, once all fields are known ---------------------------------------------- */

/* The index of an on-wire number that something is computed from, or -1 with a fault. */
static gssize find_source(struct parser *p, const struct key_entry *entry, const char *name,
                          bool (*fits)(const struct option_field *), const char *what)
{
    g_autofree char *quoted = option_quote(name);
    for (guint i = 0; i < p->fields->len; i++) {
        const struct option_field *field = &g_array_index(p->fields, struct option_field, i);
        if (strcmp(field->name, name) != 0)
            continue;
        struct key_group *origin = p->origins->pdata[i];
        if (key_group_take(origin, "of") == NULL && fits(field))
            return (gssize)i;
        option_fault(p->faults, entry->line, "%s: field %s is not %s", entry->key, quoted, what);
        return -1;
    }
    option_fault(p->faults, entry->line, "%s: there is no field %s", entry->key, quoted);
    return -1;
}

static bool is_uint(const struct option_field *field)
{
    return field->type == FIELD_UINT;
}

static bool is_selector(const struct option_field *field)
{
    return field->type == FIELD_UINT || field->type == FIELD_ENUM || field->type == FIELD_BOOL;
}

static void read_factor_by(struct parser *p, const struct key_entry *entry,
                           struct option_field *field)
{
    const char *colon = strchr(entry->value, ':');
    if (colon == NULL) {
        fault_at(p, entry, "must be FIELD:NUMBER=FACTOR;NUMBER=FACTOR");
        return;
    }
    g_autofree char *name = g_strchomp(g_strndup(entry->value, (size_t)(colon - entry->value)));
    gssize source = find_source(p, entry, name, is_selector, "a uint, enum or bool on the wire");
    if (source < 0)
        return;
    if (strcmp(name, g_array_index(p->fields, struct option_field, field->of).name) == 0) {
        fault_at(p, entry, "a field cannot select its own factor");
        return;
    }
    field->factor_by = (size_t)source;
    unsigned bits = g_array_index(p->fields, struct option_field, source).bits;
    read_pairs(p, entry, colon + 1, '=', false, largest(bits ? bits : 64), &field->factors,
               &field->n_factors);
}

static void read_computed(struct parser *p, struct key_group *group, struct option_field *field)
{
    struct key_entry *of = key_group_take(group, "of");
    gssize source = find_source(p, of, of->value, is_uint, "a uint on the wire");
    field->of = source < 0 ? 0 : (size_t)source;

    refuse_key(p, group, "bits", "fields on the wire, not for computed ones");
    refuse_key(p, group, "values", "fields on the wire, not for computed ones");
    struct key_entry *type = key_group_take(group, "type");
    if (type != NULL && field->type != FIELD_UINT)
        fault_at(p, type, "a computed field is a uint");
    field->type = FIELD_UINT;
    field->hex = TAKE_WORD(p, group, "base", bases, 0);
    read_rules(p, group, field, UINT64_MAX);

    struct key_entry *factor = key_group_take(group, "factor");
    struct key_entry *factor_by = key_group_take(group, "factor-by");
    struct key_entry *exp2 = key_group_take(group, "exp2");
    if ((factor != NULL) + (factor_by != NULL) + (exp2 != NULL) != 1) {
        option_fault(p->faults, of->line,
                     "a computed field has one of 'factor', 'factor-by' and 'exp2'");
        return;
    }
    if (factor != NULL) {
        field->transform = TRANSFORM_FACTOR;
        if (take_number(p, group, "factor", &field->factor) && field->factor == 0)
            fault_at(p, factor, "must be a number from 1 up");
    } else if (factor_by != NULL) {
        field->transform = TRANSFORM_FACTOR_BY;
        if (source >= 0)
            read_factor_by(p, factor_by, field);
    } else {
        field->transform = TRANSFORM_EXP2;
        if (strcmp(exp2->value, "yes") != 0)
            fault_at(p, exp2, "must be yes");
    }
}

/* --- what hangs together --------------------------------------------------------------------- */

/* Gives every field its place and holds their widths against the length. */
static void lay_out(struct parser *p)
{
    struct option_desc *desc = p->desc;
    unsigned at = desc->header_bits;
    const struct option_field *rest = NULL;
    bool boundary =
        at % 8 == 0 && at / 8 == desc->length_min; /* the shortest length ends a field */
    for (guint i = 0; i < p->fields->len; i++) {
        struct option_field *field = &g_array_index(p->fields, struct option_field, i);
        const struct key_group *group = p->origins->pdata[i];
        if (field->transform != TRANSFORM_NONE)
            continue;
        if (rest != NULL) {
            option_fault(p->faults, group->line,
                         "field '%s' stands after '%s', which takes all the rest", field->name,
                         rest->name);
            return;
        }
        field->offset_bits = at;
        if ((widths[field->type].octets || field->rest) && at % 8 != 0) {
            option_fault(p->faults, group->line,
                         "field '%s' must start on an octet, but starts at bit %u of octet %u",
                         field->name, at % 8, at / 8);
            return;
        }
        at += field->bits;
        if (field->rest)
            rest = field;
        boundary = boundary || at == desc->length_min * 8;
    }
    unsigned octets = (at + 7) / 8;
    if (rest != NULL) {
        if (octets > desc->length_min)
            option_fault(p->faults, p->length_line,
                         "what stands before '%s' takes %u octets, but the length may be %u",
                         rest->name, octets, desc->length_min);
        else if (octets == desc->length_max)
            option_fault(p->faults, p->length_line, "a length of %u leaves nothing for '%s'",
                         desc->length_max, rest->name);
    } else if (at % 8 != 0) {
        option_fault(p->faults, p->length_line,
                     "header and fields take %u bits, which is no whole number of octets", at);
    } else if (octets != desc->length_max) {
        option_fault(p->faults, p->length_line,
                     "header and fields take %u octets, the length is %u", octets,
                     desc->length_max);
    } else if (!boundary) {
        option_fault(p->faults, p->length_line,
                     "a length of %u octets ends within a field; fields may only be left out whole",
                     desc->length_min);
    }
}

static void read_groups(struct parser *p, struct option_lines *lines)
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
            read_field(p, group);
        } else if (group != option) {
            g_autofree char *quoted = option_quote(group->name);
            option_fault(p->faults, group->line,
                         "unknown group %s; there are [option] and [field NAME]", quoted);
        }
    }
    for (guint i = 0; i < p->fields->len; i++) {
        struct key_group *group = p->origins->pdata[i];
        if (key_group_take(group, "of") != NULL)
            read_computed(p, group, &g_array_index(p->fields, struct option_field, i));
        g_autofree char *where = g_strdup_printf("[%s]", group->name);
        unknown_keys(p, group, where);
    }
    /* With other faults a fault of the layout would be an echo of theirs. */
    if (p->faults->count == 0)
        lay_out(p);
}

static void field_clear(struct option_field *field)
{
    g_free(field->name);
    g_free(field->description);
    g_free(field->unit);
    for (size_t i = 0; i < field->n_values; i++)
        g_free(field->values[i].name);
    g_free(field->values);
    g_free(field->factors);
}

void option_desc_free(struct option_desc *desc)
{
    if (desc == NULL)
        return;
    for (size_t i = 0; i < desc->n_fields; i++)
        field_clear(&desc->fields[i]);
    g_free(desc->fields);
    g_free(desc->name);
    g_free(desc->title);
    g_free(desc->reference);
    g_strfreev(desc->profiles);
    g_free(desc->file);
    g_free(desc);
}

struct option_desc *option_desc_parse(const char *text, size_t length, struct option_lines *lines,
                                      struct option_faults *faults)
{
    struct parser p = {
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
