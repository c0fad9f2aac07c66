/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_verdicts.c - what a path can do to segments, SYNs, options and whole connections,
 * one deed at a time: the verdict, how sure, and what is not said.
 */
#include "tests/unit/analyze_scene.h"
#include "wire/codec.h"

#define OPTION_76         "\x4c\x04\x12\x34" /* no description covers kind 76 */
#define MP_CAPABLE_SYN    "\x1e\x04\x01\x01"
#define MP_CAPABLE_SYNACK "\x1e\x0c\x01\x01\x01\x02\x03\x04\x05\x06\x07\x08"
#define MP_CAPABLE_ACK                                                                             \
    "\x1e\x14\x01\x01\x11\x12\x13\x14\x15\x16\x17\x18\x01\x02\x03\x04\x05\x06\x07\x08"
#define MP_JOIN_SYN "\x1e\x0c\x10\x00\xaa\xbb\xcc\xdd\x01\x02\x03\x04"
#define MP_FAIL     "\x1e\x0c\x60\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define DSS         "\x1e\x08\x20\x01\x00\x00\x00\x01"
#define DSS_INFINITE                                                                               \
    "\x1e\x12\x20\x05\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x01\x01"

static const struct report_finding *only_finding(const struct report *report, enum verdict verdict)
{
    const struct report_finding *found = NULL;
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (finding->verdict == verdict) {
            assert_null(found);
            found = finding;
        } else if (verdict_weight(finding->verdict) > WEIGHT_GOOD) {
            fail_msg("also %s: %s", verdict_name(finding->verdict), finding->explain);
        }
    }
    if (found == NULL)
        fail_msg("no %s", verdict_name(verdict));
    return found;
}

static struct scene *scene_with_handshake(void)
{
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    return s;
}

static struct built_segment data(struct scene *s, unsigned from, uint32_t length)
{
    struct built_segment p = make(s, from, TCP_ACK | TCP_PSH, length, "");
    p.payload = 7;
    return p;
}

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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    assert_nothing_happened(analyze_both(s));
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
        covered_to_here(s);
        const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    struct scene *s = scene_with_handshake();
    struct built_segment first = data(s, CLIENT, 100);
    at_client_side(s, &first); /* and is lost */
    for (unsigned i = 0; i < 3; i++) {
        struct built_segment p = data(s, CLIENT, 100);
        pass(s, &p);
    }
    first.time_ns = s->now += 10 * MS;
    first.ip_id = ++s->ip_id;
    pass(s, &first);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_SEGMENT_REORDERED);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->count, 1);
    scene_free(s);
}

static void a_copy_that_the_network_made_is_duplicated(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &p);
    p.time_ns += MS / 10;
    at_server_side(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_nothing_happened(report);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->sent, 1);
    scene_free(s);
}

/* --- options ---------------------------------------------------------------------------------- */

static void the_same_options_in_another_order_are_reordered(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC "\x01\x01" UTO);
    at_client_side(s, &p);
    replace_options(&p, 0, UTO CC "\x01\x01", 12);
    at_server_side(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_OPTION_REORDERED);
    assert_int_equal(row->counts[VERDICT_OPTION_REORDERED], 1);
    assert_int_equal(row->arrived, 1);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_REORDERED);
    scene_free(s);
}

static void other_padding_is_no_other_order(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC "\x01\x01" UTO);
    at_client_side(s, &p);
    replace_options(&p, 0, "\x01\x01" CC UTO, 12);
    at_server_side(s, &p);
    covered_to_here(s);
    assert_nothing_happened(analyze_both(s));
    scene_free(s);
}

static void what_comes_back_and_was_not_sent_is_mirrored(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &p);
    struct built_segment back = make(s, SERVER, TCP_ACK, 0, "");
    at_server_side(s, &back);
    add_option(&back, CC, 6);
    at_client_side(s, &back);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_finding *f = only_finding(report, VERDICT_OPTION_MIRRORED);
    assert_int_equal(f->direction, DIRECTION_REVERSE);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    /* The client's capture alone: cc is the client's to send, so it is likely. */
    report = analyze_a(s);
    assert_int_equal(finding_of(report, VERDICT_OPTION_MIRRORED)->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
}

static void an_equal_answer_of_both_is_not_mirrored(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
    struct built_segment back = make(s, SERVER, TCP_ACK, 100, UTO);
    pass(s, &p);
    pass(s, &back);
    covered_to_here(s);
    assert_nothing_happened(analyze_both(s));
    assert_no_finding(analyze_a(s), VERDICT_OPTION_MIRRORED);
    scene_free(s);
}

static void a_question_without_answer_is_unanswered_for_one_capture(void **state)
{
    (void)state;
    for (unsigned answered = 0; answered < 2; answered++) {
        struct scene *s = scene_new();
        const struct option_desc *desc = NULL;
        covered_from_here(s);
        for (size_t i = 0; i < option_set_size(s->options) && desc == NULL; i++)
            if (option_set_at(s->options, i)->answer == ANSWER_ECHO &&
                option_set_at(s->options, i)->profiles[0] == NULL)
                desc = option_set_at(s->options, i);
        if (desc == NULL)
            fail_msg("no option asks for an answer");
        uint8_t octets[TCP_OPTION_SPACE];
        g_autoptr(GError) error = NULL;
        size_t length = codec_encode(desc, NULL, 0, octets, &error);
        assert_true(length > 0);
        handshake(s);
        struct built_segment p = make_options(s, CLIENT, TCP_ACK, 10, (const char *)octets, length);
        pass(s, &p);
        struct built_segment back =
            make_options(s, SERVER, TCP_ACK, 10, (const char *)octets, answered ? length : 0);
        pass(s, &back);
        covered_to_here(s);
        const struct report *report = analyze_a(s);
        if (answered) {
            assert_no_finding(report, VERDICT_OPTION_UNANSWERED);
        } else {
            const struct report_finding *f = finding_of(report, VERDICT_OPTION_UNANSWERED);
            assert_non_null(f);
            assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
            assert_int_equal(f->direction, DIRECTION_FORWARD);
            assert_int_equal(row_of(report, desc->name, DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                             VERDICT_OPTION_UNANSWERED);
        }
        assert_no_finding(analyze_both(s), VERDICT_OPTION_UNANSWERED);
        scene_free(s);
    }
}

/* --- SYNs ------------------------------------------------------------------------------------- */

/* So many SYNs with an option are lost, then a plain one gets through, or one with the option. */
static const struct report *after_lost_syns(struct scene *s, unsigned lost, bool plain)
{
    uint32_t isn = s->next[CLIENT];
    covered_from_here(s);
    for (unsigned i = 0; i <= lost; i++) {
        s->next[CLIENT] = isn;
        struct built_segment syn = i == lost && plain ? make(s, CLIENT, TCP_SYN, 0, MSS)
                                                      : make(s, CLIENT, TCP_SYN, 0, MSS OPTION_76);
        syn.time_ns = s->now += 1000 * MS;
        at_client_side(s, &syn);
        if (i == lost)
            at_server_side(s, &syn);
    }
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    pass(s, &synack);
    pass(s, &ack);
    covered_to_here(s);
    s->all_options = true;
    return analyze_both(s);
}

static void syns_that_only_get_through_plain_are_blocked(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    const struct report *report = after_lost_syns(s, 3, true);
    const struct report_finding *f = finding_of(report, VERDICT_SYN_BLOCKED);
    assert_non_null(f);
    assert_string_equal(f->option, "kind-76");
    assert_int_equal(f->count, 3);
    assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(f->n_frames_a, 3);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                     VERDICT_SYN_BLOCKED);
    assert_int_equal(report->overall, OVERALL_INTERFERED);
    report = analyze_a(s);
    assert_int_equal(finding_of(report, VERDICT_SYN_BLOCKED)->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
}

static void two_lost_syns_may_be_chance_and_one_is_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    const struct report *report = after_lost_syns(s, 2, true);
    assert_int_equal(finding_of(report, VERDICT_SYN_BLOCKED)->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
    s = scene_new();
    report = after_lost_syns(s, 1, true);
    assert_no_finding(report, VERDICT_SYN_BLOCKED);
    assert_non_null(finding_of(report, VERDICT_SEGMENT_LOST));
    scene_free(s);
}

static void one_syn_with_the_option_that_arrives_absolves_the_path(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    const struct report *report = after_lost_syns(s, 3, false);
    assert_no_finding(report, VERDICT_SYN_BLOCKED);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->count, 3);
    scene_free(s);
}

/* --- the path --------------------------------------------------------------------------------- */

static void a_rst_that_nobody_sent_is_injected(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
    at_client_side(s, &rst);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    assert_nothing_happened(analyze_both(s));
    scene_free(s);
}

static void a_rst_is_not_called_injected_where_its_sender_was_not_watched(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment rst = make(s, SERVER, TCP_RST | TCP_ACK, 0, "");
    at_client_side(s, &rst);
    capture_builder_dropped(s->b, 3);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_finding *f = finding_of(report, VERDICT_PATH_RST_INJECTED);
    assert_true(f == NULL || f->confidence == CONFIDENCE_INCONCLUSIVE);
    assert_int_not_equal(report->overall, OVERALL_INTERFERED);
    scene_free(s);
}

/* --- pairing ---------------------------------------------------------------------------------- */

static void exchange(struct scene *s)
{
    for (unsigned i = 0; i < 4; i++) {
        struct built_segment p = data(s, i % 2, 200 + i);
        if (i % 2 == 0)
            add_option(&p, UTO, 4);
        pass(s, &p);
    }
}

static const struct report_flow *the_flow(const struct report *report)
{
    assert_int_equal(report->flows->len, 1);
    return g_ptr_array_index(report->flows, 0);
}

static void nat_and_rewriting_together_are_both_found(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->tsval = 4711;
    s->shift[CLIENT] = 0x12345678;
    s->shift[SERVER] = 0xdeadbeef;
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
    covered_from_here(s);
    handshake(s);
    exchange(s);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_flow *flow = the_flow(report);
    assert_string_equal(flow->paired_by, "isn");
    assert_int_equal(flow->delta_forward, 0x12345678);
    assert_int_equal(flow->delta_reverse, 0xdeadbeef);
    assert_non_null(finding_of(report, VERDICT_PATH_NAT));
    assert_int_equal(finding_of(report, VERDICT_PATH_NAT)->direction, DIRECTION_UNKNOWN);
    assert_non_null(finding_of(report, VERDICT_PATH_SEQUENCE_REWRITTEN));
    assert_no_finding(report, VERDICT_PATH_PROXY);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void without_timestamps_the_payload_finds_the_counterpart(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 0x12345678;
    s->shift[SERVER] = 0xdeadbeef;
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
    covered_from_here(s);
    handshake(s);
    exchange(s);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_flow *flow = the_flow(report);
    assert_string_equal(flow->paired_by, "payload");
    assert_int_equal(flow->delta_forward, 0x12345678);
    assert_int_equal(flow->delta_reverse, 0xdeadbeef);
    assert_int_equal(
        row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 2);
    assert_no_finding(report, VERDICT_PATH_PROXY);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void a_join_is_paired_by_its_token_and_nonce(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 77;
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
    s->ends_b[SERVER] = capture_endpoint("203.0.113.10", 4321);
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MP_JOIN_SYN);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    pass(s, &syn);
    pass(s, &synack);
    covered_to_here(s);
    const struct report_flow *flow = the_flow(analyze_both(s));
    assert_string_equal(flow->paired_by, "mptcp-token");
    assert_true(flow->has_mptcp);
    assert_int_equal(flow->token, 0xaabbccdd);
    assert_int_equal(flow->subflow, 1);
    assert_string_equal(flow->role, "join");
    scene_free(s);
}

static void what_another_connection_carries_too_pairs_nobody(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    for (unsigned i = 0; i < 4; i++) {
        /* The first two are seen by A alone, the others by B alone; all carry the same. */
        s->ends[CLIENT].port = s->ends_b[CLIENT].port = (uint16_t)(41000 + i);
        s->next[CLIENT] = 1000 * (i + 1);
        s->next[SERVER] = 900000 * (i + 1);
        struct built_segment p[2] = {make(s, CLIENT, TCP_SYN, 0, MSS), data(s, CLIENT, 500)};
        p[1].payload_shift = 0 - p[1].seq;
        for (unsigned k = 0; k < 2; k++)
            if (i < 2)
                at_client_side(s, &p[k]);
            else
                at_server_side(s, &p[k]);
    }
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(report->flows->len, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_null(((struct report_flow *)g_ptr_array_index(report->flows, i))->paired_by);
    assert_no_finding(report, VERDICT_PATH_PROXY);
    assert_no_finding(report, VERDICT_PATH_NAT);
    scene_free(s);
}

/* --- clocks, files, filters ------------------------------------------------------------------- */

static void a_clock_that_drifts_is_told_and_changes_no_verdict(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->offset_ns = 4000 * (int64_t)MS;
    covered_from_here(s);
    handshake(s);
    for (unsigned i = 0; i < 400; i++) {
        struct built_segment p = make(s, i % 2, TCP_ACK, 10, UTO);
        p.time_ns = s->now += 100 * MS;
        s->offset_ns += 5500; /* 50 ppm of 110 ms */
        s->delay_ns = MS + i * 7919 % 1000000;
        pass(s, &p);
    }
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_nothing_happened(report);
    assert_true(report->clock.known);
    assert_true(report->clock.skew_ppm > 40 && report->clock.skew_ppm < 60);
    scene_free(s);
}

static void a_filter_leaves_other_connections_out(void **state)
{
    static const struct {
        const char *filter;
        unsigned flows;
    } CASES[] = {{"tcp port 80", 1}, {"tcp port 81", 0}, {"src host 192.0.2.1", 1}, {NULL, 1}};
    (void)state;
    struct scene *s = scene_with_handshake();
    const char *a = capture_builder_finish(s->a), *b = capture_builder_finish(s->b);
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        struct analyze_settings settings = {
            .file_a = a, .file_b = b, .options = s->options, .filter = CASES[i].filter};
        g_autoptr(report_t) report = report_new();
        assert_int_equal(analyze_run(&settings, report, &error), 0);
        assert_int_equal(report->flows->len, CASES[i].flows);
    }
    scene_free(s);
}

static void a_capture_goes_on_in_further_files(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const char *first = capture_builder_finish(s->a);
    struct capture_builder *kept = s->a;
    s->a = capture_builder_new();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
    pass(s, &p);
    const char *more[] = {capture_builder_finish(s->a), NULL};
    g_autoptr(GError) error = NULL;
    struct analyze_settings settings = {.file_a = first,
                                        .file_b = capture_builder_finish(s->b),
                                        .more_a = more,
                                        .options = s->options};
    g_autoptr(report_t) report = report_new();
    assert_int_equal(analyze_run(&settings, report, &error), 0);
    const struct report_finding *f = finding_of(report, VERDICT_OPTION_INTACT);
    assert_non_null(f);
    assert_int_equal(f->frames_a[0], 5); /* noise and handshake stand in the first file */
    assert_int_equal(report->inputs[0].packets, 5);
    capture_builder_free(kept);
    scene_free(s);
}

/* Both stacks are others: sequence numbers, timestamps, identification. */
static void what_a_proxy_cuts_in_two_is_one_flow(void **state)
{
    (void)state;
    for (unsigned same_port = 0; same_port < 2; same_port++) {
        struct scene *s = scene_new();
        s->tsval = 1000;
        covered_from_here(s);
        if (!same_port)
            s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
        for (unsigned i = 0; i < 7; i++) {
            unsigned from = i == 1 || i == 4 || i == 5;
            struct built_segment p;
            if (i < 2)
                p = make(s, from, (uint8_t)(i ? TCP_SYN | TCP_ACK : TCP_SYN), 0, MSS);
            else
                p = data(s, from, i == 2 ? 0 : 100);
            if (i == 3)
                add_option(&p, UTO, 4);
            at_client_side(s, &p);
            p.seq += from ? 7777777 : 3333333;
            p.payload_shift -= from ? 7777777 : 3333333;
            if (p.flags & TCP_ACK)
                p.ack += from ? 3333333 : 7777777;
            put_be32(p.options + 4, 0x50000000 + i);
            p.ip_id = (uint16_t)(p.ip_id + 4000);
            if (i == 3)
                p.options_length -= 4;
            at_server_side(s, &p);
        }
        covered_to_here(s);
        const struct report *report = analyze_both(s);
        assert_string_equal(the_flow(report)->paired_by, "payload");
        assert_false(the_flow(report)->has_delta);
        assert_int_equal(only_finding(report, VERDICT_PATH_PROXY)->count, 1);
        assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                         VERDICT_PATH_PROXY);
        scene_free(s);
    }
}

/* --- Multipath TCP ---------------------------------------------------------------------------- */

struct mptcp_case {
    bool synack_speaks, synack_stripped, syn_stripped, ack_stripped;
    const char *data;
    unsigned data_length;
};

static const struct report *mptcp_connection(struct scene *s, const struct mptcp_case *c)
{
    covered_from_here(s);
    struct built_segment p = make(s, CLIENT, TCP_SYN, 0, MP_CAPABLE_SYN);
    at_client_side(s, &p);
    if (c->syn_stripped)
        memset(p.options, 1, 4);
    at_server_side(s, &p);
    p = c->synack_speaks ? make(s, SERVER, TCP_SYN | TCP_ACK, 0, MP_CAPABLE_SYNACK)
                         : make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    at_server_side(s, &p);
    if (c->synack_stripped)
        memset(p.options, 1, 12);
    at_client_side(s, &p);
    bool agreed = c->synack_speaks && !c->synack_stripped;
    p = agreed ? make(s, CLIENT, TCP_ACK, 0, MP_CAPABLE_ACK) : make(s, CLIENT, TCP_ACK, 0, "");
    at_client_side(s, &p);
    if (c->ack_stripped)
        memset(p.options, 1, 20);
    at_server_side(s, &p);
    for (unsigned i = 0; i < 5; i++) {
        p = make_options(s, CLIENT, TCP_ACK, 10, c->data, c->data_length);
        pass(s, &p);
    }
    covered_to_here(s);
    return analyze_both(s);
}

static void fallback_names_who_lost_which_signal(void **state)
{
    static const struct {
        struct mptcp_case c;
        const char *reason; /* NULL: no fallback */
        enum confidence confidence;
    } CASES[] = {
        {{.synack_speaks = true, .data = DSS, .data_length = 8}, NULL, 0},
        {{.data = "", .data_length = 0}, NULL, 0}, /* a server that does not speak it */
        {{.syn_stripped = true, .data = ""}, "out of the client's SYN)", CONFIDENCE_CERTAIN},
        {{.synack_speaks = true, .synack_stripped = true, .data = ""},
         "out of the server's SYN-ACK",
         CONFIDENCE_CERTAIN},
        {{.synack_speaks = true, .ack_stripped = true, .data = ""},
         "client's third ACK",
         CONFIDENCE_CERTAIN},
        {{.synack_speaks = true, .data = MP_FAIL, .data_length = 12},
         "MP_FAIL",
         CONFIDENCE_CERTAIN},
        {{.synack_speaks = true, .data = DSS_INFINITE, .data_length = 18},
         "infinite mapping",
         CONFIDENCE_CERTAIN},
        {{.synack_speaks = true, .data = ""}, "without DSS", CONFIDENCE_LIKELY},
    };
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        const struct report *report = mptcp_connection(s, &CASES[i].c);
        const struct report_finding *f = finding_of(report, VERDICT_MPTCP_FALLBACK);
        if (CASES[i].reason == NULL) {
            assert_no_finding(report, VERDICT_MPTCP_FALLBACK);
        } else {
            if (f == NULL)
                fail_msg("case %u: no fallback", i);
            if (strstr(f->explain, CASES[i].reason) == NULL)
                fail_msg("case %u: %s", i, f->explain);
            assert_int_equal(f->confidence, CASES[i].confidence);
        }
        scene_free(s);
    }
}

static void subflows_of_one_connection_share_its_token(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    const struct mptcp_case plain = {.synack_speaks = true, .data = DSS, .data_length = 8};
    const struct report *report = mptcp_connection(s, &plain);
    const struct report_flow *first = the_flow(report);
    assert_true(first->has_mptcp);
    assert_string_equal(first->role, "initial");
    /* The first 32 bits of SHA-256(01 02 .. 08). */
    assert_int_equal(first->token, 0x66840dda);
    scene_free(s);
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void what_waits_too_long_is_given_up_and_nothing_is_claimed(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p[40];
    for (unsigned i = 0; i < G_N_ELEMENTS(p); i++) {
        p[i] = make(s, CLIENT, TCP_ACK, 100, UTO);
        at_client_side(s, &p[i]);
    }
    s->now += 5000 * MS;
    for (unsigned i = 0; i < G_N_ELEMENTS(p); i++) {
        p[i].time_ns += 5000 * MS;
        at_server_side(s, &p[i]);
    }
    covered_to_here(s);
    const char *a = capture_builder_finish(s->a), *b = capture_builder_finish(s->b);
    for (unsigned room = 8; room <= 64; room += 56) {
        g_autoptr(GError) error = NULL;
        struct analyze_settings settings = {
            .file_a = a, .file_b = b, .options = s->options, .waiting_max = room};
        g_autoptr(report_t) report = report_new();
        assert_int_equal(analyze_run(&settings, report, &error), 0);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->counts[VERDICT_SEGMENT_LOST], 0);
        if (room > G_N_ELEMENTS(p))
            assert_int_equal(row->counts[VERDICT_OPTION_INTACT], G_N_ELEMENTS(p));
        else
            assert_true(row->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS] > 0);
    }
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
        cmocka_unit_test(the_same_options_in_another_order_are_reordered),
        cmocka_unit_test(other_padding_is_no_other_order),
        cmocka_unit_test(what_comes_back_and_was_not_sent_is_mirrored),
        cmocka_unit_test(an_equal_answer_of_both_is_not_mirrored),
        cmocka_unit_test(a_question_without_answer_is_unanswered_for_one_capture),
        cmocka_unit_test(syns_that_only_get_through_plain_are_blocked),
        cmocka_unit_test(two_lost_syns_may_be_chance_and_one_is_nothing),
        cmocka_unit_test(one_syn_with_the_option_that_arrives_absolves_the_path),
        cmocka_unit_test(a_rst_that_nobody_sent_is_injected),
        cmocka_unit_test(a_rst_that_was_sent_is_not),
        cmocka_unit_test(a_rst_is_not_called_injected_where_its_sender_was_not_watched),
        cmocka_unit_test(nat_and_rewriting_together_are_both_found),
        cmocka_unit_test(without_timestamps_the_payload_finds_the_counterpart),
        cmocka_unit_test(a_join_is_paired_by_its_token_and_nonce),
        cmocka_unit_test(what_another_connection_carries_too_pairs_nobody),
        cmocka_unit_test(a_clock_that_drifts_is_told_and_changes_no_verdict),
        cmocka_unit_test(a_filter_leaves_other_connections_out),
        cmocka_unit_test(a_capture_goes_on_in_further_files),
        cmocka_unit_test(what_a_proxy_cuts_in_two_is_one_flow),
        cmocka_unit_test(fallback_names_who_lost_which_signal),
        cmocka_unit_test(subflows_of_one_connection_share_its_token),
        cmocka_unit_test(what_waits_too_long_is_given_up_and_nothing_is_claimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
