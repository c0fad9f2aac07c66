/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_pairs.c - two captures: what is said of options that pass, vanish or change, and of
 * segments that are lost.
 */
#include "tests/unit/analyze_scene.h"

static void an_option_that_passes_is_intact(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    for (unsigned i = 0; i < 3; i++) {
        struct built_segment p = make(s, CLIENT, TCP_ACK, 0, CC);
        s->next[SERVER] += 10; /* so that the acknowledgements differ */
        pass(s, &p);
    }
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_non_null(row);
    assert_int_equal(row->sent, 3);
    assert_int_equal(row->arrived, 3);
    assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
    assert_int_equal(row->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 3);
    assert_int_equal(row->reserved, COUNT_UNKNOWN);
    assert_int_equal(report->overall, OVERALL_INTACT);
    assert_int_equal(report->options->len, 1);
    assert_nothing_happened(report);
    scene_free(s);
}

static void nops_in_its_place_mean_removed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK | TCP_PSH, 100, CC);
    at_client_side(s, &p);
    replace_options(&p, 0, NOPS, 6);
    at_server_side(s, &p);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_OPTION_REMOVED_NOP);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 0);
    assert_int_equal(report->overall, OVERALL_INTERFERED);
    const struct report_finding *finding = finding_of(report, VERDICT_OPTION_REMOVED_NOP);
    assert_string_equal(finding->explain,
                        "cc was on 1 data segment when it left the client, and NOPs stood in its "
                        "place when it reached the server: a box between the two capture points "
                        "overwrites option kind 253.");
    assert_int_equal(finding->frames_a[0], 5); /* after the noise and the handshake */
    assert_int_equal(finding->frames_b[0], 5);
    scene_free(s);
}

static void gone_with_a_shorter_header_is_another_verdict(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, SERVER, TCP_ACK, 100, UTO);
    at_server_side(s, &p);
    p.options_length = 0;
    at_client_side(s, &p);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_OPTION_REMOVED_SHORTENED);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 0);
    scene_free(s);
}

static void other_octets_mean_modified(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &p);
    replace_options(&p, 0, CC_RENO, 6);
    at_server_side(s, &p);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_MODIFIED);
    assert_non_null(strstr(finding_of(report, VERDICT_OPTION_MODIFIED)->explain,
                           "fd06 4f43 0002 became fd06 4f43 0001"));
    scene_free(s);
}

static void an_option_that_was_not_sent_is_added(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, "");
    at_client_side(s, &p);
    add_option(&p, "\x4c\x04\x12\x34", 4); /* no description covers kind 76 */
    at_server_side(s, &p);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_ADDED);
    scene_free(s);
}

static void a_clamped_mss_is_modified(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    at_client_side(s, &syn);
    replace_options(&syn, 0, "\x02\x04\x03\xe8", 4);
    at_server_side(s, &syn);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "kind-2", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_OPTION_MODIFIED);
    scene_free(s);
}

static void everyday_options_have_rows_only_when_asked_for(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 77;
    handshake(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(report->options->len, 0);
    assert_nothing_happened(report);
    s->all_options = true;
    report = analyze_both(s);
    assert_int_equal(row_of(report, "kind-2", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_OPTION_INTACT);
    assert_int_equal(row_of(report, "kind-8", DIRECTION_FORWARD, SEGMENT_ACK)->sent, 1);
    scene_free(s);
}

static void a_segment_that_does_not_arrive_is_lost_and_no_verdict_on_its_option(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment kept = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &kept);
    at_client_side(s, &lost);
    lost.time_ns = s->now += 200 * MS; /* retransmitted */
    lost.ip_id = ++s->ip_id;
    pass(s, &lost);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
    assert_int_equal(row->sent, 3);
    assert_int_equal(row->arrived, 2);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 2);
    assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 1);
    const struct report_finding *finding = finding_of(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->confidence, CONFIDENCE_CERTAIN);
    assert_null(finding->option);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void timestamps_tell_which_copy_was_lost(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 1000;
    handshake(s);
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &first);
    s->next[CLIENT] -= 100;
    struct built_segment again =
        make(s, CLIENT, TCP_ACK, 100, ""); /* without the option: its right */
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_OPTION_REMOVED_SHORTENED], 0);
    assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 1);
    assert_int_equal(row->verdict, VERDICT_SEGMENT_LOST);
    const struct report_finding *lost = finding_of(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(lost->frames_a[0], 5);
    scene_free(s);
}

static void timestamps_alone_tell_copies_apart(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 1000;
    handshake(s);
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC_RENO);
    s->next[CLIENT] -= 100;
    struct built_segment again = make(s, CLIENT, TCP_ACK, 100, CC);
    first.ip_id = again.ip_id = 0;
    at_client_side(s, &first);
    at_client_side(s, &again);
    replace_options(&again, 12, NOPS, 6);
    at_server_side(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_finding *removed = finding_of(report, VERDICT_OPTION_REMOVED_NOP);
    assert_int_equal(removed->count, 1);
    assert_int_equal(removed->frames_a[0], 6);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->frames_a[0], 5);
    scene_free(s);
}

static void an_option_that_another_took_the_place_of_was_not_overwritten_by_nops(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &p);
    replace_options(&p, 0, "\x4c\x06\x12\x34\x56\x78", 6);
    at_server_side(s, &p);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_MODIFIED);
    assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_ADDED);
    scene_free(s);
}

static void two_copies_with_other_options_are_ambiguous(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment again = first;
    first.ip_id = again.ip_id = 0;
    again.time_ns += MS / 2; /* before the first can have reached B */
    replace_options(&again, 0, CC_RENO, 6);
    at_client_side(s, &first);
    at_client_side(s, &again);
    replace_options(&again, 0, NOPS, 6);
    at_server_side(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS], 1);
    assert_int_equal(row->counts[VERDICT_OPTION_REMOVED_NOP], 0);
    scene_free(s);
}

static void of_identical_acks_one_is_lost(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    for (unsigned i = 0; i < 5; i++) {
        struct built_segment p = make(s, SERVER, TCP_ACK, 0, UTO);
        at_server_side(s, &p);
        if (i != 2)
            at_client_side(s, &p);
    }
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_ACK);
    assert_int_equal(row->sent, 5);
    assert_int_equal(row->arrived, 4);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 4);
    assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 1);
    /* Nobody acknowledges an acknowledgement: the capture may have missed it as well. */
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
}

static void sequence_numbers_may_wrap(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->next[CLIENT] = UINT32_MAX - 1500;
    handshake(s);
    for (unsigned i = 0; i < 4; i++) {
        struct built_segment p = make(s, CLIENT, TCP_ACK, 1000, CC);
        pass(s, &p);
    }
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 4);
    assert_nothing_happened(report);
    scene_free(s);
}

static void which_capture_is_the_clients_is_found_out(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &p);
    replace_options(&p, 0, NOPS, 6);
    at_server_side(s, &p);
    capture_builder_finish(s->a);
    capture_builder_finish(s->b);
    const struct report *report =
        analyze_files(s, capture_builder_finish(s->b), capture_builder_finish(s->a));
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_OPTION_REMOVED_NOP);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 0);
    const struct report_flow *flow = g_ptr_array_index(report->flows, 0);
    assert_int_equal(flow->client_side, 'b');
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_that_passes_is_intact),
        cmocka_unit_test(nops_in_its_place_mean_removed),
        cmocka_unit_test(gone_with_a_shorter_header_is_another_verdict),
        cmocka_unit_test(other_octets_mean_modified),
        cmocka_unit_test(an_option_that_was_not_sent_is_added),
        cmocka_unit_test(a_clamped_mss_is_modified),
        cmocka_unit_test(everyday_options_have_rows_only_when_asked_for),
        cmocka_unit_test(a_segment_that_does_not_arrive_is_lost_and_no_verdict_on_its_option),
        cmocka_unit_test(timestamps_tell_which_copy_was_lost),
        cmocka_unit_test(timestamps_alone_tell_copies_apart),
        cmocka_unit_test(an_option_that_another_took_the_place_of_was_not_overwritten_by_nops),
        cmocka_unit_test(two_copies_with_other_options_are_ambiguous),
        cmocka_unit_test(of_identical_acks_one_is_lost),
        cmocka_unit_test(sequence_numbers_may_wrap),
        cmocka_unit_test(which_capture_is_the_clients_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
