/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_fields.c - fields at fixed places, flags, addresses and texts of a recording's records.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

const unit_name_string record_unit_ns = {(char *)" ns", NULL};

static int ett_flags = -1;

/* --- registration ------------------------------------------------------------------------------ */

void record_register_fixed(int proto, struct fixed_field *fields, size_t n)
{
    hf_register_info *array = g_new(hf_register_info, n); /* kept by Wireshark */
    for (size_t i = 0; i < n; i++)
        array[i] = (hf_register_info){&fields[i].id, fields[i].info};
    proto_register_field_array(proto, array, (int)n);
}

void record_register_flags(int proto, struct flag_field *flags, size_t n)
{
    static int *subtrees[] = {&ett_flags};
    hf_register_info *array = g_new(hf_register_info, n); /* kept by Wireshark */
    for (size_t i = 0; i < n; i++)
        array[i] = (hf_register_info){&flags[i].id,
                                      {flags[i].name, flags[i].abbreviation, FT_BOOLEAN, 32, NULL,
                                       flags[i].mask, NULL, HFILL}};
    proto_register_field_array(proto, array, (int)n);
    if (ett_flags < 0)
        proto_register_subtree_array(subtrees, array_length(subtrees));
}

void record_register_addresses(int proto, struct address_fields *fields, const char *title,
                               const char *prefix)
{
    hf_register_info *array = g_new(hf_register_info, 2); /* kept by Wireshark */
    fields->ipv4 = fields->ipv6 = -1;
    array[0] = (hf_register_info){
        &fields->ipv4,
        {title, g_strconcat(prefix, ".ip", NULL), FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}};
    array[1] = (hf_register_info){
        &fields->ipv6,
        {title, g_strconcat(prefix, ".ipv6", NULL), FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}};
    proto_register_field_array(proto, array, 2);
}

void record_fill_names(value_string *table, size_t n, const char *(*name)(uint32_t number))
{
    enum { NUMBERS = 128 }; /* more than any of these tables has */
    size_t at = 0;
    for (uint32_t number = 1; number < NUMBERS && at < n - 1; number++)
        if (strcmp(name(number), "?") != 0)
            table[at++] = (value_string){number, name(number)};
    table[at] = (value_string){0, NULL};
}

/* --- trees ------------------------------------------------------------------------------------- */

void record_add_fixed(proto_tree *tree, tvbuff_t *tvb, const struct fixed_field *fields, size_t n,
                      uint32_t flags)
{
    for (size_t i = 0; i < n; i++)
        if ((fields[i].needs & ~flags) == 0)
            proto_tree_add_item(tree, fields[i].id, tvb, fields[i].offset, fields[i].length,
                                ENC_LITTLE_ENDIAN);
}

void record_add_flags(proto_tree *tree, tvbuff_t *tvb, int offset, int hf,
                      const struct flag_field *flags, size_t n)
{
    proto_item *item = proto_tree_add_item(tree, hf, tvb, offset, 4, ENC_LITTLE_ENDIAN);
    proto_tree *subtree = proto_item_add_subtree(item, ett_flags);
    for (size_t i = 0; i < n; i++)
        proto_tree_add_item(subtree, flags[i].id, tvb, offset, 4, ENC_LITTLE_ENDIAN);
}

void record_add_address(proto_tree *tree, tvbuff_t *tvb, const struct endpoint *endpoint,
                        int offset, const struct address_fields *fields)
{
    if (endpoint->family == 4)
        proto_tree_add_item(tree, fields->ipv4, tvb, offset, 4, ENC_BIG_ENDIAN);
    else if (endpoint->family == 6)
        proto_tree_add_item(tree, fields->ipv6, tvb, offset, 16, ENC_NA);
}

/* --- frames ------------------------------------------------------------------------------------ */

proto_item *record_begin(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int proto,
                         const char *protocol)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, protocol);
    col_clear(pinfo->cinfo, COL_INFO);
    return proto_tree_add_item(tree, proto, tvb, 0, -1, ENC_NA);
}

int record_refuse(tvbuff_t *tvb, packet_info *pinfo, proto_item *top, const char *what)
{
    col_add_fstr(pinfo->cinfo, COL_INFO, "Malformed %s", what);
    rules_flag(pinfo, top, RULE_MALFORMED, "The %s is cut or contradicts itself", what);
    return (int)tvb_captured_length(tvb);
}

/* --- texts ------------------------------------------------------------------------------------- */

const char *record_printable(packet_info *pinfo, const void *text, size_t size)
{
    char *copy = wmem_strndup(pinfo->pool, text, strnlen(text, size));
    for (char *at = copy; *at != '\0'; at++)
        if (!g_ascii_isprint(*at))
            *at = '.';
    return copy;
}

const char *record_result_text(packet_info *pinfo, int32_t result)
{
    if (result >= 0 || result == INT32_MIN)
        return wmem_strdup_printf(pinfo->pool, "%d", result);
    return wmem_strdup_printf(pinfo->pool, "%d (%s)", result, g_strerror(-result));
}
