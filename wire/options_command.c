/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_command.c - `optrail options`: what options are described, how one looks on the wire,
 * whether a description is right, and the C header for BPF programs.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/command.h"
#include "wire/option.h"

#define USAGE "options list [--json] | show NAME | check FILE... | header [NAME...]"

struct arguments {
    char *dir, *profile;
    gboolean json;
    int count; /* words behind the action */
    char **words;
};

/* --- words for what a description says ------------------------------------------------------- */

/* "kind 28", "exid 0x4F43", "mptcp 14", "mptcp-exp 0x01". */
static char *id_text(const struct option_desc *desc)
{
    switch (desc->carrier) {
    case CARRIER_KIND:
        return g_strdup_printf("kind %u", desc->id);
    case CARRIER_EXID:
        return g_strdup_printf("exid 0x%0*X", (int)desc->id_bits / 4, desc->id);
    case CARRIER_MPTCP:
        return g_strdup_printf("mptcp %u", desc->id);
    case CARRIER_MPTCP_EXP:
        return g_strdup_printf("mptcp-exp 0x%02X", desc->id);
    }
    return g_strdup("?");
}

static char *length_text(const struct option_desc *desc)
{
    if (desc->length_min == desc->length_max)
        return g_strdup_printf("%u", desc->length_min);
    return g_strdup_printf("%u-%u", desc->length_min, desc->length_max);
}

static char *segments_text(const struct option_desc *desc)
{
    GString *out = g_string_new(NULL);
    unsigned anywhere = (SEGMENT_BIT(SEGMENT_CLASSES) - 1) & ~SEGMENT_BIT(SEGMENT_RST);
    if (desc->segments == anywhere)
        return g_string_free(g_string_append(out, "any"), FALSE);
    for (int i = 0; i < SEGMENT_CLASSES; i++)
        if (desc->segments & SEGMENT_BIT(i))
            g_string_append_printf(out, "%s%s", out->len ? " " : "",
                                   segment_class_name((enum segment_class)i));
    return g_string_free(out, FALSE);
}

static const char *const sender_names[] = {
    [SENDER_BOTH] = "both", [SENDER_CLIENT] = "client", [SENDER_SERVER] = "server"};
static const char *const answer_names[] = {
    [ANSWER_NONE] = "none", [ANSWER_SAME] = "same", [ANSWER_ECHO] = "echo"};
static const char *const carrier_names[] = {[CARRIER_KIND] = "kind",
                                            [CARRIER_EXID] = "exid",
                                            [CARRIER_MPTCP] = "mptcp",
                                            [CARRIER_MPTCP_EXP] = "mptcp-exp"};
static const char *const type_names[] = {
    [FIELD_UINT] = "uint",     [FIELD_ENUM] = "enum",        [FIELD_BOOL] = "bool",
    [FIELD_BYTES] = "bytes",   [FIELD_IPV4] = "ipv4",        [FIELD_IPV6] = "ipv6",
    [FIELD_STRING] = "string", [FIELD_RESERVED] = "reserved"};

/* --- list ------------------------------------------------------------------------------------ */

static gint compare_by_name(gconstpointer a, gconstpointer b)
{
    const struct option_desc *left = *(const struct option_desc *const *)a;
    const struct option_desc *right = *(const struct option_desc *const *)b;
    return strcmp(left->name, right->name);
}

/* All descriptions by name, those of other profiles too. */
static GPtrArray *sorted(const struct option_set *set)
{
    GPtrArray *descs = g_ptr_array_new();
    for (size_t i = 0; i < option_set_size(set); i++)
        g_ptr_array_add(descs, (gpointer)option_set_at(set, i));
    g_ptr_array_sort(descs, compare_by_name);
    return descs;
}

static void json_string(const char *key, const char *text, const char *behind)
{
    printf("\"%s\": \"", key);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if ((unsigned char)*at < ' ')
            printf("\\u%04x", (unsigned)*at);
        else
            putchar(*at);
    }
    printf("\"%s", behind);
}

static void json_field(const struct option_field *field, const struct option_desc *desc)
{
    printf("{");
    json_string("name", field->name, ", ");
    json_string("type", type_names[field->type], ", ");
    if (field->transform != TRANSFORM_NONE)
        json_string("of", desc->fields[field->of].name, ", ");
    else if (field->rest)
        printf("\"offset_bits\": %u, \"bits\": null, ", field->offset_bits);
    else
        printf("\"offset_bits\": %u, \"bits\": %u, ", field->offset_bits, field->bits);
    if (field->has_min)
        printf("\"min\": %" G_GUINT64_FORMAT ", ", field->min);
    if (field->has_max)
        printf("\"max\": %" G_GUINT64_FORMAT ", ", field->max);
    if (field->n_values > 0) {
        printf("\"values\": [");
        for (size_t i = 0; i < field->n_values; i++) {
            printf("%s{\"number\": %" G_GUINT64_FORMAT ", ", i ? ", " : "",
                   field->values[i].number);
            json_string("name", field->values[i].name, "}");
        }
        printf("], ");
    }
    json_string("unit", field->unit, ", ");
    json_string("description", field->description, "}");
}

static void json_option(const struct option_desc *desc, const struct option_set *set)
{
    printf("    {");
    json_string("name", desc->name, ", ");
    json_string("title", desc->title, ", ");
    json_string("carrier", carrier_names[desc->carrier], ", ");
    printf("\"id\": %u, ", desc->id);
    if (desc->carrier == CARRIER_EXID)
        printf("\"id_bits\": %u, \"kinds\": [%s%s%s], ", desc->id_bits,
               desc->kinds_253 ? "253" : "", desc->kinds_253 && desc->kinds_254 ? ", " : "",
               desc->kinds_254 ? "254" : "");
    printf("\"length_min\": %u, \"length_max\": %u, \"segments\": [", desc->length_min,
           desc->length_max);
    const char *comma = "";
    for (int i = 0; i < SEGMENT_CLASSES; i++) {
        if (!(desc->segments & SEGMENT_BIT(i)))
            continue;
        printf("%s\"%s\"", comma, segment_class_name((enum segment_class)i));
        comma = ", ";
    }
    printf("], ");
    json_string("direction", sender_names[desc->sender], ", ");
    json_string("answer", answer_names[desc->answer], ", ");
    printf("\"profiles\": [");
    for (char **profile = desc->profiles; *profile != NULL; profile++)
        printf("%s\"%s\"", profile != desc->profiles ? ", " : "", *profile);
    printf("], \"active\": %s, ", option_set_is_active(set, desc) ? "true" : "false");
    json_string("reference", desc->reference, ", ");
    printf("\"builtin\": %s, ", desc->builtin ? "true" : "false");
    json_string("file", desc->file, ",\n     \"fields\": [");
    for (size_t i = 0; i < desc->n_fields; i++) {
        printf("%s", i ? ",\n                " : "");
        json_field(&desc->fields[i], desc);
    }
    printf("]}");
}

static void print_json(const struct option_set *set)
{
    g_autoptr(GPtrArray) descs = sorted(set);
    printf("{\n  \"schema\": 1,\n  \"options\": [\n");
    for (guint i = 0; i < descs->len; i++) {
        json_option(descs->pdata[i], set);
        printf("%s\n", i + 1 < descs->len ? "," : "");
    }
    printf("  ]\n}\n");
}

enum {
    COLUMN_NAME,
    COLUMN_ID,
    COLUMN_LENGTH,
    COLUMN_WHERE,
    COLUMN_WHO,
    COLUMN_FROM,
    COLUMN_TITLE,
    COLUMNS
};

static int action_list(struct option_set *set, const struct arguments *arguments)
{
    if (arguments->count > 0)
        return command_usage("options", "list takes no names; see show");
    if (arguments->json) {
        print_json(set);
        return EXIT_DONE;
    }
    static const char *const heads[COLUMNS] = {"NAME", "ID",   "LENGTH", "WHERE",
                                               "WHO",  "FROM", "TITLE"};
    g_autoptr(GPtrArray) descs = sorted(set);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    size_t width[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
        width[c] = strlen(heads[c]);
    for (guint i = 0; i < descs->len; i++) {
        const struct option_desc *desc = descs->pdata[i];
        char **row = g_new0(char *, COLUMNS + 1);
        row[COLUMN_NAME] = g_strdup(desc->name);
        row[COLUMN_ID] = id_text(desc);
        row[COLUMN_LENGTH] = length_text(desc);
        row[COLUMN_WHERE] = segments_text(desc);
        row[COLUMN_WHO] = g_strdup(sender_names[desc->sender]);
        g_autofree char *profiles = g_strjoinv(" or ", desc->profiles);
        row[COLUMN_FROM] = g_strdup(desc->builtin ? "built-in" : "file");
        row[COLUMN_TITLE] = option_set_is_active(set, desc)
                                ? g_strdup(desc->title)
                                : g_strdup_printf("%s (with --profile %s)", desc->title, profiles);
        for (int c = 0; c < COLUMNS; c++)
            width[c] = MAX(width[c], strlen(row[c]));
        g_ptr_array_add(rows, row);
    }
    for (guint i = 0; i <= rows->len; i++) {
        const char *const *row = i ? (const char *const *)rows->pdata[i - 1] : heads;
        for (int c = 0; c < COLUMNS - 1; c++)
            printf("%-*s  ", (int)width[c], row[c]);
        printf("%s\n", row[COLUMN_TITLE]);
    }
    return EXIT_DONE;
}

/* --- show ------------------------------------------------------------------------------------ */

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
    g_autofree char *length = length_text(desc);
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

/* The cell that bit `bit` belongs to; NULL behind the last. */
static const struct cell *cell_at(const GArray *cells, unsigned bit)
{
    for (guint i = 0; i < cells->len; i++) {
        const struct cell *cell = &g_array_index(cells, struct cell, i);
        if (bit >= cell->from && bit < cell->to)
            return cell;
    }
    return NULL;
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
            g_autofree char *text = NULL;
            if (bit > cell->from && bit != row)
                text = g_strdup("");
            else if (bit > cell->from)
                text = g_strdup("...");
            else
                text = g_strdup(cell->text);
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
        g_string_append_printf(line, "%s, the rest of the option", type_names[field->type]);
    else
        g_string_append_printf(line, "%s, %u bit%s", type_names[field->type], field->bits,
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

static int action_show(struct option_set *set, const struct arguments *arguments)
{
    if (arguments->count != 1)
        return command_usage("options", "show takes the name of one option");
    const struct option_desc *desc = option_set_by_name(set, arguments->words[0]);
    if (desc == NULL)
        return command_fail(EXIT_USAGE, "options",
                            "no option is called '%s'; optrail options list names them all",
                            arguments->words[0]);
    g_autofree char *segments = segments_text(desc);
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
           desc->sender == SENDER_BOTH ? "client and server" : sender_names[desc->sender],
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

/* --- check ----------------------------------------------------------------------------------- */

/*
 * Each file is checked by itself against the built-ins and the files named before it; not against
 * the user's folder, where it may already lie.
 */
static int action_check(const struct arguments *arguments)
{
    if (arguments->count == 0)
        return command_usage("options", "check takes the files to check");
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    int code = EXIT_DONE;
    for (int i = 0; i < arguments->count; i++) {
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        if (option_set_add_file(set, arguments->words[i], faults) == 0) {
            printf("%s: OK\n", arguments->words[i]);
            continue;
        }
        code = EXIT_INPUT;
        for (guint j = 0; j < faults->len; j++)
            printf("%s\n", (const char *)faults->pdata[j]);
    }
    return code;
}

/* --- header ---------------------------------------------------------------------------------- */

static int action_header(struct option_set *set, const struct arguments *arguments)
{
    g_autofree char *header = NULL;
    if (arguments->count == 0) {
        header = option_set_c_header(set);
    } else {
        g_autoptr(GPtrArray) descs = g_ptr_array_new();
        for (int i = 0; i < arguments->count; i++) {
            const struct option_desc *desc = option_set_by_name(set, arguments->words[i]);
            if (desc == NULL)
                return command_fail(EXIT_USAGE, "options",
                                    "no option is called '%s'; optrail options list names them all",
                                    arguments->words[i]);
            if (!g_ptr_array_find(descs, desc, NULL))
                g_ptr_array_add(descs, (gpointer)desc);
        }
        header = option_c_header((const struct option_desc *const *)descs->pdata, descs->len);
    }
    printf("%s", header);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct arguments arguments = {0};
    const GOptionEntry entries[] = {
        {"options", 0, 0, G_OPTION_ARG_FILENAME, &arguments.dir,
         "Read option descriptions from this folder too", "DIR"},
        {"profile", 0, 0, G_OPTION_ARG_STRING, &arguments.profile,
         "Make the options of this profile active", "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "list: for programs", NULL},
        G_OPTION_ENTRY_NULL,
    };
    static const struct {
        const char *name;
        int (*act)(struct option_set *, const struct arguments *);
    } actions[] = {{"list", action_list}, {"show", action_show}, {"header", action_header}};

    int code = EXIT_DONE;
    /* command_parse() moves the words down; the vector itself stays the caller's. */
    if (!command_parse(&argc, &argv, entries, USAGE,
                       "list    every option that is described\n"
                       "show    how one looks on the wire, its fields and rules\n"
                       "check   OK, or FILE:LINE and what is wrong, for each description\n"
                       "header  C constants, structs and accessors for BPF programs",
                       &code))
        goto cleanup;
    arguments.count = argc - 2;
    arguments.words = argv + 2;
    if (argc < 2) {
        code = command_usage("options", "one of list, show, check and header is needed");
        goto cleanup;
    }
    if (arguments.json && strcmp(argv[1], "list") != 0) {
        code = command_usage("options", "--json goes with list only");
        goto cleanup;
    }
    if (strcmp(argv[1], "check") == 0) {
        /* The files are checked against the built-ins, whatever else is about. */
        if (arguments.dir != NULL || arguments.profile != NULL)
            code = command_usage("options", "--options and --profile do not go with check");
        else
            code = action_check(&arguments);
        goto cleanup;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(argv[1], actions[i].name) != 0)
            continue;
        g_autoptr(option_set) set =
            command_load_options("options", arguments.dir, arguments.profile, &code);
        if (set != NULL)
            code = actions[i].act(set, &arguments);
        goto cleanup;
    }
    code = command_usage("options", "'%s' is none of list, show, check and header", argv[1]);

cleanup:
    g_free(arguments.dir);
    g_free(arguments.profile);
    return code;
}

const struct command command_options = {
    .name = "options",
    .usage = USAGE,
    .summary = "List, show and check option descriptions; make the C header",
    .run = run,
};
