/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conclude.c - from judged connections to the report. See conclude.h.
 *
 * Connections are numbered in the order in which they were first seen. Those that went to the report
 * early (retire.h) bear their provisional number there until all are known.
 */
#include "analyze/conclude.h"

#include "analyze/clock.h"
#include "analyze/finish.h"
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/mptcp_events.h"
#include "analyze/overall.h"
#include "analyze/pair.h"
#include "analyze/tell.h"

/* --- numbers ----------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct connection *const *c = a, *const *d = b;
    return (*c)->id < (*d)->id ? -1 : 1;
}

static int flows_by_id(const void *a, const void *b)
{
    const struct report_flow *const *c = a, *const *d = b;
    return (*c)->id < (*d)->id ? -1 : 1;
}

/* Rank of a provisional number among those that went to the report early, from 0. */
static unsigned rank_of(const GArray *early, unsigned id)
{
    unsigned low = 0, high = early->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(early, unsigned, middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Numbers without gaps, for what is in the report already and for what goes there now. */
static void number_all(struct analysis *analysis, GPtrArray *left)
{
    struct report *report = analysis->report;
    g_autoptr(GArray) early = g_array_sized_new(FALSE, FALSE, sizeof(unsigned), report->flows->len);
    g_autoptr(GArray) final = g_array_sized_new(FALSE, FALSE, sizeof(unsigned), report->flows->len);
    unsigned id = 0, next = 0;
    g_ptr_array_sort(report->flows, flows_by_id);
    for (unsigned i = 0; i < report->flows->len; i++) {
        struct report_flow *flow = g_ptr_array_index(report->flows, i);
        while (next < left->len &&
               ((struct connection *)g_ptr_array_index(left, next))->id < flow->id)
            ((struct connection *)g_ptr_array_index(left, next++))->id = ++id;
        g_array_append_val(early, flow->id);
        flow->id = ++id;
        g_array_append_val(final, flow->id);
    }
    while (next < left->len)
        ((struct connection *)g_ptr_array_index(left, next++))->id = ++id;
    for (unsigned i = 0; i < report->options->len; i++) {
        struct report_option *row = g_ptr_array_index(report->options, i);
        row->flow = g_array_index(final, unsigned, rank_of(early, row->flow));
    }
    for (unsigned i = 0; i < report->findings->len; i++) {
        struct report_finding *finding = g_ptr_array_index(report->findings, i);
        finding->flow = g_array_index(final, unsigned, rank_of(early, finding->flow));
    }
}

/* --- the whole --------------------------------------------------------------------------------- */

void conclude(struct analysis *analysis)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    for (struct connection *c = analysis->live; c && analysis->n_vantages > 1; c = c->next)
        if (!c->finished && c->sides[VANTAGE_A] == NULL && c->sides[VANTAGE_B])
            pair_late(analysis, c->sides[VANTAGE_B]);
    for (struct connection *c = analysis->live; c; c = c->next)
        if (!c->merged)
            g_ptr_array_add(left, c);
    g_ptr_array_sort(left, by_id);
    for (unsigned i = 0; i < left->len; i++)
        finish_connection(analysis, g_ptr_array_index(left, i));
    number_all(analysis, left);
    judge_syns(analysis);
    for (unsigned i = 0; i < left->len; i++)
        tell_connection(analysis, g_ptr_array_index(left, i));
    analysis->report->n_inputs = analysis->n_vantages;
    for (unsigned v = 0; v < analysis->n_vantages; v++)
        input_report(analysis->inputs[v], &analysis->report->inputs[v]);
    if (analysis->n_vantages > 1)
        clock_report(analysis->clock, &analysis->report->clock);
    judge_inputs(analysis);
    mptcp_events_link(analysis->report);
    report_sort(analysis->report);
    analysis->report->overall = overall_verdict(analysis->report);
}
