/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec.c - decoding: one option's octets to field values; placement; values as text.
 * Encoding is in codec_encode.c.
 */
#include "wire/codec.h"

#include <arpa/inet.h>
#include <string.h>

/* `bits` bits (1 to 64) from bit `offset` on, most significant first. All of them are there. */
static uint64_t read_bits(const uint8_t *octets, unsigned offset, unsigned bits)
{
    uint64_t number = 0;
    unsigned at = offset / 8, left = bits;
    unsigned skip = offset % 8;
    while (left > 0) {
        unsigned here = 8 - skip < left ? 8 - skip : left;
        unsigned octet = octets[at++];
        unsigned part = octet >> (8 - skip - here) & ((1u << here) - 1);
        number = number << here | part;
        left -= here;
        skip = 0;
    }
    return number;
}

static bool breaks_rule(const struct option_field *field, uint64_t number)
{
    return (field->has_min && number < field->min) || (field->has_max && number > field->max) ||
           (field->type == FIELD_ENUM && option_field_value_name(field, number) == NULL);
}

/* A field on the wire. `usable` octets of the option may be read. */
static void decode_field(const struct option_field *field, const uint8_t *option, unsigned usable,
                         unsigned length, struct codec_option *out, struct codec_value *value)
{
    if (field->rest) {
        unsigned start = field->offset_bits / 8;
        value->present = usable >= start && usable >= length;
        value->n_octets = usable > start ? usable - start : 0;
        value->octets = usable >= start ? option + start : NULL;
        return;
    }
    value->present = field->offset_bits + field->bits <= usable * 8;
    if (!value->present) {
        /* Fields may be left out whole; a length that ends within one breaks the description. */
        if (usable == length && field->offset_bits < usable * 8)
            out->faults |= FAULT_MALFORMED;
        return;
    }
    switch (field->type) {
    case FIELD_BYTES:
    case FIELD_STRING:
    case FIELD_IPV4:
    case FIELD_IPV6:
        value->octets = option + field->offset_bits / 8;
        value->n_octets = field->bits / 8;
        break;
    case FIELD_UINT:
    case FIELD_ENUM:
    case FIELD_BOOL:
        value->number = read_bits(option, field->offset_bits, field->bits);
        value->out_of_range = breaks_rule(field, value->number);
        break;
    case FIELD_RESERVED:
        break;
    }
}

/* The factor that the selecting field's value stands for; 0 when it has none. */
static uint64_t selected_factor(const struct option_field *field, uint64_t selector)
{
    for (size_t i = 0; i < field->n_factors; i++)
        if (field->factors[i].number == selector)
            return field->factors[i].factor;
    return 0;
}

/* A computed field, once those on the wire are known. */
static void compute_field(const struct option_field *field, const struct codec_option *out,
                          struct codec_value *value)
{
    const struct codec_value *of = &out->values[field->of];
    if (!of->present)
        return;
    uint64_t factor = 0;
    bool fits = false;
    switch (field->transform) {
    case TRANSFORM_FACTOR:
        fits = !__builtin_mul_overflow(of->number, field->factor, &value->number);
        break;
    case TRANSFORM_FACTOR_BY:
        if (!out->values[field->factor_by].present)
            return;
        factor = selected_factor(field, out->values[field->factor_by].number);
        fits = factor != 0 && !__builtin_mul_overflow(of->number, factor, &value->number);
        break;
    case TRANSFORM_EXP2:
        fits = of->number < 64;
        value->number = fits ? (uint64_t)1 << of->number : 0;
        break;
    case TRANSFORM_NONE:
        break;
    }
    value->present = fits;
    value->out_of_range = !fits || breaks_rule(field, value->number);
    if (!fits)
        value->number = 0;
}

void codec_decode(const struct option_desc *desc, const uint8_t *option, size_t available,
                  struct codec_option *out)
{
    /* values[] is large; only what the description has is cleared. */
    out->desc = desc;
    out->faults = 0;
    out->length = available >= 2 ? option[1] : 0;
    out->echo = false;
    out->n_values = desc->n_fields;

    unsigned usable = available < out->length ? (unsigned)available : out->length;
    if (available < 2 || available < out->length)
        out->faults |= FAULT_TRUNCATED;
    if (available >= 2 && (out->length < desc->length_min || out->length > desc->length_max))
        out->faults |= FAULT_MALFORMED;
    if (option_has_echo(desc) && usable >= 3)
        out->echo = option[2] & 1;

    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        out->values[i] = (struct codec_value){.field = field};
        if (field->transform == TRANSFORM_NONE)
            decode_field(field, option, usable, out->length, out, &out->values[i]);
    }
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE)
            compute_field(field, out, &out->values[i]);
        if (out->values[i].out_of_range)
            out->faults |= FAULT_RANGE;
    }
}

const struct codec_value *codec_value_find(const struct codec_option *decoded, const char *field)
{
    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct codec_value *value = &decoded->values[i];
        if (strcmp(value->field->name, field) == 0)
            return value->present ? value : NULL;
    }
    return NULL;
}

unsigned codec_placement(const struct option_desc *desc, enum segment_class segment,
                         int from_client)
{
    if (!(desc->segments & SEGMENT_BIT(segment)))
        return FAULT_MISPLACED;
    /* The peer of whoever sends it answers with the same option. */
    if (desc->sender == SENDER_BOTH || desc->answer != ANSWER_NONE || from_client < 0)
        return 0;
    return (desc->sender == SENDER_CLIENT) == (from_client != 0) ? 0 : FAULT_MISPLACED;
}

/* --- values as text -------------------------------------------------------------------------- */

static void append_hex(GString *text, const uint8_t *octets, unsigned n)
{
    g_string_append(text, n > 0 ? "0x" : "(empty)");
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", octets[i]);
}

static void append_string(GString *text, const uint8_t *octets, unsigned n)
{
    g_string_append_c(text, '"');
    for (unsigned i = 0; i < n; i++)
        if (octets[i] < ' ' || octets[i] > '~' || octets[i] == '"' || octets[i] == '\\')
            g_string_append_printf(text, "\\x%02x", octets[i]);
        else
            g_string_append_c(text, (char)octets[i]);
    g_string_append_c(text, '"');
}

static void append_number(GString *text, const struct codec_value *value)
{
    const struct option_field *field = value->field;
    const char *name = option_field_value_name(field, value->number);
    if (name != NULL)
        g_string_append_printf(text, "%s (", name);
    if (field->hex)
        g_string_append_printf(text, "0x%0*" G_GINT64_MODIFIER "x", (int)(field->bits + 3) / 4,
                               value->number);
    else
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, value->number);
    if (name != NULL)
        g_string_append_c(text, ')');
    if (field->unit[0] != '\0')
        g_string_append_printf(text, " %s", field->unit);
}

const char *codec_value_text(const struct codec_value *value, char *out, size_t size)
{
    g_autoptr(GString) text = g_string_sized_new(64);
    char address[INET6_ADDRSTRLEN];
    if (!value->present && !(value->field->rest && value->n_octets > 0)) {
        g_string_append(text, value->out_of_range ? "(no value)" : "(missing)");
    } else {
        switch (value->field->type) {
        case FIELD_UINT:
        case FIELD_ENUM:
            append_number(text, value);
            break;
        case FIELD_BOOL:
            g_string_append(text, value->number ? "true" : "false");
            break;
        case FIELD_IPV4:
        case FIELD_IPV6:
            g_string_append(text, inet_ntop(value->field->type == FIELD_IPV4 ? AF_INET : AF_INET6,
                                            value->octets, address, sizeof(address)));
            break;
        case FIELD_STRING:
            append_string(text, value->octets, value->n_octets);
            break;
        case FIELD_BYTES:
            append_hex(text, value->octets, value->n_octets);
            break;
        case FIELD_RESERVED:
            g_string_append(text, "(reserved)");
            break;
        }
    }
    if (!value->present && value->n_octets > 0)
        g_string_append(text, "...");
    g_strlcpy(out, text->str, size);
    return out;
}
