/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * items.c - decoded options and their stories become tree items, by the fields of fields.c, and text.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/shown.h"

enum { TEXT_MAX = 256 }; /* of one value; longer ones are cut in summaries only */

/* --- tree items -------------------------------------------------------------------------------- */

void items_mark(proto_tree *tree, tvbuff_t *tvb)
{
    proto_item *item = proto_tree_add_item(tree, fields_common()->proto, tvb, 0, -1, ENC_NA);
    proto_item_set_hidden(item);
}

static proto_item *add_option_name(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = proto_tree_add_string(tree, fields_common()->option, tvb, 0, 0, label);
    proto_item_set_generated(item);
    return item;
}

proto_item *items_add_name(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = proto_tree_add_string(tree, fields_common()->option, tvb, 0, -1, label);
    proto_item_set_text(item, "Optrail: %s", label);
    return item;
}

proto_item *items_add_undescribed(proto_tree *tree, tvbuff_t *tvb, const char *label)
{
    proto_item *item = items_add_name(tree, tvb, label);
    if (tvb_captured_length(tvb) > 2) {
        proto_tree *subtree = proto_item_add_subtree(item, fields_common()->subtree);
        proto_tree_add_item(subtree, fields_common()->octets, tvb, 2, -1, ENC_NA);
    }
    return item;
}

static bool has_text(const struct codec_value *value)
{
    return value->present && value->field->type != FIELD_RESERVED &&
           !(value->octets != NULL && value->n_octets == 0);
}

const char *items_text(wmem_allocator_t *scope, const struct codec_option *decoded)
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

const char *items_summary(wmem_allocator_t *scope, const struct codec_option *decoded)
{
    const struct codec_value *only = NULL;
    char text[TEXT_MAX];
    for (size_t i = 0; i < decoded->n_values; i++) {
        if (!has_text(&decoded->values[i]) || is_computed_from(decoded, i))
            continue;
        if (only != NULL)
            return items_text(scope, decoded);
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
        if (fields_number_type(value->field->bits) == FT_UINT64)
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

proto_item *items_add_described(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb,
                                const struct codec_option *decoded)
{
    const struct option_desc *desc = decoded->desc;
    const struct shown_option *option = fields_of(desc);
    if (tree == NULL) {
        for (size_t i = 0; i < decoded->n_values && (decoded->faults & FAULT_RANGE); i++)
            if (decoded->values[i].out_of_range && option->fields[i] >= 0)
                flag_range(pinfo, NULL, &decoded->values[i]);
        return NULL;
    }
    proto_item *top = proto_tree_add_item(tree, option->subtree, tvb, 0, -1, ENC_NA);
    if (is_visible(tree)) {
        const char *values = items_text(pinfo->pool, decoded);
        proto_item_set_text(top, "Optrail: %s (%s)%s%s", desc->title, desc->name,
                            values[0] != '\0' ? ", " : "", values);
    }
    proto_tree *subtree = proto_item_add_subtree(top, fields_common()->subtree);
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

void items_add_story(packet_info *pinfo, proto_item *option, tvbuff_t *tvb,
                     const struct option_desc *desc, const struct story *story)
{
    const int *ids = desc != NULL ? fields_of(desc)->story : fields_common()->story;
    if (!story->known)
        return;
    keep_with(pinfo, story, option != NULL);
    if (option == NULL)
        return;
    proto_tree *tree = proto_item_add_subtree(option, fields_common()->subtree);
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
                proto_tree_add_uint(tree, fields_common()->story[fields[i]], tvb, 0, 0, frames[i]));
}

void items_add_asked_in(packet_info *pinfo, proto_item *item, tvbuff_t *tvb, uint32_t frame)
{
    add_generated(proto_item_add_subtree(item, fields_common()->subtree), tvb,
                  fields_common()->story[ASKED_IN], frame);
    mark_depended_upon(pinfo, frame);
}

void items_add_mptcp(packet_info *pinfo, proto_item *option, tvbuff_t *tvb)
{
    const struct common_fields *common = fields_common();
    proto_tree *tree = option != NULL ? proto_item_add_subtree(option, common->subtree) : NULL;
    if (!proto_field_is_referenced(tree, common->mptcp_stream) &&
        !proto_field_is_referenced(tree, common->mptcp_subflow) &&
        !proto_field_is_referenced(tree, common->mptcp_master))
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
    add_generated(tree, tvb, common->mptcp_stream, connection->stream);
    add_generated(tree, tvb, common->mptcp_subflow, number);
    if (connection->master != NULL)
        add_generated(tree, tvb, common->mptcp_master, connection->master->stream);
}
