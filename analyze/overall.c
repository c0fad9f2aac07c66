/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overall.c - the one word for the whole report.
 */
#include "analyze/overall.h"

enum overall overall_verdict(const struct report *report)
{
    enum overall overall = OVERALL_INTACT;
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (finding->confidence != CONFIDENCE_INCONCLUSIVE &&
            verdict_is_interference(finding->verdict))
            return OVERALL_INTERFERED;
        /* A capture that could not be read, or not whole, does not show that all is well. */
        if (finding->flow == 0 && verdict_is_inconclusive(finding->verdict))
            overall = OVERALL_INCONCLUSIVE;
    }
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        /* Where every segment with it was lost, nothing is known of the option. */
        if (row->verdict == VERDICT_NONE || row->verdict == VERDICT_SEGMENT_LOST)
            overall = OVERALL_INCONCLUSIVE;
        for (unsigned v = 0; v < VERDICTS; v++)
            if (row->counts[v] > 0 && verdict_is_inconclusive(v))
                overall = OVERALL_INCONCLUSIVE;
    }
    /* Of some nothing is known, or there was no room to know anything. */
    if (report->flows_dropped > 0 || report->unlisted_in_doubt)
        overall = OVERALL_INCONCLUSIVE;
    return overall;
}
