/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_doubt.c - two captures: where nothing can be claimed, nothing is, and the reason is
 * said.
 */
#include "tests/unit/analyze_scene.h"
#include "wire/codec.h"

/* A handshake and one data segment with cc that reaches A only, then silence. */
static struct scene *scene_with_loss(bool covered)
{
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &lost);
    if (covered)
        covered_to_here(s);
    return s;
}

static const struct report_option *the_row(const struct report *report)
{
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_non_null(row);
    return row;
}

static void a_loss_is_certain_when_the_capture_lost_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_with_loss(true);
    const struct report *report = analyze_both(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_SEGMENT_LOST);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(report->inputs[1].lost_packets, 0);
    scene_free(s);
}

/* When it was expected at B is told by B's clock, which may be seconds off. */
static void a_loss_is_as_certain_when_the_clocks_disagree(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct scene *s = scene_new();
        s->offset_ns = sign * 4000 * (int64_t)MS;
        covered_from_here(s);
        handshake(s);
        struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
        at_client_side(s, &lost);
        const struct report *report = analyze_covered(s);
        assert_int_equal(the_row(report)->verdict, VERDICT_SEGMENT_LOST);
        assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->confidence, CONFIDENCE_CERTAIN);
        scene_free(s);
    }
}

static void a_loss_is_only_likely_when_the_capture_does_not_count(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    capture_builder_free(s->b);
    s->b = capture_builder_new_plain();
    covered_from_here(s);
    handshake(s);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    at_client_side(s, &lost);
    const struct report *report = analyze_covered(s);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->confidence, CONFIDENCE_LIKELY);
    assert_int_equal(report->inputs[1].lost_packets, COUNT_UNKNOWN);
    scene_free(s);
}

static void a_drop_count_at_the_place_forbids_to_claim_a_loss(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment next = make(s, CLIENT, TCP_ACK, 100, "");
    at_client_side(s, &lost);
    at_client_side(s, &next);
    next.dropcount = 1;
    at_server_side(s, &next);
    const struct report *report = analyze_covered(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
    assert_int_equal(the_row(report)->confidence, CONFIDENCE_INCONCLUSIVE);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    assert_int_equal(report->inputs[1].lost_packets, 1);
    scene_free(s);
}

static void a_drop_count_elsewhere_does_not(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment next = make(s, CLIENT, TCP_ACK, 100, "");
    struct built_segment last = make(s, CLIENT, TCP_ACK, 100, "");
    at_client_side(s, &lost);
    pass(s, &next);
    at_client_side(s, &last);
    last.dropcount = 1;
    at_server_side(s, &last);
    const struct report *report = analyze_covered(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void drops_without_a_place_forbid_it_anywhere(void **state)
{
    (void)state;
    struct scene *s = scene_with_loss(true);
    capture_builder_dropped(s->b, 3);
    const struct report *report = analyze_both(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void what_the_receiver_acknowledged_was_missed_by_the_capture(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    struct built_segment missed = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment ack = make(s, SERVER, TCP_ACK, 0, "");
    at_client_side(s, &missed);
    pass(s, &ack);
    const struct report *report = analyze_covered(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_CAPTURE_LOSS);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void a_capture_that_ends_early_says_nothing_of_later(void **state)
{
    (void)state;
    struct scene *s = scene_with_loss(false);
    const struct report *report = analyze_both(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_NOT_COVERED);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void a_capture_that_begins_late_says_nothing_of_earlier(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, UTO);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, "");
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, CC);
    at_client_side(s, &syn);
    at_client_side(s, &synack);
    at_client_side(s, &ack);
    for (unsigned i = 0; i < 3; i++) {
        struct built_segment data = make(s, CLIENT, TCP_ACK, 50, CC);
        pass(s, &data);
    }
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_INCONCLUSIVE_NOT_COVERED);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_INCONCLUSIVE_NOT_COVERED);
    assert_int_equal(the_row(report)->verdict, VERDICT_OPTION_INTACT);
    assert_int_equal(the_row(report)->arrived, 3);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void a_cut_header_forbids_to_claim_a_removal(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    s->tsval = 5;
    handshake(s);
    s->snaplen_b = 20 + 20 + 12; /* IP, TCP, timestamps: cc is beyond */
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &p);
    const struct report *report = analyze_both(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_SNAPLEN);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    assert_int_equal(report->inputs[1].truncated_packets, 1);
    scene_free(s);
}

/* Cut in an option's id or length it bears another name, which is no change of the path's. */
static void wherever_a_header_is_cut_nothing_was_changed(void **state)
{
    (void)state;
    for (unsigned options = 0; options <= 24; options++) {
        struct scene *s = scene_new();
        s->all_options = true;
        covered_from_here(s);
        handshake(s);
        s->snaplen_b = 20 + 20 + options;
        for (int sender = CLIENT; sender <= SERVER; sender++) {
            struct built_segment p =
                make(s, sender, TCP_ACK | TCP_PSH, 10, "\x03\x03\x07" UTO CC "\xfd\x04\xbe\xe5");
            pass(s, &p);
        }
        const struct report *report = analyze_both(s);
        assert_int_not_equal(report->overall, OVERALL_INTERFERED);
        for (guint i = 0; i < report->findings->len; i++) {
            const struct report_finding *finding = report->findings->pdata[i];
            /* Window scaling and the request stand where the sender put them, also when cut. */
            if (finding->verdict != VERDICT_OPTION_INTACT &&
                finding->verdict != VERDICT_OPTION_MISPLACED)
                assert_int_equal(finding->verdict, VERDICT_INCONCLUSIVE_SNAPLEN);
        }
        scene_free(s);
    }
}

static void a_cut_behind_the_options_does_no_harm(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    s->snaplen_b = 60;
    struct built_segment p = make(s, CLIENT, TCP_ACK, 1000, CC);
    pass(s, &p);
    const struct report *report = analyze_both(s);
    assert_int_equal(the_row(report)->verdict, VERDICT_OPTION_INTACT);
    scene_free(s);
}

static void a_connection_that_never_passes_the_other_capture_is_not_lost(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    /* Another connection of the client, to somebody else. */
    s->ends[SERVER] = capture_endpoint("203.0.113.9", 443);
    s->ends[CLIENT] = capture_endpoint("192.0.2.1", 40001);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, UTO);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, "");
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    at_client_side(s, &syn);
    at_client_side(s, &synack);
    at_client_side(s, &ack);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_INCONCLUSIVE_NOT_COVERED);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(report->flows->len, 2);
    scene_free(s);
}

/* One direction of what was under way before: A may know it by names that nothing relates. */
static void a_connection_that_nobody_saw_begin_is_not_lost(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    s->ends[CLIENT].port = s->ends_b[CLIENT].port = 50001;
    struct built_segment p = make(s, SERVER, TCP_ACK, 100, UTO);
    at_server_side(s, &p);
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_DATA)
                         ->counts[VERDICT_INCONCLUSIVE_NOT_COVERED],
                     1);
    scene_free(s);
}

static void one_capture_alone_counts_and_does_not_guess(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    handshake(s);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    struct built_segment answer = make(s, SERVER, TCP_ACK, 100, UTO);
    at_client_side(s, &p);
    at_client_side(s, &answer);
    const struct report *report = analyze_a(s);
    assert_int_equal(the_row(report)->sent, 1);
    assert_int_equal(the_row(report)->arrived, COUNT_UNKNOWN);
    assert_int_equal(the_row(report)->verdict, VERDICT_INCONCLUSIVE_NOT_COVERED);
    const struct report_option *uto = row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_DATA);
    assert_int_equal(uto->arrived, 1);
    assert_int_equal(uto->sent, COUNT_UNKNOWN);
    assert_int_equal(report->n_inputs, 1);
    assert_int_equal(report->inputs[0].tcp_segments, 5);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    scene_free(s);
}

static void one_capture_alone_sees_malformed_and_misplaced_options(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, CC); /* cc: ack and data only */
    struct built_segment data = make(s, CLIENT, TCP_ACK, 10, "\xfd\x05\x4f\x43\x01");
    at_client_side(s, &syn);
    at_client_side(s, &data);
    const struct report *report = analyze_a(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_OPTION_MISPLACED);
    assert_int_equal(the_row(report)->verdict, VERDICT_OPTION_MALFORMED);
    scene_free(s);
}

/* Whose they are cannot be read: nobody's segment is missing then. */
static void a_tcp_header_that_is_cut_is_not_absent(void **state)
{
    (void)state;
    for (unsigned all = 0; all < 2; all++) {
        struct scene *s = scene_new();
        covered_from_here(s);
        s->snaplen_b = all ? 36 : 0;
        handshake(s);
        s->snaplen_b = 36; /* 16 octets of the TCP header */
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
        pass(s, &p);
        s->now += 1000 * MS;
        s->snaplen_b = all ? 36 : 0;
        struct built_segment back = make(s, SERVER, TCP_ACK, 0, "");
        back.ack = p.seq; /* not acknowledged: that would be another reason */
        pass(s, &back);
        if (!all) { /* that one is missing: a second away from what was cut */
            s->now += 1000 * MS;
            struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, UTO);
            at_client_side(s, &lost);
        }
        const struct report *report = analyze_covered(s);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_SNAPLEN], 1);
        assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], !all);
        scene_free(s);
    }
}

/* Cut where the options are: what is not there may be behind the cut. */
static void a_cut_syn_does_not_lack_multipath_tcp(void **state)
{
    (void)state;
    for (unsigned end = 0; end < 2; end++) {
        struct scene *s = scene_new();
        covered_from_here(s);
        struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS "\x1e\x04\x01\x01");
        struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0,
                                           MSS "\x1e\x0c\x01\x01\x01\x02\x03\x04\x05\x06\x07\x08");
        at_client_side(s, &syn);
        if (end == 0)
            syn.snaplen = 44;
        at_server_side(s, &syn);
        at_server_side(s, &synack);
        if (end == 1)
            synack.snaplen = 44;
        at_client_side(s, &synack);
        assert_no_finding(analyze_covered(s), VERDICT_MPTCP_FALLBACK);
        assert_no_finding(analyze_a(s), VERDICT_MPTCP_FALLBACK);
        scene_free(s);
    }
}

/* What a capture's filter may have left out is not lost; what it lets through is. */
static void what_a_filter_leaves_out_is_not_lost(void **state)
{
    static const struct {
        const char *filter;
        bool catches;
    } CASES[] = {
        {"tcp", true},
        {"tcp port 80", true},
        {"host 198.51.100.1 and tcp", true},
        {"tcp port 81", false},
        {"tcp[tcpflags] & tcp-syn != 0", false},
        {"tcp and greater 1000", false},
    };
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        capture_builder_free(s->b);
        s->b = capture_builder_new_filtered(CASES[i].filter);
        covered_from_here(s);
        handshake(s);
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
        at_client_side(s, &p);
        const struct report *report = analyze_covered(s);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        if (row->counts[VERDICT_SEGMENT_LOST] != CASES[i].catches ||
            row->counts[VERDICT_INCONCLUSIVE_NOT_COVERED] == CASES[i].catches)
            fail_msg("%s", CASES[i].filter);
        scene_free(s);
    }
}

/* A reset that the capture beside its sender would not hold was not injected for that. */
static void what_a_filter_leaves_out_upstream_was_sent(void **state)
{
    (void)state;
    for (unsigned filtered = 0; filtered < 2; filtered++) {
        struct scene *s = scene_new();
        capture_builder_free(s->b);
        s->b = capture_builder_new_filtered(filtered ? "tcp[tcpflags] & tcp-rst == 0" : "tcp");
        covered_from_here(s);
        handshake(s);
        struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
        at_client_side(s, &rst);
        const struct report *report = analyze_covered(s);
        if (filtered)
            assert_no_finding(report, VERDICT_PATH_RST_INJECTED);
        else
            assert_non_null(finding_of(report, VERDICT_PATH_RST_INJECTED));
        scene_free(s);
    }
}

static void an_answer_that_a_filter_leaves_out_is_not_missing(void **state)
{
    (void)state;
    for (unsigned filtered = 0; filtered < 3; filtered++) {
        struct scene *s = scene_new();
        const struct option_desc *desc = NULL;
        capture_builder_free(s->a);
        s->a = capture_builder_new_filtered(filtered == 1 ? "tcp and less 200" : "tcp");
        for (size_t i = 0; i < option_set_size(s->options) && desc == NULL; i++)
            if (option_set_at(s->options, i)->answer == ANSWER_ECHO &&
                option_set_at(s->options, i)->profiles[0] == NULL)
                desc = option_set_at(s->options, i);
        assert_non_null(desc);
        uint8_t octets[TCP_OPTION_SPACE];
        g_autoptr(GError) error = NULL;
        size_t length = codec_encode(desc, NULL, 0, octets, &error);
        handshake(s);
        struct built_segment p = make_options(s, CLIENT, TCP_ACK, 10, (const char *)octets, length);
        struct built_segment back = make(s, SERVER, TCP_ACK, 100, UTO);
        if (filtered == 2)
            back.snaplen = 41; /* an option that is cut could be the answer */
        at_client_side(s, &p);
        at_client_side(s, &back);
        const struct report *report = analyze_a(s);
        if (filtered)
            assert_no_finding(report, VERDICT_OPTION_UNANSWERED);
        else
            assert_non_null(finding_of(report, VERDICT_OPTION_UNANSWERED));
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_is_certain_when_the_capture_lost_nothing),
        cmocka_unit_test(a_loss_is_as_certain_when_the_clocks_disagree),
        cmocka_unit_test(a_loss_is_only_likely_when_the_capture_does_not_count),
        cmocka_unit_test(a_drop_count_at_the_place_forbids_to_claim_a_loss),
        cmocka_unit_test(a_drop_count_elsewhere_does_not),
        cmocka_unit_test(drops_without_a_place_forbid_it_anywhere),
        cmocka_unit_test(what_the_receiver_acknowledged_was_missed_by_the_capture),
        cmocka_unit_test(a_capture_that_ends_early_says_nothing_of_later),
        cmocka_unit_test(a_capture_that_begins_late_says_nothing_of_earlier),
        cmocka_unit_test(a_cut_header_forbids_to_claim_a_removal),
        cmocka_unit_test(wherever_a_header_is_cut_nothing_was_changed),
        cmocka_unit_test(a_cut_behind_the_options_does_no_harm),
        cmocka_unit_test(a_connection_that_never_passes_the_other_capture_is_not_lost),
        cmocka_unit_test(a_connection_that_nobody_saw_begin_is_not_lost),
        cmocka_unit_test(one_capture_alone_counts_and_does_not_guess),
        cmocka_unit_test(one_capture_alone_sees_malformed_and_misplaced_options),
        cmocka_unit_test(a_tcp_header_that_is_cut_is_not_absent),
        cmocka_unit_test(a_cut_syn_does_not_lack_multipath_tcp),
        cmocka_unit_test(what_a_filter_leaves_out_is_not_lost),
        cmocka_unit_test(what_a_filter_leaves_out_upstream_was_sent),
        cmocka_unit_test(an_answer_that_a_filter_leaves_out_is_not_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
