/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space.c - the 40 octets that a TCP header has for options (RFC 9293, section 3.1): how many are
 * used, by whom, and how many are left. And what a header lacks: the answer to an option.
 *
 * Shown at the end of TCP's options. Built only where somebody looks at the tree or filters by
 * these fields, for it concerns nearly every segment of a capture.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/packet.h"

static int hf_space = -1, hf_used = -1, hf_free = -1, hf_padding = -1, hf_by = -1, hf_missing = -1;
static int ett_space = -1;

static int proto_optrail = -1;

void space_register(int proto)
{
    static hf_register_info fields[] = {
        {&hf_space,
         {"Option space", "optrail.space", FT_NONE, BASE_NONE, NULL, 0,
          "The 40 octets that a TCP header has for options", HFILL}},
        {&hf_used,
         {"Used", "optrail.space.used", FT_UINT8, BASE_DEC, NULL, 0,
          "Octets of options in this header, padding included", HFILL}},
        {&hf_free,
         {"Free", "optrail.space.free", FT_UINT8, BASE_DEC, NULL, 0,
          "Octets that this header could have had besides", HFILL}},
        {&hf_padding,
         {"Padding", "optrail.space.padding", FT_UINT8, BASE_DEC, NULL, 0,
          "Octets of No-Operation, and from End of Option List on", HFILL}},
        {&hf_by,
         {"Used by", "optrail.space.by", FT_STRING, BASE_NONE, NULL, 0,
          "Name of an option and its octets in this header", HFILL}},
        {&hf_missing,
         {"Missing", "optrail.missing", FT_STRING, BASE_NONE, NULL, 0,
          "Name of an option that this SYN-ACK should have answered", HFILL}},
    };
    static int *subtrees[] = {&ett_space};
    proto_optrail = proto;
    proto_register_field_array(proto, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

bool space_is_wanted(proto_tree *tree)
{
    /* A field that a filter names marks its protocol as well. */
    if (!proto_field_is_referenced(tree, proto_optrail))
        return false;
    return proto_field_is_referenced(tree, hf_space) || proto_field_is_referenced(tree, hf_used) ||
           proto_field_is_referenced(tree, hf_free) ||
           proto_field_is_referenced(tree, hf_padding) || proto_field_is_referenced(tree, hf_by);
}

static const char *name_of(const struct tcp_option *option, char label[OPTION_LABEL_MAX])
{
    const struct option_desc *desc =
        option_set_find(user_options(), option->octets, option->available);
    const char *name = desc == NULL ? known_name(option->kind) : NULL;
    return name != NULL ? name : option_label(desc, option->octets, option->available, label);
}

void space_add(proto_tree *tree, tvbuff_t *tvb, unsigned start, const uint8_t *options,
               unsigned captured, unsigned declared)
{
    struct tcp_options list = {options, (uint8_t)captured, (uint8_t)declared};
    struct tcp_option option;
    char label[OPTION_LABEL_MAX];
    unsigned used = 0, padding = 0;

    proto_item *item = proto_tree_add_item(tree, hf_space, tvb, (int)start, (int)captured, ENC_NA);
    proto_tree *subtree = proto_item_add_subtree(item, ett_space);
    proto_item_set_text(item, "Optrail: option space, %u of %d octets used, %u free", declared,
                        TCP_OPTION_SPACE, TCP_OPTION_SPACE - declared);
    proto_item_set_generated(item);
    proto_item_set_generated(
        proto_tree_add_uint(subtree, hf_used, tvb, (int)start, (int)captured, declared));
    proto_item_set_generated(
        proto_tree_add_uint(subtree, hf_free, tvb, (int)start, 0, TCP_OPTION_SPACE - declared));
    while (tcp_options_next(&list, &option)) {
        unsigned at = (unsigned)(option.octets - options);
        if (option.kind == TCP_KIND_NOP)
            padding++;
        if (option.kind == TCP_KIND_EOL)
            padding += declared - at;
        if (option.kind == TCP_KIND_NOP || option.kind == TCP_KIND_EOL)
            continue;
        used = MIN(option.length, declared - at);
        const char *name = name_of(&option, label);
        proto_item *by =
            proto_tree_add_string(subtree, hf_by, tvb, (int)(start + at), option.available, name);
        proto_item_set_text(by, "%s: %u", name, used);
        proto_item_set_generated(by);
    }
    if (captured == declared)
        proto_item_set_generated(
            proto_tree_add_uint(subtree, hf_padding, tvb, (int)start, 0, padding));
}

void space_add_missing(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, const char *label,
                       uint32_t asked_in)
{
    proto_item *item = proto_tree_add_string(tree, hf_missing, tvb, 0, 0, label);
    proto_item_set_text(item, "Optrail: no answer to %s", label);
    proto_item_set_generated(item);
    items_add_asked_in(pinfo, item, tvb, asked_in);
    rules_flag(pinfo, item, RULE_UNANSWERED, "%s of the SYN in frame %u is not answered here",
               label, asked_in);
}
