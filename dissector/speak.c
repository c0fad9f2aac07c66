/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speak.c - what is said of one TCP option: its name, its values, and the rules that it breaks.
 *
 * Nothing is said of options that only Wireshark knows, unless they are malformed; of those whose
 * values it shows itself, the name and the broken rules.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/segment.h"

/*
 * The limits that RFC 5482, section 3.1, has receivers put to a user timeout: as L_LIMIT it
 * recommends what RFC 1122 demands at least; U_LIMIT is their own choice, and what is within the
 * default of RFC 9293 should be beyond nobody's.
 */
enum { UTO_LOWER_LIMIT_S = 100, UTO_DEFAULT_S = 300 };

/* One option as it is being looked at. */
struct spoken {
    const struct segment_facts *segment;
    const struct option_desc *desc; /* NULL: nothing describes it */
    const char *label;
    const uint8_t *octets;
    unsigned available, length;
    struct codec_option decoded; /* when there is a description */
};

/* --- rules ------------------------------------------------------------------------------------- */

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
        rules_flag(pinfo, item, RULE_MISPLACED, "%s may not stand on a segment of class %s",
                   desc->name, segment_class_name(class));
    else if (desc->sender != SENDER_BOTH &&
             codec_placement(desc, class, story_sent_by_client(pinfo, option->segment)))
        rules_flag(pinfo, item, RULE_MISPLACED, "%s is for the %s to send", desc->name,
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
            rules_flag(pinfo, item, RULE_DUPLICATE,
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
    if (timeout == NULL)
        return;
    if (timeout->number < UTO_LOWER_LIMIT_S)
        rules_flag(pinfo, item, RULE_LIMITS,
                   "%" PRIu64 " s: below the lower limit of %d s that RFC 5482 recommends to who "
                   "receives this",
                   timeout->number, UTO_LOWER_LIMIT_S);
    else if (timeout->number > UTO_DEFAULT_S)
        rules_flag(pinfo, item, RULE_UPPER_LIMIT,
                   "%" PRIu64 " s: more than the default of %d s, so who receives this may keep to "
                   "an upper limit of his own (U_LIMIT)",
                   timeout->number, UTO_DEFAULT_S);
}

static void check_story(packet_info *pinfo, proto_item *item, const struct spoken *option,
                        const struct story *story)
{
    if (story->contradicts)
        rules_flag(pinfo, item, RULE_CONTRADICTED,
                   "The echo of %s differs from what was asked for, last in frame %u",
                   option->label, story->differs_from);
    else if (story->differs_from != 0)
        rules_flag(pinfo, item, RULE_CHANGED, "%s differs from the one in frame %u", option->label,
                   story->differs_from);
    if (story->last_change_kept)
        rules_flag(pinfo, item, RULE_BOUND,
                   "%s changed too often: what later frames differ from is not kept",
                   option->label);
    if (story->crowded_in != 0)
        rules_flag(
            pinfo, item, RULE_BOUND,
            "%s has no story: since frame %u this connection has more different options than "
            "are followed",
            option->label, story->crowded_in);
    if (story->unanswered_in != 0)
        rules_flag(pinfo, item, RULE_UNANSWERED, "The peer's SYN-ACK in frame %u lacks %s",
                   story->unanswered_in, option->label);
    else if (story->silent)
        rules_flag(pinfo, item, RULE_UNANSWERED, "Nothing in this capture answers %s",
                   option->label);
}

static void check_mptcp(packet_info *pinfo, proto_item *item, tvbuff_t *tvb,
                        const struct spoken *option)
{
    uint32_t frame;
    if (option->octets[0] != TCP_KIND_MPTCP)
        return;
    if (story_is_plain(pinfo, option->segment, &frame))
        rules_flag(pinfo, item, RULE_PLAIN,
                   "%s on a connection that is plain TCP: no Multipath TCP in its handshake, "
                   "frame %u",
                   option->label, frame);
    else if (!pinfo->flags.in_error_pkt)
        items_add_mptcp(pinfo, item, tvb);
}

static void check_length(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    const struct option_desc *desc = option->desc;
    if (option->available < option->length)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s is cut short by the capture: %u of %u octets",
                   option->label, option->available, option->length);
    if (desc == NULL || !(option->decoded.faults & FAULT_MALFORMED))
        return;
    if (option->length >= desc->length_min && option->length <= desc->length_max)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s ends within a field", desc->name);
    else if (desc->length_min == desc->length_max)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s has %u octets instead of %u", desc->name,
                   option->length, desc->length_min);
    else
        rules_flag(pinfo, item, RULE_MALFORMED, "%s has %u octets instead of %u to %u", desc->name,
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
    return option->desc != NULL || !known_is_left_to_stock(option->octets, option->available);
}

static proto_item *add_option(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb,
                              struct spoken *option)
{
    proto_item *item = NULL;
    if (tree != NULL)
        items_mark(tree, tvb);
    if (option->desc == NULL)
        return tree != NULL ? items_add_undescribed(tree, tvb, option->label) : NULL;
    codec_decode(option->desc, option->octets, option->available, &option->decoded);
    if (!known_shows_values(option->desc))
        item = items_add_described(tree, pinfo, tvb, &option->decoded);
    else if (tree != NULL)
        item = items_add_name(tree, tvb, option->label);
    check_placement(pinfo, item, option);
    return item;
}

/* Of an option that nothing describes: the registry's name where it is malformed, else a number. */
static const char *label_of(packet_info *pinfo, const struct spoken *option)
{
    char label[OPTION_LABEL_MAX];
    const char *name = NULL;
    if (option->desc != NULL)
        return option->desc->name;
    if (option->octets[0] != TCP_KIND_MPTCP && !is_ours(option))
        name = known_name(option->octets[0]);
    return name != NULL ? name
                        : wmem_strdup(pinfo->pool,
                                      option_label(NULL, option->octets, option->available, label));
}

static void open_option(packet_info *pinfo, tvbuff_t *tvb, const struct segment_facts *segment,
                        struct spoken *option)
{
    option->segment = segment;
    option->available = tvb_captured_length(tvb);
    option->length = tvb_reported_length(tvb);
    option->octets = tvb_get_ptr(tvb, 0, (int)option->available);
    option->desc = option_set_find(user_options(), option->octets, option->available);
    option->label = label_of(pinfo, option);
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
    if (is_ours(option)) { /* of others only the malformed ones are known here: no story */
        seen.story = story_of_option(pinfo, option->segment, &seen);
        items_add_story(pinfo, item, tvb, option->desc, &seen.story);
        check_story(pinfo, item, option, &seen.story);
    }
    check_mptcp(pinfo, item, tvb, option);

    if (spoken->n == HEADER_OPTIONS_MAX)
        return;
    if (user_wants_summary() && !pinfo->flags.in_error_pkt &&
        col_get_writable(pinfo->cinfo, COL_INFO))
        seen.values = option->desc != NULL ? items_summary(pinfo->pool, &option->decoded) : "";
    spoken->seen[spoken->n++] = seen;
}

void speak_of_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct segment_facts *segment, const char *thrown)
{
    struct spoken option;
    if (!optrail_is_wanted(tree))
        tree = NULL; /* items that nobody sees cost more than all the rest */
    open_option(pinfo, tvb, segment, &option);
    bool ours = is_ours(&option), sound = true;
    if (!ours)
        sound = thrown == NULL && known_length_is_lawful(option.octets, option.available);
    if (!ours && sound)
        return;
    proto_item *item = add_option(pinfo, tree, tvb, &option);
    check_length(pinfo, item, &option);
    if (thrown != NULL)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s could not be dissected: %s", option.label,
                   thrown);
    else if (!sound)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s has %u octets, and no such option has",
                   option.label, option.length);
    else if (option.desc == NULL && option.available == option.length && lacks_identity(&option))
        rules_flag(pinfo, item, RULE_MALFORMED, "%u octets are too few to tell what this is",
                   option.length);
    else if (option.desc == NULL)
        rules_flag(pinfo, item, RULE_UNKNOWN, "No description covers %s", option.label);
    conclude(pinfo, item, tvb, &option);
}

void speak_of_overrun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct segment_facts *segment)
{
    struct spoken option;
    if (!optrail_is_wanted(tree))
        tree = NULL; /* items that nobody sees cost more than all the rest */
    open_option(pinfo, tvb, segment, &option);
    proto_item *item = add_option(pinfo, tree, tvb, &option);
    if (option.length < 2)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s has no length octet", option.label);
    else if (option.octets[1] < 2)
        rules_flag(pinfo, item, RULE_MALFORMED, "%s says that it has %u octets", option.label,
                   option.octets[1]);
    else
        rules_flag(pinfo, item, RULE_MALFORMED,
                   "%s says that it has %u octets, but the header ends after %u", option.label,
                   option.octets[1], option.length);
    if (option.length >= 2 && option.octets[1] > option.length)
        rules_flag(pinfo, item, RULE_OVERRUN, "%u octets more than the header has room for",
                   option.octets[1] - option.length);
    conclude(pinfo, item, tvb, &option);
}
