/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec_encode.c - encoding: "field=value" settings to one option's octets; see codec.h.
 *
 * Everything is written into a header's worth of octets first, then the length is what the fields
 * that were set need, and at last the result is decoded again: what the decoder flags is refused.
 */
#include "wire/codec.h"

#include <arpa/inet.h>
#include <string.h>

#include "wire/option_internal.h"

struct encoder {
    const struct option_desc *desc;
    uint8_t octets[TCP_OPTION_SPACE];
    bool set[OPTION_FIELDS_MAX]; /* by a setting, directly or through a computed field */
    unsigned end_bits;           /* behind the last field that was set */
    GError **error;
};

static bool refuse(struct encoder *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(struct encoder *e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    GQuark domain = g_quark_from_static_string("optrail-codec");
    if (e->error != NULL && *e->error == NULL)
        *e->error = g_error_new_valist(domain, 0, format, arguments);
    va_end(arguments);
    return false;
}

/* The lowest `bits` bits of `number`, most significant first, from bit `offset` on. */
static void write_bits(uint8_t *octets, unsigned offset, unsigned bits, uint64_t number)
{
    for (unsigned i = 0; i < bits; i++) {
        unsigned at = offset + i;
        uint8_t mask = (uint8_t)(0x80 >> at % 8);
        if (number >> (bits - 1 - i) & 1)
            octets[at / 8] |= mask;
        else
            octets[at / 8] &= (uint8_t)~mask;
    }
}

static bool fits(const struct option_field *field, uint64_t number)
{
    return field->bits >= 64 || number >> field->bits == 0;
}

static bool mark(struct encoder *e, const struct option_field *field)
{
    size_t index = (size_t)(field - e->desc->fields);
    if (e->set[index])
        return refuse(e, "%s: set twice, or by a computed field too", field->name);
    e->set[index] = true;
    unsigned end = field->offset_bits + field->bits;
    if (field->transform == TRANSFORM_NONE && end > e->end_bits)
        e->end_bits = end;
    return true;
}

static bool put_number(struct encoder *e, const struct option_field *field, uint64_t number)
{
    if (!mark(e, field))
        return false;
    write_bits(e->octets, field->offset_bits, field->bits, number);
    return true;
}

static bool parse_number(struct encoder *e, const struct option_field *field, const char *text,
                         uint64_t *number)
{
    if (field->type == FIELD_ENUM && option_field_value_by_name(field, text, number))
        return true;
    if (field->type == FIELD_BOOL) {
        *number = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
        if (*number || strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
            return true;
    }
    if (option_number(text, number))
        return true;
    g_autofree char *quoted = option_quote(text);
    if (field->type != FIELD_ENUM)
        return refuse(e, "%s: %s is not a number", field->name, quoted);
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < field->n_values; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", field->values[i].name);
    return refuse(e, "%s: %s is none of %s", field->name, quoted, names->str);
}

/* Sets the fields that a computed one comes from, so that it has exactly this value. */
static bool set_computed(struct encoder *e, const struct option_field *field, uint64_t number)
{
    const struct option_field *of = &e->desc->fields[field->of];
    size_t n = field->transform == TRANSFORM_FACTOR_BY ? field->n_factors : 1;
    if (!mark(e, field))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t base, factor = 1;
        if (field->transform == TRANSFORM_EXP2) {
            if (number == 0 || (number & (number - 1)) != 0)
                return refuse(e, "%s: %" G_GUINT64_FORMAT " is no power of two", field->name,
                              number);
            base = (uint64_t)__builtin_ctzll(number);
        } else {
            factor =
                field->transform == TRANSFORM_FACTOR ? field->factor : field->factors[i].factor;
            base = number / factor;
        }
        if (field->transform != TRANSFORM_EXP2 && base * factor != number)
            continue;
        if (!fits(of, base) || (of->has_min && base < of->min) || (of->has_max && base > of->max))
            continue;
        return put_number(e, of, base) &&
               (field->transform != TRANSFORM_FACTOR_BY ||
                put_number(e, &e->desc->fields[field->factor_by], field->factors[i].number));
    }
    return refuse(e, "%s: %" G_GUINT64_FORMAT "%s%s cannot be represented exactly by '%s'",
                  field->name, number, field->unit[0] ? " " : "", field->unit, of->name);
}

/* Octets of a field of bytes, string or address. */
static bool set_octets(struct encoder *e, const struct option_field *field, const uint8_t *octets,
                       size_t n)
{
    size_t start = field->offset_bits / 8;
    size_t room = field->rest ? e->desc->length_max - start : field->bits / 8;
    if (n > room)
        return refuse(e, "%s: %zu octets, there is room for %zu", field->name, n, room);
    if (!field->rest && n < room && field->type != FIELD_STRING)
        return refuse(e, "%s: %zu octets, %zu are needed", field->name, n, room);
    if (!mark(e, field))
        return false;
    if (n > 0)
        memcpy(e->octets + start, octets, n);
    if (field->rest)
        e->end_bits = (unsigned)(start + n) * 8;
    return true;
}

/* "0x0102", "0102" or "01:02". */
static bool set_hex(struct encoder *e, const struct option_field *field, const char *text)
{
    uint8_t octets[TCP_OPTION_SPACE];
    size_t n = 0;
    const char *at = text;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
        at += 2;
    while (*at != '\0' && n < sizeof(octets)) {
        int high = g_ascii_xdigit_value(at[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(at[1]);
        if (low < 0)
            break;
        octets[n++] = (uint8_t)(high << 4 | low);
        at += 2;
        if (*at == ':' && at[1] != '\0')
            at++;
    }
    if (*at != '\0') {
        g_autofree char *quoted = option_quote(text);
        return refuse(e, "%s: %s is not octets in hexadecimal (at most %d)", field->name, quoted,
                      TCP_OPTION_SPACE);
    }
    return set_octets(e, field, octets, n);
}

static bool set_address(struct encoder *e, const struct option_field *field, const char *text)
{
    uint8_t octets[16];
    bool six = field->type == FIELD_IPV6;
    if (inet_pton(six ? AF_INET6 : AF_INET, text, octets) == 1)
        return set_octets(e, field, octets, six ? 16 : 4);
    g_autofree char *quoted = option_quote(text);
    return refuse(e, "%s: %s is no %s address", field->name, quoted, six ? "IPv6" : "IPv4");
}

static bool set_number(struct encoder *e, const struct option_field *field, const char *text)
{
    uint64_t number;
    if (!parse_number(e, field, text, &number))
        return false;
    if (field->transform != TRANSFORM_NONE)
        return set_computed(e, field, number);
    if (!fits(field, number))
        return refuse(e, "%s: %" G_GUINT64_FORMAT " does not fit into %u bits", field->name, number,
                      field->bits);
    return put_number(e, field, number);
}

static bool set_field(struct encoder *e, const char *name, const char *text)
{
    const struct option_desc *desc = e->desc;
    uint64_t number;
    if (desc->carrier == CARRIER_EXID && strcmp(name, "kind") == 0) {
        bool known = option_number(text, &number);
        if (!known || !((number == TCP_KIND_EXP1 && desc->kinds_253) ||
                        (number == TCP_KIND_EXP2 && desc->kinds_254)))
            return refuse(e, "kind: option '%s' may have %s", desc->name,
                          desc->kinds_253 && desc->kinds_254 ? "253 or 254"
                          : desc->kinds_253                  ? "253"
                                                             : "254");
        e->octets[0] = (uint8_t)number;
        return true;
    }
    if (option_has_echo(desc) && strcmp(name, "echo") == 0) {
        if (!option_number(text, &number) || number > 1)
            return refuse(e, "echo: must be 0 or 1");
        e->octets[2] = (uint8_t)(0xF0 | number);
        return true;
    }
    const struct option_field *field = option_field_find(desc, name);
    if (field == NULL || field->type == FIELD_RESERVED) {
        g_autofree char *quoted = option_quote(name);
        return refuse(e, "option '%s' has no field %s", desc->name, quoted);
    }
    switch (field->type) {
    case FIELD_BYTES:
        return set_hex(e, field, text);
    case FIELD_STRING:
        return set_octets(e, field, (const uint8_t *)text, strlen(text));
    case FIELD_IPV4:
    case FIELD_IPV6:
        return set_address(e, field, text);
    case FIELD_UINT:
    case FIELD_ENUM:
    case FIELD_BOOL:
    case FIELD_RESERVED:
        break;
    }
    return set_number(e, field, text);
}

static void put_header(struct encoder *e)
{
    const struct option_desc *desc = e->desc;
    switch (desc->carrier) {
    case CARRIER_KIND:
        e->octets[0] = (uint8_t)desc->id;
        break;
    case CARRIER_EXID:
        e->octets[0] = desc->kinds_253 ? TCP_KIND_EXP1 : TCP_KIND_EXP2;
        write_bits(e->octets, 16, desc->id_bits, desc->id);
        break;
    case CARRIER_MPTCP:
        e->octets[0] = TCP_KIND_MPTCP;
        write_bits(e->octets, 16, 4, desc->id);
        break;
    case CARRIER_MPTCP_EXP:
        e->octets[0] = TCP_KIND_MPTCP;
        e->octets[2] = MPTCP_SUBTYPE_PRIVATE << 4;
        e->octets[3] = (uint8_t)desc->id;
        break;
    }
    e->end_bits = desc->header_bits;
}

/* The shortest length that holds all that was set and ends where a field ends. */
static unsigned needed_length(const struct encoder *e)
{
    const struct option_desc *desc = e->desc;
    unsigned least = (e->end_bits + 7) / 8;
    if (least < desc->length_min)
        least = desc->length_min;
    unsigned length = least;
    if (desc->header_bits == least * 8)
        return least;
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        unsigned end = field->offset_bits + field->bits;
        if (field->rest)
            return least;
        if (field->transform != TRANSFORM_NONE)
            continue;
        length = (end + 7) / 8;
        if (end % 8 == 0 && length >= least)
            return length;
    }
    return length < least ? least : length;
}

/* Refuses what the decoder would flag, with the field's name and what would be right. */
static bool check_values(struct encoder *e)
{
    struct codec_option decoded;
    codec_decode(e->desc, e->octets, e->octets[1], &decoded);
    for (size_t i = 0; i < decoded.n_values; i++) {
        const struct codec_value *value = &decoded.values[i];
        const struct option_field *field = value->field;
        if (!value->out_of_range)
            continue;
        if (!value->present)
            return refuse(e, "%s: has no value, '%s' is too large", field->name,
                          e->desc->fields[field->of].name);
        if (field->type == FIELD_ENUM)
            return refuse(e, "%s: %" G_GUINT64_FORMAT " has no name", field->name, value->number);
        g_autofree char *least =
            field->has_min ? g_strdup_printf(" at least %" G_GUINT64_FORMAT, field->min) : NULL;
        g_autofree char *most =
            field->has_max ? g_strdup_printf(" at most %" G_GUINT64_FORMAT, field->max) : NULL;
        return refuse(e, "%s: %" G_GUINT64_FORMAT " is out of range:%s%s%s", field->name,
                      value->number, least ? least : "", least && most ? "," : "",
                      most ? most : "");
    }
    return true;
}

size_t codec_encode(const struct option_desc *desc, const char *const *settings, size_t n,
                    uint8_t out[TCP_OPTION_SPACE], GError **error)
{
    struct encoder e = {.desc = desc, .error = error};
    put_header(&e);
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(settings[i], '=');
        if (equals == NULL) {
            g_autofree char *quoted = option_quote(settings[i]);
            refuse(&e, "%s is not FIELD=VALUE", quoted);
            return 0;
        }
        g_autofree char *name = g_strndup(settings[i], (size_t)(equals - settings[i]));
        if (!set_field(&e, name, equals + 1))
            return 0;
    }
    e.octets[1] = (uint8_t)needed_length(&e);
    if (!check_values(&e))
        return 0;
    memcpy(out, e.octets, sizeof(e.octets));
    return e.octets[1];
}
