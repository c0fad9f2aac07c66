/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissector.h - what the plugin's files share. Include compat.h before it.
 *
 * plugin.c registers; user.c holds the descriptions and the preferences; fields.c turns descriptions
 * into header fields and decoded options into tree items; options.c wraps the handlers of TCP
 * options; segments.c sees to options that have no handler; speak.c says what there is to say of an
 * option; hooks.c decodes hook and clock records.
 */
#ifndef OPTRAIL_DISSECTOR_H
#define OPTRAIL_DISSECTOR_H

#include "wire/codec.h"
#include "wire/option.h"

/* --- user.c: what the user chooses ------------------------------------------------------------ */

/* Reads the built-in descriptions and the user's; faults go to stderr as FILE:LINE: what. */
void user_load_options(void);

/* The loaded descriptions. They live as long as the process does. */
const struct option_set *user_options(void);

void user_register_preferences(int proto);

/* --- fields.c: descriptions to header fields --------------------------------------------------- */

void fields_register(int proto, const struct option_set *set);

/*
 * Adds the subtree of a described option, with a value for every field that is there, and flags
 * values out of range. `tvb` holds exactly this option. Returns its top item.
 */
proto_item *fields_add_described(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb,
                                 const struct codec_option *decoded);

/* Adds the name alone: of an option whose values Wireshark shows itself. */
proto_item *fields_add_name(proto_tree *tree, tvbuff_t *tvb, const char *label);

/* Adds the name of an option that nothing describes, and its octets behind kind and length. */
proto_item *fields_add_undescribed(proto_tree *tree, tvbuff_t *tvb, const char *label);

/* Makes the filter `optrail` match the frame. */
void fields_mark(proto_tree *tree, tvbuff_t *tvb);

/* "algorithm: bbr (2), limit: 5 kbit/s" of the fields that are there. In `scope`. */
const char *fields_text(wmem_allocator_t *scope, const struct codec_option *decoded);

enum rule { /* the expert items, one per rule of what options must hold */
            RULE_MALFORMED,
            RULE_MISPLACED,
            RULE_RANGE,
            RULE_DUPLICATE,
            RULE_UNKNOWN,
            RULES
};

/* Flags an item; `format` says what is wrong. */
void fields_flag(packet_info *pinfo, proto_item *item, enum rule rule, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* --- speak.c: what is said of one option ------------------------------------------------------- */

/* What has to be known of the segment that an option stands in. */
struct segment_facts {
    const void *header; /* tells this TCP header from others of the frame */
    uint8_t flags;      /* enum tcp_flag */
    bool payload_known; /* false in fragments */
    uint32_t payload_length;
    uint16_t source_port, destination_port;
};

void speak_register(int proto);

/*
 * `tvb` holds exactly this option, as much of it as was captured; `thrown`: why Wireshark's own
 * handler could not finish it, or NULL.
 */
void speak_of_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct segment_facts *segment, const char *thrown);

/* The same for an option whose length octet is wrong; `tvb` holds the rest of the header. */
void speak_of_overrun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct segment_facts *segment);

/* --- options.c: the handlers of TCP options ------------------------------------------------------ */

void options_handoff(const struct option_set *set);

/* Whether Wireshark has a handler for options of that kind. */
bool options_stock_handles(uint8_t kind);

/* --- segments.c: what no handler of options is called for ---------------------------------------- */

void segments_handoff(void);

/*
 * Whether an option other than NOP and EOL follows in the header that is being dissected. True also
 * when that cannot be told.
 */
bool segments_has_options_behind(const uint8_t *option, unsigned length);

/* --- plugin.c -------------------------------------------------------------------------------------- */

/* False when the user has disabled the protocol: then Wireshark is to be as if we were not there. */
bool optrail_is_enabled(void);

/* --- hooks.c: hook and clock records ----------------------------------------------------------- */

void hooks_register(void);

#endif
