/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.c - descriptions of options become header fields; decoded options become tree items.
 *
 * For an option NAME: optrail.NAME (its subtree), optrail.NAME.FIELD for each field on the wire or
 * computed, optrail.NAME.echo where there is an echo bit. For every option that we speak of:
 * optrail.option, its name. Every description in the set has fields, those of a profile that is not
 * chosen too, so that a filter means the same whatever the preferences say.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"

/* What is told of an option's story. Generic names are for options that nothing describes. */
enum story_field { ASKED_IN, ANSWERED_IN, FIRST_IN, LAST_IN, DIFFERS_FROM, COUNT, STORY_FIELDS };

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

/* The header fields of one description. Lives as long as the process, as Wireshark demands. */
struct shown_option {
    int subtree, echo;
    int story[STORY_FIELDS];
    int *fields; /* one per field of the description; -1 for reserved ones */
};

static int proto_optrail = -1;
static int hf_option = -1, hf_octets = -1;
static int hf_mptcp_stream = -1, hf_mptcp_subflow = -1, hf_mptcp_master = -1;
static int generic_story[STORY_FIELDS];
static int ett_option = -1;

/*
 * By struct option_desc's index: first the built-in ones, which stay, then the user's, which come
 * and go with the preferences. Their texts are all copies, for Wireshark frees those of fields that
 * are deregistered.
 */
static struct shown_option **shown;
static size_t n_shown, n_builtin;
static GArray *users; /* hf_register_info of the user's fields */

enum { TEXT_MAX = 256 }; /* of one value; longer ones are cut in summaries only */

/* --- registration ------------------------------------------------------------------------------ */

static enum ftenum number_type(unsigned bits)
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
    info->type = number_type(field->bits);
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
        proto_register_field_array(proto_optrail, (hf_register_info *)(void *)array->data,
                                   (int)array->len);
    return array;
}

static void forget_users(void)
{
    if (users == NULL)
        return;
    for (guint i = 0; i < users->len; i++)
        proto_deregister_field(proto_optrail, *g_array_index(users, hf_register_info, i).p_id);
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
    static hf_register_info common[] = {
        {&hf_option,
         {"Option", "optrail.option", FT_STRING, BASE_NONE, NULL, 0,
          "Name of an experimental or described TCP option", HFILL}},
        {&hf_octets,
         {"Octets", "optrail.octets", FT_BYTES, BASE_NONE, NULL, 0,
          "What stands behind kind and length of an option that nothing describes", HFILL}},
        {&hf_mptcp_stream,
         {"Multipath TCP connection", "optrail.mptcp.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "Wireshark's number of the connection (mptcp.stream)", HFILL}},
        {&hf_mptcp_subflow,
         {"Subflow", "optrail.mptcp.subflow", FT_UINT32, BASE_DEC, NULL, 0,
          "Which subflow of the connection this is, from 1, in order of appearance", HFILL}},
        {&hf_mptcp_master,
         {"First subflow", "optrail.mptcp.master", FT_UINT32, BASE_DEC, NULL, 0,
          "Wireshark's number of the subflow that opened the connection (tcp.stream)", HFILL}},
    };
    static int *subtrees[] = {&ett_option};
    GArray *generic = g_array_new(FALSE, FALSE, sizeof(hf_register_info));

    proto_optrail = proto;
    proto_register_field_array(proto, common, array_length(common));
    add_story_fields(generic, generic_story, NULL);
    proto_register_field_array(proto, (hf_register_info *)(void *)generic->data, (int)generic->len);
    g_array_free(generic, FALSE); /* Wireshark keeps what was in it */
    g_array_free(register_descriptions(builtin, 0), FALSE);
    n_builtin = n_shown;
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* --- tree items -------------------------------------------------------------------------------- */

void fields_mark(proto_tree *tree, tvbuff_t *tvb)
{
    proto_item *item = proto_tree_add_item(tree, proto_optrail, tvb, 0, -1, ENC_NA);
    proto_item_set_hidden(item);
}

static proto_item *add_option_name(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = proto_tree_add_string(tree, hf_option, tvb, 0, 0, label);
    proto_item_set_generated(item);
    return item;
}

proto_item *fields_add_name(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = proto_tree_add_string(tree, hf_option, tvb, 0, -1, label);
    proto_item_set_text(item, "Optrail: %s", label);
    return item;
}

proto_item *fields_add_undescribed(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = fields_add_name(tree, tvb, label);
    if (tvb_captured_length(tvb) > 2) {
        proto_tree *subtree = proto_item_add_subtree(item, ett_option);
        proto_tree_add_item(subtree, hf_octets, tvb, 2, -1, ENC_NA);
    }
    return item;
}

static bool has_text(const struct codec_value *value)
{
    return value->present && value->field->type != FIELD_RESERVED &&
           !(value->octets != NULL && value->n_octets == 0);
}

const char *fields_text(wmem_allocator_t *scope, const struct codec_option *decoded)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, NULL);
    char value[TEXT_MAX];
    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct codec_value *one = &decoded->values[i];
        if (has_text(one))
            wmem_strbuf_append_printf(text, "%s%s: %s", wmem_strbuf_get_len(text) > 0 ? ", " : "",
                                      one->field->name,
                                      codec_value_text(one, value, sizeof(value)));
    }
    if (decoded->echo)
        wmem_strbuf_append(text, wmem_strbuf_get_len(text) > 0 ? ", echo" : "echo");
    return wmem_strbuf_get_str(text);
}

/* Whether a computed value says all that this one says. */
static bool is_computed_from(const struct codec_option *decoded, size_t index)
{
    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct option_field *field = decoded->values[i].field;
        if (decoded->values[i].present && field->transform != TRANSFORM_NONE &&
            (field->of == index ||
             (field->transform == TRANSFORM_FACTOR_BY && field->factor_by == index)))
            return true;
    }
    return false;
}

const char *fields_summary(wmem_allocator_t *scope, const struct codec_option *decoded)
{
    const struct codec_value *only = NULL;
    char text[TEXT_MAX];
    for (size_t i = 0; i < decoded->n_values; i++) {
        if (!has_text(&decoded->values[i]) || is_computed_from(decoded, i))
            continue;
        if (only != NULL)
            return fields_text(scope, decoded);
        only = &decoded->values[i];
    }
    if (only == NULL)
        return decoded->echo ? "echo" : "";
    return wmem_strdup_printf(scope, "%s%s", codec_value_text(only, text, sizeof(text)),
                              decoded->echo ? ", echo" : "");
}

/* The octets that a field's value stands in; of a computed one, those of the field it is from. */
static void extent_of(const struct codec_option *decoded, const struct codec_value *value,
                      int *start, int *length)
{
    const struct option_field *field = value->field;
    if (field->transform != TRANSFORM_NONE)
        field = &decoded->desc->fields[field->of];
    unsigned first = field->offset_bits / 8;
    unsigned last =
        field->rest ? first + value->n_octets : (field->offset_bits + field->bits + 7) / 8;
    *start = (int)first;
    *length = (int)(last - first);
}

static proto_item *add_value(proto_tree *tree, int hf, tvbuff_t *tvb,
                             const struct codec_option *decoded, const struct codec_value *value)
{
    proto_item *item = NULL;
    int start, length;
    extent_of(decoded, value, &start, &length);
    switch (value->field->type) {
    case FIELD_UINT:
    case FIELD_ENUM:
        if (number_type(value->field->bits) == FT_UINT64)
            item = proto_tree_add_uint64(tree, hf, tvb, start, length, value->number);
        else
            item = proto_tree_add_uint(tree, hf, tvb, start, length, (uint32_t)value->number);
        break;
    case FIELD_BOOL:
        item = proto_tree_add_boolean(tree, hf, tvb, start, length, value->number != 0);
        break;
    case FIELD_STRING:
        item = proto_tree_add_item(tree, hf, tvb, start, length, ENC_UTF_8);
        break;
    case FIELD_BYTES:
    case FIELD_IPV4:
    case FIELD_IPV6:
        item = proto_tree_add_item(tree, hf, tvb, start, length, ENC_BIG_ENDIAN);
        break;
    case FIELD_RESERVED:
        break;
    }
    if (value->field->transform != TRANSFORM_NONE)
        proto_item_set_generated(item);
    return item;
}

static void flag_range(packet_info *pinfo, proto_item *item, const struct codec_value *value)
{
    const struct option_field *field = value->field;
    char text[TEXT_MAX];
    if (!value->present)
        rules_flag(pinfo, item, RULE_RANGE, "%s cannot be computed from these octets", field->name);
    else
        rules_flag(pinfo, item, RULE_RANGE, "%s is out of range: %s", field->name,
                   codec_value_text(value, text, sizeof(text)));
}

/* Texts cost more than all the rest: none for trees that are only filtered. */
static bool is_visible(proto_tree *tree)
{
    return tree != NULL && PTREE_DATA(tree)->visible;
}

proto_item *fields_add_described(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb,
                                 const struct codec_option *decoded)
{
    const struct option_desc *desc = decoded->desc;
    const struct shown_option *option = shown[desc->index];
    if (tree == NULL) {
        for (size_t i = 0; i < decoded->n_values && (decoded->faults & FAULT_RANGE); i++)
            if (decoded->values[i].out_of_range && option->fields[i] >= 0)
                flag_range(pinfo, NULL, &decoded->values[i]);
        return NULL;
    }
    proto_item *top = proto_tree_add_item(tree, option->subtree, tvb, 0, -1, ENC_NA);
    if (is_visible(tree)) {
        const char *values = fields_text(pinfo->pool, decoded);
        proto_item_set_text(top, "Optrail: %s (%s)%s%s", desc->title, desc->name,
                            values[0] != '\0' ? ", " : "", values);
    }
    proto_tree *subtree = proto_item_add_subtree(top, ett_option);
    add_option_name(subtree, tvb, desc->name);
    if (option_has_echo(desc) && tvb_captured_length(tvb) > 2)
        proto_tree_add_boolean(subtree, option->echo, tvb, 2, 1, decoded->echo);

    for (size_t i = 0; i < decoded->n_values; i++) {
        const struct codec_value *value = &decoded->values[i];
        proto_item *item = top;
        bool some = value->present || value->n_octets > 0;
        if (option->fields[i] < 0)
            continue;
        if (some && !(value->octets != NULL && value->n_octets == 0))
            item = add_value(subtree, option->fields[i], tvb, decoded, value);
        if (value->out_of_range)
            flag_range(pinfo, item, value);
    }
    return top;
}

/* --- stories ----------------------------------------------------------------------------------- */

static void add_generated(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, value));
}

static void add_story_value(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value)
{
    if (value != 0)
        add_generated(tree, tvb, hf, value);
}

/* Who saves what a filter shows is to have the other frames of the story too. */
static void keep_with(packet_info *pinfo, const struct story *story, bool shown_now)
{
    /* Of an option on every packet the first ones are enough: marks cost memory. */
    if (!shown_now && story->first_in != pinfo->num)
        return;
    if (story->asked_in != 0)
        mark_depended_upon(pinfo, story->asked_in);
    if (story->answered_in != 0)
        mark_depended_upon(pinfo, story->answered_in);
}

void fields_add_story(packet_info *pinfo, proto_item *option, tvbuff_t *tvb,
                      const struct option_desc *desc, const struct story *story)
{
    const int *ids = desc != NULL ? shown[desc->index]->story : generic_story;
    if (!story->known)
        return;
    keep_with(pinfo, story, option != NULL);
    if (option == NULL)
        return;
    proto_tree *tree = proto_item_add_subtree(option, ett_option);
    add_story_value(tree, tvb, ids[ASKED_IN], story->asked_in);
    add_story_value(tree, tvb, ids[ANSWERED_IN], story->answered_in);
    add_story_value(tree, tvb, ids[FIRST_IN], story->first_in);
    add_story_value(tree, tvb, ids[DIFFERS_FROM], story->differs_from);
    if (story->complete) { /* until then, these tell how far the file has been read */
        add_story_value(tree, tvb, ids[LAST_IN], story->last_in);
        add_story_value(tree, tvb, ids[COUNT], story->count);
    }
    if (desc == NULL)
        return;
    /* By the generic name too, for filters on whatever option it is. */
    const uint32_t frames[] = {story->asked_in, story->answered_in};
    const enum story_field fields[] = {ASKED_IN, ANSWERED_IN};
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        if (frames[i] != 0)
            proto_item_set_hidden(
                proto_tree_add_uint(tree, generic_story[fields[i]], tvb, 0, 0, frames[i]));
}

void fields_add_asked_in(packet_info *pinfo, proto_item *item, tvbuff_t *tvb, uint32_t frame)
{
    add_generated(proto_item_add_subtree(item, ett_option), tvb, generic_story[ASKED_IN], frame);
    mark_depended_upon(pinfo, frame);
}

void fields_add_mptcp(packet_info *pinfo, proto_item *option, tvbuff_t *tvb)
{
    proto_tree *tree = option != NULL ? proto_item_add_subtree(option, ett_option) : NULL;
    if (!proto_field_is_referenced(tree, hf_mptcp_stream) &&
        !proto_field_is_referenced(tree, hf_mptcp_subflow) &&
        !proto_field_is_referenced(tree, hf_mptcp_master))
        return;
    const struct tcp_analysis *subflow = get_tcp_conversation_data(NULL, pinfo);
    if (subflow == NULL || subflow->mptcp_analysis == NULL)
        return;
    const struct mptcp_analysis *connection = subflow->mptcp_analysis;
    unsigned number = 0;
    wmem_list_frame_t *one =
        connection->subflows != NULL ? wmem_list_head(connection->subflows) : NULL;
    for (; one != NULL; one = wmem_list_frame_next(one)) {
        number++;
        if (wmem_list_frame_data(one) == subflow)
            break;
    }
    if (one == NULL)
        return; /* Wireshark does not take it for a subflow of any connection */
    add_generated(tree, tvb, hf_mptcp_stream, connection->stream);
    add_generated(tree, tvb, hf_mptcp_subflow, number);
    if (connection->master != NULL)
        add_generated(tree, tvb, hf_mptcp_master, connection->master->stream);
}
