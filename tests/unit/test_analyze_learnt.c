/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_learnt.c - captures that begin in the middle of a connection whose numbers the path
 * rewrites: what the handshake would have told is learnt from payload, or nothing is claimed.
 */
#include "tests/unit/analyze_scene.h"

/* From the middle of a connection: what the handshake would have told is learnt from payload. */
static void rewritten_numbers_are_learnt_in_the_middle_of_a_connection(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 4; late++) {
        struct scene *s = scene_new();
        s->shift[CLIENT] = 0x7fffff00;
        s->shift[SERVER] = 0xdeadbeef;
        if (late & 2) /* and a clock that says nothing */
            s->offset_ns = 4000 * (int64_t)MS;
        covered_from_here(s);
        if (late & 1) /* A has the handshake, B has not */
            for (unsigned i = 0; i < 2; i++) {
                struct built_segment p = make(s, i, i ? TCP_SYN | TCP_ACK : TCP_SYN, 0, MSS);
                at_client_side(s, &p);
            }
        for (unsigned i = 0; i < 60; i++) {
            struct built_segment p = data(s, i % 3 == 0, i % 7 ? 100 : 0);
            add_option(&p, UTO, 4);
            pass(s, &p);
        }
        const struct report *report = analyze_covered(s);
        const struct report_flow *flow = the_flow(report);
        assert_int_equal(flow->delta_forward, 0x7fffff00);
        assert_int_equal(flow->delta_reverse, 0xdeadbeef);
        assert_no_finding(report, VERDICT_SEGMENT_LOST);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->counts[VERDICT_OPTION_INTACT], row->sent);
        assert_int_equal(row->arrived, row->sent);
        row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK);
        assert_int_equal(row->counts[VERDICT_OPTION_INTACT], row->sent);
        assert_non_null(finding_of(report, VERDICT_PATH_SEQUENCE_REWRITTEN));
        scene_free(s);
    }
}

/* Nothing tells how the numbers compare: then nothing is missing either. */
static void what_cannot_be_related_is_not_lost(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 77777;
    covered_from_here(s);
    for (unsigned i = 0; i < 20; i++) {
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
        p.payload = 0; /* zeros everywhere */
        pass(s, &p);
    }
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS], 40);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    scene_free(s);
}

static void each_direction_that_is_rewritten_is_one_finding(void **state)
{
    (void)state;
    for (unsigned ways = 0; ways < 4; ways++) {
        struct scene *s = scene_new();
        s->shift[CLIENT] = ways & 1 ? 1000000 : 0;
        s->shift[SERVER] = ways & 2 ? 2000000 : 0;
        s->tsval = 5000;
        covered_from_here(s);
        handshake(s);
        exchange(s);
        const struct report *report = analyze_covered(s);
        unsigned found = 0;
        for (unsigned i = 0; i < report->findings->len; i++) {
            const struct report_finding *f = g_ptr_array_index(report->findings, i);
            if (f->verdict != VERDICT_PATH_SEQUENCE_REWRITTEN)
                continue;
            assert_int_equal(f->count, 1);
            assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
            found |= f->direction == DIRECTION_FORWARD ? 1 : 2;
        }
        assert_int_equal(found, ways);
        scene_free(s);
    }
}

/* Two messages in turns: each occurs under many numbers, so that none tells how they compare. */
static void payload_that_comes_again_and_again_relates_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 77777;
    covered_from_here(s);
    for (unsigned i = 0; i < 10; i++) {
        struct built_segment p = data(s, CLIENT, 100);
        p.payload_shift = i % 2 * 5000 - p.seq;
        at_client_side(s, &p);
        if (i >= 2)
            at_server_side(s, &p);
    }
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_PATH_SEQUENCE_REWRITTEN);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

/* The client sends nothing but acknowledgements: how its numbers compare, the server's data tell. */
static void a_direction_without_payload_is_learnt_from_the_other(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 33333;
    s->shift[SERVER] = 44444;
    covered_from_here(s);
    for (unsigned i = 0; i < 20; i++) {
        struct built_segment p = data(s, SERVER, 100);
        struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, UTO);
        pass(s, &p);
        pass(s, &ack);
    }
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 20);
    assert_int_equal(the_flow(report)->delta_forward, 33333);
    scene_free(s);
}

/*
 * Equal ports say nothing of who is the client. B begins in the middle, with what the server sends,
 * and takes that for the client's; A has the handshake. The two are one connection all the same.
 */
static void who_guessed_the_other_client_is_the_same_connection(void **state)
{
    (void)state;
    for (unsigned b_first = 0; b_first < 2; b_first++) {
        struct scene *s = scene_new();
        s->offset_ns = b_first ? -3600ll * 1000 * (int64_t)MS : 0; /* B's file is the older one */
        s->ends[CLIENT] = s->ends_b[CLIENT] = capture_endpoint("192.0.2.1", 5000);
        s->ends[SERVER] = s->ends_b[SERVER] = capture_endpoint("198.51.100.1", 5000);
        struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
        struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
        struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
        at_client_side(s, &syn);
        at_client_side(s, &synack);
        at_client_side(s, &ack);
        capture_builder_noise(s->b, at_b(s, s->now + 5 * MS));
        for (unsigned i = 0; i < 6; i++) {
            struct built_segment p = data(s, i % 2 ? CLIENT : SERVER, 100 + i);
            add_option(&p, UTO, 4);
            pass(s, &p);
        }
        const struct report *report = analyze_covered(s);
        the_flow(report);
        assert_no_finding(report, VERDICT_SEGMENT_LOST);
        uint64_t intact = 0;
        for (unsigned i = 0; i < report->options->len; i++)
            intact += ((const struct report_option *)g_ptr_array_index(report->options, i))
                          ->counts[VERDICT_OPTION_INTACT];
        assert_int_equal(intact, 6);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewritten_numbers_are_learnt_in_the_middle_of_a_connection),
        cmocka_unit_test(what_cannot_be_related_is_not_lost),
        cmocka_unit_test(each_direction_that_is_rewritten_is_one_finding),
        cmocka_unit_test(payload_that_comes_again_and_again_relates_nothing),
        cmocka_unit_test(a_direction_without_payload_is_learnt_from_the_other),
        cmocka_unit_test(who_guessed_the_other_client_is_the_same_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
