/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what the stages of the analyzer share: segments, connections, rows and evidence.
 *
 * One `struct side` is a connection as one vantage point sees it; one `struct connection` joins the
 * sides. Directions are those of the connection, 0 from its presumed client, 1 from its server;
 * when the presumption proves wrong later, `swapped` says so and nothing is moved.
 *
 * Sequence numbers have a common space for both vantage points, A's own, unwrapped to 64 bits:
 * translate.h brings B's numbers there.
 */
#ifndef OPTRAIL_ANALYZE_MODEL_H
#define OPTRAIL_ANALYZE_MODEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/analyze.h"
#include "analyze/identify.h"
#include "analyze/slab.h"
#include "wire/flow.h"

enum vantage { VANTAGE_A, VANTAGE_B, VANTAGES };
enum { FROM_CLIENT, FROM_SERVER, DIRECTIONS };

/* --- segments -------------------------------------------------------------------------------- */

struct mptcp;
struct cover;

struct segment { /* one captured TCP segment; kept only while it waits to be joined or judged */
    struct segment *bucket_next;                 /* waiting.c: other keys in the same bucket */
    struct segment *copy_next, *copy_back;       /* waiting.c: same key, the oldest first */
    struct segment *waited_longer, *waited_less; /* waiting.c: of all that wait */
    struct segment *earlier, *later;             /* same lane, by `seq` */
    struct connection *connection;
    struct cover *cover; /* NULL: none */
    uint64_t seq;        /* common space, unwrapped */
    uint64_t time_ns, frame;
    uint32_t hash;               /* of the join key */
    uint32_t seq_wire, ack_wire; /* as captured */
    uint32_t ack;                /* common space of the other direction */
    uint32_t length;             /* payload octets */
    uint32_t tsval, tsecr;
    uint64_t payload; /* its fingerprint; see payload_known */
    uint16_t window, ip_id;
    uint8_t flags, ttl;
    uint8_t vantage, direction, class;
    uint8_t twin; /* enum twin */
    bool has_timestamps;
    bool payload_known;     /* there is payload, and the capture holds all of it */
    bool everyday;          /* nothing but everyday options */
    bool has_mptcp;         /* an option of kind 30, in whatever form */
    bool pending;           /* stands in the hash and in its lane */
    bool again;             /* a retransmission, as its vantage point saw it */
    bool receiver_closed;   /* its receiver had sent a FIN or seen a RST before */
    uint8_t options_length; /* as the header says */
    uint8_t options_captured;
    uint8_t options[TCP_OPTION_SPACE];
};

/* What a captured segment is to an equal one that the same file showed a moment before. */
enum twin { TWIN_NONE, TWIN_SAME_INTERFACE, TWIN_OTHER_INTERFACE };

enum { COVER_RANGES = 6, COVER_FRAMES = 4 };

struct cover { /* which part of a waiting segment was seen in other pieces, and how it looked */
    uint32_t from[COVER_RANGES], to[COVER_RANGES]; /* offsets into the segment, disjoint */
    uint8_t n_ranges;
    uint8_t n_pieces;              /* saturates */
    uint32_t covered;              /* octets */
    uint32_t longest_piece;        /* payload of the longest */
    uint32_t kept_by_any;          /* a bit per option of the segment: intact on some piece ... */
    uint32_t kept_by_all;          /* ... and on all of them */
    uint32_t changed_by_any;       /* on some piece with other octets */
    uint64_t payload;              /* what the pieces add to the whole's fingerprint ... */
    bool payload_unknown;          /* ... unless one was cut or sticks out */
    bool again;                    /* some piece was a retransmission */
    bool shortened;                /* some piece has a shorter header */
    uint64_t frames[COVER_FRAMES]; /* of the first pieces, at the other vantage point */
    uint8_t n_frames;
};

struct range { /* of sequence numbers, common space */
    uint64_t from, to;
    uint8_t direction;
};

struct lane { /* unmatched segments of one vantage point and direction, by sequence number */
    struct segment *first, *last;
    uint32_t longest; /* payload of the longest that ever stood here */
};

/* --- connections ------------------------------------------------------------------------------ */

struct side { /* a connection as one vantage point sees it: one incarnation of a pair of ports */
    struct flow_key key;
    struct side *older;            /* the incarnation before this one */
    struct connection *connection; /* NULL: only hooks were seen, they wait for a segment */
    struct waiting_hook *hooks_waiting, *hooks_waiting_last;
    uint64_t first_ns, last_ns;
    uint64_t syn_ns, synack_ns; /* the first of each; 0: not seen */
    uint64_t first_frame;
    uint32_t isn[DIRECTIONS];
    uint32_t syn_tsval, syn_look; /* the latter: fingerprint of its options, but for their values */
    uint64_t join_identity;       /* MP_JOIN: token and nonce; 0: none */
    GArray *payload_keys;         /* pair_index.c: under which this side stands; NULL: none */
    uint32_t syn_mark;            /* what its sender's host marked the SYN with; 0: nothing */
    uint16_t syn_window;
    uint8_t syn_ttl;
    uint32_t highest_ack[DIRECTIONS]; /* acknowledged by that direction's segments; see has_ack */
    bool has_isn[DIRECTIONS], has_ack[DIRECTIONS], fin[DIRECTIONS];
    bool options_cut[DIRECTIONS]; /* the capture does not hold all options of some segment */
    bool reused;                  /* there is another incarnation of these endpoints */
    bool rst, has_syn_tsval, client_is_low, has_packets;
    uint8_t indexed; /* pair_index.c: a bit per index */
    uint8_t vantage, n_hooks_waiting;
    uint16_t patience; /* pair_payload.c: segments that waited for something better */
};

enum orientation {
    ORIENTED_NOT,
    ORIENTED_DEFAULT,
    ORIENTED_TTL,
    ORIENTED_HANDSHAKE,
    ORIENTED_HOOKS
};

enum delta_state { DELTA_PRESUMED, DELTA_LEARNT };
enum timestamp_state { TIMESTAMPS_UNKNOWN, TIMESTAMPS_CONSTANT, TIMESTAMPS_CHANGING };

struct passed { /* one joined segment, where and when it passed */
    uint64_t up_frame, up_ns, down_frame, down_ns;
    bool late; /* counted already */
};

struct passage {                      /* of the joined segments of one direction */
    struct passed last_up, last_down; /* the last to pass upstream, and downstream */
};

struct joining {                      /* what joining two captures knows of a connection */
    struct lane (*lanes)[DIRECTIONS]; /* of each vantage point; NULL when finished */
    struct passage *passages;         /* of each direction; NULL: none was joined, or finished */
    GArray *arrived_again;            /* struct range: retransmissions that arrived; NULL: none */
    struct segment *undecided;        /* joined pairs (A, then B) that wait for an orientation */
    const char *paired_by;
    uint64_t pairs;
    uint32_t delta[DIRECTIONS];           /* sequence numbers: B minus A */
    uint32_t timestamp_delta[DIRECTIONS]; /* TSval: B minus A */
    uint32_t waiting;                     /* segments that wait for their counterparts ... */
    uint32_t learn_when;  /* ... and how many make it worth while to look at them: learn.h */
    uint32_t steps_spent; /* waiting.h */
    uint8_t delta_state[DIRECTIONS];
    uint8_t timestamp_state[DIRECTIONS];
    uint8_t timestamp_misses[DIRECTIONS];
    bool related[DIRECTIONS];           /* a segment was joined: the numbers fit */
    bool gave_up[VANTAGES][DIRECTIONS]; /* segments waited too long: see join_packets.h */
    bool ids_pass;                      /* IP identifications are the same at both vantage points */
    bool ids_change;                    /* ... or other ones, for one segment at least */
};

struct connection {
    struct side *sides[VANTAGES];
    struct joining *joining;       /* NULL: with one capture */
    uint64_t last_seq[DIRECTIONS]; /* where unwrapping stands; 0: nowhere yet */
    uint32_t mss[DIRECTIONS];      /* what that direction's receiver announced; 0 not known */
    uint64_t sent_up_to[VANTAGES][DIRECTIONS]; /* highest end of a segment, common space */
    struct mptcp *mptcp;                       /* NULL: no Multipath TCP seen */
    struct hook_state *hooks; /* NULL: no hook record, no option that could need one */
    struct row *rows;
    struct evidence *evidence;
    struct connection *next; /* all live connections */
    struct connection **link;
    struct connection *closed_next;    /* waiting to be forgotten */
    uint64_t plain_syn_frame;          /* a SYN without special options that arrived; 0: none */
    uint32_t syns_special, syns_plain; /* with special options or without, where they were seen */
    uint32_t id;
    uint32_t more_rows, more_evidence; /* than LISTED_AT_FIRST */
    uint8_t client_vantage;            /* the vantage point nearer the client */
    uint8_t oriented;                  /* enum orientation */
    uint8_t roles;                     /* enum role_evidence */
    bool swapped;                      /* FROM_CLIENT is in truth from the server */
    bool closing;                      /* stands in the list of those waiting to be forgotten */
    bool merged;     /* its side went to another connection: nothing is left here */
    bool terminated; /* by a proxy: the sides are two connections */
    bool finished;   /* judged; waits for the report only */
};

enum role_evidence { ROLES_GUESSED, ROLES_HOOKS, ROLES_HANDSHAKE };

/* --- what is said about them ------------------------------------------------------------------ */

/*
 * Rows and findings of one connection stand in lists. Each list begins with some that are found by
 * walking, which is all that most connections have; those behind them are found by a hash table over
 * all connections. There is an end to how many options that nobody describes have rows and findings
 * of their own: the others share those of identities_others().
 */
enum {
    LISTED_AT_FIRST = 8,         /* of one connection: found by walking */
    LISTED_MORE = 1024,          /* of one connection: more than those */
    LISTED_MORE_IN_ALL = 1 << 18 /* of all connections together */
};

struct row { /* one option, direction and class of segment of one connection */
    struct row *next;
    struct connection *connection;
    struct evidence *said; /* the last finding that was counted with this row; NULL: none */
    const struct identity *option;
    uint8_t direction, segment;
    bool shown;                          /* described, or something happened to it */
    bool hashed;                         /* stands behind those that are found by walking */
    uint64_t seen[VANTAGES];             /* segments with the option */
    uint64_t reserved, written, applied; /* hook invocations */
    uint64_t reserved_seen;     /* WRITE invocations with room reserved, where nobody reports */
    uint64_t contained, loaded; /* parse hooks saw it; a program asked for it and got it */
    uint64_t cut;    /* segments that hooks wrote it on, and whose header the capture there cut */
    uint64_t likely; /* a bit per verdict: not every instance was certain */
    uint32_t counts[VERDICTS];
};

struct evidence { /* one finding in the making; what counting touches stands in front */
    struct evidence *next;
    struct connection *connection;
    const struct identity *option; /* NULL: not about one */
    uint64_t count;
    uint8_t verdict, direction, confidence, kind;
    int8_t segment;     /* -1: not about a class */
    uint8_t absent_at;  /* claims an absence from that vantage's packets; VANTAGES: none */
    bool hashed;        /* stands behind those that are found by walking */
    bool absent_events; /* claims an absence from the hook records of ... */
    uint8_t events_at;  /* ... this vantage point, ... */
    uint8_t n_frames[VANTAGES], n_events;
    uint32_t gaps_known;     /* ... with so many of its gaps already looked at */
    char *detail;            /* what happened to the first instance; NULL: nothing to add */
    uint64_t beside;         /* instances that may have been counted from the packets, too */
    uint64_t from_ns, to_ns; /* when the hook events happened whose absence is claimed */
    uint64_t frames[VANTAGES][REPORT_FRAMES];
    uint64_t events[REPORT_FRAMES];
    uint8_t event_vantage[REPORT_FRAMES];
};

/* --- the whole -------------------------------------------------------------------------------- */

struct input;
struct flow_table;
struct pairing;
struct join;
struct clock_pairs;
struct memory;
struct mptcp_tokens;

struct analysis {
    const struct analyze_settings *settings;
    struct report *report;
    struct identities *identities;
    struct input *inputs[VANTAGES];
    unsigned n_vantages;
    struct flow_table *tables[VANTAGES];
    struct pairing *pairing;
    struct join *join;
    struct clock_pairs *clock;
    struct memory *memory;
    size_t waiting_max; /* segments that wait for their counterparts */
    struct mptcp_tokens *mptcp_tokens;
    struct slab joinings, lanes, passages; /* those of one connection together */
    struct slab connections, sides, segments, covers, rows, evidence, hook_events, hook_states;
    GHashTable *rows_more, *evidence_more; /* sets of those behind LISTED_AT_FIRST */
    struct connection *live;          /* all connections that are not yet reported, newest first */
    struct connection *oldest, *hand; /* of them; retire.c: where to look for one to drop */
    struct connection *closed, *closed_last;
    size_t n_closed, connections_max;
    GHashTable *syn_tallies; /* judge_syn.c */
    uint32_t next_id;
};

/* The direction as reports mean it: DIRECTION_FORWARD from the client. */
static inline enum direction connection_direction(const struct connection *c, unsigned direction)
{
    return (direction ^ (c->swapped ? 1u : 0u)) == FROM_CLIENT ? DIRECTION_FORWARD
                                                               : DIRECTION_REVERSE;
}

/* The vantage point that segments of this direction pass first. */
static inline enum vantage connection_upstream(const struct connection *c, unsigned direction)
{
    bool forward = connection_direction(c, direction) == DIRECTION_FORWARD;
    return forward ? (enum vantage)c->client_vantage : (enum vantage) !c->client_vantage;
}

#endif
