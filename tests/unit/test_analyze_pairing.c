/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_pairing.c - which connection at A is which at B, whatever the path rewrites; clocks,
 * rotated files, filters and bounds. Ports used again: test_analyze_port_again.c; captures that begin
 * late: test_analyze_learnt.c.
 */
#include "tests/unit/analyze_scene.h"

#define MP_JOIN_SYN "\x1e\x0c\x10\x00\xaa\xbb\xcc\xdd\x01\x02\x03\x04"

/* --- pairing ---------------------------------------------------------------------------------- */

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
    const struct report *report = analyze_covered(s);
    const struct report_flow *flow = the_flow(report);
    assert_string_equal(flow->paired_by, "isn");
    assert_int_equal(flow->delta_forward, 0x12345678);
    assert_int_equal(flow->delta_reverse, 0xdeadbeef);
    assert_non_null(finding_of(report, VERDICT_PATH_NAT));
    assert_int_equal(finding_of(report, VERDICT_PATH_NAT)->direction, DIRECTION_UNKNOWN);
    assert_non_null(finding_of(report, VERDICT_PATH_SEQUENCE_REWRITTEN));
    assert_no_finding(report, VERDICT_PATH_TIMESTAMPS_REWRITTEN);
    assert_no_finding(report, VERDICT_PATH_PROXY);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

static void check_found_by_payload(bool syn_numbered)
{
    struct scene *s = scene_new();
    s->shift[CLIENT] = 0x12345678;
    s->shift[SERVER] = 0xdeadbeef;
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    if (!syn_numbered)
        syn.ip_id = 0;
    pass(s, &syn);
    pass(s, &synack);
    pass(s, &ack);
    exchange(s);
    const struct report *report = analyze_covered(s);
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

/* By its identification a segment is the same on both sides: no proxy, whatever is rewritten. */
static void without_timestamps_the_payload_finds_the_counterpart(void **state)
{
    (void)state;
    check_found_by_payload(true);
    check_found_by_payload(false);
}

/* A SYN at A and one at B with the same number; `other`: nothing else is the same. */
static unsigned flows_of_equal_numbers(bool other, unsigned at_a)
{
    struct scene *s = scene_with_handshake(); /* ... of another connection: the clocks are known */
    for (unsigned i = 0; i < at_a; i++) {
        s->ends[CLIENT].port = (uint16_t)(50000 + i);
        s->next[CLIENT] = 4711;
        struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
        at_client_side(s, &syn);
    }
    s->ends_b[CLIENT] = capture_endpoint("203.0.113.9", 1234);
    if (other)
        s->ends_b[SERVER] = capture_endpoint("203.0.113.80", 8080);
    s->next[CLIENT] = 4711;
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    at_server_side(s, &syn);
    unsigned flows = analyze_covered(s)->flows->len;
    scene_free(s);
    return flows - 1;
}

static void an_equal_number_alone_pairs_nobody(void **state)
{
    (void)state;
    assert_int_equal(flows_of_equal_numbers(false, 1), 1); /* the server is the same */
    assert_int_equal(flows_of_equal_numbers(true, 1), 2);
    assert_int_equal(flows_of_equal_numbers(false, 2), 3); /* two of A could be it */
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
    const struct report_flow *flow = the_flow(analyze_covered(s));
    assert_string_equal(flow->paired_by, "mptcp-token");
    assert_true(flow->has_mptcp);
    assert_int_equal(flow->token, 0xaabbccdd);
    assert_int_equal(flow->subflow, 1);
    assert_string_equal(flow->role, "join");
    scene_free(s);
}

/* `begun`: with their handshakes, else the captures joined them in their middle. */
static void check_carried_by_several(bool begun)
{
    struct scene *s = scene_new();
    covered_from_here(s);
    for (unsigned i = 0; i < 4; i++) {
        /* The first two are seen by A alone, the others by B alone; all carry the same. */
        s->ends[CLIENT].port = s->ends_b[CLIENT].port = (uint16_t)(41000 + i);
        s->next[CLIENT] = 1000 * (i + 1);
        s->next[SERVER] = 900000 * (i + 1);
        struct built_segment p[3] = {make(s, CLIENT, TCP_SYN, 0, MSS), data(s, CLIENT, 500),
                                     data(s, CLIENT, 700)};
        p[1].payload_shift = p[2].payload_shift = 0 - p[1].seq;
        for (unsigned k = !begun; k < 3; k++)
            if (i < 2)
                at_client_side(s, &p[k]);
            else
                at_server_side(s, &p[k]);
    }
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_null(((struct report_flow *)g_ptr_array_index(report->flows, i))->paired_by);
    assert_no_finding(report, VERDICT_PATH_PROXY);
    assert_no_finding(report, VERDICT_PATH_NAT);
    scene_free(s);
}

static void what_another_connection_carries_too_pairs_nobody(void **state)
{
    (void)state;
    check_carried_by_several(true);
    check_carried_by_several(false);
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
    const struct report *report = analyze_covered(s);
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

/* What can be seen of a proxy beside that everything is another. */
enum {
    PROXY_SILENT,
    PROXY_UNSEEN_SYN, /* behind it: proves nothing */
    PROXY_GAINS_HOPS,
    PROXY_ANSWERS_SOONER,
    PROXY_OTHER_SYN,
    PROXY_WAYS
};

static void show_proxy(unsigned way, unsigned nth, struct built_segment *at_b)
{
    if (way == PROXY_GAINS_HOPS && nth == 0)
        at_b->ttl = 128;
    else if (way == PROXY_ANSWERS_SOONER && nth == 1)
        at_b->time_ns += 50 * MS;
    else if (way == PROXY_OTHER_SYN && nth == 0) {
        add_option(at_b, "\x03\x03\x07", 3);
        at_b->window += 100;
    }
}

/* Both stacks are others: sequence numbers, identification, and timestamps but maybe the SYN's. */
static void what_a_proxy_cuts_in_two_is_one_flow(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 4 * PROXY_WAYS; n++) {
        bool same_port = n & 1, same_tsval = n & 2;
        unsigned way = n / 4;
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
            if (i > 0 || !same_tsval)
                put_be32(p.options + 4, 0x50000000 + i);
            show_proxy(way, i, &p);
            p.ip_id = (uint16_t)(p.ip_id + 4000);
            if (i == 3)
                p.options_length -= 4;
            if (i > 0 || way != PROXY_UNSEEN_SYN)
                at_server_side(s, &p);
        }
        const struct report *report = analyze_covered(s);
        assert_string_equal(the_flow(report)->paired_by, "payload");
        assert_false(the_flow(report)->has_delta);
        const struct report_finding *proxy = only_finding(report, VERDICT_PATH_PROXY);
        assert_int_equal(proxy->count, 1);
        /* By other names it is one connection by its payload alone: that is never certain. */
        assert_int_equal(proxy->confidence, same_port && way >= PROXY_GAINS_HOPS
                                                ? CONFIDENCE_CERTAIN
                                                : CONFIDENCE_LIKELY);
        assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                         VERDICT_PATH_PROXY);
        scene_free(s);
    }
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
        cmocka_unit_test(nat_and_rewriting_together_are_both_found),
        cmocka_unit_test(without_timestamps_the_payload_finds_the_counterpart),
        cmocka_unit_test(an_equal_number_alone_pairs_nobody),
        cmocka_unit_test(a_join_is_paired_by_its_token_and_nonce),
        cmocka_unit_test(what_another_connection_carries_too_pairs_nobody),
        cmocka_unit_test(a_clock_that_drifts_is_told_and_changes_no_verdict),
        cmocka_unit_test(a_filter_leaves_other_connections_out),
        cmocka_unit_test(a_capture_goes_on_in_further_files),
        cmocka_unit_test(what_a_proxy_cuts_in_two_is_one_flow),
        cmocka_unit_test(what_waits_too_long_is_given_up_and_nothing_is_claimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
