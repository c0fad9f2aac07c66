/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments.c - options that Wireshark calls no handler for: of kinds that it does not know, and
 * those whose length octet is wrong.
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

static dissector_handle_t stock_tcp;
static int proto_tcp = -1, hf_tcp_options = -1;

/* The options of the segments that are being dissected, innermost first: segments may be nested. */
static const struct open_segment {
    const uint8_t *options;
    unsigned captured; /* octets of options that may be read */
    const struct open_segment *outer;
} * open_segments;

bool segments_has_options_behind(const uint8_t *option, unsigned length)
{
    const struct open_segment *segment = open_segments;
    if (segment == NULL || option < segment->options ||
        option + length > segment->options + segment->captured)
        return true; /* not a segment that came through here: who knows */
    for (const uint8_t *at = option + length; at < segment->options + segment->captured; at++)
        if (*at != TCP_KIND_NOP)
            return *at != TCP_KIND_EOL;
    return false;
}

/* A node's child that is the item of a header field, from `child` on; NULL when there is none. */
static proto_node *find_item(proto_node *child, int id)
{
    while (child != NULL && (child->finfo == NULL || child->finfo->hfinfo->id != id))
        child = child->next;
    return child;
}

/* Where the options of the segment just dissected are shown; `tree` when they are not. */
static proto_tree *find_options_tree(proto_tree *tree, proto_node *before)
{
    if (tree == NULL)
        return NULL;
    proto_node *tcp = find_item(before != NULL ? before->next : tree->first_child, proto_tcp);
    proto_node *options = tcp != NULL ? find_item(tcp->first_child, hf_tcp_options) : NULL;
    return options != NULL ? options : tree;
}

static bool is_left_out(const struct tcp_option *option)
{
    if (option->kind == TCP_KIND_EOL || option->kind == TCP_KIND_NOP)
        return false;
    return option->malformed || !options_stock_handles(option->kind);
}

static void look_at_options(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_node *before)
{
    unsigned captured = tvb_captured_length(tvb);
    if (captured <= HEADER_MIN)
        return;
    const uint8_t *octets = tvb_get_ptr(tvb, 0, (int)captured);
    unsigned length = (octets[OFFSET_AT] >> 4) * 4u, reported = tvb_reported_length(tvb);
    if (length <= HEADER_MIN || length > reported)
        return; /* no options, or a header that Wireshark does not dissect either */

    struct tcp_options list = {
        .at = octets + HEADER_MIN,
        .captured = (uint8_t)(MIN(captured, length) - HEADER_MIN),
        .declared = (uint8_t)(length - HEADER_MIN),
    };
    struct segment_facts segment = {
        .header = tvb,
        .flags = octets[FLAGS_AT],
        .payload_known = !pinfo->fragmented,
        .payload_length = reported - length,
        .source_port = load_be16(octets),
        .destination_port = load_be16(octets + 2),
    };
    struct tcp_option option;
    while (tcp_options_next(&list, &option)) {
        if (!is_left_out(&option))
            continue;
        int start = (int)(option.octets - octets);
        proto_tree *options = find_options_tree(tree, before);
        if (option.malformed)
            speak_of_overrun(tvb_new_subset_length(tvb, start, option.available), pinfo, options,
                             &segment);
        else
            speak_of_option(tvb_new_subset_length(tvb, start, option.length), pinfo, options,
                            &segment, NULL);
    }
}

/* The octets of a segment's options that the capture holds; none where there is no whole header. */
static struct open_segment open_segment(tvbuff_t *tvb)
{
    struct open_segment segment = {NULL, 0, open_segments};
    unsigned captured = tvb_captured_length(tvb);
    if (captured > HEADER_MIN) {
        const uint8_t *octets = tvb_get_ptr(tvb, 0, (int)captured);
        unsigned length = MIN((octets[OFFSET_AT] >> 4) * 4u, captured);
        segment.options = octets + HEADER_MIN;
        segment.captured = length > HEADER_MIN ? length - HEADER_MIN : 0;
    }
    return segment;
}

static int dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!optrail_is_enabled())
        return call_dissector_only(stock_tcp, tvb, pinfo, tree, data);
    proto_node *before = tree != NULL ? tree->last_child : NULL;
    struct open_segment segment = open_segment(tvb);
    volatile int used = 0;
    open_segments = &segment;
    TRY
    {
        used = call_dissector_only(stock_tcp, tvb, pinfo, tree, data);
    }
    CATCH_ALL
    {
        /* What ends the packet, as without us, does not end what there is to say of its options. */
        open_segments = segment.outer;
        look_at_options(tvb, pinfo, tree, before);
        RETHROW;
    }
    ENDTRY;
    open_segments = segment.outer;
    if (used > 0)
        look_at_options(tvb, pinfo, tree, before);
    return used;
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
