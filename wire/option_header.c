/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_header.c - descriptions as a C header for BPF programs and for user space.
 *
 * For option `cc` with field `algorithm`: constants OPTRAIL_CC_KIND, _EXID, _LENGTH and
 * OPTRAIL_CC_ALGORITHM_RENO, struct optrail_cc, and functions optrail_cc_init(),
 * optrail_cc_get_algorithm() and optrail_cc_set_algorithm() that work on octets in network order.
 * Bit fields are read and written by shifts, never by C's bit-fields, whose order is the
 * compiler's.  The same descriptions give the same text.
 */
#include "wire/option_header.h"

#include <string.h>

#include "wire/option_internal.h"

struct printer {
    GString *out;
    GHashTable *names; /* every macro so far: two may come out alike from different names */
};

static const char preamble[] =
    "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
    "/* Made from the option descriptions; do not edit. See docs/options.md. */\n"
    "#ifndef OPTRAIL_OPTIONS_H\n"
    "#define OPTRAIL_OPTIONS_H\n"
    "\n"
    "#include <linux/types.h>\n"
    "\n"
    "#ifndef OPTRAIL_INLINE\n"
    "#define OPTRAIL_INLINE static inline __attribute__((always_inline, unused))\n"
    "#endif\n";

/* A word for an identifier: `-`, `.` and `+` become `_`. */
static char *identifier(const char *name, bool upper)
{
    char *out = upper ? g_ascii_strup(name, -1) : g_strdup(name);
    for (char *at = out; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at))
            *at = '_';
    return out;
}

/* Text inside a C comment. */
static void print_comment(GString *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        g_string_append_c(out, *at);
        if ((*at == '*' && at[1] == '/') || (*at == '/' && at[1] == '*'))
            g_string_append_c(out, ' ');
    }
}

static void print_define(struct printer *p, const char *value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "#define NAME VALUE", once. */
static void print_define(struct printer *p, const char *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *name = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (g_hash_table_contains(p->names, name))
        g_string_append_printf(p->out, "/* %s stands above, for another name */\n", name);
    else
        g_string_append_printf(p->out, "#define %s %s\n", name, value);
    /* The set owns the name from here on. */
    g_hash_table_add(p->names, name);
    /* cppcheck-suppress memleak */
}

static void print_number(struct printer *p, uint64_t number, const char *name)
{
    char text[32];
    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT "%s", number,
               number > G_MAXUINT32  ? "ULL"
               : number > G_MAXINT32 ? "U"
                                     : "");
    print_define(p, text, "%s", name);
}

static bool is_number(const struct option_field *field)
{
    return field->transform == TRANSFORM_NONE &&
           (field->type == FIELD_UINT || field->type == FIELD_ENUM || field->type == FIELD_BOOL);
}

/* The kind octet that is sent. */
static unsigned sent_kind(const struct option_desc *desc)
{
    switch (desc->carrier) {
    case CARRIER_KIND:
        return desc->id;
    case CARRIER_EXID:
        return desc->kinds_253 ? TCP_KIND_EXP1 : TCP_KIND_EXP2;
    case CARRIER_MPTCP:
    case CARRIER_MPTCP_EXP:
        break;
    }
    return TCP_KIND_MPTCP;
}

static void print_constants(struct printer *p, const struct option_desc *desc, const char *upper)
{
    char text[32];
    g_snprintf(text, sizeof(text), "%u", sent_kind(desc));
    print_define(p, text, "OPTRAIL_%s_KIND", upper);
    if (desc->carrier == CARRIER_EXID) {
        g_snprintf(text, sizeof(text), "0x%0*XU", (int)desc->id_bits / 4, desc->id);
        print_define(p, text, "OPTRAIL_%s_EXID", upper);
        g_snprintf(text, sizeof(text), "%u", desc->id_bits);
        print_define(p, text, "OPTRAIL_%s_EXID_BITS", upper);
    } else if (desc->carrier != CARRIER_KIND) {
        g_snprintf(text, sizeof(text), "%u",
                   desc->carrier == CARRIER_MPTCP ? desc->id : MPTCP_SUBTYPE_PRIVATE);
        print_define(p, text, "OPTRAIL_%s_SUBTYPE", upper);
    }
    if (desc->carrier == CARRIER_MPTCP_EXP) {
        g_snprintf(text, sizeof(text), "0x%02X", desc->id);
        print_define(p, text, "OPTRAIL_%s_EXPERIMENT", upper);
    }
    g_snprintf(text, sizeof(text), "%u", desc->length_min);
    if (desc->length_min == desc->length_max) {
        print_define(p, text, "OPTRAIL_%s_LENGTH", upper);
    } else {
        print_define(p, text, "OPTRAIL_%s_LENGTH_MIN", upper);
        g_snprintf(text, sizeof(text), "%u", desc->length_max);
        print_define(p, text, "OPTRAIL_%s_LENGTH_MAX", upper);
    }

    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        g_autofree char *name = identifier(field->name, true);
        for (size_t j = 0; j < field->n_values; j++) {
            g_autofree char *value = identifier(field->values[j].name, true);
            g_autofree char *macro = g_strdup_printf("OPTRAIL_%s_%s_%s", upper, name, value);
            print_number(p, field->values[j].number, macro);
        }
        if (field->has_min) {
            g_autofree char *macro = g_strdup_printf("OPTRAIL_%s_%s_MIN", upper, name);
            print_number(p, field->min, macro);
        }
        if (field->has_max) {
            g_autofree char *macro = g_strdup_printf("OPTRAIL_%s_%s_MAX", upper, name);
            print_number(p, field->max, macro);
        }
        if (field->transform == TRANSFORM_NONE && !is_number(field) &&
            field->type != FIELD_RESERVED) {
            g_autofree char *offset = g_strdup_printf("OPTRAIL_%s_%s_OFFSET", upper, name);
            print_number(p, field->offset_bits / 8, offset);
            if (field->rest)
                continue;
            g_autofree char *size = g_strdup_printf("OPTRAIL_%s_%s_SIZE", upper, name);
            print_number(p, field->bits / 8, size);
        }
    }
}

/* --- the struct ------------------------------------------------------------------------------ */

/* Words that C keeps for itself and a field may bear. */
static const char *const c_words[] = {
    "auto",   "bool",     "break",  "case",   "char",     "const",    "continue", "default",
    "do",     "double",   "else",   "enum",   "extern",   "float",    "for",      "goto",
    "if",     "inline",   "int",    "long",   "register", "restrict", "return",   "short",
    "signed", "sizeof",   "static", "struct", "switch",   "typedef",  "union",    "unsigned",
    "void",   "volatile", "while",  "asm",    "typeof",   "linux",    "unix",
};

static const char *c_suffix(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(c_words); i++)
        if (strcmp(c_words[i], name) == 0)
            return "_";
    return "";
}

static const char *integer_type(unsigned bits)
{
    return bits == 16 ? "__be16" : bits == 32 ? "__be32" : bits == 64 ? "__be64" : NULL;
}

/*
 * Members for all octets behind the header. Whole octets of 8, 16, 32 or 64 bits are integers
 * (those of several octets with _be behind the name: network order); everything else is octets.
 */
static void print_members(GString *out, const struct option_desc *desc, unsigned from_bits)
{
    unsigned at = from_bits; /* bits that have a member; whole octets */
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE)
            continue;
        unsigned end = field->offset_bits + field->bits;
        const char *suffix = c_suffix(field->name);
        if (field->rest) {
            g_string_append_printf(out, "\t__u8 %s%s[%u];\n", field->name, suffix,
                                   desc->length_max - at / 8);
            return;
        }
        if (field->offset_bits == at && field->bits == 8) {
            g_string_append_printf(out, "\t__u8 %s%s;\n", field->name, suffix);
            at = end;
        } else if (field->offset_bits == at && is_number(field) && integer_type(field->bits)) {
            g_string_append_printf(out, "\t%s %s_be;\n", integer_type(field->bits), field->name);
            at = end;
        } else if (field->offset_bits == at && field->bits % 8 == 0) {
            g_string_append_printf(out, "\t__u8 %s%s[%u];\n", field->name, suffix, field->bits / 8);
            at = end;
        } else if (end > at && end % 8 == 0) {
            /* Fields that share octets: one member up to where they end together. */
            g_string_append_printf(out, "\t__u8 _bits_%u[%u]; /* use the functions */\n", at / 8,
                                   (end - at) / 8);
            at = end;
        }
    }
}

static void print_struct(GString *out, const struct option_desc *desc, const char *lower)
{
    g_string_append_printf(out, "\nstruct optrail_%s {\n\t__u8 kind;\n\t__u8 length;\n", lower);
    unsigned from = desc->header_bits;
    switch (desc->carrier) {
    case CARRIER_KIND:
        break;
    case CARRIER_EXID:
        g_string_append_printf(out, "\t%s exid_be;\n", integer_type(desc->id_bits));
        break;
    case CARRIER_MPTCP:
        from = 16; /* the subtype shares its octet with the first field */
        break;
    case CARRIER_MPTCP_EXP:
        g_string_append(out, "\t__u8 subtype_echo; /* 0xF0, or 0xF1 in an echo */\n"
                             "\t__u8 experiment;\n");
        break;
    }
    print_members(out, desc, from);
    g_string_append(out, "} __attribute__((packed));\n");
}

/* --- the functions --------------------------------------------------------------------------- */

/* Sets the whole option to its header and zeros (the shortest length, if there is a range). */
static void print_init(GString *out, const struct option_desc *desc, const char *lower)
{
    uint8_t octets[TCP_OPTION_SPACE] = {(uint8_t)sent_kind(desc), (uint8_t)desc->length_min};
    if (desc->carrier == CARRIER_EXID) {
        for (unsigned i = 0; i < desc->id_bits / 8; i++)
            octets[2 + i] = (uint8_t)(desc->id >> (desc->id_bits - 8 - i * 8));
    } else if (desc->carrier == CARRIER_MPTCP) {
        octets[2] = (uint8_t)(desc->id << 4);
    } else if (desc->carrier == CARRIER_MPTCP_EXP) {
        octets[2] = MPTCP_SUBTYPE_PRIVATE << 4;
        octets[3] = (uint8_t)desc->id;
    }
    g_string_append_printf(out,
                           "\n/* Writes the header and zeros: %u octets. */\n"
                           "OPTRAIL_INLINE void optrail_%s_init(void *option)\n"
                           "{\n"
                           "\t__u8 *o = (__u8 *)option;\n",
                           desc->length_min, lower);
    for (unsigned i = 0; i < desc->length_min; i++)
        g_string_append_printf(out, "\to[%u] = 0x%02X;\n", i, octets[i]);
    g_string_append(out, "}\n");
}

static void print_accessors(GString *out, const struct option_desc *desc,
                            const struct option_field *field, const char *lower)
{
    unsigned first = field->offset_bits / 8;
    unsigned last = (field->offset_bits + field->bits - 1) / 8;
    unsigned spare = (last + 1) * 8 - field->offset_bits - field->bits; /* bits behind the field */
    const char *type = field->bits > 32 ? "__u64" : "__u32";

    g_string_append_printf(out, "\n/* %s.%s: %u bits at bit %u of octet %u", desc->name,
                           field->name, field->bits, field->offset_bits % 8, first);
    if (field->unit[0] != '\0') {
        g_string_append(out, ", in ");
        print_comment(out, field->unit);
    }
    g_string_append_printf(out,
                           " */\n"
                           "OPTRAIL_INLINE %s optrail_%s_get_%s(const void *option)\n"
                           "{\n"
                           "\tconst __u8 *o = (const __u8 *)option;\n"
                           "\t%s value;\n",
                           type, lower, field->name, type);
    for (unsigned octet = first; octet <= last; octet++) {
        unsigned skip = octet == first ? field->offset_bits % 8 : 0;
        unsigned drop = octet == last ? spare : 0;
        unsigned width = 8 - skip - drop;
        g_string_append(out, "\tvalue = ");
        if (octet > first)
            g_string_append_printf(out, "value << %u | ", width);
        if (width == 8)
            g_string_append_printf(out, "o[%u];\n", octet);
        else if (drop == 0)
            g_string_append_printf(out, "(o[%u] & 0x%02Xu);\n", octet, (1u << width) - 1);
        else
            g_string_append_printf(out, "(o[%u] >> %u & 0x%02Xu);\n", octet, drop,
                                   (1u << width) - 1);
    }
    g_string_append(out, "\treturn value;\n}\n");

    g_string_append_printf(out,
                           "OPTRAIL_INLINE void optrail_%s_set_%s(void *option, %s value)\n"
                           "{\n"
                           "\t__u8 *o = (__u8 *)option;\n",
                           lower, field->name, type);
    unsigned shift = field->bits; /* bits of the value that are still to be written */
    for (unsigned octet = first; octet <= last; octet++) {
        unsigned skip = octet == first ? field->offset_bits % 8 : 0;
        unsigned drop = octet == last ? spare : 0;
        unsigned width = 8 - skip - drop, mask = (1u << width) - 1;
        shift -= width;
        if (width == 8)
            g_string_append_printf(out, "\to[%u] = (__u8)(value >> %u);\n", octet, shift);
        else
            g_string_append_printf(
                out, "\to[%u] = (__u8)((o[%u] & 0x%02Xu) | (value >> %u & 0x%02Xu) << %u);\n",
                octet, octet, 0xFFu & ~(mask << drop), shift, mask, drop);
    }
    g_string_append(out, "}\n");
}

/* A computed field can be read only; what cannot be computed reads as 0. */
static void print_computed(GString *out, const struct option_desc *desc,
                           const struct option_field *field, const char *lower)
{
    g_string_append_printf(out, "\n/* %s.%s, computed", desc->name, field->name);
    if (field->unit[0] != '\0') {
        g_string_append(out, ", in ");
        print_comment(out, field->unit);
    }
    g_string_append_printf(out,
                           " */\n"
                           "OPTRAIL_INLINE __u64 optrail_%s_get_%s(const void *option)\n"
                           "{\n"
                           "\t__u64 value = optrail_%s_get_%s(option);\n",
                           lower, field->name, lower, desc->fields[field->of].name);
    switch (field->transform) {
    case TRANSFORM_FACTOR:
        g_string_append_printf(out, "\treturn value * %" G_GUINT64_FORMAT "ULL;\n", field->factor);
        break;
    case TRANSFORM_FACTOR_BY:
        g_string_append_printf(out, "\t__u64 selector = optrail_%s_get_%s(option);\n", lower,
                               desc->fields[field->factor_by].name);
        for (size_t i = 0; i < field->n_factors; i++)
            g_string_append_printf(out,
                                   "\tif (selector == %" G_GUINT64_FORMAT "ULL)\n"
                                   "\t\treturn value * %" G_GUINT64_FORMAT "ULL;\n",
                                   field->factors[i].number, field->factors[i].factor);
        g_string_append(out, "\treturn 0;\n");
        break;
    case TRANSFORM_EXP2:
        g_string_append(out, "\treturn value < 64 ? 1ULL << value : 0;\n");
        break;
    case TRANSFORM_NONE:
        break;
    }
    g_string_append(out, "}\n");
}

static void print_option(struct printer *p, const struct option_desc *desc)
{
    g_autofree char *upper = identifier(desc->name, true);
    g_autofree char *lower = identifier(desc->name, false);
    g_string_append_printf(p->out, "\n/* %s: ", desc->name);
    print_comment(p->out, desc->title);
    if (desc->reference[0] != '\0') {
        g_string_append(p->out, " (");
        print_comment(p->out, desc->reference);
        g_string_append_c(p->out, ')');
    }
    g_string_append(p->out, " */\n");
    print_constants(p, desc, upper);
    print_struct(p->out, desc, lower);
    print_init(p->out, desc, lower);
    for (size_t i = 0; i < desc->n_fields; i++)
        if (is_number(&desc->fields[i]))
            print_accessors(p->out, desc, &desc->fields[i], lower);
    for (size_t i = 0; i < desc->n_fields; i++)
        if (desc->fields[i].transform != TRANSFORM_NONE)
            print_computed(p->out, desc, &desc->fields[i], lower);
}

char *option_c_header(const struct option_desc *const *descs, size_t n)
{
    struct printer p = {
        .out = g_string_new(preamble),
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    for (size_t i = 0; i < n; i++)
        print_option(&p, descs[i]);
    g_string_append(p.out, "\n#endif\n");
    g_hash_table_unref(p.names);
    return g_string_free(p.out, FALSE);
}

char *option_set_c_header(const struct option_set *set)
{
    g_autoptr(GPtrArray) active = g_ptr_array_new();
    for (size_t i = 0; i < option_set_size(set); i++)
        if (option_set_is_active(set, option_set_at(set, i)))
            g_ptr_array_add(active, (gpointer)option_set_at(set, i));
    return option_c_header((const struct option_desc *const *)active->pdata, active->len);
}
