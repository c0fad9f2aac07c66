// SPDX-License-Identifier: GPL-2.0-or-later
/* MONOTONIC is brought to REALTIME by the tightest bracket; a step is noticed and kept apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <time.h>

#include "trace/clock.h"

/* A machine whose clocks advance by `cost` with each reading, and by a hiccup now and then. */
struct machine {
    uint64_t monotonic_ns;
    int64_t offset_ns; /* REALTIME - MONOTONIC */
    uint64_t cost_ns;
    const uint64_t *hiccups; /* extra cost of each reading, in turn; NULL: none */
    size_t n_hiccups, readings;
    size_t set_back_at; /* the reading before which REALTIME is set back by a second; 0: never */
};

static uint64_t read_machine(void *user, int which)
{
    struct machine *m = user;
    m->readings++;
    if (m->readings == m->set_back_at)
        m->offset_ns -= 1000000000;
    m->monotonic_ns += m->cost_ns;
    if (m->hiccups != NULL)
        m->monotonic_ns += m->hiccups[m->readings % m->n_hiccups];
    return which == CLOCK_REALTIME ? m->monotonic_ns + (uint64_t)m->offset_ns : m->monotonic_ns;
}

static const int64_t offset = 1700000000000000000;

static void a_moment_is_right_to_half_of_the_bracket(void **state)
{
    (void)state;
    struct machine machine = {.monotonic_ns = 5000, .offset_ns = offset, .cost_ns = 40};
    struct trace_clock *clock = trace_clock_new(read_machine, &machine);
    struct hook_clock sample;
    assert_false(trace_clock_sample(clock, 5, &sample));
    assert_int_equal(sample.width_ns, 80);
    assert_int_equal(sample.step_ns, 0);
    uint64_t moment = 123456789;
    int64_t error = (int64_t)(trace_clock_realtime(clock, moment) - (moment + (uint64_t)offset));
    assert_in_range(error + 40, 0, 80);
    assert_int_equal(sample.realtime_ns - sample.monotonic_ns, (uint64_t)offset);
    trace_clock_free(clock);
}

static void the_tightest_of_many_brackets_counts(void **state)
{
    (void)state;
    /* Delays of 50 us in three readings of four, so that most brackets are wide and lopsided. */
    static const uint64_t hiccups[] = {0, 50000, 0, 0, 0, 50000, 50000};
    struct machine machine = {
        .offset_ns = offset, .cost_ns = 20, .hiccups = hiccups, .n_hiccups = G_N_ELEMENTS(hiccups)};
    struct trace_clock *clock = trace_clock_new(read_machine, &machine);
    struct hook_clock sample;
    assert_false(trace_clock_sample(clock, 50, &sample));
    assert_int_equal(sample.width_ns, 40);
    assert_int_equal(trace_clock_realtime(clock, 1000) - 1000, (uint64_t)offset);
    trace_clock_free(clock);
}

static void a_wide_bracket_is_no_step_and_spoils_nothing(void **state)
{
    (void)state;
    static const uint64_t slow[] = {90000};
    struct machine machine = {.offset_ns = offset, .cost_ns = 20};
    struct trace_clock *clock = trace_clock_new(read_machine, &machine);
    uint64_t before = trace_clock_realtime(clock, 1000000);
    machine.hiccups = slow; /* from now on each reading takes 90 us */
    machine.n_hiccups = 1;
    for (int i = 0; i < 100; i++)
        assert_false(trace_clock_sample(clock, 3, NULL));
    assert_int_equal(trace_clock_realtime(clock, 1000000), before);
    trace_clock_free(clock);
}

static void a_step_is_told_and_what_was_before_keeps_its_time(void **state)
{
    (void)state;
    static const int64_t steps[] = {3600000000000, -2000000, 5000};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        struct machine machine = {.monotonic_ns = 1000, .offset_ns = offset, .cost_ns = 20};
        struct trace_clock *clock = trace_clock_new(read_machine, &machine);
        struct hook_clock sample;
        uint64_t early = machine.monotonic_ns;
        machine.monotonic_ns += 1000000;
        machine.offset_ns += steps[i];
        assert_true(trace_clock_sample(clock, 5, &sample));
        assert_int_equal(sample.step_ns, steps[i]);
        assert_int_equal(trace_clock_realtime(clock, early), early + (uint64_t)offset);
        uint64_t later = machine.monotonic_ns + 10;
        assert_int_equal(trace_clock_realtime(clock, later),
                         later + (uint64_t)offset + (uint64_t)steps[i]);
        assert_false(trace_clock_sample(clock, 5, &sample));
        assert_int_equal(sample.step_ns, 0);
        trace_clock_free(clock);
    }
}

static void a_bracket_that_the_step_falls_into_is_not_used(void **state)
{
    (void)state;
    struct machine machine = {.offset_ns = offset, .cost_ns = 20};
    struct trace_clock *clock = trace_clock_new(read_machine, &machine);
    struct hook_clock sample;
    machine.set_back_at = machine.readings + 3; /* between the second and the third reading */
    assert_true(trace_clock_sample(clock, 4, &sample));
    assert_int_equal(sample.width_ns, 40);
    assert_int_equal(sample.step_ns, -1000000000);
    trace_clock_free(clock);
}

static void the_systems_own_clocks_agree(void **state)
{
    (void)state;
    struct trace_clock *clock = trace_clock_new(NULL, NULL);
    uint64_t before = trace_clock_now_realtime(clock);
    uint64_t mapped = trace_clock_realtime(clock, trace_clock_now_monotonic(clock));
    uint64_t after = trace_clock_now_realtime(clock);
    assert_true(mapped + 100000 >= before && mapped <= after + 100000);
    trace_clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_right_to_half_of_the_bracket),
        cmocka_unit_test(the_tightest_of_many_brackets_counts),
        cmocka_unit_test(a_wide_bracket_is_no_step_and_spoils_nothing),
        cmocka_unit_test(a_step_is_told_and_what_was_before_keeps_its_time),
        cmocka_unit_test(a_bracket_that_the_step_falls_into_is_not_used),
        cmocka_unit_test(the_systems_own_clocks_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
