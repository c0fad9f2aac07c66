/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_path.c - two captures: translated addresses and numbers, ports used again, segments
 * in other pieces, clocks that disagree.
 */
#include "tests/unit/analyze_scene.h"

static void pass_option(struct scene *s, const char *option, size_t length)
{
    for (unsigned i = 0; i < 3; i++) {
        struct built_segment p = make_options(s, CLIENT, TCP_ACK, 100, option, length);
        struct built_segment ack = make(s, SERVER, TCP_ACK, 0, "");
        pass(s, &p);
        pass(s, &ack);
    }
}

static const struct report_flow *flow_at(const struct report *report, unsigned index)
{
    assert_true(index < report->flows->len);
    return g_ptr_array_index(report->flows, index);
}

static void nat_is_found_by_the_initial_sequence_number(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.7", 61234);
    handshake(s);
    pass_option(s, CC, 6);
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 1);
    const struct report_flow *flow = flow_at(report, 0);
    assert_string_equal(flow->client, "192.0.2.1:40000");
    assert_string_equal(flow->client_b, "203.0.113.7:61234");
    assert_string_equal(flow->paired_by, "isn");
    const struct report_finding *nat = finding_of(report, VERDICT_PATH_NAT);
    assert_int_equal(nat->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 3);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void hooks_before_the_syn_do_not_hide_nat(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.7", 61234);
    struct hook_record connect = {.time_ns = s->now,
                                  .op = HOOK_TCP_CONNECT,
                                  .local = s->ends[CLIENT],
                                  .remote = s->ends[SERVER]};
    capture_builder_hook(s->a, &connect);
    handshake(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 1);
    assert_non_null(finding_of(report, VERDICT_PATH_NAT));
    scene_free(s);
}

static void a_port_used_again_is_another_flow(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    for (unsigned i = 0; i < 3; i++) {
        handshake(s);
        pass_option(s, CC, 6);
        struct built_segment rst = make(s, CLIENT, TCP_RST, 0, "");
        pass(s, &rst);
        s->next[CLIENT] += 100000;
        s->next[SERVER] += 7000000;
    }
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(flow_at(report, i)->id, i + 1);
        assert_string_equal(flow_at(report, i)->paired_by, "tuple");
        assert_int_equal(flow_at(report, i)->delta_forward, 0);
    }
    assert_nothing_happened(report);
    scene_free(s);
}

static void an_incarnation_of_which_b_saw_nothing_is_not_mixed_with_the_next(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, UTO);
    at_client_side(s, &syn);
    s->next[CLIENT] += 100000;
    handshake(s);
    pass_option(s, CC, 6);
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, 2);
    assert_null(flow_at(report, 0)->paired_by);
    assert_int_equal(flow_at(report, 1)->delta_forward, 0);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->flow, 1);
    scene_free(s);
}

static void rewritten_sequence_numbers_are_translated(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 9000; /* the SYNs' timestamps show that they are one */
    s->shift[CLIENT] = 0x12345678;
    s->shift[SERVER] = 0xfedcba98;
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS UTO);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS UTO);
    pass(s, &syn);
    pass(s, &synack); /* at B first: its translation is learnt when A shows it */
    pass_option(s, CC, 6);
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 1);
    assert_string_equal(flow_at(report, 0)->paired_by, "tuple");
    assert_int_equal(flow_at(report, 0)->delta_forward, 0x12345678);
    assert_int_equal(flow_at(report, 0)->delta_reverse, 0xfedcba98);
    assert_non_null(finding_of(report, VERDICT_PATH_SEQUENCE_REWRITTEN));
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 3);
    assert_int_equal(row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_SYNACK)->verdict,
                     VERDICT_OPTION_INTACT);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(report->overall, OVERALL_INTERFERED);
    scene_free(s);
}

static void sack_blocks_that_were_translated_too_are_intact(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 9000;
    s->shift[CLIENT] = 256;
    handshake(s);
    struct built_segment p =
        make(s, SERVER, TCP_ACK, 0, "\x05\x0a\x00\x00\x10\x00\x00\x00\x20\x00");
    at_client_side(s, &p);
    replace_options(&p, 12, "\x05\x0a\x00\x00\x11\x00\x00\x00\x21\x00", 10);
    at_server_side(s, &p);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_OPTION_MODIFIED);
    scene_free(s);
}

static void rewritten_timestamps_are_no_modified_option(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 9000;
    s->tsval_shift = 1234567;
    handshake(s);
    pass_option(s, CC, 6);
    pass_option(s, CC, 6);
    const struct report *report = analyze_both(s);
    const struct report_finding *finding = finding_of(report, VERDICT_PATH_TIMESTAMPS_REWRITTEN);
    assert_int_equal(finding->confidence, CONFIDENCE_CERTAIN);
    assert_no_finding(report, VERDICT_OPTION_MODIFIED);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 6);
    scene_free(s);
}

static void timestamps_rewritten_by_a_changing_amount_are_told(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 9000;
    handshake(s);
    for (unsigned i = 0; i < 40; i++) {
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
        s->tsval_shift = 1000 + i * i * 7919;
        pass(s, &p);
    }
    const struct report *report = analyze_covered(s);
    const struct report_finding *finding = finding_of(report, VERDICT_PATH_TIMESTAMPS_REWRITTEN);
    assert_non_null(finding);
    assert_non_null(strstr(finding->explain, "changing amount"));
    assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 40);
    scene_free(s);
}

/* `n` segments of `each` octets of payload out of one of all of them. */
static void in_pieces(struct scene *s, const struct built_segment *whole, unsigned n, uint32_t each,
                      unsigned stripped)
{
    for (unsigned i = 0; i < n; i++) {
        struct built_segment piece = *whole;
        piece.seq += i * each;
        piece.payload_length = each;
        piece.time_ns += i;
        if (i == stripped)
            replace_options(&piece, 0, NOPS, 6);
        at_server_side(s, &piece);
    }
}

static void a_super_segment_is_no_split(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->next[CLIENT] = UINT32_MAX - 4000; /* its numbers wrap in the middle */
    handshake(s);
    struct built_segment super = make(s, CLIENT, TCP_ACK, 6 * 1440, CC);
    at_client_side(s, &super);
    in_pieces(s, &super, 6, 1440, 99);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 6);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 1);
    assert_nothing_happened(report);
    scene_free(s);
}

static void a_slice_of_a_super_segment_that_lost_its_option_tells(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment super = make(s, CLIENT, TCP_ACK, 3 * 1440, CC);
    at_client_side(s, &super);
    in_pieces(s, &super, 3, 1440, 1);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_REMOVED_NOP);
    scene_free(s);
}

static void a_glued_super_segment_is_no_coalescing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment whole = make(s, SERVER, TCP_ACK, 4 * 1440, UTO);
    in_pieces(s, &whole, 4, 1440, 99); /* sent as four, and seen as one by the client's host */
    at_client_side(s, &whole);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_DATA);
    assert_int_equal(row->sent, 4);
    assert_int_equal(row->arrived, 1);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 4);
    assert_nothing_happened(report);
    scene_free(s);
}

static void a_box_that_splits_is_told_and_the_option_is_intact(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment whole = make(s, CLIENT, TCP_ACK, 1400, CC);
    at_client_side(s, &whole);
    in_pieces(s, &whole, 2, 700, 1);
    const struct report *report = analyze_both(s);
    const struct report_finding *split = finding_of(report, VERDICT_SEGMENT_SPLIT);
    assert_int_equal(split->count, 1);
    assert_int_equal(split->n_frames_a, 1);
    assert_int_equal(split->n_frames_b, 2);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_INTACT);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void a_box_that_coalesces_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment first = make(s, CLIENT, TCP_ACK, 300, CC);
    struct built_segment second = make(s, CLIENT, TCP_ACK, 300, CC_RENO);
    at_client_side(s, &first);
    at_client_side(s, &second);
    first.payload_length = 600;
    first.time_ns = second.time_ns;
    at_server_side(s, &first);
    const struct report *report = analyze_both(s);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_COALESCED)->count, 1);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 1);
    assert_int_equal(row->counts[VERDICT_OPTION_MODIFIED], 1);
    scene_free(s);
}

static void slices_that_overlap_other_slices_are_joined(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    /* A glues 3 + 3, B glues 2 + 4: neither boundary is in the other. */
    struct built_segment a1 = make(s, CLIENT, TCP_ACK, 3 * 1440, CC);
    struct built_segment a2 = make(s, CLIENT, TCP_ACK, 3 * 1440, CC);
    struct built_segment b1 = a1, b2 = a2;
    b1.payload_length = 2 * 1440;
    b2.seq = b1.seq + b1.payload_length;
    b2.payload_length = 4 * 1440;
    at_client_side(s, &a1);
    at_client_side(s, &a2);
    at_server_side(s, &b1);
    at_server_side(s, &b2);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 2);
    assert_int_equal(row->sent, 2);
    assert_int_equal(row->arrived, 2);
    assert_nothing_happened(report);
    scene_free(s);
}

static void a_retransmission_of_a_part_does_not_complete_a_whole(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 100;
    handshake(s);
    struct built_segment super = make(s, CLIENT, TCP_ACK, 2 * 1400, CC);
    struct built_segment part = super;
    part.payload_length = 1400;
    at_client_side(s, &super);
    at_server_side(s, &part); /* the second slice is lost */
    struct built_segment again = make(s, CLIENT, TCP_ACK, 0, CC);
    again.seq = part.seq + 1400;
    again.payload_length = 1400;
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, 2);
    assert_int_equal(row->arrived, 2);
    assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 1);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 1);
    scene_free(s);
}

static void clocks_four_seconds_apart_do_no_harm(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct scene *s = scene_new();
        s->offset_ns = sign * (int64_t)(4000 * MS);
        covered_from_here(s);
        handshake(s);
        for (unsigned i = 0; i < 50; i++)
            pass_option(s, CC, 6);
        const struct report *report = analyze_both(s);
        assert_nothing_happened(report);
        assert_int_equal(
            row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT],
            150);
        assert_true(report->clock.known);
        assert_int_equal(report->clock.offset_low_ns, s->offset_ns - (int64_t)MS);
        assert_int_equal(report->clock.offset_high_ns, s->offset_ns + (int64_t)MS);
        scene_free(s);
    }
}

static void the_clock_is_not_known_from_one_direction(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, "");
    pass(s, &syn);
    const struct report *report = analyze_both(s);
    assert_false(report->clock.known);
    scene_free(s);
}

static void ipv6_is_the_same(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->ends[CLIENT] = s->ends_b[CLIENT] = capture_endpoint("2001:db8::1", 40000);
    s->ends[SERVER] = s->ends_b[SERVER] = capture_endpoint("2001:db8::2", 443);
    covered_from_here(s);
    handshake(s);
    pass_option(s, CC, 6);
    const struct report *report = analyze_both(s);
    assert_string_equal(flow_at(report, 0)->client, "[2001:db8::1]:40000");
    assert_nothing_happened(report);
    scene_free(s);
}

static void of_many_flows_only_the_affected_are_blamed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    for (unsigned i = 0; i < 2000; i++) {
        s->ends[CLIENT].port = s->ends_b[CLIENT].port = (uint16_t)(10000 + i);
        s->next[CLIENT] = 7919 * i;
        handshake(s);
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
        at_client_side(s, &p);
        if (i % 100 == 7)
            replace_options(&p, 0, NOPS, 6);
        at_server_side(s, &p);
    }
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 2000);
    assert_int_equal(report->options->len, 2000);
    unsigned removed = 0;
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        bool affected = (row->flow - 1) % 100 == 7;
        removed += affected;
        assert_int_equal(row->verdict,
                         affected ? VERDICT_OPTION_REMOVED_NOP : VERDICT_OPTION_INTACT);
    }
    assert_int_equal(removed, 20);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nat_is_found_by_the_initial_sequence_number),
        cmocka_unit_test(hooks_before_the_syn_do_not_hide_nat),
        cmocka_unit_test(a_port_used_again_is_another_flow),
        cmocka_unit_test(an_incarnation_of_which_b_saw_nothing_is_not_mixed_with_the_next),
        cmocka_unit_test(rewritten_sequence_numbers_are_translated),
        cmocka_unit_test(sack_blocks_that_were_translated_too_are_intact),
        cmocka_unit_test(rewritten_timestamps_are_no_modified_option),
        cmocka_unit_test(timestamps_rewritten_by_a_changing_amount_are_told),
        cmocka_unit_test(a_super_segment_is_no_split),
        cmocka_unit_test(a_slice_of_a_super_segment_that_lost_its_option_tells),
        cmocka_unit_test(a_glued_super_segment_is_no_coalescing),
        cmocka_unit_test(a_box_that_splits_is_told_and_the_option_is_intact),
        cmocka_unit_test(a_box_that_coalesces_is_told),
        cmocka_unit_test(slices_that_overlap_other_slices_are_joined),
        cmocka_unit_test(a_retransmission_of_a_part_does_not_complete_a_whole),
        cmocka_unit_test(clocks_four_seconds_apart_do_no_harm),
        cmocka_unit_test(the_clock_is_not_known_from_one_direction),
        cmocka_unit_test(ipv6_is_the_same),
        cmocka_unit_test(of_many_flows_only_the_affected_are_blamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
