/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissector.h - what the plugin's files share. Include compat.h before it.
 *
 * plugin.c registers; protocol.c is the protocol itself; user.c and user_table.c hold the
 * descriptions and the preferences; fields.c turns descriptions into header fields, items.c
 * decoded options into tree items; rules.c has the expert items; options.c wraps the handlers of TCP options;
 * header.c knows which header is being dissected; segments.c sees to whole segments and to options
 * that have no handler; known.c says what Wireshark itself knows of options; speak.c says what there
 * is to say of one, story.c remembers what happened to it, space.c shows the room that options take;
 * records.c finds the records of recordings (records.h), links.c their packets; stats.c counts.
 */
#ifndef OPTRAIL_DISSECTOR_H
#define OPTRAIL_DISSECTOR_H

#include "wire/codec.h"
#include "wire/option_set.h"

struct story;

/* --- user.c: what the user chooses ------------------------------------------------------------ */

/* Reads the built-in descriptions. */
void user_load_builtin(void);

/*
 * Reads the user's too; faults go to stderr as FILE:LINE: what. Calls `changed` then, and whenever the
 * preferences have brought other descriptions.
 */
void user_load_options(void (*changed)(const struct option_set *options));

/* The loaded descriptions. They live as long as the process does. */
const struct option_set *user_options(void);

/* Whether options are to be written into the Info column. */
bool user_wants_summary(void);

void user_register_preferences(int proto);

/* --- user_table.c: the table of options in the preferences ---------------------------------------- */

/* Calls `changed` when the user has changed the table. */
void user_table_register(module_t *module, void (*changed)(void));

/* Adds the description of each row; what is wrong goes to `faults`. */
void user_table_add(struct option_set *set, GPtrArray *faults);

/* --- fields.c: descriptions to header fields --------------------------------------------------- */

/* Registers the fields of the built-in descriptions, and all that is common. */
void fields_register(int proto, const struct option_set *builtin);

/* Registers fields for those that `set` has behind the built-in ones, instead of the ones before. */
void fields_refresh(const struct option_set *set);

/* --- items.c: decoded options to tree items and text ---------------------------------------------- */

/*
 * Adds the subtree of a described option, with a value for every field that is there, and flags
 * values out of range. `tvb` holds exactly this option. Returns its top item.
 */
proto_item *items_add_described(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb,
                                const struct codec_option *decoded);

/* Adds the name alone: of an option whose values Wireshark shows itself. */
proto_item *items_add_name(proto_tree *tree, tvbuff_t *tvb, const char *label);

/* Adds the name of an option that nothing describes, and its octets behind kind and length. */
proto_item *items_add_undescribed(proto_tree *tree, tvbuff_t *tvb, const char *label);

/* Makes the filter `optrail` match the frame. */
void items_mark(proto_tree *tree, tvbuff_t *tvb);

/* "algorithm: bbr (2), limit: 5 kbit/s" of the fields that are there. In `scope`. */
const char *items_text(wmem_allocator_t *scope, const struct codec_option *decoded);

/* Adds the story of an option to its subtree; `desc` NULL: of one that nothing describes. */
void items_add_story(packet_info *pinfo, proto_item *option, tvbuff_t *tvb,
                     const struct option_desc *desc, const struct story *story);

/* Adds a link to the frame that asked. */
void items_add_asked_in(packet_info *pinfo, proto_item *item, tvbuff_t *tvb, uint32_t frame);

/* Adds which connection and subflow of Multipath TCP the option belongs to, where that is known. */
void items_add_mptcp(packet_info *pinfo, proto_item *option, tvbuff_t *tvb);

/* "bbr (2)" or "limit: 5 kbit/s, ...": the shortest text that tells the values. In `scope`. */
const char *items_summary(wmem_allocator_t *scope, const struct codec_option *decoded);

/* --- rules.c: the expert items, one per rule of what options must hold ---------------------------- */

enum rule {
    RULE_MALFORMED,
    RULE_MISPLACED,
    RULE_RANGE,
    RULE_DUPLICATE,
    RULE_UNKNOWN,
    RULE_OVERRUN,
    RULE_LIMITS,
    RULE_UPPER_LIMIT,
    RULE_UNANSWERED,
    RULE_CHANGED,
    RULE_CONTRADICTED,
    RULE_PLAIN,
    RULE_BOUND, /* of ours: of what is remembered */
    RULES
};

void rules_register(int proto);

/* Flags an item, which may be NULL; `format` says what is wrong. */
void rules_flag(packet_info *pinfo, proto_item *item, enum rule rule, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* --- what is known of the segment that an option stands in ----------------------------------------- */

enum { HEADER_OPTIONS_MAX = TCP_OPTION_SPACE / 2 };

/* What happened to an option, as far as it is known when its frame is dissected. Frame numbers; 0: there is no such frame. */
struct story {
    bool known, complete;       /* complete: the file has been read to its end */
    uint32_t asked_in;          /* where the peer had sent it first, or requested this echo */
    uint32_t answered_in;       /* where the peer then sent it too, or the echo */
    uint32_t first_in, last_in; /* of this sender */
    uint32_t count;             /* of this sender */
    uint32_t differs_from;      /* this one differs from that frame's */
    bool contradicts;           /* ... which it should have repeated */
    bool silent;                /* asked, and the whole file holds no answer */
    uint32_t unanswered_in;     /* asked on a SYN, and the answer to that lacks the option */
    uint32_t crowded_in;   /* not known: since that frame the connection has too many options */
    bool last_change_kept; /* differs_from: of later frames it is not known any more */
};

/* An option that was spoken of. Lives as long as the packet's dissection. */
struct occurrence {
    const struct option_desc *desc; /* NULL: nothing describes it */
    const char *label;
    const uint8_t *octets;
    unsigned length; /* octets that the capture holds */
    bool echo;
    const char *values; /* for the summary; NULL when nobody will read it */
    struct story story;
};

struct connection; /* story.c */

/* The options of one TCP header that were spoken of so far. */
struct header_options {
    struct connection *connection; /* that it belongs to, once story.c has looked for it */
    uint32_t stream;               /* of `connection` */
    bool went_on; /* behind a broken option where Wireshark alone would have ended the packet */
    unsigned n;
    struct occurrence seen[HEADER_OPTIONS_MAX];
};

struct segment_facts {
    struct header_options *spoken;
    uint8_t flags;      /* enum tcp_flag */
    bool payload_known; /* false in fragments */
    bool has_stream;
    uint32_t stream; /* Wireshark's tcp.stream */
    uint32_t payload_length;
    uint16_t source_port, destination_port;
};

/* --- header.c: the header that is being dissected ------------------------------------------------------ */

/* Where the options of a segment stand. */
struct extent {
    const uint8_t *octets; /* of the header */
    unsigned captured;     /* octets of options that may be read */
    unsigned declared;     /* octets of options that the header says there are */
    unsigned payload;      /* octets behind it */
};

/* A segment that is being dissected. Lives on the stack; segments may be nested. */
struct open_segment {
    struct extent extent;
    struct header_options spoken;
    struct open_segment *outer;
};

void header_register(int proto);

/* From now on, and until header_close(), options that are dissected stand in this segment. */
void header_open(struct open_segment *segment, const struct extent *extent);
void header_close(const struct open_segment *segment);

/*
 * Whether an option other than NOP and EOL follows in the header that is being dissected. True also
 * when that cannot be told.
 */
bool header_has_options_behind(const uint8_t *option, unsigned length);

/* The spoken options of the header that this option stands in. */
struct header_options *header_spoken(packet_info *pinfo, const uint8_t *option, unsigned length);

/* --- segments.c: whole segments ------------------------------------------------------------------------ */

void segments_handoff(void);

/* --- story.c: what happened to the options of a connection ------------------------------------------ */

void story_register(void);

/* The story of an option that is being dissected; in the first pass also writes it. */
struct story story_of_option(packet_info *pinfo, const struct segment_facts *segment,
                             const struct occurrence *seen);

/* Tells of a SYN or SYN-ACK; `mptcp`: it has MP_CAPABLE or MP_JOIN. After all of its options. */
void story_of_segment(packet_info *pinfo, const struct segment_facts *segment, bool mptcp);

/* Whether `frame` has shown before that the connection is plain TCP. */
bool story_is_plain(packet_info *pinfo, const struct segment_facts *segment, uint32_t *frame);

/* 1 when the client sent this segment, 0 the server, -1 when the capture does not tell. */
int story_sent_by_client(packet_info *pinfo, const struct segment_facts *segment);

/* Reports each option of the SYN that this SYN-ACK should have answered and has not. */
void story_missing_answers(packet_info *pinfo, const struct segment_facts *segment,
                           void (*report)(void *context, const char *label, uint32_t asked_in),
                           void *context);

/* --- known.c: options that Wireshark itself knows ---------------------------------------------------- */

/* Notes that Wireshark has a handler for options of that kind. */
void known_note_handler(uint8_t kind);

/* Whether Wireshark shows this option's values field by field. */
bool known_shows_values(const struct option_desc *desc);

/* Whether an option that nothing describes is one of those that we leave to Wireshark. */
bool known_is_left_to_stock(const uint8_t *octets, unsigned available);

/* "mss", "timestamps": the registry's name of a kind; NULL when it has none here. */
const char *known_name(uint8_t kind);

/* The lengths, a bit each, that options of the kind may have, as far as that is known. */
uint64_t known_lengths(uint8_t kind);

/* Whether the length octet is one that options like this may have. */
bool known_length_is_lawful(const uint8_t *octets, unsigned available);

/* --- space.c: the room for options ------------------------------------------------------------------ */

void space_register(int proto);

/* Whether anybody will see what space_add() adds. */
bool space_is_wanted(proto_tree *tree);

/* `options` stand at `start` in `tvb`: `captured` octets of the `declared` ones. */
void space_add(proto_tree *tree, tvbuff_t *tvb, unsigned start, const uint8_t *options,
               unsigned captured, unsigned declared);

/* Adds that this SYN-ACK lacks an option of the SYN in frame `asked_in`. */
void space_add_missing(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, const char *label,
                       uint32_t asked_in);

/* --- speak.c: what is said of one option ------------------------------------------------------- */

/*
 * `tvb` holds exactly this option, as much of it as was captured; `thrown`: why Wireshark's own
 * handler could not finish it, or NULL.
 */
void speak_of_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct segment_facts *segment, const char *thrown);

/* The same for an option whose length octet is wrong; `tvb` holds the rest of the header. */
void speak_of_overrun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct segment_facts *segment);

/* --- links.c: hook records and the packets that they wrote or parsed -------------------------------- */

struct hook_record;
struct endpoint;

void links_register(int proto);

/* The file has hook records, or will have some. */
void links_begin(void);

/* Whether segments have to be told of: the file has hook records. */
bool links_are_followed(void);

/* Tells of a segment: its header, so many octets of options and of payload. First pass. */
void links_of_segment(packet_info *pinfo, const uint8_t *header, unsigned options,
                      unsigned payload);
void links_of_hook(packet_info *pinfo, const struct hook_record *record);

/* Whether the frame has links; adds them. */
bool links_has(const packet_info *pinfo);
void links_add_segment(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb);
void links_add_hook(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb);

/* The end of a connection; false when that is neither IPv4 nor IPv6. */
bool links_endpoint(const address *from, uint16_t port, struct endpoint *endpoint);

/* --- stats.c: statistics ---------------------------------------------------------------------------- */

void stats_register(void);

/* One segment with options that were spoken of; `used`: octets of options in its header. */
void stats_of_segment(packet_info *pinfo, const struct segment_facts *segment, unsigned used);
void stats_of_hook(packet_info *pinfo, const struct hook_record *record);

/* --- options.c: the handlers of TCP options ------------------------------------------------------ */

void options_handoff(void);

/* Takes the place of the handlers of all kinds that the descriptions claim. */
void options_wrap(const struct option_set *set);

/* What there is for us to do with options of that kind and length. */
enum option_duty {
    DUTY_NONE,    /* Wireshark knows them, and they are sound */
    DUTY_HANDLER, /* our handler is called for them */
    DUTY_WALK,    /* no handler of ours is: segments.c has to see to them */
};
enum option_duty options_duty(uint8_t kind, uint8_t length);

/* --- protocol.c: the protocol itself --------------------------------------------------------------- */

/* Registers it; returns its number. */
int protocol_register(void);

/* False when the user has disabled the protocol: then Wireshark is to be as if we were not there. */
bool optrail_is_enabled(void);

/* Whether anybody will see, or filters by, what is added to the tree. NULL is wanted by nobody. */
bool optrail_is_wanted(proto_tree *tree);

/* --- records.c: hook, clock and MPTCP event records -------------------------------------------- */

void records_register(void);

#endif
