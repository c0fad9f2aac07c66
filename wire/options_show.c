/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_show.c - `optrail options show`: how one option looks on the wire, drawn as RFCs do, with
 * its fields, its rules and an example.
 */
#include <stdio.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/command.h"
#include "wire/options_command.h"

/* A stretch of bits in the drawing of an option's octets. */
struct cell {
    unsigned from, to; /* bits from the option's start, `to` not included */
    char *text;
    bool open; /* goes on to the end of the option */
};

static void add_cell(GArray *cells, unsigned from, unsigned to, char *text, bool open)
{
    struct cell cell = {from, to, text, open};
    g_array_append_val(cells, cell);
}

static GArray *cells_of(const struct option_desc *desc)
{
    GArray *cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    g_autofree char *length = options_length_text(desc);
    if (desc->carrier == CARRIER_KIND)
        add_cell(cells, 0, 8, g_strdup_printf("kind %u", desc->id), false);
    else if (desc->carrier != CARRIER_EXID)
        add_cell(cells, 0, 8, g_strdup("kind 30"), false);
    else
        add_cell(cells, 0, 8,
                 g_strdup(desc->kinds_253 && desc->kinds_254 ? "kind 253/254"
                          : desc->kinds_253                  ? "kind 253"
                                                             : "kind 254"),
                 false);
    add_cell(cells, 8, 16, g_strdup_printf("length %s", length), false);
    switch (desc->carrier) {
    case CARRIER_KIND:
        break;
    case CARRIER_EXID:
        add_cell(cells, 16, 16 + desc->id_bits,
                 g_strdup_printf("ExID 0x%0*X", (int)desc->id_bits / 4, desc->id), false);
        break;
    case CARRIER_MPTCP:
        add_cell(cells, 16, 20, g_strdup_printf("sub %u", desc->id), false);
        break;
    case CARRIER_MPTCP_EXP:
        add_cell(cells, 16, 20, g_strdup("sub 15"), false);
        add_cell(cells, 20, 23, g_strdup("0"), false);
        add_cell(cells, 23, 24, g_strdup("E"), false);
        add_cell(cells, 24, 32, g_strdup_printf("id 0x%02X", desc->id), false);
        break;
    }
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE)
            continue;
        const char *name = field->type == FIELD_RESERVED ? "(reserved)" : field->name;
        unsigned end = field->rest ? field->offset_bits + 32 - field->offset_bits % 32
                                   : field->offset_bits + field->bits;
        add_cell(cells, field->offset_bits, end,
                 field->rest ? g_strdup_printf("%s ...", name) : g_strdup(name), field->rest);
    }
    return cells;
}

/* Every bit is two columns wide, so that a field of three bits has room for five characters. */
enum { BIT_COLUMNS = 2, ROW_BITS = 32 };

/* The cell that bit `bit` belongs to: they lie end to end. */
static const struct cell *cell_at(const GArray *cells, unsigned bit)
{
    const struct cell *cell = &g_array_index(cells, struct cell, 0);
    while (bit >= cell->to)
        cell++;
    return cell;
}

static void draw_rule(unsigned bits)
{
    printf("  +");
    for (unsigned bit = 1; bit <= bits; bit++)
        printf("-%c", bit % 8 == 0 ? '+' : '-');
    printf("\n");
}

/* Draws the octets, four a row, as RFCs do. Texts too long for their cell are numbered below. */
static void draw(const struct option_desc *desc)
{
    GArray *cells = cells_of(desc);
    unsigned bits = g_array_index(cells, struct cell, cells->len - 1).to;
    g_autoptr(GString) notes = g_string_new(NULL);
    unsigned n_notes = 0;

    printf("   0               1               2               3\n");
    for (unsigned row = 0; row < bits; row += ROW_BITS) {
        unsigned end = MIN(row + ROW_BITS, bits);
        draw_rule(row > 0 ? ROW_BITS : end);
        printf("  |");
        for (unsigned bit = row; bit < end;) {
            const struct cell *cell = cell_at(cells, bit);
            unsigned stop = MIN(cell->to, end);
            int columns = (int)((stop - bit) * BIT_COLUMNS) - 1;
            g_autofree char *text = g_strdup(bit > cell->from ? "..." : cell->text);
            if ((int)strlen(text) > columns) {
                g_free(text);
                text = g_strdup_printf("%u", ++n_notes);
                g_string_append_printf(notes, "   %u: %s\n", n_notes, cell->text);
            }
            int left = (columns - (int)strlen(text)) / 2;
            printf("%*s%s%*s%c", left, "", text, columns - left - (int)strlen(text), "",
                   cell->open && stop == end ? ':' : '|');
            bit = stop;
        }
        printf("\n");
    }
    draw_rule(bits % ROW_BITS ? bits % ROW_BITS : ROW_BITS);
    printf("%s", notes->str);
    for (guint i = 0; i < cells->len; i++)
        g_free(g_array_index(cells, struct cell, i).text);
    g_array_unref(cells);
}

static void show_field(const struct option_desc *desc, const struct option_field *field)
{
    if (field->type == FIELD_RESERVED)
        return;
    g_autoptr(GString) line = g_string_new(NULL);
    if (field->transform != TRANSFORM_NONE)
        g_string_append_printf(line, "computed from %s", desc->fields[field->of].name);
    else if (field->rest)
        g_string_append_printf(line, "%s, the rest of the option", options_type_names[field->type]);
    else
        g_string_append_printf(line, "%s, %u bit%s", options_type_names[field->type], field->bits,
                               field->bits == 1 ? "" : "s");
    switch (field->transform) {
    case TRANSFORM_NONE:
        break;
    case TRANSFORM_FACTOR:
        g_string_append_printf(line, " times %" G_GUINT64_FORMAT, field->factor);
        break;
    case TRANSFORM_FACTOR_BY:
        for (size_t i = 0; i < field->n_factors; i++)
            g_string_append_printf(line,
                                   "%s times %" G_GUINT64_FORMAT " when %s is %" G_GUINT64_FORMAT,
                                   i ? "," : "", field->factors[i].factor,
                                   desc->fields[field->factor_by].name, field->factors[i].number);
        break;
    case TRANSFORM_EXP2:
        g_string_append(line, ": 2 to the power of it");
        break;
    }
    if (field->unit[0] != '\0')
        g_string_append_printf(line, ", in %s", field->unit);
    if (field->has_min)
        g_string_append_printf(line, ", at least %" G_GUINT64_FORMAT, field->min);
    if (field->has_max)
        g_string_append_printf(line, ", at most %" G_GUINT64_FORMAT, field->max);
    printf("  optrail.%s.%s: %s\n", desc->name, field->name, line->str);
    if (field->description[0] != '\0')
        printf("      %s\n", field->description);
    for (size_t i = 0; i < field->n_values; i++)
        printf(field->hex ? "      0x%" G_GINT64_MODIFIER "x %s\n"
                          : "      %" G_GUINT64_FORMAT " %s\n",
               field->values[i].number, field->values[i].name);
}

/* An example: each field the smallest value that the rules allow; enums their second name. */
static void show_example(const struct option_desc *desc)
{
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        if (field->transform != TRANSFORM_NONE)
            continue;
        if (field->type == FIELD_ENUM)
            g_ptr_array_add(settings, g_strdup_printf("%s=%s", field->name,
                                                      field->values[field->n_values > 1].name));
        else if (field->type == FIELD_UINT)
            g_ptr_array_add(settings, g_strdup_printf("%s=%" G_GUINT64_FORMAT, field->name,
                                                      field->has_min   ? MAX(field->min, 1)
                                                      : field->has_max ? MIN(field->max, 1)
                                                                       : 1));
    }
    uint8_t octets[TCP_OPTION_SPACE];
    size_t length =
        codec_encode(desc, (const char *const *)settings->pdata, settings->len, octets, NULL);
    if (length == 0)
        return;
    printf("\nExample\n ");
    for (size_t i = 0; i < length; i++)
        printf(" %02x", octets[i]);
    printf("\n");
    struct codec_option decoded;
    codec_decode(desc, octets, length, &decoded);
    for (size_t i = 0; i < decoded.n_values; i++) {
        char text[160];
        const struct codec_value *value = &decoded.values[i];
        if (value->present && value->field->type != FIELD_RESERVED)
            printf("  %s = %s\n", value->field->name, codec_value_text(value, text, sizeof(text)));
    }
}

int options_show(struct option_set *set, const struct options_arguments *arguments)
{
    if (arguments->count != 1)
        return command_usage("options", "show takes the name of one option");
    const struct option_desc *desc = option_set_by_name(set, arguments->words[0]);
    if (desc == NULL)
        return command_fail(EXIT_USAGE, "options",
                            "no option is called '%s'; optrail options list names them all",
                            arguments->words[0]);
    g_autofree char *segments = options_segments_text(desc);
    printf("%s: %s\n\n", desc->name, desc->title);
    draw(desc);
    if (option_has_echo(desc))
        printf("   E: echo bit, optrail.%s.echo\n", desc->name);
    if (desc->n_fields > 0)
        printf("\nFields\n");
    for (size_t i = 0; i < desc->n_fields; i++)
        show_field(desc, &desc->fields[i]);
    printf("\nRules\n  stands on   %s\n  sent by     %s\n  answered by %s\n",
           strcmp(segments, "any") == 0 ? "any segment but RST" : segments,
           desc->sender == SENDER_BOTH ? "client and server" : options_sender_names[desc->sender],
           desc->answer == ANSWER_NONE   ? "nothing"
           : desc->answer == ANSWER_SAME ? "the same option"
                                         : "the same octets with the echo bit set");
    if (desc->profiles[0] != NULL) {
        g_autofree char *profiles = g_strjoinv(" or ", desc->profiles);
        printf("  active      with --profile %s\n", profiles);
    }
    show_example(desc);
    printf("\nFrom\n  %s%s\n", desc->builtin ? "built-in " : "", desc->file);
    if (desc->reference[0] != '\0')
        printf("  %s\n", desc->reference);
    return EXIT_DONE;
}
