/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * analyze.h - the analyzer's one call: captures in, a filled report out.
 *
 * One capture, or two of the same traffic from two vantage points; each may hold hook records
 * beside its packets. Input is read once, side by side, in bounded memory: what grows is the number
 * of connections and what is still unmatched, never the length of the capture.
 */
#ifndef OPTRAIL_ANALYZE_ANALYZE_H
#define OPTRAIL_ANALYZE_ANALYZE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/report.h"
#include "wire/option_set.h"

struct analyze_settings {
    const char *file_a; /* "-" is standard input */
    const char *file_b; /* NULL: one vantage point only */
    /* Files that continue those, in their order; NULL-terminated, or NULL. Frames count on. */
    const char *const *more_a, *const *more_b;
    const char *filter;               /* as tcpdump takes it: packets to look at; NULL: all */
    const struct option_set *options; /* outlives the call */
    bool all_options;                 /* rows for options that no description covers, too */
    size_t connections_max;           /* that may be under way at a time; 0: usual */
    size_t waiting_max;               /* segments that may wait for their counterparts; 0: usual */
    /*
     * Called now and then while reading, unless NULL: octets read of how many in all (0 when a
     * pipe does not tell). For a progress line; it must not print otherwise.
     */
    void (*progress)(uint64_t done, uint64_t total, void *context);
    void *progress_context;
};

/*
 * Analyses the captures and fills `report`, which report_new() made: inputs, flows, options,
 * findings (worst first), clock and the overall verdict. Everything in it is copied: it outlives
 * the option set. Returns 0; or -1 with `error` set (domain CAPTURE_ERROR, one line that names the
 * file) when an input cannot be opened or holds no capture. A capture that is cut is analysed as
 * far as it is whole: report_input.warning then says so.
 */
int analyze_run(const struct analyze_settings *settings, struct report *report, GError **error);

#endif
