/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - one vantage point: its TCP segments and hook records in file order, and what its
 * capture admits not to hold.
 */
#ifndef OPTRAIL_ANALYZE_INPUT_H
#define OPTRAIL_ANALYZE_INPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/filter.h"
#include "analyze/model.h"
#include "wire/capture.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum input_kind { INPUT_END, INPUT_SEGMENT, INPUT_HOOK, INPUT_MPTCP };

struct gap { /* a stretch of time in which something was lost */
    uint64_t from_ns, to_ns;
    uint64_t count;
};

struct gaps {
    GArray *list;   /* struct gap, in time order */
    uint64_t total; /* of all counts */
};

/* Read by everybody, written by input.c; there are two of them, and order tells more than octets. */
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct input {
    enum vantage vantage;
    enum input_kind kind; /* of what stands in the next fields */
    uint64_t frame, time_ns;
    uint32_t interface;
    bool cooked;          /* that interface is "any": it may show one packet several times */
    struct packet packet; /* INPUT_SEGMENT; points into the capture until the next input_next() */
    struct hook_record hook; /* INPUT_HOOK */
    struct hook_mptcp mptcp; /* INPUT_MPTCP */

    bool has_time, has_hooks;
    bool has_packets;           /* a TCP segment was read */
    uint64_t first_ns, last_ns; /* what the file covers so far */
    struct gaps lost_packets, lost_events;
    struct gaps cut; /* packets cut before the end of their TCP header: nobody knows whose */
    uint64_t cut_headers;
    uint64_t cut_options; /* TCP segments with all of the header but not all of its options */
    uint32_t snaplen;     /* the most octets that were kept of a packet with a cut header */
    uint64_t packets, segments, hooks, truncated; /* read so far */
    uint64_t unreadable;                          /* packets of link types that are not read ... */
    uint16_t unreadable_linktype;                 /* ... the first such */
    uint64_t filtered;                            /* packets that the filter left out */

    /* private */
    char *file;
    GPtrArray *captures; /* struct capture, in the order of reading */
    unsigned reading;    /* index */
    uint64_t frames_before;
    uint32_t interfaces_before;
    struct filter *filter;
    GHashTable *own_filters; /* what a capture was made with -> struct filter, or NULL */
    bool cut_last;           /* no TCP segment was read since the last that was cut */
    GArray *interface_times; /* uint64_t: last time on each interface */
    uint64_t last_event_id;
    GArray *cpu_times;       /* uint64_t: last hook record of each CPU */
    uint64_t missing_events; /* numbers that no hook record bears */
};

/*
 * Opens a capture, and the files that continue it (NULL: none), which are read one after the other
 * and whose frames are counted on. `filter` chooses packets and outlives the input; NULL: all.
 * NULL with `error` set. Free with input_free(), which accepts NULL.
 */
struct input *input_open(const char *file, const char *const *more, struct filter *filter,
                         enum vantage vantage, GError **error);
void input_free(struct input *input);

/* Reads on to the next TCP segment or hook record; `input->kind` says which. */
void input_next(struct input *input);

/* Octets read so far, and of how many (0: not known). */
uint64_t input_position(const struct input *input, uint64_t *size);

/* Fills the report's line about this input; call it at the end. */
void input_report(const struct input *input, struct report_input *out);

/*
 * Whether packets were lost at some time between two moments of this input's clock. A capture
 * that only counted losses, not where they were, has lost something everywhere; ask at the end.
 */
bool input_lost_packets_between(const struct input *input, uint64_t from_ns, uint64_t to_ns);
bool input_lost_events_between(const struct input *input, uint64_t from_ns, uint64_t to_ns);
/* The same, of the losses that were noted after the first `known` of them. */
bool input_lost_events_since(const struct input *input, unsigned known, uint64_t from_ns,
                             uint64_t to_ns);

/* More losses are counted in the interface statistics than have a place in the file. */
bool input_lost_packets_somewhere(const struct input *input);

/* Whether some packet was cut in its TCP header, or before, between two moments of this clock. */
bool input_headers_cut_between(const struct input *input, uint64_t from_ns, uint64_t to_ns);

/*
 * Whether a segment that passed this vantage point would be in its capture, as far as the filters go
 * that the capture was made with. False when nobody knows.
 */
bool input_would_catch(const struct input *input, const struct endpoint *source,
                       const struct endpoint *destination, uint8_t flags, uint32_t payload_length);

/* The capture says how many packets it lost (be it none). */
bool input_counts_losses(const struct input *input);

#endif
