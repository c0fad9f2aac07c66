/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user_table.c - the table of options in the preferences: a row makes a named, filterable option.
 *
 * A row becomes a description in the language of docs/options.md and is read like a file, with the
 * same checks. Its fields stand in one cell, packed in their order, separated by commas:
 *
 *   NAME:BITS[:TYPE[:UNIT or VALUES]]   rate:32:uint:kbit/s, mode:4:enum:1=slow;9=fast, on:1:bool
 *
 * BITS may be `rest` for a last field of bytes or string; TYPE is uint when it is left out. An empty
 * length is as long as the fields are; with no fields, whatever the option holds is shown as octets.
 */
#include "dissector/compat.h"

#include <epan/uat.h>

#include "dissector/dissector.h"

/* One row. Its strings are the table's own. */
struct row {
    char *name, *title, *id, *length, *segments, *fields;
    unsigned carrier, answer;
};

static struct row *rows;
static unsigned n_rows;

static const value_string carriers[] = {
    {CARRIER_EXID, "exid"},
    {CARRIER_KIND, "kind"},
    {CARRIER_MPTCP, "mptcp"},
    {CARRIER_MPTCP_EXP, "mptcp-exp"},
    {0, NULL},
};
static const value_string answers[] = {
    {ANSWER_NONE, "none"}, {ANSWER_SAME, "same"}, {ANSWER_ECHO, "echo"}, {0, NULL}};

/* --- a row as a description ---------------------------------------------------------------------- */

/* Octets of an option before its first field. */
static unsigned header_bits(const struct row *row)
{
    bool long_id = g_str_has_prefix(row->id, "0x") && strlen(row->id) > 6;
    switch (row->carrier) {
    case CARRIER_KIND:
        return 16;
    case CARRIER_MPTCP:
        return 20;
    case CARRIER_MPTCP_EXP:
        return 32;
    default:
        return long_id ? 48 : 32;
    }
}

/* The part behind the type: a unit, or the names of values, which our language writes with ':'. */
static void add_extra(GString *text, const char *type, const char *extra)
{
    if (strcmp(type, "enum") == 0) {
        g_autofree char *values = g_strdelimit(g_strdup(extra), "=", ':');
        g_string_append_printf(text, "values = %s\n", values);
    } else {
        g_string_append_printf(text, "unit = %s\n", extra);
    }
}

/* Appends the fields' groups; returns their bits, and whether the last one takes the rest. */
static unsigned add_fields(GString *text, const char *cell, bool *rest)
{
    g_auto(GStrv) fields = g_strsplit(cell, ",", -1);
    unsigned bits = 0;
    *rest = false;
    for (char **field = fields; *field != NULL; field++) {
        g_auto(GStrv) parts = g_strsplit(g_strstrip(*field), ":", 4);
        if (parts[0] == NULL)
            continue;
        const char *width = parts[1] != NULL ? g_strstrip(parts[1]) : "";
        const char *type = width[0] != '\0' && parts[2] != NULL ? g_strstrip(parts[2]) : "uint";
        *rest = strcmp(width, "rest") == 0;
        if (*rest && strcmp(type, "uint") == 0)
            type = "bytes";
        bits += (unsigned)g_ascii_strtoull(width, NULL, 10);
        g_string_append_printf(text, "[field %s]\nbits = %s\ntype = %s\n", g_strstrip(parts[0]),
                               width, type);
        if (width[0] != '\0' && parts[2] != NULL && parts[3] != NULL)
            add_extra(text, type, g_strstrip(parts[3]));
    }
    return bits;
}

static bool is_plain(const char *cell)
{
    for (; *cell != '\0'; cell++)
        if (g_ascii_iscntrl(*cell))
            return false;
    return true;
}

/* The description of a row; NULL when a cell holds what cannot stand in one. */
static char *describe(const struct row *row)
{
    const char *const cells[] = {row->name,   row->title,    row->id,
                                 row->length, row->segments, row->fields};
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
        if (cells[i] == NULL || !is_plain(cells[i]))
            return NULL;
    g_autoptr(GString) fields = g_string_new(NULL);
    bool rest, any = row->fields[strspn(row->fields, " ")] != '\0';
    unsigned bits = header_bits(row);
    bits += add_fields(fields, any ? row->fields : "octets:rest:bytes", &rest);

    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "[option]\nname = %s\ntitle = %s\ncarrier = %s\nid = %s\n",
                           row->name, row->title[0] != '\0' ? row->title : row->name,
                           val_to_str_const(row->carrier, carriers, "exid"), row->id);
    if (row->length[0] != '\0')
        g_string_append_printf(text, "length = %s\n", row->length);
    else if (rest)
        g_string_append_printf(text, "length = %u-%d\n", (bits + 7) / 8, TCP_OPTION_SPACE);
    else
        g_string_append_printf(text, "length = %u\n", (bits + 7) / 8);
    if (row->segments[0] != '\0')
        g_string_append_printf(text, "segments = %s\n", row->segments);
    if (row->answer != ANSWER_NONE)
        g_string_append_printf(text, "answer = %s\n",
                               val_to_str_const(row->answer, answers, "none"));
    g_string_append(text, fields->str);
    return g_string_free(text, FALSE);
}

void user_table_add(struct option_set *set, GPtrArray *faults)
{
    for (unsigned i = 0; i < n_rows; i++) {
        g_autofree char *text = describe(&rows[i]);
        g_autofree char *file = g_strdup_printf("table of options, row %u", i + 1);
        if (text != NULL)
            option_set_add_text(set, file, text, strlen(text), faults);
    }
}

/* --- what Wireshark calls -------------------------------------------------------------------------- */

UAT_CSTRING_CB_DEF(row, name, struct row)
UAT_CSTRING_CB_DEF(row, title, struct row)
UAT_CSTRING_CB_DEF(row, id, struct row)
UAT_CSTRING_CB_DEF(row, length, struct row)
UAT_CSTRING_CB_DEF(row, segments, struct row)
UAT_CSTRING_CB_DEF(row, fields, struct row)
UAT_VS_DEF(row, carrier, struct row, unsigned, CARRIER_EXID, "exid")
UAT_VS_DEF(row, answer, struct row, unsigned, ANSWER_NONE, "none")

static void *copy_row(void *to, const void *from, size_t size)
{
    struct row *copy = to;
    const struct row *row = from;
    (void)size;
    *copy = *row;
    copy->name = g_strdup(row->name);
    copy->title = g_strdup(row->title);
    copy->id = g_strdup(row->id);
    copy->length = g_strdup(row->length);
    copy->segments = g_strdup(row->segments);
    copy->fields = g_strdup(row->fields);
    return copy;
}

static void free_row(void *data)
{
    struct row *row = data;
    g_free(row->name);
    g_free(row->title);
    g_free(row->id);
    g_free(row->length);
    g_free(row->segments);
    g_free(row->fields);
}

/* A row is right when its description is, beside the built-in ones. */
static wish check_row(void *data, char **error)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(option_set) set = option_set_new();
    g_autofree char *text = describe(data);
    option_set_add_builtin(set, NULL);
    if (text == NULL)
        *error = g_strdup("A cell holds a control character");
    else if (option_set_add_text(set, "option", text, strlen(text), faults) > 0)
        *error = g_strdup(faults->pdata[0]);
    return *error == NULL;
}

void user_table_register(module_t *module, void (*changed)(void))
{
    static uat_field_t columns[] = {
        UAT_FLD_CSTRING(row, name, "Name", "Of the option: filter fields are optrail.NAME.FIELD"),
        UAT_FLD_CSTRING(row, title, "Title", "For people"),
        UAT_FLD_VS(row, carrier, "Carrier", carriers, "How the option is told from others"),
        UAT_FLD_CSTRING(row, id, "Id", "ExID as 0xBEEF, kind, subtype or experiment id"),
        UAT_FLD_CSTRING(row, length, "Length",
                        "Octets of the whole option, 6 or 4-16; empty: as the fields are"),
        UAT_FLD_CSTRING(row, segments, "Segments",
                        "Where it may stand: syn;synack;ack;data;fin; empty: anywhere"),
        UAT_FLD_VS(row, answer, "Answer", answers, "What the peer is expected to send"),
        UAT_FLD_CSTRING(row, fields, "Fields",
                        "NAME:BITS[:TYPE[:UNIT or VALUES]], ...: rate:32:uint:kbit/s, on:1:bool"),
        UAT_END_FIELDS};
    uat_t *table = uat_new("TCP Options", sizeof(struct row), "optrail_options", TRUE, &rows,
                           &n_rows, UAT_AFFECTS_DISSECTION | UAT_AFFECTS_FIELDS, NULL, copy_row,
                           check_row, free_row, changed, NULL, columns);
    prefs_register_uat_preference(module, "options", "TCP options",
                                  "Options of your own, one a row: named and filterable at once",
                                  table);
}
