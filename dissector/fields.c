/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.c - descriptions of options become header fields.
 *
 * For an option NAME: optrail.NAME (its subtree), optrail.NAME.FIELD for each field on the wire or
 * computed, optrail.NAME.echo where there is an echo bit. For every option that we speak of:
 * optrail.option, its name. Every description in the set has fields, those of a profile that is not
 * chosen too, so that a filter means the same whatever the preferences say.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/shown.h"

static const struct {
    const char *name, *suffix;
    enum ftenum type;
    int display;
    enum ft_framenum_type link;
    const char *blurb;
} story_fields[STORY_FIELDS] = {
    [ASKED_IN] = {"Asked in", "asked_in", FT_FRAMENUM, BASE_NONE, FT_FRAMENUM_REQUEST,
                  "Where the peer had sent this option first"},
    [ANSWERED_IN] = {"Answered in", "answered_in", FT_FRAMENUM, BASE_NONE, FT_FRAMENUM_RESPONSE,
                     "Where the peer then sent it too, or its echo"},
    [FIRST_IN] = {"First in", "first_in", FT_FRAMENUM, BASE_NONE, FT_FRAMENUM_NONE,
                  "Where this sender sent this option first"},
    [LAST_IN] = {"Last in", "last_in", FT_FRAMENUM, BASE_NONE, FT_FRAMENUM_NONE,
                 "Where this sender sent this option last"},
    [DIFFERS_FROM] = {"Differs from", "differs_from", FT_FRAMENUM, BASE_NONE, FT_FRAMENUM_NONE,
                      "Where this option had other octets before"},
    [COUNT] = {"Count", "count", FT_UINT32, BASE_DEC, FT_FRAMENUM_NONE,
               "How often this sender sent this option on this connection"},
};

static struct common_fields common = {-1, -1, -1, -1, -1, -1, -1, {-1}};

/*
 * By struct option_desc's index: first the built-in ones, which stay, then the user's, which come
 * and go with the preferences. Their texts are all copies, for Wireshark frees those of fields that
 * are deregistered.
 */
static struct shown_option **shown;
static size_t n_shown, n_builtin;
static GArray *users; /* hf_register_info of the user's fields */

const struct common_fields *fields_common(void)
{
    return &common;
}

const struct shown_option *fields_of(const struct option_desc *desc)
{
    return shown[desc->index];
}

/* --- registration ------------------------------------------------------------------------------ */

enum ftenum fields_number_type(unsigned bits)
{
    if (bits == 0) /* computed */
        return FT_UINT64;
    return bits <= 8    ? FT_UINT8
           : bits <= 16 ? FT_UINT16
           : bits <= 24 ? FT_UINT24
           : bits <= 32 ? FT_UINT32
                        : FT_UINT64;
}

static const void *value_names(const struct option_field *field, enum ftenum type)
{
    if (type == FT_UINT64) {
        val64_string *names = g_new0(val64_string, field->n_values + 1);
        for (size_t i = 0; i < field->n_values; i++)
            names[i] = (val64_string){field->values[i].number, g_strdup(field->values[i].name)};
        return names;
    }
    value_string *names = g_new0(value_string, field->n_values + 1);
    for (size_t i = 0; i < field->n_values; i++)
        names[i] =
            (value_string){(uint32_t)field->values[i].number, g_strdup(field->values[i].name)};
    return names;
}

static void describe_number(const struct option_field *field, header_field_info *info)
{
    info->type = fields_number_type(field->bits);
    info->display = field->hex ? BASE_HEX : BASE_DEC;
    if (field->n_values > 0) {
        info->strings = value_names(field, info->type);
        if (info->type == FT_UINT64)
            info->display |= BASE_VAL64_STRING;
    } else if (field->unit[0] != '\0' && !field->hex) {
        unit_name_string *unit = g_new0(unit_name_string, 1);
        unit->singular = g_strconcat(" ", field->unit, NULL);
        info->strings = unit;
        info->display |= BASE_UNIT_STRING;
    }
}

static void describe_field(const struct option_field *field, header_field_info *info)
{
    static const struct {
        enum ftenum type;
        int display;
    } types[] = {
        [FIELD_BOOL] = {FT_BOOLEAN, BASE_NONE},  [FIELD_BYTES] = {FT_BYTES, BASE_NONE},
        [FIELD_IPV4] = {FT_IPv4, BASE_NONE},     [FIELD_IPV6] = {FT_IPv6, BASE_NONE},
        [FIELD_STRING] = {FT_STRING, BASE_NONE},
    };
    if (field->type == FIELD_UINT || field->type == FIELD_ENUM) {
        describe_number(field, info);
    } else {
        info->type = types[field->type].type;
        info->display = types[field->type].display;
    }
}

/* "user_timeout" reads "User timeout" in the tree. Kept by Wireshark. */
static char *title_of(const char *name)
{
    char *title = g_strdelimit(g_strdup(name), "_-", ' ');
    title[0] = g_ascii_toupper(title[0]);
    return title;
}

static void add_header_field(GArray *array, int *id, char *name, char *abbreviation,
                             const char *blurb, header_field_info info)
{
    *id = -1;
    info.name = name;
    info.abbrev = abbreviation;
    info.blurb = blurb != NULL && blurb[0] != '\0' ? g_strdup(blurb) : NULL;
    hf_register_info entry = {id, info};
    g_array_append_val(array, entry);
}

static const header_field_info blank = {NULL, NULL, FT_NONE, BASE_NONE, NULL, 0, NULL, HFILL};

/* `option`: the name of one, or NULL for the generic ones. */
static void add_story_fields(GArray *array, int ids[STORY_FIELDS], const char *option)
{
    for (size_t i = 0; i < STORY_FIELDS; i++) {
        header_field_info info = blank;
        info.type = story_fields[i].type;
        info.display = story_fields[i].display;
        if (info.type == FT_FRAMENUM && story_fields[i].link != FT_FRAMENUM_NONE)
            info.strings = FRAMENUM_TYPE(story_fields[i].link);
        add_header_field(array, &ids[i], g_strdup(story_fields[i].name),
                         option != NULL
                             ? g_strconcat("optrail.", option, ".", story_fields[i].suffix, NULL)
                             : g_strconcat("optrail.", story_fields[i].suffix, NULL),
                         story_fields[i].blurb, info);
    }
}

static void add_description(GArray *array, const struct option_desc *desc,
                            struct shown_option *option)
{
    header_field_info info = blank;
    add_header_field(array, &option->subtree, g_strdup(desc->title),
                     g_strconcat("optrail.", desc->name, NULL), desc->reference, info);
    if (option_has_echo(desc)) {
        info.type = FT_BOOLEAN;
        add_header_field(array, &option->echo, g_strdup("Echo"),
                         g_strconcat("optrail.", desc->name, ".echo", NULL),
                         "The peer's request, sent back by who received it", info);
    }
    add_story_fields(array, option->story, desc->name);
    option->fields = g_new(int, desc->n_fields);
    for (size_t i = 0; i < desc->n_fields; i++) {
        const struct option_field *field = &desc->fields[i];
        option->fields[i] = -1;
        if (field->type == FIELD_RESERVED)
            continue;
        info = blank;
        describe_field(field, &info);
        add_header_field(array, &option->fields[i], title_of(field->name),
                         g_strconcat("optrail.", desc->name, ".", field->name, NULL),
                         field->description, info);
    }
}

/* Registers fields for all descriptions from `first` on; returns what was registered. */
static GArray *register_descriptions(const struct option_set *set, size_t first)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(hf_register_info));
    n_shown = option_set_size(set);
    shown = g_renew(struct shown_option *, shown, n_shown);
    for (size_t i = first; i < n_shown; i++) {
        shown[i] = g_new0(struct shown_option, 1);
        add_description(array, option_set_at(set, i), shown[i]);
    }
    if (array->len > 0)
        proto_register_field_array(common.proto, (hf_register_info *)(void *)array->data,
                                   (int)array->len);
    return array;
}

static void forget_users(void)
{
    if (users == NULL)
        return;
    for (guint i = 0; i < users->len; i++)
        proto_deregister_field(common.proto, *g_array_index(users, hf_register_info, i).p_id);
    for (size_t i = n_builtin; i < n_shown; i++) {
        g_free(shown[i]->fields);
        g_free(shown[i]);
    }
    proto_add_deregistered_data(g_array_free(g_steal_pointer(&users), FALSE));
    n_shown = n_builtin;
}

void fields_refresh(const struct option_set *set)
{
    forget_users();
    users = register_descriptions(set, n_builtin);
}

void fields_register(int proto, const struct option_set *builtin)
{
    static hf_register_info fields[] = {
        {&common.option,
         {"Option", "optrail.option", FT_STRING, BASE_NONE, NULL, 0,
          "Name of an experimental or described TCP option", HFILL}},
        {&common.octets,
         {"Octets", "optrail.octets", FT_BYTES, BASE_NONE, NULL, 0,
          "What stands behind kind and length of an option that nothing describes", HFILL}},
        {&common.mptcp_stream,
         {"Multipath TCP connection", "optrail.mptcp.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "Wireshark's number of the connection (mptcp.stream)", HFILL}},
        {&common.mptcp_subflow,
         {"Subflow", "optrail.mptcp.subflow", FT_UINT32, BASE_DEC, NULL, 0,
          "Which subflow of the connection this is, from 1, in order of appearance", HFILL}},
        {&common.mptcp_master,
         {"First subflow", "optrail.mptcp.master", FT_UINT32, BASE_DEC, NULL, 0,
          "Wireshark's number of the subflow that opened the connection (tcp.stream)", HFILL}},
    };
    static int *subtrees[] = {&common.subtree};
    GArray *generic = g_array_new(FALSE, FALSE, sizeof(hf_register_info));

    common.proto = proto;
    proto_register_field_array(proto, fields, array_length(fields));
    add_story_fields(generic, common.story, NULL);
    proto_register_field_array(proto, (hf_register_info *)(void *)generic->data, (int)generic->len);
    g_array_free(generic, FALSE); /* Wireshark keeps what was in it */
    g_array_free(register_descriptions(builtin, 0), FALSE);
    n_builtin = n_shown;
    proto_register_subtree_array(subtrees, array_length(subtrees));
}
