/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_field.c - the [field NAME] groups of a description: on the wire, computed, and whether
 * all of them together fill the option's length.
 *
 * Specification: docs/options.md.
 */
#include <string.h>

#include "wire/option_internal.h"

static const struct option_word bases[] = {{"dec", 0}, {"hex", 1}};
static const struct option_word types[] = {
    {"uint", FIELD_UINT},     {"enum", FIELD_ENUM},         {"bool", FIELD_BOOL},
    {"bytes", FIELD_BYTES},   {"ipv4", FIELD_IPV4},         {"ipv6", FIELD_IPV6},
    {"string", FIELD_STRING}, {"reserved", FIELD_RESERVED},
};

/* Names that an option's own header has, in filters or in the C header. */
static const char *const field_names_taken[] = {"kind",    "length",     "exid",
                                                "subtype", "experiment", "subtype_echo"};

static uint64_t largest(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
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

/* --- [field NAME] ---------------------------------------------------------------------------- */

/* Reads "NUMBER<separator>WORD" pairs; `as_names` says whether WORD is a name or a factor. */
static void read_pairs(struct option_parser *p, const struct key_entry *entry, const char *list,
                       char separator, bool as_names, uint64_t limit, struct field_value **out,
                       size_t *n_out)
{
    g_auto(GStrv) parts = option_split_list(list);
    guint n = g_strv_length(parts);
    if (n == 0 || n > OPTION_VALUES_MAX) {
        option_fault_at(p, entry, n == 0 ? "an empty list" : "more than %d values",
                        OPTION_VALUES_MAX);
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

static void read_width(struct option_parser *p, struct key_group *group, struct option_field *field)
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
            option_fault_at(p, entry, "only bytes and string can take the rest, not %s", type);
    } else if (!option_number(entry->value, &bits)) {
        option_fault_at(p, entry, "must be a number of bits, or rest");
    } else if (bits < widths[field->type].min || bits > widths[field->type].max) {
        if (widths[field->type].min == widths[field->type].max)
            option_fault_at(p, entry, "%s is %u bits wide", type, widths[field->type].min);
        else
            option_fault_at(p, entry, "%s is %u to %u bits wide", type, widths[field->type].min,
                            widths[field->type].max);
    } else if (widths[field->type].octets && bits % 8 != 0) {
        option_fault_at(p, entry, "%s is whole octets: a multiple of 8 bits", type);
    } else {
        field->bits = (unsigned)bits;
    }
}

/* `min` and `max`, which must hold values that the field can have. */
static void read_rules(struct option_parser *p, struct key_group *group, struct option_field *field,
                       uint64_t limit)
{
    field->has_min = option_take_number(p, group, "min", &field->min);
    field->has_max = option_take_number(p, group, "max", &field->max);
    if (field->has_min && field->min > limit)
        option_fault_at(p, key_group_take(group, "min"), "does not fit into the field");
    if (field->has_max && field->max > limit)
        option_fault_at(p, key_group_take(group, "max"), "does not fit into the field");
    if (field->has_min && field->has_max && field->min > field->max)
        option_fault_at(p, key_group_take(group, "max"), "smaller than min");
}

/* A key that the field's type gives no meaning to. */
static void refuse_key(struct option_parser *p, struct key_group *group, const char *key,
                       const char *meaning)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry != NULL)
        option_fault(p->faults, entry->line, "key '%s' is for %s", key, meaning);
}

static void read_wire_field(struct option_parser *p, struct key_group *group,
                            struct option_field *field)
{
    read_width(p, group, field);
    bool number = field->type == FIELD_UINT || field->type == FIELD_ENUM;
    if (field->type == FIELD_ENUM) {
        struct key_entry *values = option_take_required(p, group, "values");
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

void option_read_field(struct option_parser *p, struct key_group *group)
{
    const char *name = group->name + strlen("field ");
    while (*name == ' ' || *name == '\t')
        name++;
    g_autofree char *quoted = option_quote(name);
    if (!option_is_name(name, "_")) {
        option_fault(p->faults, group->line,
                     "field %s: a name is a-z, then a-z, 0-9 and _, at most %d characters", quoted,
                     OPTION_NAME_MAX);
    } else if (option_is_one_of(name, field_names_taken, G_N_ELEMENTS(field_names_taken)) ||
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
    field.description = option_take_text(p, group, "description");
    bool computed = key_group_take(group, "of") != NULL;
    field.type = (enum field_type)TAKE_WORD(p, group, "type", types, FIELD_UINT);
    if (field.type == FIELD_UINT)
        field.unit = option_take_text(p, group, "unit");
    else
        field.unit = g_strdup("");
    if (!computed)
        read_wire_field(p, group, &field);
    g_array_append_val(p->fields, field);
    g_ptr_array_add(p->origins, group);
}

/* --- computed fields, once all fields are known ---------------------------------------------- */

/* The index of an on-wire number that something is computed from, or -1 with a fault. */
static gssize find_source(struct option_parser *p, const struct key_entry *entry, const char *name,
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

static void read_factor_by(struct option_parser *p, const struct key_entry *entry,
                           struct option_field *field)
{
    const char *colon = strchr(entry->value, ':');
    if (colon == NULL) {
        option_fault_at(p, entry, "must be FIELD:NUMBER=FACTOR;NUMBER=FACTOR");
        return;
    }
    g_autofree char *name = g_strchomp(g_strndup(entry->value, (size_t)(colon - entry->value)));
    gssize source = find_source(p, entry, name, is_selector, "a uint, enum or bool on the wire");
    if (source < 0)
        return;
    if (strcmp(name, g_array_index(p->fields, struct option_field, field->of).name) == 0) {
        option_fault_at(p, entry, "a field cannot select its own factor");
        return;
    }
    field->factor_by = (size_t)source;
    unsigned bits = g_array_index(p->fields, struct option_field, source).bits;
    read_pairs(p, entry, colon + 1, '=', false, largest(bits ? bits : 64), &field->factors,
               &field->n_factors);
}

void option_read_computed(struct option_parser *p, struct key_group *group,
                          struct option_field *field)
{
    struct key_entry *of = key_group_take(group, "of");
    gssize source = find_source(p, of, of->value, is_uint, "a uint on the wire");
    field->of = source < 0 ? 0 : (size_t)source;

    refuse_key(p, group, "bits", "fields on the wire, not for computed ones");
    refuse_key(p, group, "values", "fields on the wire, not for computed ones");
    struct key_entry *type = key_group_take(group, "type");
    if (type != NULL && field->type != FIELD_UINT)
        option_fault_at(p, type, "a computed field is a uint");
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
        if (option_take_number(p, group, "factor", &field->factor) && field->factor == 0)
            option_fault_at(p, factor, "must be a number from 1 up");
    } else if (factor_by != NULL) {
        field->transform = TRANSFORM_FACTOR_BY;
        if (source >= 0)
            read_factor_by(p, factor_by, field);
    } else {
        field->transform = TRANSFORM_EXP2;
        if (strcmp(exp2->value, "yes") != 0)
            option_fault_at(p, exp2, "must be yes");
    }
}

/* --- what hangs together --------------------------------------------------------------------- */

/* Gives every field its place and holds their widths against the length. */
void option_lay_out(struct option_parser *p)
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
