/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_report.c - the model of a report, and the order in which it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyze/summary.h"
#include "tests/tools/sample_reports.h"

static void new_rows_claim_nothing(void **state)
{
    (void)state;
    g_autoptr(report_t) report = report_new();
    const struct report_option *row = report_add_option(report);
    assert_true(row->reserved == COUNT_UNKNOWN && row->written == COUNT_UNKNOWN);
    assert_true(row->sent == COUNT_UNKNOWN && row->arrived == COUNT_UNKNOWN);
    assert_true(row->parsed == COUNT_UNKNOWN && row->applied == COUNT_UNKNOWN);
    const struct report_finding *finding = report_add_finding(report);
    assert_int_equal(finding->direction, DIRECTION_UNKNOWN);
    assert_int_equal(finding->segment, -1);
    assert_int_equal(report_add_flow(report)->id, 1);
    assert_int_equal(report_add_flow(report)->id, 2);
    report_free(NULL);
}

static void rows_stand_by_flow_direction_option_and_segment(void **state)
{
    (void)state;
    static const struct {
        unsigned flow;
        enum direction direction;
        const char *option;
        enum segment_class segment;
    } right[] = {
        {1, DIRECTION_FORWARD, "cc", SEGMENT_ACK},    {1, DIRECTION_FORWARD, "cc", SEGMENT_DATA},
        {1, DIRECTION_FORWARD, "uto", SEGMENT_SYN},   {1, DIRECTION_REVERSE, "cc", SEGMENT_SYN},
        {2, DIRECTION_FORWARD, "cc", SEGMENT_SYNACK}, {10, DIRECTION_FORWARD, "cc", SEGMENT_SYN},
    };
    static const size_t shuffled[] = {4, 1, 5, 3, 0, 2};
    g_autoptr(report_t) report = report_new();
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
        size_t from = shuffled[i];
        sample_row(report, right[from].flow, right[from].direction, right[from].option,
                   right[from].segment, (int[]){-1, -1, 1, 1, -1, -1}, VERDICT_OPTION_INTACT,
                   CONFIDENCE_CERTAIN);
    }
    report_sort(report);
    for (guint i = 0; i < G_N_ELEMENTS(right); i++) {
        const struct report_option *row = report->options->pdata[i];
        assert_int_equal(row->flow, right[i].flow);
        assert_int_equal(row->direction, right[i].direction);
        assert_string_equal(row->option, right[i].option);
        assert_int_equal(row->segment, right[i].segment);
    }
}

static void findings_stand_worst_first(void **state)
{
    (void)state;
    g_autoptr(report_t) report = report_new();
    sample_finding(report, 1, VERDICT_PATH_NAT, CONFIDENCE_CERTAIN, "a");
    sample_finding(report, 2, VERDICT_OPTION_MODIFIED, CONFIDENCE_LIKELY, "b");
    sample_finding(report, 1, VERDICT_HOOK_APPLIED, CONFIDENCE_CERTAIN, "c");
    sample_finding(report, 3, VERDICT_OPTION_REORDERED, CONFIDENCE_CERTAIN, "d");
    sample_finding(report, 1, VERDICT_HOOK_NOT_PARSED, CONFIDENCE_CERTAIN, "e");
    sample_finding(report, 1, VERDICT_INCONCLUSIVE_SNAPLEN, CONFIDENCE_INCONCLUSIVE, "f");
    sample_finding(report, 2, VERDICT_OPTION_REORDERED, CONFIDENCE_CERTAIN, "g");
    sample_finding(report, 9, VERDICT_PATH_PROXY, CONFIDENCE_CERTAIN, "h");
    report_sort(report);
    GString *order = g_string_new(NULL);
    for (guint i = 0; i < report->findings->len; i++)
        g_string_append(order, ((struct report_finding *)report->findings->pdata[i])->explain);
    assert_string_equal(order->str, "hgdbefac");
    g_string_free(order, TRUE);
}

static void order_does_not_depend_on_where_things_came_from(void **state)
{
    (void)state;
    g_autoptr(report_t) one = report_new();
    g_autoptr(report_t) other = report_new();
    for (unsigned i = 0; i < 50; i++) {
        for (int reversed = 0; reversed <= 1; reversed++) {
            unsigned n = reversed ? 49 - i : i;
            g_autofree char *explain = g_strdup_printf("%u", n);
            struct report_finding *finding =
                sample_finding(reversed ? other : one, 1 + n % 3, VERDICT_SEGMENT_LOST,
                               CONFIDENCE_CERTAIN, explain);
            sample_about(finding, DIRECTION_FORWARD, n % 2 ? "cc" : "uto", SEGMENT_DATA, 1 + n / 7,
                         0);
        }
    }
    report_sort(one);
    report_sort(other);
    for (guint i = 0; i < one->findings->len; i++)
        assert_string_equal(((struct report_finding *)one->findings->pdata[i])->explain,
                            ((struct report_finding *)other->findings->pdata[i])->explain);
}

/* --- seen over all flows ------------------------------------------------------------------ */

static void trails_sum_what_flows_share(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_many();
    g_autoptr(GPtrArray) trails = summary_trails(report);
    assert_int_equal(trails->len, 3);
    const struct trail *worst = trails->pdata[0];
    assert_int_equal(worst->verdict, VERDICT_OPTION_REMOVED_SHORTENED);
    assert_int_equal(worst->flows, 40);
    assert_int_equal(worst->of_flows, 200);
    assert_int_equal(worst->first_flow, 5);
    assert_int_equal(worst->stages[STAGE_SENT], 40);
    assert_int_equal(worst->stages[STAGE_ARRIVED], 0);
    assert_true(worst->stages[STAGE_WRITTEN] == COUNT_UNKNOWN);
}

static void a_fate_is_the_worst_of_its_rows(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_many();
    /* The same option on another kind of segment, of the worst flow and of a good one. */
    sample_row(report, 5, DIRECTION_FORWARD, "cc", SEGMENT_DATA, (int[]){-1, -1, 3, 0, -1, -1},
               VERDICT_OPTION_REMOVED_SHORTENED, CONFIDENCE_CERTAIN);
    sample_row(report, 6, DIRECTION_FORWARD, "cc", SEGMENT_DATA, (int[]){-1, -1, 3, 3, -1, -1},
               VERDICT_OPTION_INTACT, CONFIDENCE_CERTAIN);
    report_sort(report);
    g_autoptr(GPtrArray) fates = summary_fates(report);
    assert_int_equal(fates->len, 1);
    const struct fate *fate = fates->pdata[0];
    assert_int_equal(fate->verdict, VERDICT_OPTION_REMOVED_SHORTENED);
    assert_int_equal(fate->flows, 40);
    assert_int_equal(fate->of_flows, 200);
    assert_int_equal(fate->count, 43);
    assert_int_equal(fate->segments, SEGMENT_BIT(SEGMENT_ACK) | SEGMENT_BIT(SEGMENT_DATA));
    assert_int_equal(fate->stages[STAGE_SENT], 206);
}

static void discoveries_count_each_flow_once(void **state)
{
    (void)state;
    g_autoptr(report_t) report = report_new();
    sample_finding(report, 1, VERDICT_SEGMENT_LOST, CONFIDENCE_CERTAIN, "x")->count = 5;
    sample_finding(report, 1, VERDICT_SEGMENT_LOST, CONFIDENCE_CERTAIN, "y")->count = 2;
    sample_finding(report, 2, VERDICT_SEGMENT_LOST, CONFIDENCE_CERTAIN, "z")->count = 1;
    sample_finding(report, 2, VERDICT_SEGMENT_LOST, CONFIDENCE_LIKELY, "z");
    report_sort(report);
    g_autoptr(GPtrArray) discoveries = summary_discoveries(report);
    assert_int_equal(discoveries->len, 2);
    const struct discovery *discovery = discoveries->pdata[0];
    assert_int_equal(discovery->flows, 2);
    assert_int_equal(discovery->count, 8);
    assert_int_equal(discovery->first->flow, 1);
}

static void where_captures_stand_is_said_only_when_all_flows_agree(void **state)
{
    (void)state;
    g_autoptr(report_t) report = report_new();
    assert_int_equal(summary_near_sender(report, DIRECTION_FORWARD), 0);
    report_add_flow(report);
    assert_int_equal(summary_near_sender(report, DIRECTION_FORWARD), 0);
    report_add_flow(report)->client_side = 'b';
    assert_int_equal(summary_near_sender(report, DIRECTION_FORWARD), 'b');
    assert_int_equal(summary_near_sender(report, DIRECTION_REVERSE), 'a');
    report_add_flow(report)->client_side = 'a';
    assert_int_equal(summary_near_sender(report, DIRECTION_FORWARD), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rows_claim_nothing),
        cmocka_unit_test(rows_stand_by_flow_direction_option_and_segment),
        cmocka_unit_test(findings_stand_worst_first),
        cmocka_unit_test(order_does_not_depend_on_where_things_came_from),
        cmocka_unit_test(trails_sum_what_flows_share),
        cmocka_unit_test(a_fate_is_the_worst_of_its_rows),
        cmocka_unit_test(discoveries_count_each_flow_once),
        cmocka_unit_test(where_captures_stand_is_said_only_when_all_flows_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
