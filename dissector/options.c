/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - wraps Wireshark's handlers of TCP options.
 *
 * In the table "tcp.option" our handler takes the place of the stock one for the experimental kinds
 * (RFC 4727, 6994), User Timeout (RFC 5482), Multipath TCP (RFC 8684), every kind that a description
 * claims and every kind that Wireshark has no handler for. It calls the stock handler, so that
 * nothing shown today is lost, and adds ours beside it. With the protocol `optrail` disabled it does
 * what Wireshark would do alone.
 *
 * What stock dissection of a broken option throws ends with that option: the options behind it and
 * the payload are dissected all the same.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/segment.h"

enum { KINDS = 256, HEADER_OPTIONS_MAX = TCP_OPTION_SPACE / 2 };

/* What Wireshark knows of kind 30: RFC 8684 has the subtypes 0 to 8. */
enum { MPTCP_SUBTYPE_KNOWN_MAX = 8 };

static int proto_optrail = -1;
static int ett_unknown = -1;
static dissector_handle_t stock[KINDS]; /* NULL: Wireshark has no handler for that kind */

/* The options of one TCP header seen so far. Lives in the packet's pool, found by the header. */
struct header_options {
    const void *header;
    unsigned n;
    struct seen_option {
        const char *label;
        const uint8_t *octets;
        unsigned length;
        bool echo;
    } seen[HEADER_OPTIONS_MAX];
};

/* One option as it is being looked at. */
struct spoken {
    tvbuff_t *tvb;
    const struct tcpheader *header; /* may be NULL */
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
        return stock[octets[0]] != NULL;
    }
}

/* --- rules ------------------------------------------------------------------------------------- */

/* 1 when the client sent this segment, 0 the server, -1 when the capture does not tell. */
static int sent_by_client(packet_info *pinfo, const struct tcpheader *header)
{
    if ((header->th_flags & TH_SYN) != 0)
        return (header->th_flags & TH_ACK) == 0;
    if (pinfo->flags.in_error_pkt)
        return -1;
    const struct tcp_analysis *connection = get_tcp_conversation_data(NULL, pinfo);
    /* The server's port is known once a SYN or its answer was seen. */
    if (connection == NULL || connection->server_port == 0 || header->th_sport == header->th_dport)
        return -1;
    if (header->th_dport == connection->server_port)
        return 1;
    return header->th_sport == connection->server_port ? 0 : -1;
}

static void check_placement(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    const struct option_desc *desc = option->desc;
    const struct tcpheader *header = option->header;
    if (header == NULL)
        return;
    enum segment_class segment =
        segment_classify((uint8_t)header->th_flags, header->th_have_seglen ? header->th_seglen : 0);
    /* Of a fragment nobody knows whether payload follows: either may be true then. */
    if (!header->th_have_seglen && segment == SEGMENT_ACK &&
        (desc->segments & SEGMENT_BIT(SEGMENT_DATA)) != 0)
        segment = SEGMENT_DATA;
    if (codec_placement(desc, segment, -1))
        fields_flag(pinfo, item, RULE_MISPLACED, "%s may not stand on a segment of class %s",
                    desc->name, segment_class_name(segment));
    else if (desc->sender != SENDER_BOTH &&
             codec_placement(desc, segment, sent_by_client(pinfo, header)))
        fields_flag(pinfo, item, RULE_MISPLACED, "%s is for the %s to send", desc->name,
                    desc->sender == SENDER_CLIENT ? "client" : "server");
}

static struct header_options *options_of_header(packet_info *pinfo, const void *header)
{
    struct header_options *options = p_get_proto_data(pinfo->pool, pinfo, proto_optrail, 0);
    if (options == NULL) {
        options = wmem_new(pinfo->pool, struct header_options);
        p_add_proto_data(pinfo->pool, pinfo, proto_optrail, 0, options);
        options->header = NULL;
    }
    if (options->header != header || header == NULL) {
        options->header = header;
        options->n = 0;
    }
    return options;
}

/* An option's echo and its request are two things, though they share a name. */
static void check_duplicate(packet_info *pinfo, proto_item *item, const struct spoken *option)
{
    struct header_options *options = options_of_header(pinfo, option->header);
    bool echo = option->desc != NULL && option->decoded.echo;
    for (unsigned i = 0; i < options->n; i++) {
        const struct seen_option *other = &options->seen[i];
        if (other->echo == echo && strcmp(other->label, option->label) == 0 &&
            (other->length != option->available ||
             memcmp(other->octets, option->octets, option->available) != 0)) {
            fields_flag(pinfo, item, RULE_DUPLICATE,
                        "%s stands twice in this header with different octets", option->label);
            break;
        }
    }
    if (options->n < HEADER_OPTIONS_MAX)
        options->seen[options->n++] =
            (struct seen_option){option->label, option->octets, option->available, echo};
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

/* What we add. `thrown`: what the stock handler threw at this option, or NULL. */
static void speak(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                  const struct tcpheader *header, const char *thrown)
{
    char label[OPTION_LABEL_MAX];
    struct spoken option = {.tvb = tvb, .header = header};
    proto_item *item;

    option.available = tvb_captured_length(tvb);
    option.length = tvb_reported_length(tvb);
    option.octets = tvb_get_ptr(tvb, 0, (int)option.available);
    option.desc = option_set_find(user_options(), option.octets, option.available);
    if (option.desc == NULL && thrown == NULL && stock_knows(option.octets, option.available))
        return;
    option.label =
        wmem_strdup(pinfo->pool, option_label(option.desc, option.octets, option.available, label));

    if (option.desc == NULL) {
        item = fields_add_undescribed(tree, tvb, option.label);
    } else {
        codec_decode(option.desc, option.octets, option.available, &option.decoded);
        if (stock_decodes(option.desc))
            item = fields_add_name(tree, tvb, option.label);
        else
            item = fields_add_described(tree, pinfo, tvb, &option.decoded);
        check_placement(pinfo, item, &option);
    }
    fields_mark(tree, tvb);

    check_length(pinfo, item, &option);
    check_duplicate(pinfo, item, &option);
    if (thrown != NULL)
        fields_flag(pinfo, item, RULE_MALFORMED, "%s could not be dissected: %s", option.label,
                    thrown);
    else if (option.desc == NULL && option.available == option.length && lacks_identity(&option))
        fields_flag(pinfo, item, RULE_MALFORMED, "%u octets are too few to tell what this is",
                    option.length);
    else if (option.desc == NULL && stock[option.octets[0]] != NULL)
        fields_flag(pinfo, item, RULE_UNKNOWN, "No description covers %s", option.label);
}

/* As Wireshark shows a kind that it has no handler for. */
static void add_unknown_kind(tvbuff_t *tvb, proto_tree *tree, uint8_t kind)
{
    unsigned length = tvb_reported_length(tvb);
    proto_tree_add_subtree_format(tree, tvb, 0, (int)length, ett_unknown, NULL,
                                  "Unknown (0x%02x) (%u byte%s)", kind, length,
                                  length == 1 ? "" : "s");
}

static void call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint8_t kind = tvb_get_uint8(tvb, 0);
    if (stock[kind] != NULL)
        call_dissector_with_data(stock[kind], tvb, pinfo, tree, data);
    else
        add_unknown_kind(tvb, tree, kind);
}

/* The same, but what it throws at malformed octets is shown and given as text instead. */
static const char *call_stock_contained(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                        void *data)
{
    const char *volatile thrown = NULL;
    const char *current = pinfo->current_proto;
    /* Lets pass what a capture cut short throws: that ends the packet, as without us. */
    TRY
    {
        call_stock(tvb, pinfo, tree, data);
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        thrown = "its octets end too early";
    }
    ENDTRY;
    pinfo->current_proto = current;
    return thrown;
}

static int dissect_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpheader *header = data;
    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_optrail))) {
        call_stock(tvb, pinfo, tree, data);
    } else if (tvb_captured_length(tvb) < tvb_reported_length(tvb)) {
        /* The stock handler will not come back from octets that the capture lacks. */
        speak(tvb, pinfo, tree, header, NULL);
        call_stock_contained(tvb, pinfo, tree, data);
    } else {
        const char *thrown = call_stock_contained(tvb, pinfo, tree, data);
        speak(tvb, pinfo, tree, header, thrown);
    }
    return (int)tvb_captured_length(tvb);
}

/* --- registration ------------------------------------------------------------------------------ */

void options_register(int proto)
{
    static int *subtrees[] = {&ett_unknown};
    proto_optrail = proto;
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static bool is_claimed(const struct option_set *set, unsigned kind)
{
    if (kind == TCP_KIND_UTO || kind == TCP_KIND_MPTCP || kind == TCP_KIND_EXP1 ||
        kind == TCP_KIND_EXP2)
        return true;
    for (size_t i = 0; i < option_set_size(set); i++) {
        const struct option_desc *desc = option_set_at(set, i);
        if (desc->carrier == CARRIER_KIND && desc->id == kind)
            return true;
    }
    return false;
}

/*
 * The protocol that our handler for a kind belongs to. Wireshark shows its short name in the
 * summary of the options, so that has to be the one shown without us. It is a protocol in name
 * only, a helper of TCP: a real one would add a layer to the packet, and disabling `optrail` would
 * switch off the handler and the stock one with it.
 */
static int helper_protocol(unsigned kind)
{
    const char *name = stock[kind] != NULL
                           ? dissector_handle_get_protocol_short_name(stock[kind])
                           : wmem_strdup_printf(wmem_epan_scope(), "Unknown (0x%02x)", kind);
    const char *filter = wmem_strdup_printf(wmem_epan_scope(), "optrail.kind_%u", kind);
    const char *title = wmem_strdup_printf(wmem_epan_scope(), "TCP Option kind %u", kind);
    return proto_register_protocol_in_name_only(title, name, filter,
                                                proto_get_id_by_filter_name("tcp"), FT_BYTES);
}

void options_handoff(const struct option_set *set)
{
    dissector_table_t table = find_dissector_table("tcp.option");
    for (unsigned kind = TCP_KIND_MSS; kind < KINDS; kind++) {
        stock[kind] = dissector_get_uint_handle(table, kind);
        if (stock[kind] == NULL || is_claimed(set, kind))
            dissector_add_uint("tcp.option", kind,
                               create_dissector_handle(dissect_option, helper_protocol(kind)));
    }
}
