/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_hook_wire.c - what hooks wrote, and the wire beside them: what was not seen to leave
 * is only absent where nothing else explains it.
 */
#include "tests/unit/hook_scene.h"

static void a_write_whose_segment_never_left_is_not_on_the_wire(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s); /* its write is recorded, it is not sent */
    (void)ack;
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->sent, 0);
    assert_int_equal(row->verdict, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(finding_of(report, VERDICT_HOOK_NOT_ON_WIRE)->confidence, CONFIDENCE_CERTAIN);
    scene_free(s);
}

/* The write is recorded, its segment is not captured; `s->now` is ten milliseconds before it. */
static const struct report_option *row_of_lost_write(struct scene *s)
{
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_non_null(row);
    return row;
}

static void a_capture_that_counts_no_losses_leaves_it_likely(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    third_ack_with_cc(s);
    covered_to_here(s);
    capture_builder_no_statistics(s->a);
    const struct report_option *row = row_of_lost_write(s);
    assert_int_equal(row->verdict, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(row->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
}

static void the_end_of_the_near_capture_forbids_to_claim_it(void **state)
{
    (void)state;
    for (unsigned later = 0; later < 2; later++) {
        struct scene *s = scene_new();
        third_ack_with_cc(s);
        /* A tenth of a second behind the write is enough; less is not. */
        capture_builder_noise(s->a, s->now - 1000 + (later ? 100 : 99) * MS);
        const struct report_option *row = row_of_lost_write(s);
        assert_int_equal(row->verdict,
                         later ? VERDICT_HOOK_NOT_ON_WIRE : VERDICT_INCONCLUSIVE_NOT_COVERED);
        if (!later)
            assert_non_null(strstr(finding_of(s->report, VERDICT_INCONCLUSIVE_NOT_COVERED)->explain,
                                   "ends there"));
        scene_free(s);
    }
}

static void drops_elsewhere_in_the_near_capture_do_not(void **state)
{
    (void)state;
    static const struct {
        int64_t from_ms, to_ms; /* when packets were lost, by the moment of the write */
        bool near;
    } CASES[] = {{-300, -150, false}, {-300, -50, true}, {50, 300, true}, {150, 300, false}};
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        s->now += 1000 * MS;
        uint64_t moment = s->now + 30 * MS; /* of the third ACK */
        struct built_segment other = make(s, CLIENT, TCP_ACK, 0, "");
        struct built_segment ack;
        s->now -= 10 * MS;
        other.source = capture_endpoint("192.0.2.77", 50000);
        for (unsigned before = 0; before < 2; before++) {
            bool now = CASES[i].to_ms < 0;
            if (now == (before == 0)) {
                other.time_ns = moment + (uint64_t)(CASES[i].from_ms * (int64_t)MS);
                capture_builder_segment(s->a, &other);
                other.time_ns = moment + (uint64_t)(CASES[i].to_ms * (int64_t)MS);
                other.dropcount = 5;
                capture_builder_segment(s->a, &other);
            }
            if (before == 0)
                ack = third_ack_with_cc(s);
        }
        (void)ack;
        covered_to_here(s);
        assert_int_equal(row_of_lost_write(s)->verdict, CASES[i].near
                                                            ? VERDICT_INCONCLUSIVE_CAPTURE_LOSS
                                                            : VERDICT_HOOK_NOT_ON_WIRE);
        scene_free(s);
    }
}

static void a_filter_that_leaves_it_out_forbids_to_claim_it(void **state)
{
    (void)state;
    static const struct {
        const char *filter;
        bool catches;
    } CASES[] = {
        {"tcp", true},
        {"tcp port 80", true},
        {"tcp dst port 80", true},
        {"tcp src port 80", false},
        {"tcp port 443", false},
        {"tcp[tcpflags] & tcp-syn != 0", false},
        {"host no.such.name", false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        capture_builder_free(s->a);
        s->a = capture_builder_new_filtered(CASES[i].filter);
        capture_builder_noise(s->a, s->now - 1000 * MS);
        third_ack_with_cc(s);
        covered_to_here(s);
        const struct report_option *row = row_of_lost_write(s);
        if (row->verdict !=
            (CASES[i].catches ? VERDICT_HOOK_NOT_ON_WIRE : VERDICT_INCONCLUSIVE_NOT_COVERED))
            fail_msg("'%s': %s", CASES[i].filter, verdict_name(row->verdict));
        scene_free(s);
    }
}

static void a_connection_without_packets_beside_the_hook_is_not_covered(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, CC);
    struct built_segment other = ack;
    other.source = capture_endpoint("192.0.2.77", 50000);
    other.options_length = 0;
    write_cc(s, &ack); /* all that the file of A holds of this connection */
    capture_builder_segment(s->a, &other);
    capture_builder_segment(s->b, &other);
    covered_to_here(s);
    const struct report_option *row = row_of_lost_write(s);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_NOT_COVERED], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 0);
    assert_int_equal(row->written, 1);
    assert_non_null(strstr(finding_of(s->report, VERDICT_INCONCLUSIVE_NOT_COVERED)->explain,
                           "no packet of this connection"));
    scene_free(s);
}

static void what_was_acknowledged_did_leave(void **state)
{
    (void)state;
    static const int32_t BEYOND[] = {-1, 0, 1}; /* the acknowledgement, by the end of the segment */
    for (unsigned i = 0; i < G_N_ELEMENTS(BEYOND); i++) {
        struct scene *s = scene_with_cc();
        struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
        write_cc(s, &lost); /* neither capture shows it */
        struct built_segment answer = make(s, SERVER, TCP_ACK, 0, "");
        answer.ack += (uint32_t)BEYOND[i];
        pass(s, &answer);
        const struct report *report = analyze_covered(s);
        assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                         BEYOND[i] < 0 ? VERDICT_HOOK_NOT_ON_WIRE
                                       : VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
        scene_free(s);
    }
}

static void what_left_in_another_copy_was_acknowledged_for_that(void **state)
{
    (void)state;
    struct scene *s = scene_with_lost_write(5000); /* sent again, later and with another option */
    struct built_segment again = make(s, CLIENT, TCP_ACK, 100, UTO);
    pass(s, &again);
    pass_ack(s, SERVER);
    const struct report *report = analyze_covered(s);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_HOOK_NOT_ON_WIRE], 1);
    scene_free(s);
}

static void drops_of_the_near_capture_forbid_to_claim_it(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    third_ack_with_cc(s);
    covered_to_here(s);
    capture_builder_dropped(s->a, 1);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
    scene_free(s);
}

static void a_parse_hook_proves_that_the_capture_missed_a_segment(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    at_client_side(s, &ack); /* B's capture does not show it, B's hook does */
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    capture_builder_hook(s->b, &established);
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)
                         ->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS],
                     1);
    scene_free(s);
}

static void what_the_other_capture_shows_did_leave(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    at_server_side(s, &ack); /* A's capture missed it */
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)
                         ->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS],
                     1);
    scene_free(s);
}

static void what_a_far_hook_saw_arrive_did_leave(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->tsval = 5000;
    s->shift[CLIENT] = 77777; /* the path rewrites the numbers of both, too */
    s->shift[SERVER] = 3333;
    struct built_segment ack = third_ack_with_cc(s);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    established.seq += s->shift[CLIENT];
    established.ack += s->shift[SERVER];
    capture_builder_hook(s->b, &established); /* neither capture shows it */
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->verdict, VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS], 1);
    assert_non_null(strstr(finding_of(report, VERDICT_INCONCLUSIVE_CAPTURE_LOSS)->explain,
                           "a hook at the other end saw it arrive"));
    scene_free(s);
}

static void another_segment_that_arrived_proves_nothing(void **state)
{
    (void)state;
    for (unsigned other = 0; other < 4; other++) {
        struct scene *s = scene_new();
        struct built_segment ack = third_ack_with_cc(s);
        struct hook_record parse = parse_of(s, &ack, HOOK_PARSE_HDR_OPT);
        if (other == 0)
            parse.seq += 1; /* elsewhere in the stream */
        else if (other == 1)
            parse.ack -= 1; /* an older acknowledgement */
        else if (other == 2)
            memcpy(parse.options, CC_RENO, 6);
        else
            parse.segment_length = 10; /* another class */
        capture_builder_hook(s->b, &parse);
        const struct report *report = analyze_covered(s);
        assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                         VERDICT_HOOK_NOT_ON_WIRE);
        scene_free(s);
    }
}

/* Of one segment, the hook and the packets must not both count that it cannot be judged. */
static void what_only_the_far_capture_shows_counts_once(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment sent = make(s, CLIENT, TCP_ACK, 10, CC);
    struct built_segment answer;
    write_cc(s, &sent);
    at_server_side(s, &sent); /* A's capture missed it */
    answer = make(s, SERVER, TCP_ACK, 0, "");
    pass(s, &answer);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS], 1);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    scene_free(s);
}

static void what_the_far_capture_shows_without_it_is_told_by_the_hook(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment sent = make(s, CLIENT, TCP_ACK, 10, CC);
    write_cc(s, &sent);
    sent.options_length = 0; /* removed before B, and A's capture missed it */
    at_server_side(s, &sent);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)
                         ->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS],
                     1);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    scene_free(s);
}

static void a_cut_header_counts_once(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    struct built_segment cut = ack;
    cut.snaplen = 40; /* no octet of the options */
    at_client_side(s, &cut);
    at_server_side(s, &ack);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_SNAPLEN], 1);
    const struct report_finding *finding = finding_of(report, VERDICT_INCONCLUSIVE_SNAPLEN);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->n_frames_a, 1);
    assert_string_equal(finding->option, "cc");
    scene_free(s);
}

static void a_header_cut_before_everything_special_is_not_called_without_it(void **state)
{
    (void)state;
    for (unsigned before_tcp = 0; before_tcp < 2; before_tcp++) {
        struct scene *s = scene_new();
        s->tsval = 5000;
        struct built_segment ack = third_ack_with_cc(s);
        struct built_segment cut = ack;
        cut.snaplen = before_tcp ? 30 : 52; /* timestamps are there: it looks everyday */
        at_client_side(s, &cut);
        covered_to_here(s);
        const struct report_option *row = row_of_lost_write(s);
        assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 0);
        assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_SNAPLEN], 1);
        /* The frame that it left in is named, where the capture tells which it is. */
        const struct report_finding *finding = finding_of(s->report, VERDICT_INCONCLUSIVE_SNAPLEN);
        assert_int_equal(finding->option ? finding->n_frames_a : 0, !before_tcp);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_whose_segment_never_left_is_not_on_the_wire),
        cmocka_unit_test(a_capture_that_counts_no_losses_leaves_it_likely),
        cmocka_unit_test(the_end_of_the_near_capture_forbids_to_claim_it),
        cmocka_unit_test(drops_elsewhere_in_the_near_capture_do_not),
        cmocka_unit_test(a_filter_that_leaves_it_out_forbids_to_claim_it),
        cmocka_unit_test(a_connection_without_packets_beside_the_hook_is_not_covered),
        cmocka_unit_test(what_was_acknowledged_did_leave),
        cmocka_unit_test(what_left_in_another_copy_was_acknowledged_for_that),
        cmocka_unit_test(drops_of_the_near_capture_forbid_to_claim_it),
        cmocka_unit_test(a_parse_hook_proves_that_the_capture_missed_a_segment),
        cmocka_unit_test(what_the_other_capture_shows_did_leave),
        cmocka_unit_test(what_a_far_hook_saw_arrive_did_leave),
        cmocka_unit_test(another_segment_that_arrived_proves_nothing),
        cmocka_unit_test(what_only_the_far_capture_shows_counts_once),
        cmocka_unit_test(what_the_far_capture_shows_without_it_is_told_by_the_hook),
        cmocka_unit_test(a_cut_header_counts_once),
        cmocka_unit_test(a_header_cut_before_everything_special_is_not_called_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
