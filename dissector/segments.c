/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments.c - whole segments: the options that Wireshark calls no handler for (of kinds that it
 * does not know, and those whose length octet is wrong), and what concerns all options of a header.
 *
 * Our handler takes the place of TCP's in the table "ip.proto", calls it, and then walks the options
 * of the header once. It belongs to a protocol in name only, so that the packet's layers stay as
 * they are.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/bytes.h"
#include "wire/packet.h"

enum { PROTOCOL_TCP = 6, HEADER_MIN = 20, FLAGS_AT = 13, OFFSET_AT = 12 };
enum { MPTCP_CAPABLE = 0, MPTCP_JOIN = 1 };

static dissector_handle_t stock_tcp;
static int proto_tcp = -1, hf_tcp_options = -1;

/* --- trees --------------------------------------------------------------------------------------- */

/* A node's child that is the item of a header field, from `child` on; NULL when there is none. */
static proto_node *find_item(proto_node *child, int id)
{
    while (child != NULL && (child->finfo == NULL || child->finfo->hfinfo->id != id))
        child = child->next;
    return child;
}

/* Where the options of the segment just dissected are shown; else TCP's tree, else `tree`. */
static proto_tree *find_options_tree(proto_tree *tree, proto_node *before)
{
    if (tree == NULL)
        return NULL;
    proto_node *tcp = find_item(before != NULL ? before->next : tree->first_child, proto_tcp);
    proto_node *options = tcp != NULL ? find_item(tcp->first_child, hf_tcp_options) : NULL;
    return options != NULL ? options : tcp != NULL ? tcp : tree;
}

/* --- what is said of a segment ------------------------------------------------------------------- */

/* What a walk over the options of a segment needs. */
struct walk {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_node *before;    /* the last item of `tree` before TCP's */
    enum option_duty duty; /* the most that its options ask for */
    struct segment_facts facts;
};

static bool is_left_out(const struct tcp_option *option)
{
    if (option->kind == TCP_KIND_EOL || option->kind == TCP_KIND_NOP)
        return false;
    return option->malformed || options_duty(option->kind, option->length) == DUTY_WALK;
}

static bool is_handshake(const struct extent *segment)
{
    return (segment->octets[FLAGS_AT] & (TCP_SYN | TCP_RST)) == TCP_SYN;
}

/* The most that any of a segment's options asks for: a quick look, as it is taken at all of them. */
static enum option_duty duty_of(const struct extent *segment)
{
    const uint8_t *at = segment->octets + HEADER_MIN, *end = at + segment->captured;
    enum option_duty most = DUTY_NONE;
    if (segment->captured < segment->declared)
        return DUTY_WALK;
    while (at < end && *at != TCP_KIND_EOL) {
        if (*at == TCP_KIND_NOP) {
            at++;
            continue;
        }
        if (end - at < 2 || at[1] < 2 || at[1] > end - at)
            return DUTY_WALK;
        enum option_duty duty = options_duty(at[0], at[1]);
        most = MAX(most, duty);
        at += at[1];
    }
    return most;
}

static void speak_of_left_out(const struct walk *walk, const uint8_t *octets,
                              const struct tcp_option *option)
{
    enum { SHORTEST = 2 }; /* kind and length, even where the capture has the kind alone */
    int start = (int)(option->octets - octets);
    proto_tree *tree = find_options_tree(walk->tree, walk->before);
    if (option->malformed)
        speak_of_overrun(tvb_new_subset_length(walk->tvb, start, option->available), walk->pinfo,
                         tree, &walk->facts);
    else
        speak_of_option(tvb_new_subset_length(walk->tvb, start, MAX(option->length, SHORTEST)),
                        walk->pinfo, tree, &walk->facts, NULL);
}

static bool opens_mptcp(const struct tcp_option *option)
{
    return option->kind == TCP_KIND_MPTCP && option->available > 2 &&
           (option->octets[2] >> 4 == MPTCP_CAPABLE || option->octets[2] >> 4 == MPTCP_JOIN);
}

static void report_missing(void *context, const char *label, uint32_t asked_in)
{
    const struct walk *walk = context;
    proto_tree *tree = find_options_tree(walk->tree, walk->before);
    space_add_missing(walk->pinfo, tree, walk->tvb, label, asked_in);
}

/* ", cc: bbr (2), answers frame 4": behind what TCP, or what it carries, has written. */
static void add_info(packet_info *pinfo, const struct header_options *spoken)
{
    for (unsigned i = 0; i < spoken->n; i++) {
        const struct occurrence *one = &spoken->seen[i];
        if (one->values == NULL)
            continue;
        col_append_fstr(pinfo->cinfo, COL_INFO, "%s%s%s%s", i == 0 ? " | " : ", ", one->label,
                        one->values[0] != '\0' ? "=" : "", one->values);
        if (one->story.asked_in != 0)
            col_append_fstr(pinfo->cinfo, COL_INFO, " (answers #%u)", one->story.asked_in);
        else if (one->story.answered_in != 0)
            col_append_fstr(pinfo->cinfo, COL_INFO, " (answered in #%u)", one->story.answered_in);
    }
}

static void walk_options(struct walk *walk, const struct extent *extent)
{
    struct tcp_option option;
    bool mptcp = false;
    struct tcp_options list = {
        .at = extent->octets + HEADER_MIN,
        .captured = (uint8_t)extent->captured,
        .declared = (uint8_t)extent->declared,
    };
    while (tcp_options_next(&list, &option)) {
        if (is_left_out(&option))
            speak_of_left_out(walk, extent->octets, &option);
        mptcp |= opens_mptcp(&option);
    }
    if (is_handshake(extent) && !walk->pinfo->flags.in_error_pkt) {
        story_of_segment(walk->pinfo, &walk->facts, mptcp);
        story_missing_answers(walk->pinfo, &walk->facts, report_missing, walk);
    }
}

static void look_at_options(struct walk *walk, struct open_segment *segment)
{
    const struct extent *extent = &segment->extent;
    if (links_has(walk->pinfo))
        links_add_segment(walk->pinfo, find_options_tree(walk->tree, walk->before), walk->tvb);
    if (extent->declared > 0 && space_is_wanted(walk->tree))
        space_add(find_options_tree(walk->tree, walk->before), walk->tvb, HEADER_MIN,
                  extent->octets + HEADER_MIN, extent->captured, extent->declared);
    walk->facts = (struct segment_facts){
        .spoken = &segment->spoken,
        .flags = extent->octets[FLAGS_AT],
        .payload_known = !walk->pinfo->fragmented,
        .payload_length = extent->payload,
        .source_port = load_be16(extent->octets),
        .destination_port = load_be16(extent->octets + 2),
    };
    if (is_handshake(extent) || walk->duty == DUTY_WALK)
        walk_options(walk, extent);
    if (segment->spoken.n > 0) {
        add_info(walk->pinfo, &segment->spoken);
        stats_of_segment(walk->pinfo, &walk->facts, extent->declared);
    }
}

/* --- the handler --------------------------------------------------------------------------------- */

/* False when there is no header that Wireshark would dissect. */
static bool find_extent(tvbuff_t *tvb, struct extent *extent)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);
    if (captured < HEADER_MIN)
        return false;
    const uint8_t *octets = tvb_get_ptr(tvb, 0, (int)captured);
    unsigned length = (octets[OFFSET_AT] >> 4) * 4u;
    if (length < HEADER_MIN || length > reported)
        return false;
    extent->octets = octets;
    extent->captured = MIN(length, captured) - HEADER_MIN;
    extent->declared = length - HEADER_MIN;
    extent->payload = reported - length;
    return true;
}

/*
 * Lets Wireshark dissect the segment, then says what is left to say, whatever came of it. Apart from
 * dissect_segment(), which most segments pass through without any need for so large a stack frame.
 */
G_NO_INLINE static int dissect_and_look(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                        void *data, const struct extent *extent,
                                        enum option_duty duty)
{
    struct open_segment segment;
    struct walk walk = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .before = tree != NULL ? tree->last_child : NULL,
        .duty = duty,
    };
    volatile int used = 0;
    header_open(&segment, extent);
    TRY
    {
        used = call_dissector_only(stock_tcp, tvb, pinfo, tree, data);
    }
    CATCH_ALL
    {
        /* What ends the packet, as without us, does not end what there is to say of its options. */
        header_close(&segment);
        look_at_options(&walk, &segment);
        RETHROW;
    }
    ENDTRY;
    header_close(&segment);
    if (used > 0)
        look_at_options(&walk, &segment);
    return used;
}

static int dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct extent extent;
    if (!optrail_is_enabled() || !find_extent(tvb, &extent))
        return call_dissector_only(stock_tcp, tvb, pinfo, tree, data);
    enum option_duty duty = duty_of(&extent);
    bool followed = links_are_followed();
    if (duty == DUTY_NONE && !followed && !is_handshake(&extent) && !space_is_wanted(tree))
        return call_dissector_only(stock_tcp, tvb, pinfo, tree, data); /* most segments, mostly */
    if (followed)
        links_of_segment(pinfo, extent.octets, extent.captured, extent.payload);
    return dissect_and_look(tvb, pinfo, tree, data, &extent, duty);
}

void segments_handoff(void)
{
    proto_tcp = proto_get_id_by_filter_name("tcp");
    hf_tcp_options = proto_registrar_get_id_byname("tcp.options");
    stock_tcp = dissector_get_uint_handle(find_dissector_table("ip.proto"), PROTOCOL_TCP);
    int helper = proto_register_protocol_in_name_only("TCP segment with options of Optrail",
                                                      "TCP with Optrail", "optrail.segment",
                                                      proto_tcp, FT_BYTES);
    dissector_add_uint("ip.proto", PROTOCOL_TCP, create_dissector_handle(dissect_segment, helper));
}
