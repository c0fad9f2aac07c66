/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_copies.c - of several copies of a segment, which at A is which at B: by timestamps, by
 * the identification that the sender gave them, by their options; and what is read too early waits.
 */
#include "tests/unit/analyze_scene.h"

/* In the middle of a connection: how the clocks stand is known, and nothing of identifications. */
static struct scene *scene_in_the_middle(void)
{
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    p.ip_id = 0;
    pass(s, &p);
    return s;
}

/* The same octets again, with other options. */
static struct built_segment again_with(struct scene *s, const struct built_segment *first,
                                       const char *options, size_t length)
{
    s->next[CLIENT] = first->seq;
    return make_options(s, CLIENT, TCP_ACK, first->payload_length, options, length);
}

/* Nothing was joined before: the number in the IP header tells which copy arrived, changed. */
static void the_identification_tells_which_copy_arrived(void **state)
{
    (void)state;
    struct scene *s = scene_in_the_middle();
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment again = again_with(s, &first, UTO, 4);
    at_client_side(s, &first); /* and is lost */
    at_client_side(s, &again);
    replace_options(&again, 0, NOPS, 4);
    at_server_side(s, &again);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_REMOVED_NOP);
    const struct report_option *cc = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(cc->counts[VERDICT_SEGMENT_LOST], 1);
    assert_int_equal(cc->verdict, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void the_options_tell_which_copy_arrived(void **state)
{
    (void)state;
    struct scene *s = scene_in_the_middle();
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment again = again_with(s, &first, UTO, 4);
    first.ip_id = again.ip_id = 0;
    at_client_side(s, &first); /* and is lost */
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    assert_int_equal(
        row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 1);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_SEGMENT_LOST], 1);
    scene_free(s);
}

/*
 * All that was seen took half a second, what comes now takes no time: B's file is read half a second
 * ahead of A's, so that a copy at B is read before the one at A that it belongs to.
 */
static struct scene *scene_read_ahead(bool ipv6)
{
    struct scene *s = scene_new();
    if (ipv6)
        for (unsigned end = 0; end < 2; end++)
            s->ends[end] = s->ends_b[end] =
                capture_endpoint(end ? "2001:db8:2::1" : "2001:db8:1::1", end ? 80 : 1);
    s->delay_ns = 500 * MS;
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, "");
    pass(s, &syn);
    pass(s, &p);
    s->now += 1000 * MS;
    s->delay_ns = MS;
    return s;
}

/* The first copy is lost; the second, with other options, is read at B before it is at A. */
static void check_later_copy(struct scene *s, uint8_t flags, uint32_t payload, unsigned class)
{
    struct built_segment first = make(s, CLIENT, flags, payload, CC);
    s->next[CLIENT] = first.seq;
    struct built_segment again = make(s, CLIENT, flags, payload, UTO);
    at_client_side(s, &first);
    again.time_ns = s->now += 100 * MS;
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, class)->counts[VERDICT_OPTION_INTACT],
                     1);
    const struct report_option *cc = row_of(report, "cc", DIRECTION_FORWARD, class);
    assert_int_equal(cc->sent, 1);
    assert_int_equal(cc->arrived, 0);
    assert_int_equal(cc->counts[VERDICT_SEGMENT_LOST], 1);
    assert_no_finding(report, VERDICT_OPTION_MODIFIED);
    assert_no_finding(report, VERDICT_OPTION_ADDED);
    scene_free(s);
}

static void a_copy_with_another_identification_waits_for_its_own(void **state)
{
    (void)state;
    check_later_copy(scene_read_ahead(false), TCP_ACK, 100, SEGMENT_DATA);
}

static void an_acknowledgement_that_nothing_numbers_waits_for_its_options(void **state)
{
    (void)state;
    check_later_copy(scene_read_ahead(true), TCP_ACK, 0, SEGMENT_ACK);
}

static void a_syn_that_is_sent_again_waits_for_its_own(void **state)
{
    (void)state;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        struct scene *s = scene_read_ahead(ipv6);
        s->ends[CLIENT].port = s->ends_b[CLIENT].port = 50001; /* of another connection */
        check_later_copy(s, TCP_SYN, 0, SEGMENT_SYN);
    }
}

/* Half of a segment arrived and arrives again, before A shows that it was sent again. */
static void a_part_that_comes_again_is_no_part_of_the_first(void **state)
{
    (void)state;
    struct scene *s = scene_read_ahead(true);
    struct built_segment whole = make(s, CLIENT, TCP_ACK, 2000, CC);
    struct built_segment part = whole;
    part.payload_length = 1000;
    at_client_side(s, &whole);
    at_server_side(s, &part);
    s->next[CLIENT] = whole.seq;
    struct built_segment again = make(s, CLIENT, TCP_ACK, 1000, CC);
    again.time_ns = s->now += 100 * MS;
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, 2);
    assert_int_equal(row->arrived, 2);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 1);
    assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 1);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->frames_a[0], 4);
    scene_free(s);
}

/* Timestamps that the path rewrites tell copies apart like others. */
static void rewritten_timestamps_tell_copies_apart(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 1000;
    s->tsval_shift = 1234567;
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
    pass(s, &p);
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC_RENO);
    struct built_segment again = again_with(s, &first, CC, 6);
    first.ip_id = again.ip_id = 0;
    at_client_side(s, &first);
    at_client_side(s, &again);
    replace_options(&again, 12, NOPS, 6);
    at_server_side(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_finding *removed = finding_of(report, VERDICT_OPTION_REMOVED_NOP);
    assert_non_null(removed);
    assert_int_equal(removed->count, 1);
    assert_int_equal(removed->frames_a[0], 7);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->frames_a[0], 6);
    scene_free(s);
}

/* B began late: before a clock is known its first segments are read beside A's first. */
static void what_is_read_far_ahead_tells_nothing_of_timestamps(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->tsval = 1000;
    for (unsigned i = 0; i < 60; i++) {
        struct built_segment p = make(s, CLIENT, TCP_ACK, 0, UTO); /* all with the same numbers */
        p.ip_id = 0;
        if (i >= 20)
            pass(s, &p);
        else
            at_client_side(s, &p);
    }
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_PATH_TIMESTAMPS_REWRITTEN);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identification_tells_which_copy_arrived),
        cmocka_unit_test(the_options_tell_which_copy_arrived),
        cmocka_unit_test(a_copy_with_another_identification_waits_for_its_own),
        cmocka_unit_test(an_acknowledgement_that_nothing_numbers_waits_for_its_options),
        cmocka_unit_test(a_syn_that_is_sent_again_waits_for_its_own),
        cmocka_unit_test(a_part_that_comes_again_is_no_part_of_the_first),
        cmocka_unit_test(rewritten_timestamps_tell_copies_apart),
        cmocka_unit_test(what_is_read_far_ahead_tells_nothing_of_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
