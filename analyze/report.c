/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - makes, frees and orders the model of a report. See report.h. */
#include "analyze/report.h"

static void flow_free(gpointer data)
{
    struct report_flow *flow = data;
    g_free(flow->client);
    g_free(flow->server);
    g_free(flow->client_b);
    g_free(flow->server_b);
    g_free(flow);
}

static void option_free(gpointer data)
{
    struct report_option *row = data;
    g_free(row->option);
    g_free(row);
}

static void finding_free(gpointer data)
{
    struct report_finding *finding = data;
    g_free(finding->option);
    g_free(finding->explain);
    g_free(finding);
}

static void mptcp_event_free(gpointer data)
{
    struct report_mptcp_event *event = data;
    g_free(event->local);
    g_free(event->remote);
    g_free(event);
}

static void assertion_result_free(gpointer data)
{
    struct report_assertion *assertion = data;
    g_free(assertion->expression);
    g_free(assertion->reason);
    g_free(assertion);
}

struct report *report_new(void)
{
    struct report *report = g_new0(struct report, 1);
    report->flows = g_ptr_array_new_with_free_func(flow_free);
    report->options = g_ptr_array_new_with_free_func(option_free);
    report->findings = g_ptr_array_new_with_free_func(finding_free);
    report->assertions = g_ptr_array_new_with_free_func(assertion_result_free);
    report->mptcp_events = g_ptr_array_new_with_free_func(mptcp_event_free);
    report->glossary = g_ptr_array_new_with_free_func(g_free);
    return report;
}

void report_free(struct report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(report->inputs); i++) {
        g_free(report->inputs[i].file);
        g_free(report->inputs[i].warning);
        g_free(report->inputs[i].sources);
    }
    g_ptr_array_unref(report->flows);
    g_ptr_array_unref(report->options);
    g_ptr_array_unref(report->findings);
    g_ptr_array_unref(report->assertions);
    g_ptr_array_unref(report->mptcp_events);
    g_ptr_array_unref(report->glossary);
    g_free(report);
}

struct report_flow *report_add_flow(struct report *report)
{
    struct report_flow *flow = g_new0(struct report_flow, 1);
    g_ptr_array_add(report->flows, flow);
    flow->id = report->flows->len;
    return flow;
}

struct report_option *report_add_option(struct report *report)
{
    struct report_option *row = g_new0(struct report_option, 1);
    row->reserved = row->written = row->sent = COUNT_UNKNOWN;
    row->arrived = row->parsed = row->applied = COUNT_UNKNOWN;
    g_ptr_array_add(report->options, row);
    return row;
}

struct report_finding *report_add_finding(struct report *report)
{
    struct report_finding *finding = g_new0(struct report_finding, 1);
    finding->direction = DIRECTION_UNKNOWN;
    finding->segment = -1;
    g_ptr_array_add(report->findings, finding);
    return finding;
}

struct report_mptcp_event *report_add_mptcp_event(struct report *report)
{
    struct report_mptcp_event *event = g_new0(struct report_mptcp_event, 1);
    g_ptr_array_add(report->mptcp_events, event);
    return event;
}

struct report_assertion *report_add_assertion(struct report *report)
{
    struct report_assertion *assertion = g_new0(struct report_assertion, 1);
    g_ptr_array_add(report->assertions, assertion);
    return assertion;
}

/* --- order -------------------------------------------------------------------------------- */

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* Each comparison below ends in a total order, so that equal input gives equal reports. */
static int compare_flows(gconstpointer a, gconstpointer b)
{
    const struct report_flow *left = *(const struct report_flow *const *)a;
    const struct report_flow *right = *(const struct report_flow *const *)b;
    return COMPARE(left->id, right->id);
}

static int compare_options(gconstpointer a, gconstpointer b)
{
    const struct report_option *left = *(const struct report_option *const *)a;
    const struct report_option *right = *(const struct report_option *const *)b;
    int order = COMPARE(left->flow, right->flow);
    if (order == 0)
        order = COMPARE(left->direction, right->direction);
    if (order == 0)
        order = g_strcmp0(left->option, right->option);
    if (order == 0)
        order = COMPARE(left->segment, right->segment);
    return order;
}

static int compare_frames(const uint64_t *left, unsigned n_left, const uint64_t *right,
                          unsigned n_right)
{
    for (unsigned i = 0; i < n_left && i < n_right; i++) {
        int order = COMPARE(left[i], right[i]);
        if (order != 0)
            return order;
    }
    return COMPARE(n_left, n_right);
}

static int compare_findings(gconstpointer a, gconstpointer b)
{
    const struct report_finding *left = *(const struct report_finding *const *)a;
    const struct report_finding *right = *(const struct report_finding *const *)b;
    int order = COMPARE(verdict_weight(right->verdict), verdict_weight(left->verdict));
    if (order == 0)
        order = COMPARE(right->confidence, left->confidence);
    if (order == 0)
        order = COMPARE(verdict_rank(right->verdict), verdict_rank(left->verdict));
    if (order == 0)
        order = COMPARE(left->flow, right->flow);
    if (order == 0)
        order = COMPARE(left->direction, right->direction);
    if (order == 0)
        order = g_strcmp0(left->option, right->option);
    if (order == 0)
        order = COMPARE(left->segment, right->segment);
    if (order == 0)
        order = COMPARE(right->count, left->count);
    if (order == 0)
        order =
            compare_frames(left->frames_a, left->n_frames_a, right->frames_a, right->n_frames_a);
    if (order == 0)
        order =
            compare_frames(left->frames_b, left->n_frames_b, right->frames_b, right->n_frames_b);
    if (order == 0)
        order = compare_frames(left->events, left->n_events, right->events, right->n_events);
    if (order == 0)
        order = g_strcmp0(left->explain, right->explain);
    return order;
}

void report_sort(struct report *report)
{
    g_ptr_array_sort(report->flows, compare_flows);
    g_ptr_array_sort(report->options, compare_options);
    g_ptr_array_sort(report->findings, compare_findings);
}

void report_spell_out(struct report *report, const struct option_set *options)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        const struct option_desc *desc = option_set_by_name(options, row->option);
        if (desc != NULL && g_hash_table_add(seen, row->option))
            g_ptr_array_add(report->glossary, g_strdup_printf("%s: %s", desc->name, desc->title));
    }
}
