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
    /* Who read nothing, or nothing whole, has not seen that all is well. */
    for (unsigned i = 0; i < report->n_inputs; i++) {
        const struct report_input *input = &report->inputs[i];
        if (input->tcp_segments == 0 ||
            (report->options->len == 0 && input->truncated_packets == input->packets))
            overall = OVERALL_INCONCLUSIVE;
    }
    return overall;
}
