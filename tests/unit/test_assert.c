/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_assert.c - assertions: what is no expression, what holds, fails and cannot be judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "analyze/assert.h"
#include "tests/tools/sample_reports.h"

static enum assertion_result judge(struct report *report, const char *expression)
{
    g_autoptr(GError) error = NULL;
    struct assertion *assertion = assertion_parse(expression, &error);
    if (assertion == NULL)
        fail_msg("%s", error->message);
    assertion_check(assertion, report);
    assertion_free(assertion);
    const struct report_assertion *result = report->assertions->pdata[report->assertions->len - 1];
    assert_string_equal(result->expression, expression);
    assert_true((result->reason == NULL) == (result->result == ASSERTION_HOLDS));
    return result->result;
}

#define HOLDS(report, expression) assert_int_equal(judge(report, expression), ASSERTION_HOLDS)
#define FAILS(report, expression) assert_int_equal(judge(report, expression), ASSERTION_FAILS)
#define UNKNOWN(report, expression)                                                                \
    assert_int_equal(judge(report, expression), ASSERTION_INCONCLUSIVE)

static void nonsense_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "",
        "   ",
        "none",
        "none ",
        "none nothing",
        "none path.proxy none path.nat",
        "none path.proxy verdict=option.intact",
        "none path.proxy sent>=1",
        "verdict=",
        "verdict=option.inta",
        "verdict=intact",
        "verdict=option.intact verdict=option.modified",
        "direction=up",
        "segment=psh",
        "flow=0",
        "flow=x",
        "option=",
        "colour=red",
        "cc",
        "sent",
        "sent>=",
        "sent>=-1",
        "sent>=1.5",
        "sent~1",
        "verdict>=1",
        "sent >= 1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        if (assertion_parse(wrong[i], &error) != NULL)
            fail_msg("'%s' was accepted", wrong[i]);
        assert_non_null(error);
        assert_null(strchr(error->message, '\n'));
    }
    assertion_free(NULL);
}

static void every_row_picked_must_have_the_verdict(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_stripped();
    HOLDS(report, "option=uto verdict=option.intact");
    HOLDS(report, "option=cc direction=forward segment=ack verdict=option.removed.nop");
    HOLDS(report, "option=cc verdict=option.removed");
    HOLDS(report, "verdict=option");
    FAILS(report, "option=cc verdict=option.intact");
    FAILS(report, "verdict=option.intact");
    FAILS(report, "flow=1 verdict=option.removed");
}

static void no_row_picked_is_a_failure(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_stripped();
    HOLDS(report, "option=cc");
    FAILS(report, "option=delack");
    FAILS(report, "option=cc direction=reverse verdict=option.removed");
    FAILS(report, "option=cc segment=syn verdict=option.removed");
    FAILS(report, "flow=2 verdict=option.removed");
}

static void counts_are_compared(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_stripped();
    HOLDS(report, "option=cc sent>=1 arrived=0");
    HOLDS(report, "sent=1");
    HOLDS(report, "sent==1 sent<=1 sent<2 sent>0 sent!=2");
    FAILS(report, "arrived>=1");
    FAILS(report, "option=uto sent>=2");
    FAILS(report, "option=uto sent<1");
    FAILS(report, "option=uto sent!=1");
}

static void what_cannot_be_judged_is_neither(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_one_capture();
    UNKNOWN(report, "option=exid-0xBEE5 verdict=option.intact");
    HOLDS(report, "option=exid-0xBEE5 verdict=inconclusive");
    UNKNOWN(report, "option=cc arrived>=1");
    /* A failure elsewhere is a failure. */
    FAILS(report, "direction=forward verdict=option.intact");
    /* What was seen was seen, what was not may have been missed. */
    HOLDS(report, "option=exid-0xBEE5 written>=5");
    UNKNOWN(report, "option=exid-0xBEE5 sent>=5");
}

static void none_fails_when_it_was_found(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_many();
    FAILS(report, "none path.proxy");
    FAILS(report, "none path");
    HOLDS(report, "none path.nat");
    HOLDS(report, "none mptcp");
    HOLDS(report, "none path.proxy flow=41");
    FAILS(report, "flow=40 none path.proxy");
    FAILS(report, "none option.removed option=cc");
    HOLDS(report, "none option.removed option=uto");
    FAILS(report, "none option.intact");
}

static void none_is_not_claimed_where_a_fate_is_unknown(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_many();
    HOLDS(report, "none option.modified flow=2");
    UNKNOWN(report, "none option.modified flow=1");
    UNKNOWN(report, "none option.modified");
}

/* --- the formats for machines that run tests ---------------------------------------------- */

static char *render(const struct report *report, int (*write)(const struct report *, FILE *))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(write(report, out), 0);
    fclose(out);
    return text;
}

static struct report *judged(void)
{
    struct report *report = sample_many();
    judge(report, "option=cc sent>=1");
    judge(report, "option=cc verdict=option.intact");
    judge(report, "flow=1 none option.modified");
    return report;
}

static void tap_has_one_test_per_assertion(void **state)
{
    (void)state;
    g_autoptr(report_t) report = judged();
    char *text = render(report, report_write_tap);
    assert_string_equal(
        text, "TAP version 13\n"
              "1..3\n"
              "ok 1 - option=cc sent>=1\n"
              "not ok 2 - option=cc verdict=option.intact\n"
              "# flow 5, cc, forward, ack: option.removed.shortened (certain) (and 39 more)\n"
              "ok 3 - flow=1 none option.modified # SKIP flow 1, cc: inconclusive.capture-loss\n");
    free(text);
}

static void junit_has_one_test_per_assertion(void **state)
{
    (void)state;
    g_autoptr(report_t) report = judged();
    char *text = render(report, report_write_junit);
    assert_non_null(strstr(text, "<testsuite name=\"optrail\" tests=\"3\" failures=\"1\" "
                                 "errors=\"0\" skipped=\"1\">"));
    assert_non_null(strstr(text, "name=\"option=cc sent&gt;=1\"/>"));
    assert_non_null(strstr(text, "<failure message=\"flow 5, cc, forward, ack: "));
    assert_non_null(strstr(text, "<skipped message=\"flow 1, cc: inconclusive.capture-loss\"/>"));
    GMarkupParser nothing = {0};
    GMarkupParseContext *context = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    assert_true(g_markup_parse_context_parse(context, text, -1, NULL));
    assert_true(g_markup_parse_context_end_parse(context, NULL));
    g_markup_parse_context_free(context);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(every_row_picked_must_have_the_verdict),
        cmocka_unit_test(no_row_picked_is_a_failure),
        cmocka_unit_test(counts_are_compared),
        cmocka_unit_test(what_cannot_be_judged_is_neither),
        cmocka_unit_test(none_fails_when_it_was_found),
        cmocka_unit_test(none_is_not_claimed_where_a_fate_is_unknown),
        cmocka_unit_test(tap_has_one_test_per_assertion),
        cmocka_unit_test(junit_has_one_test_per_assertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
