/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - how the clocks of the two vantage points stand to each other.
 *
 * No verdict needs the offset: it is for reading both files at the same pace, for asking whether a
 * capture covers a moment, and for the report. It is an interval: a segment arrives after it was
 * sent, so that each direction of travel bounds the offset from one side.
 */
#ifndef OPTRAIL_ANALYZE_CLOCK_H
#define OPTRAIL_ANALYZE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/model.h"

enum { CLOCK_STRETCHES = 128 };

struct clock_point {
    uint64_t time_ns; /* A's */
    int64_t value_ns; /* B's minus A's */
    bool used;
};

struct clock_envelope { /* the extremes over time: clock_skew.c */
    uint64_t start_ns, stretch_ns;
    struct clock_point points[CLOCK_STRETCHES];
};

struct clock_travel { /* B's time minus A's, of segments that pass `first` before the other */
    int64_t least_ns, most_ns, latest_ns;
    uint64_t pairs;
    struct clock_envelope envelope; /* below what passes A first, above what passes B first */
};

struct clock_pairs {
    struct clock_travel travel[VANTAGES]; /* by the vantage point that is upstream */
    bool known;
    int64_t pace_ns; /* about how far B's clock is ahead, by the latest pairs */
};

/* A pair of which it is not known yet which vantage point it passed first. */
void clock_guess(struct clock_pairs *clock, uint64_t time_a_ns, uint64_t time_b_ns);

/* A joined pair: one whole segment, seen at both. */
void clock_note(struct clock_pairs *clock, enum vantage upstream, uint64_t time_a_ns,
                uint64_t time_b_ns);

/*
 * When a segment that passed `from` at `time_ns` should have passed the other vantage point, on
 * that one's clock. Without any pair: as if the clocks agreed.
 */
void clock_expect(const struct clock_pairs *clock, enum vantage from, enum vantage upstream,
                  uint64_t time_ns, uint64_t *earliest_ns, uint64_t *latest_ns);

/* clock_skew.c: notes a difference; `least` keeps the least of each stretch, else the greatest. */
void clock_envelope_note(struct clock_envelope *envelope, uint64_t time_ns, int64_t value_ns,
                         bool least);
/* False when there are too few, or they span too little time, to tell a slope from delays. */
bool clock_envelope_slope(const struct clock_envelope *envelope, bool least, double *slope);

/* How much faster B's clock runs, in parts per million; NAN when that cannot be told. */
double clock_skew_ppm(const struct clock_pairs *clock);

void clock_report(const struct clock_pairs *clock, struct report_clock *out);

#endif
