/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what the analyzer found, before it is put into words: the model behind every format.
 *
 * The model mirrors the JSON report, schema 1 (docs/report.schema.json); the text report and later
 * formats are other views of the same. Everything in it is owned by the report.
 */
#ifndef OPTRAIL_ANALYZE_REPORT_H
#define OPTRAIL_ANALYZE_REPORT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analyze/verdict.h"
#include "wire/option_set.h"
#include "wire/segment.h"

enum overall { OVERALL_INTACT, OVERALL_INTERFERED, OVERALL_INCONCLUSIVE };

enum direction {
    DIRECTION_FORWARD,
    DIRECTION_REVERSE,
    DIRECTION_UNKNOWN
}; /* forward: from client */

enum { REPORT_FRAMES = 8 }; /* evidence: how many frames and events a finding names */

#define COUNT_UNKNOWN UINT64_MAX /* null in JSON: not observable */

struct report_input {
    char vantage; /* 'a' or 'b' */
    char *file;
    uint64_t packets, tcp_segments, hook_events;
    bool has_time;
    uint64_t first_ns, last_ns;
    uint64_t lost_packets, lost_events; /* COUNT_UNKNOWN when the file does not say */
    uint64_t truncated_packets;         /* cut by the snaplen */
    char *warning;                      /* why reading ended early, or NULL */
    char *
        sources; /* the recorder's comment: what the recording says it used and could not see, or NULL */
};

struct report_flow {
    unsigned id;               /* from 1 */
    char *client, *server;     /* as seen at A; NULL for a flow seen only at B */
    char *client_b, *server_b; /* as seen at B, or NULL */
    const char *paired_by;     /* "tuple", "isn", "mptcp-token", "payload" or NULL */
    bool has_delta;
    uint32_t delta_forward, delta_reverse; /* B minus A, modulo 2^32 */
    bool has_mptcp;
    uint32_t token;
    unsigned subflow;
    const char *role; /* "initial" or "join" */
    char client_side; /* which capture stands nearer the client: 'a', 'b', 0 not known */
};

struct report_option { /* one row per flow, direction, option and segment class */
    unsigned flow;
    enum direction direction;
    char *option;
    enum segment_class segment;
    uint64_t reserved, written, sent, arrived, parsed, applied; /* or COUNT_UNKNOWN */
    enum verdict verdict;
    enum confidence confidence;
    uint64_t counts[VERDICTS];
};

struct report_finding {
    enum verdict verdict;
    unsigned flow; /* 0: concerns no flow */
    enum direction direction;
    char *option; /* NULL when not about one */
    int segment;  /* enum segment_class, or -1 */
    uint64_t count;
    enum confidence confidence;
    unsigned n_frames_a, n_frames_b, n_events;
    uint64_t frames_a[REPORT_FRAMES], frames_b[REPORT_FRAMES];
    uint64_t events[REPORT_FRAMES];    /* frame numbers of hook records ... */
    char event_vantage[REPORT_FRAMES]; /* ... in which file: 'a' or 'b' */
    char *explain;                     /* one sentence that a person understands */
};

struct report_clock {
    bool known;
    int64_t offset_low_ns, offset_high_ns; /* B minus A */
    double skew_ppm;
    uint64_t pairs;
};

struct report_mptcp_event { /* something that the kernel's MPTCP did, as a recording tells */
    char vantage;           /* in which file: 'a' or 'b' */
    uint64_t frame;
    const char *name;     /* "subflow established" */
    uint32_t token;       /* of the connection, as that host has it */
    char *local, *remote; /* of the subflow or address; NULL: not told */
    unsigned local_id, remote_id;
    int error;       /* a positive errno; 0: none */
    bool after_loss; /* the kernel had lost events before it */
    unsigned flow;   /* 0: of none in the report */
};

enum assertion_result {
    ASSERTION_HOLDS,
    ASSERTION_INCONCLUSIVE,
    ASSERTION_FAILS
}; /* mildest first */

struct report_assertion { /* what was demanded on the command line */
    char *expression;
    enum assertion_result result;
    char *reason; /* why it fails or cannot be judged, or NULL */
};

struct report {
    enum overall overall;
    unsigned n_inputs;
    struct report_input inputs[2];
    GPtrArray *flows;        /* struct report_flow * */
    uint64_t flows_unlisted; /* more, with nothing to say or only that all arrived as it was sent */
    bool unlisted_in_doubt;  /* some of these bear an option of which one capture cannot tell */
    uint64_t flows_dropped;  /* more than there was room for: nothing is known of them ... */
    uint64_t flows_dropped_half_open; /* ... of these nobody had acknowledged anything */
    GPtrArray *options;               /* struct report_option * */
    GPtrArray *findings;              /* struct report_finding *, worst first */
    GPtrArray *mptcp_events;          /* struct report_mptcp_event *, in the order of the files */
    uint64_t mptcp_events_left_out;   /* beyond those */
    GPtrArray *assertions;            /* struct report_assertion *, in the order given */
    GPtrArray *glossary;              /* char *: "uto: User Timeout" for names in `options` */
    struct report_clock clock;
};

struct report *report_new(void);
void report_free(struct report *report);
typedef struct report report_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report_t, report_free)

struct report_flow *report_add_flow(struct report *report);
struct report_option *report_add_option(struct report *report);
struct report_finding *report_add_finding(struct report *report);
struct report_mptcp_event *report_add_mptcp_event(struct report *report);
struct report_assertion *report_add_assertion(struct report *report);

/*
 * Puts everything into the order in which it is reported, whatever order it was found in: flows by
 * id; rows by flow, direction, option and segment; findings worst first, then by flow.
 */
void report_sort(struct report *report);

/* Fills the glossary, as far as `options` describes the options of the rows. */
void report_spell_out(struct report *report, const struct option_set *options);

/*
 * The views. Each is composed first and written then; 0, or a negative errno when
 * `out` cannot be written.
 */
int report_write_text(const struct report *report, FILE *out);
int report_write_json(const struct report *report, FILE *out);
int report_write_junit(const struct report *report, FILE *out); /* one test per assertion */
int report_write_tap(const struct report *report, FILE *out);   /* likewise */

#endif
