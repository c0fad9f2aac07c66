/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - wraps Wireshark's handlers of TCP options.
 *
 * In the table "tcp.option" our handler takes the place of the stock one for the experimental kinds
 * (RFC 4727, 6994), User Timeout (RFC 5482), Multipath TCP (RFC 8684) and every other kind that a
 * description claims. It calls the stock handler, so that nothing shown today is lost, and adds
 * ours beside it. With the protocol `optrail` disabled it does what Wireshark would do alone.
 * Kinds that Wireshark has no handler for are seen to in segments.c.
 *
 * What stock dissection of a broken option throws ends with that option when there is something to
 * lose: a payload, or options behind it. Else it takes its course, as without us.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"

enum { KINDS = 256 };

static dissector_handle_t stock[KINDS]; /* NULL: Wireshark has no handler for that kind */
static dissector_handle_t ours[KINDS];  /* for the same kinds */
static bool wrapped[KINDS];
static uint64_t silent[KINDS]; /* a bit for each length at which nothing is said of that kind */

enum option_duty options_duty(uint8_t kind, uint8_t length)
{
    if (length <= TCP_OPTION_SPACE && (silent[kind] >> length & 1))
        return DUTY_NONE;
    return wrapped[kind] ? DUTY_HANDLER : DUTY_WALK;
}

static bool something_would_be_lost(tvbuff_t *tvb, const struct segment_facts *segment)
{
    unsigned length = tvb_captured_length(tvb);
    return !segment->payload_known || segment->payload_length > 0 ||
           header_has_options_behind(tvb_get_ptr(tvb, 0, (int)length), length);
}

/*
 * Whether the stock handler asserts what this option does not hold: MP_CAPABLE of a version that it
 * does not know. Wireshark alone comes to such an option only when no broken one stands before it.
 */
static bool stock_would_assert(const uint8_t *octets, unsigned length)
{
    enum { VERSION_LAST = 1 };
    return length > 2 && octets[0] == TCP_KIND_MPTCP && octets[2] >> 4 == 0 &&
           (octets[2] & 0x0f) > VERSION_LAST;
}

/* Calls the stock handler; what it throws at malformed octets is shown, and said in our words. */
static void call_stock_contained(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                 const struct segment_facts *segment, void *data)
{
    bool contain = something_would_be_lost(tvb, segment);
    const char *volatile thrown = NULL;
    const char *current = pinfo->current_proto;
    unsigned length = tvb_captured_length(tvb);
    if (segment->spoken->went_on && stock_would_assert(tvb_get_ptr(tvb, 0, (int)length), length)) {
        speak_of_option(tvb, pinfo, tree, segment, "Wireshark knows no such version");
        return;
    }
    /* Lets pass what a capture cut short throws: that ends the packet, as without us. */
    TRY
    {
        call_dissector_with_data(stock[tvb_get_uint8(tvb, 0)], tvb, pinfo, tree, data);
    }
    CATCH_NONFATAL_ERRORS
    {
        thrown = "its octets end too early";
        if (!contain) {
            speak_of_option(tvb, pinfo, tree, segment, thrown);
            RETHROW;
        }
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        segment->spoken->went_on = true;
    }
    CATCH(DissectorError)
    {
        /* A bug there: shown and warned of as one, yet the packet has more to show. */
        thrown = "Wireshark's own dissector failed";
        if (!contain) {
            speak_of_option(tvb, pinfo, tree, segment, thrown);
            RETHROW;
        }
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        segment->spoken->went_on = true;
    }
    ENDTRY;
    pinfo->current_proto = current;
    speak_of_option(tvb, pinfo, tree, segment, thrown);
}

static int dissect_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcpheader *header = data;
    if (!optrail_is_enabled() || header == NULL) {
        call_dissector_with_data(stock[tvb_get_uint8(tvb, 0)], tvb, pinfo, tree, data);
        return (int)tvb_captured_length(tvb);
    }
    unsigned captured = tvb_captured_length(tvb);
    struct segment_facts segment = {
        .spoken = header_spoken(pinfo, tvb_get_ptr(tvb, 0, (int)captured), captured),
        .flags = (uint8_t)header->th_flags,
        .payload_known = header->th_have_seglen,
        .has_stream = true,
        .stream = header->th_stream,
        .payload_length = header->th_have_seglen ? header->th_seglen : 0,
        .source_port = header->th_sport,
        .destination_port = header->th_dport,
    };
    if (captured < tvb_reported_length(tvb)) {
        /* The stock handler will not come back from octets that the capture lacks. */
        speak_of_option(tvb, pinfo, tree, &segment, NULL);
        call_dissector_with_data(stock[tvb_get_uint8(tvb, 0)], tvb, pinfo, tree, data);
    } else {
        call_stock_contained(tvb, pinfo, tree, &segment, data);
    }
    return (int)tvb_captured_length(tvb);
}

/* --- registration ------------------------------------------------------------------------------ */

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
    const char *name = dissector_handle_get_protocol_short_name(stock[kind]);
    const char *filter = wmem_strdup_printf(wmem_epan_scope(), "optrail.kind_%u", kind);
    const char *title = wmem_strdup_printf(wmem_epan_scope(), "TCP Option kind %u", kind);
    return proto_register_protocol_in_name_only(title, name, filter,
                                                proto_get_id_by_filter_name("tcp"), FT_BYTES);
}

void options_wrap(const struct option_set *set)
{
    for (unsigned kind = TCP_KIND_MSS; kind < KINDS; kind++)
        if (ours[kind] != NULL && !wrapped[kind] && is_claimed(set, kind)) {
            dissector_add_uint("tcp.option", kind, ours[kind]);
            wrapped[kind] = true;
            silent[kind] = 0;
        }
}

void options_handoff(void)
{
    dissector_table_t table = find_dissector_table("tcp.option");
    for (unsigned kind = TCP_KIND_MSS; kind < KINDS; kind++) {
        stock[kind] = dissector_get_uint_handle(table, kind);
        if (stock[kind] == NULL)
            continue;
        known_note_handler((uint8_t)kind);
        ours[kind] = create_dissector_handle(dissect_option, helper_protocol(kind));
        silent[kind] = known_lengths((uint8_t)kind);
    }
}
