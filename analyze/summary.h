/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary.h - a report seen over all its flows: what a person can read when there are thousands.
 *
 * Everything here points into the report, which must outlive it.
 */
#ifndef OPTRAIL_ANALYZE_SUMMARY_H
#define OPTRAIL_ANALYZE_SUMMARY_H

#include "analyze/report.h"

enum stage {
    STAGE_RESERVED,
    STAGE_WRITTEN,
    STAGE_SENT,
    STAGE_ARRIVED,
    STAGE_PARSED,
    STAGE_APPLIED,
    STAGES
};

/* Rows of options[] that say the same, over flows. */
struct trail {
    const char *option;
    enum direction direction;
    enum segment_class segment;
    enum verdict verdict;
    enum confidence confidence;
    unsigned flows;          /* how many flows say this ... */
    unsigned of_flows;       /* ... of how many that carry the option on such segments */
    unsigned first_flow;     /* the id of one of them, the lowest */
    uint64_t stages[STAGES]; /* sums, or COUNT_UNKNOWN when no row knows */
};

/* The fate of one option in one direction, over flows and kinds of segment. */
struct fate {
    const char *option;
    enum direction direction;
    enum verdict verdict; /* the worst of its rows */
    enum confidence confidence;
    unsigned flows, of_flows; /* with that verdict; that carry the option */
    unsigned segments;        /* SEGMENT_BIT()s of the rows with that verdict */
    uint64_t count;           /* how often that verdict was reached */
    uint64_t lost;            /* how often a segment that carried it was lost */
    uint64_t stages[STAGES];
};

/* Findings that say the same, over flows. */
struct discovery {
    const struct report_finding *first; /* the one whose evidence is shown */
    unsigned flows;                     /* 0: concerns no flow */
    uint64_t count;
};

/* Each returns a GPtrArray that frees its elements; free it with g_ptr_array_unref(). */
GPtrArray *
summary_trails(const struct report *report); /* by direction, option, segment; worst first */
GPtrArray *summary_fates(const struct report *report);       /* worst first */
GPtrArray *summary_discoveries(const struct report *report); /* worst first */

/*
 * Which capture stands nearer the sender of that direction: 'a' or 'b'; 0 when the flows disagree
 * or nobody knows.
 */
char summary_near_sender(const struct report *report, enum direction direction);

#endif
