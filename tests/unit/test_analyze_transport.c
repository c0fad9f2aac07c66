/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_transport.c - what a path can do to segments: other payload, another order, copies,
 * resets of its own.
 */
#include "tests/unit/analyze_scene.h"

/* --- payload ---------------------------------------------------------------------------------- */

static void other_payload_is_found(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment good = data(s, CLIENT, 900), bad = data(s, CLIENT, 901);
    pass(s, &good);
    at_client_side(s, &bad);
    bad.payload = 8;
    at_server_side(s, &bad);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = only_finding(report, VERDICT_SEGMENT_PAYLOAD_MODIFIED);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(f->direction, DIRECTION_FORWARD);
    assert_int_equal(report->overall, OVERALL_INTERFERED);
    scene_free(s);
}

static void payload_that_was_cut_is_not_compared(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    s->snaplen_b = 300;
    struct built_segment p = data(s, CLIENT, 900);
    at_client_side(s, &p);
    p.payload = 8;
    at_server_side(s, &p);
    assert_nothing_happened(analyze_covered(s));
    scene_free(s);
}

static void pieces_in_any_order_make_the_same_payload(void **state)
{
    (void)state;
    for (unsigned changed = 0; changed < 2; changed++) {
        struct scene *s = scene_with_handshake();
        struct built_segment whole = data(s, CLIENT, 4200);
        at_client_side(s, &whole);
        for (unsigned i = 0; i < 3; i++) {
            struct built_segment piece = whole;
            unsigned nth = i == 0 ? 0 : 3 - i; /* 0, 2, 1 */
            piece.seq += nth * 1400;
            piece.payload_length = 1400;
            piece.time_ns += i;
            piece.payload = (uint8_t)(7 + (changed && nth == 1));
            at_server_side(s, &piece);
        }
        const struct report *report = analyze_covered(s);
        if (changed)
            only_finding(report, VERDICT_SEGMENT_PAYLOAD_MODIFIED);
        else
            assert_nothing_happened(report);
        scene_free(s);
    }
}

/* --- order and copies ------------------------------------------------------------------------- */

static void who_is_overtaken_is_reordered(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p[3];
    for (unsigned i = 0; i < 3; i++) {
        p[i] = data(s, CLIENT, 100);
        at_client_side(s, &p[i]);
    }
    p[0].time_ns = p[2].time_ns + MS;
    at_server_side(s, &p[1]);
    at_server_side(s, &p[2]);
    at_server_side(s, &p[0]);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = only_finding(report, VERDICT_SEGMENT_REORDERED);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->frames_a[0], 5);
    assert_int_equal(f->frames_b[0], 7);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void a_retransmission_overtakes_nobody(void **state)
{
    (void)state;
    for (unsigned numbered = 0; numbered < 2; numbered++) {
        struct scene *s = scene_with_handshake();
        struct built_segment first = data(s, CLIENT, 100);
        if (!numbered)
            first.ip_id = 0;
        at_client_side(s, &first); /* and is lost */
        for (unsigned i = 0; i < 3; i++) {
            pass_data(s, CLIENT, 100);
        }
        first.time_ns = s->now += 10 * MS;
        first.ip_id = numbered ? ++s->ip_id : 0; /* else it may be the first, late */
        pass(s, &first);
        const struct report *report = analyze_covered(s);
        assert_no_finding(report, VERDICT_SEGMENT_REORDERED);
        assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->count, 1);
        scene_free(s);
    }
}

static void a_copy_that_the_network_made_is_duplicated(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &p);
    p.time_ns += MS / 10;
    at_server_side(s, &p);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = only_finding(report, VERDICT_SEGMENT_DUPLICATED);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 2);
    assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void a_frame_recorded_twice_beside_its_sender_is_not_lost(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &p);
    at_client_side(s, &p);
    const struct report *report = analyze_covered(s);
    assert_nothing_happened(report);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->sent, 1);
    scene_free(s);
}

/* --- the path --------------------------------------------------------------------------------- */

static void a_rst_that_nobody_sent_is_injected(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
    at_client_side(s, &rst);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = only_finding(report, VERDICT_PATH_RST_INJECTED);
    assert_int_equal(f->direction, DIRECTION_REVERSE);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    scene_free(s);
}

static void a_rst_that_was_sent_is_not(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
    pass(s, &rst);
    assert_nothing_happened(analyze_covered(s));
    scene_free(s);
}

static void a_rst_is_not_called_injected_where_its_sender_was_not_watched(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
    at_client_side(s, &rst);
    capture_builder_dropped(s->b, 3);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = finding_of(report, VERDICT_PATH_RST_INJECTED);
    assert_true(f == NULL || f->confidence == CONFIDENCE_INCONCLUSIVE);
    assert_int_not_equal(report->overall, OVERALL_INTERFERED);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_payload_is_found),
        cmocka_unit_test(payload_that_was_cut_is_not_compared),
        cmocka_unit_test(pieces_in_any_order_make_the_same_payload),
        cmocka_unit_test(who_is_overtaken_is_reordered),
        cmocka_unit_test(a_retransmission_overtakes_nobody),
        cmocka_unit_test(a_copy_that_the_network_made_is_duplicated),
        cmocka_unit_test(a_frame_recorded_twice_beside_its_sender_is_not_lost),
        cmocka_unit_test(a_rst_that_nobody_sent_is_injected),
        cmocka_unit_test(a_rst_that_was_sent_is_not),
        cmocka_unit_test(a_rst_is_not_called_injected_where_its_sender_was_not_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
