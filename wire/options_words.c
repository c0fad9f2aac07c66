/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_words.c - words for what a description says, as `optrail options` prints them.
 */
#include "wire/options_command.h"

/* "kind 28", "exid 0x4F43", "mptcp 14", "mptcp-exp 0x01". */
char *options_id_text(const struct option_desc *desc)
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

char *options_length_text(const struct option_desc *desc)
{
    if (desc->length_min == desc->length_max)
        return g_strdup_printf("%u", desc->length_min);
    return g_strdup_printf("%u-%u", desc->length_min, desc->length_max);
}

char *options_segments_text(const struct option_desc *desc)
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

const char *const options_sender_names[] = {
    [SENDER_BOTH] = "both", [SENDER_CLIENT] = "client", [SENDER_SERVER] = "server"};
const char *const options_answer_names[] = {
    [ANSWER_NONE] = "none", [ANSWER_SAME] = "same", [ANSWER_ECHO] = "echo"};
const char *const options_carrier_names[] = {[CARRIER_KIND] = "kind",
                                             [CARRIER_EXID] = "exid",
                                             [CARRIER_MPTCP] = "mptcp",
                                             [CARRIER_MPTCP_EXP] = "mptcp-exp"};
const char *const options_type_names[] = {
    [FIELD_UINT] = "uint",     [FIELD_ENUM] = "enum",        [FIELD_BOOL] = "bool",
    [FIELD_BYTES] = "bytes",   [FIELD_IPV4] = "ipv4",        [FIELD_IPV6] = "ipv6",
    [FIELD_STRING] = "string", [FIELD_RESERVED] = "reserved"};
