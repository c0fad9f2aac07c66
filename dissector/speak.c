/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speak.c - what is said of one TCP option: its name, its values, and the rules that it breaks.
 *
 * Nothing is said of options that only Wireshark knows; of those whose values it shows itself,
 * the name and the broken rules.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/segment.h"

/* What Wireshark knows of kind 30: RFC 8684 has the subtypes 0 to 8. */
enum { MPTCP_SUBTYPE_KNOWN_MAX = 8 };

/* RFC 5482 recommends as the lower limit of a user timeout what RFC 1122 demands at least. */
enum { UTO_LOWER_LIMIT_S = 100 };

/* One option as it is being looked at. */
struct spoken {
    const struct segment_facts *segment;
    const struct option_desc *desc; /* NULL: nothing describes it */
    const char *label;
    const uint8_t *octets;
    unsigned available, length;
    struct codec_option decoded; /* when there is a description */
};

/* --- what Wireshark knows already -------------------------------------------------------------- */

/* ExIDs whose values Wireshark 4.0 and later show field by field. */
static bool stock_decodes(const struct option_desc *desc)
{
    static const uint32_t exids[] = {0x00AC, 0xACC0, 0xACC1, 0xF989};
    if (!desc->builtin || desc->carrier != CARRIER_EXID || desc->id_bits != 16)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(exids); i++)
        if (desc->id == exids[i])
            return true;
    return false;
}

/* Whether an option that nothing describes is one of those that we leave to Wireshark. */
static bool stock_knows(const uint8_t *octets, unsigned available)
{
    switch (octets[0]) {
    case TCP_KIND_EXP1:
    case TCP_KIND_EXP2:
        return false;
    case TCP_KIND_MPTCP:
        return available > 2 && octets[2] >> 4 <= MPTCP_SUBTYPE_KNOWN_MAX;
    default:
        return options_stock_handles(octets[0]);
    }
}

/* --- rules ------------------------------------------------------------------------------------- */

/* 1 when the client sent this segment, 0 the server, -1 when the capture does not tell. */
static int sent_by_client(packet_info *pinfo, const struct segment_facts *segment)
{
    if ((segment->flags & TH_SYN) != 0)
        return (segment->flags & TH_ACK) == 0;
    if (pinfo->flags.in_error_pkt)
        return -1;
    const struct tcp_analysis *connection = get_tcp_conversation_data(NULL, pinfo);
    /* The server's port is known once a SYN or its answer was seen. */
    if (connection == NULL || connection->server_port == 0 ||
        segment->source_port == segment->destination_port)
        return -1;
    if (segment->destination_port == connection->server_port)
        return 1;
    return segment->source_port == connection->server_port ? 0 : -1;
}

static void check_placement(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    const struct option_desc *desc = option->desc;
    enum segment_class class =
        segment_classify(option->segment->flags, option->segment->payload_length);
    /* Of a fragment nobody knows whether payload follows: either may be true then. */
    if (!option->segment->payload_known && class == SEGMENT_ACK &&
        (desc->segments & SEGMENT_BIT(SEGMENT_DATA)) != 0)
        class = SEGMENT_DATA;
    if (codec_placement(desc, class, -1))
        fields_flag(pinfo, item, RULE_MISPLACED, "%s may not stand on a segment of class %s",
                    desc->name, segment_class_name(class));
    else if (desc->sender != SENDER_BOTH &&
             codec_placement(desc, class, sent_by_client(pinfo, option->segment)))
        fields_flag(pinfo, item, RULE_MISPLACED, "%s is for the %s to send", desc->name,
                    desc->sender == SENDER_CLIENT ? "client" : "server");
}

/* An option's echo and its request are two things, though they share a name. */
static void check_duplicate(packet_info *pinfo, proto_item *item, const struct spoken *option,
                            const struct occurrence *seen)
{
    const struct header_options *spoken = option->segment->spoken;
    for (unsigned i = 0; i < spoken->n; i++) {
        const struct occurrence *other = &spoken->seen[i];
        if (other->echo == seen->echo && strcmp(other->label, seen->label) == 0 &&
            (other->length != seen->length ||
             memcmp(other->octets, seen->octets, seen->length) != 0)) {
            fields_flag(pinfo, item, RULE_DUPLICATE,
                        "%s stands twice in this header with different octets", option->label);
            break;
        }
    }
}

static void check_limits(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    const struct option_desc *desc = option->desc;
    if (desc == NULL || desc->carrier != CARRIER_KIND || desc->id != TCP_KIND_UTO)
        return;
    const struct codec_value *timeout = codec_value_find(&option->decoded, "timeout");
    if (timeout != NULL && timeout->present && timeout->number < UTO_LOWER_LIMIT_S)
        fields_flag(pinfo, item, RULE_LIMITS,
                    "%" PRIu64 " s: below the lower limit of %d s that RFC 5482 recommends to who "
                    "receives this",
                    timeout->number, UTO_LOWER_LIMIT_S);
}

static void check_story(packet_info *pinfo, proto_item *item, const struct spoken *option,
                        const struct story *story)
{
    if (story->contradicts)
        fields_flag(pinfo, item, RULE_CONTRADICTED,
                    "The echo of %s differs from what was asked for, last in frame %u",
                    option->label, story->differs_from);
    else if (story->differs_from != 0)
        fields_flag(pinfo, item, RULE_CHANGED, "%s differs from the one in frame %u", option->label,
                    story->differs_from);
    if (story->unanswered_in != 0)
        fields_flag(pinfo, item, RULE_UNANSWERED, "The peer's SYN-ACK in frame %u lacks %s",
                    story->unanswered_in, option->label);
    else if (story->silent)
        fields_flag(pinfo, item, RULE_UNANSWERED, "Nothing in this capture answers %s",
                    option->label);
}

static void check_mptcp(packet_info *pinfo, proto_item *item, tvbuff_t *tvb,
                        const struct spoken *option)
{
    uint32_t frame;
    if (option->octets[0] != TCP_KIND_MPTCP)
        return;
    if (story_is_plain(pinfo, option->segment, &frame))
        fields_flag(pinfo, item, RULE_PLAIN,
                    "%s on a connection that is plain TCP: no Multipath TCP in its handshake, "
                    "frame %u",
                    option->label, frame);
    else if (!pinfo->flags.in_error_pkt)
        fields_add_mptcp(pinfo, item, tvb);
}

static void check_length(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    const struct option_desc *desc = option->desc;
    if (option->available < option->length)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s is cut short by the capture: %u of %u octets",
                    option->label, option->available, option->length);
    if (desc == NULL || !(option->decoded.faults & FAULT_MALFORMED))
        return;
    if (option->length >= desc->length_min && option->length <= desc->length_max)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s ends within a field", desc->name);
    else if (desc->length_min == desc->length_max)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s has %u octets instead of %u", desc->name,
                    option->length, desc->length_min);
    else
        fields_flag(pinfo, item, RULE_MALFORMED, "%s has %u octets instead of %u to %u", desc->name,
                    option->length, desc->length_min, desc->length_max);
}

/* Too short to tell which experiment it belongs to. */
static bool lacks_identity(const struct spoken *option)
{
    uint8_t kind = option->octets[0];
    unsigned needed = kind == TCP_KIND_EXP1 || kind == TCP_KIND_EXP2 ? 4
                      : kind == TCP_KIND_MPTCP                       ? 3
                                                                     : 2;
    return option->length < needed;
}

/* --- speaking of an option --------------------------------------------------------------------- */

static bool is_ours(const struct spoken *option)
{
    return option->desc != NULL || !stock_knows(option->octets, option->available);
}

static proto_item *add_option(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb,
                              struct spoken *option)
{
    proto_item *item;
    fields_mark(tree, tvb);
    if (option->desc == NULL)
        return fields_add_undescribed(tree, tvb, option->label);
    codec_decode(option->desc, option->octets, option->available, &option->decoded);
    if (stock_decodes(option->desc))
        item = fields_add_name(tree, tvb, option->label);
    else
        item = fields_add_described(tree, pinfo, tvb, &option->decoded);
    check_placement(pinfo, item, option);
    return item;
}

static void open_option(packet_info *pinfo, tvbuff_t *tvb, const struct segment_facts *segment,
                        struct spoken *option)
{
    char label[OPTION_LABEL_MAX];
    option->segment = segment;
    option->available = tvb_captured_length(tvb);
    option->length = tvb_reported_length(tvb);
    option->octets = tvb_get_ptr(tvb, 0, (int)option->available);
    option->desc = option_set_find(user_options(), option->octets, option->available);
    option->label = wmem_strdup(
        pinfo->pool, option_label(option->desc, option->octets, option->available, label));
}

/* What is said of every option, sound or not, and remembered of it. */
static void conclude(packet_info *pinfo, proto_item *item, tvbuff_t *tvb,
                     const struct spoken *option)
{
    struct header_options *spoken = option->segment->spoken;
    struct occurrence seen = {
        .desc = option->desc,
        .label = option->label,
        .octets = option->octets,
        .length = option->available,
        .echo = option->desc != NULL && option->decoded.echo,
    };
    check_duplicate(pinfo, item, option, &seen);
    check_limits(pinfo, item, option);
    struct story story = story_of_option(pinfo, option->segment, &seen);
    fields_add_story(pinfo, item, tvb, option->desc, &story);
    check_story(pinfo, item, option, &story);
    check_mptcp(pinfo, item, tvb, option);

    if (spoken->n == HEADER_OPTIONS_MAX)
        return;
    seen.story = story;
    if (user_wants_summary() && !pinfo->flags.in_error_pkt &&
        col_get_writable(pinfo->cinfo, COL_INFO))
        seen.values = option->desc != NULL ? fields_summary(pinfo->pool, &option->decoded) : "";
    spoken->seen[spoken->n++] = seen;
}

void speak_of_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct segment_facts *segment, const char *thrown)
{
    struct spoken option;
    if (!optrail_is_wanted(tree))
        tree = NULL; /* building items that nobody sees costs more than all the rest */
    open_option(pinfo, tvb, segment, &option);
    if (thrown == NULL && !is_ours(&option))
        return;
    proto_item *item = add_option(pinfo, tree, tvb, &option);
    check_length(pinfo, item, &option);
    if (thrown != NULL)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s could not be dissected: %s", option.label,
                    thrown);
    else if (option.desc == NULL && option.available == option.length && lacks_identity(&option))
        fields_flag(pinfo, item, RULE_MALFORMED, "%u octets are too few to tell what this is",
                    option.length);
    else if (option.desc == NULL && options_stock_handles(option.octets[0]))
        fields_flag(pinfo, item, RULE_UNKNOWN, "No description covers %s", option.label);
    conclude(pinfo, item, tvb, &option);
}

void speak_of_overrun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct segment_facts *segment)
{
    struct spoken option;
    if (!optrail_is_wanted(tree))
        tree = NULL; /* building items that nobody sees costs more than all the rest */
    open_option(pinfo, tvb, segment, &option);
    if (!is_ours(&option))
        return;
    proto_item *item = add_option(pinfo, tree, tvb, &option);
    if (option.length < 2)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s has no length octet", option.label);
    else if (option.octets[1] < 2)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s says that it has %u octets", option.label,
                    option.octets[1]);
    else
        fields_flag(pinfo, item, RULE_MALFORMED,
                    "%s says that it has %u octets, but the header ends after %u", option.label,
                    option.octets[1], option.length);
    if (option.length >= 2 && option.octets[1] > option.length)
        fields_flag(pinfo, item, RULE_OVERRUN, "%u octets more than the header has room for",
                    option.octets[1] - option.length);
    conclude(pinfo, item, tvb, &option);
}
