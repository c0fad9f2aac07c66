/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join_hooks.h - which hook invocation belongs to which captured segment, within one vantage point.
 *
 * One write may be many segments on the wire (TSO), many segments one parse (GRO, the socket's
 * backlog): they are joined by sequence numbers and timestamps. Times decide nothing.
 */
#ifndef OPTRAIL_ANALYZE_JOIN_HOOKS_H
#define OPTRAIL_ANALYZE_JOIN_HOOKS_H

#include <stdbool.h>

#include "analyze/model.h"
#include "wire/hook.h"

struct hook_event { /* one invocation that dealt with options, while it is of interest */
    struct hook_event *next;
    uint64_t time_ns, frame;
    uint32_t seq, ack, length; /* of the segment, as on the wire at this host */
    uint32_t tsval;
    uint32_t written; /* a bit per option of `options` that the programs stored */
    uint32_t covered; /* payload octets of it that were seen on the wire */
    uint16_t window;
    bool has_window;
    bool has_tsval, matched; /* matched: a captured segment beside it belongs to it */
    bool again;              /* a write whose payload left in another copy too */
    bool seen_elsewhere;     /* a write whose segment only the other vantage point shows */
    uint32_t told;           /* a bit per option that this segment bears: the packets tell of it */
    uint8_t direction, class, vantage;
    uint8_t options_length;
    uint8_t options[TCP_OPTION_SPACE];
};

struct hook_end {      /* what the hooks of one file say of one end of a connection */
    bool present;      /* there is a hook record of it */
    bool reports;      /* its programs say what they do */
    uint64_t first_ns; /* time of its first record */
    const struct identity
        *reserved[OPTIONS_PER_HEADER]; /* in the last HDR_OPT_LEN, not yet written */
    uint64_t reserved_frame, reserved_ns;
    uint8_t n_reserved, reserved_class;
    uint32_t parsed_up_to; /* highest end of payload that a parse hook saw */
    bool has_parsed;
};

enum { RECENT_MAX = 32, UNMATCHED_MAX = 4096 };

/* A packet passes the tap, and a received one its hook, well within that. */
enum { HOOK_NEAR_NS = 100 * 1000 * 1000 };

struct hook_list {
    struct hook_event *first, *last;
    unsigned n;
};

struct segment_list {
    struct segment *first, *last;
    unsigned n;
};

struct hook_state {                             /* of one connection */
    struct hook_end ends[VANTAGES][DIRECTIONS]; /* by the direction in which the end sends */
    struct hook_list writes[VANTAGES];          /* written, not yet seen on the wire */
    struct hook_list parses[VANTAGES];  /* the latest, and all that no captured segment explains */
    struct segment_list left[VANTAGES]; /* the latest with options, for writes that stand behind */
    struct segment_list arrived[VANTAGES]; /* with options, not yet seen by a parse hook */
    uint32_t token;
};

/* Whether there are hook records in that file of the end that sends in `direction`. */
bool join_hooks_at(const struct connection *connection, unsigned vantage, unsigned direction);

/* What hooks say of a connection, made when there is nothing yet. */
struct hook_state *join_hooks_state(struct analysis *analysis, struct connection *connection);

/* An invocation that stored options, or saw some arrive; it belongs to the join from now on. */
void join_hooks_write(struct analysis *analysis, struct hook_state *hooks,
                      struct hook_event *write);
void join_hooks_parse(struct analysis *analysis, struct hook_state *hooks,
                      struct hook_event *parse);

/* --- hook_records.c --------------------------------------------------------------------------- */

/* A hook record of a connection; `end` is the direction in which the hook's host sends. */
void join_hooks_record(struct analysis *analysis, struct connection *connection,
                       enum vantage vantage, unsigned end, const struct hook_record *record,
                       uint64_t frame, uint64_t time_ns);

/* --- join_hooks.c ----------------------------------------------------------------------------- */

/* A captured segment; of interest when it bears more than everyday options. */
void join_hooks_segment(struct analysis *analysis, const struct segment *segment);

/* A connection is over: has judged what found nothing to belong to. */
void join_hooks_flush(struct analysis *analysis, struct connection *connection);

/* Frees what a connection holds of hooks. */
void join_hooks_clear(struct analysis *analysis, struct connection *connection);

/* --- hook_funnel.c ----------------------------------------------------------------------------- */

/*
 * The hooks' columns of a row. What an end did is not known where its recorder lost events while
 * the connection lived.
 */
void hook_funnel(const struct analysis *analysis, const struct connection *connection,
                 const struct row *row, struct report_option *out);

#endif
