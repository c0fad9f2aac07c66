/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_hooks.c - hooks beside captures: the funnel from reserved to applied, and where it
 * narrows.
 */
#include "tests/unit/hook_scene.h"

static void the_whole_trail(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    add_action(&established, HOOK_ACTION_LOAD, CC, 6, 6);
    set_congestion(&established, 0);
    capture_builder_hook(s->b, &established);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->reserved, 1);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 1);
    assert_int_equal(row->parsed, 1);
    assert_int_equal(row->applied, 1);
    assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_APPLIED], 1);
    const struct report_finding *written = finding_of(report, VERDICT_HOOK_WRITTEN);
    assert_int_equal(written->n_events, 1);
    assert_int_equal(written->event_vantage[0], 'a');
    assert_int_equal(written->n_frames_a, 1);
    assert_nothing_happened(report);
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

static void a_removed_option_is_not_expected_to_be_parsed(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    at_client_side(s, &ack);
    replace_options(&ack, 0, NOPS, 6);
    at_server_side(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    add_action(&established, HOOK_ACTION_LOAD, CC, 6, -ENOMSG);
    capture_builder_hook(s->b, &established);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 0);
    assert_int_equal(row->parsed, 0);
    assert_int_equal(row->applied, 0);
    assert_int_equal(row->verdict, VERDICT_OPTION_REMOVED_NOP);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    scene_free(s);
}

static void an_option_that_no_hook_saw_is_not_parsed(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->parsed, 0);
    assert_int_equal(row->applied, COUNT_UNKNOWN);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], 1);
    const struct report_finding *finding = finding_of(report, VERDICT_HOOK_NOT_PARSED);
    assert_int_equal(finding->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(finding->n_frames_b, 1);
    scene_free(s);
}

static void an_action_that_fails_says_why(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    add_action(&established, HOOK_ACTION_LOAD, CC, 6, 6);
    set_congestion(&established, -ENOENT);
    capture_builder_hook(s->b, &established);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->parsed, 1);
    assert_int_equal(row->applied, 0);
    const char *explain = finding_of(report, VERDICT_HOOK_ACTION_FAILED)->explain;
    assert_non_null(strstr(explain, "setsockopt(TCP_CONGESTION, \"bbr\")"));
    assert_non_null(strstr(explain, "ENOENT"));
    scene_free(s);
}

static void an_option_that_no_hook_saw_counts_once_however_often_it_stands_there(void **state)
{
    (void)state;
    static const char TWICE[] = CC CC;
    struct scene *s = scene_with_cc();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, TWICE);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_HOOK_NOT_PARSED], 1);
    scene_free(s);
}

static void a_full_header_and_a_refusal_are_told_apart(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment data = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record length = hook_of(s, &data, CLIENT, HOOK_HDR_OPT_LEN, data.time_ns - 2000);
    struct hook_record write = hook_of(s, &data, CLIENT, HOOK_WRITE_HDR_OPT, data.time_ns - 1000);
    add_action(&length, HOOK_ACTION_RESERVE, CC, 6, -ENOSPC);
    add_action(&write, HOOK_ACTION_STORE, UTO, 4, -EEXIST);
    capture_builder_hook(s->a, &length);
    capture_builder_hook(s->a, &write);
    pass(s, &data);
    const struct report *report = analyze_covered(s);
    const struct report_option *full = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(full->verdict, VERDICT_HOOK_NO_SPACE);
    assert_int_equal(full->reserved, 0);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_HOOK_REFUSED);
    assert_non_null(strstr(finding_of(report, VERDICT_HOOK_REFUSED)->explain, "EEXIST"));
    scene_free(s);
}

static void a_probe_reserves_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record probe = hook_of(s, &ack, CLIENT, HOOK_HDR_OPT_LEN, ack.time_ns + 10 * MS);
    probe.flags = HOOK_FLAG_FULLSOCK | HOOK_FLAG_PROBE | HOOK_FLAG_OUTGOING;
    add_action(&probe, HOOK_ACTION_RESERVE, CC, 6, 0);
    capture_builder_hook(s->a, &probe);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->reserved, 1);
    scene_free(s);
}

static void one_write_may_leave_as_many_segments(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment super = make(s, CLIENT, TCP_ACK, 3 * 1000, CC);
    write_cc(s, &super);
    for (unsigned i = 0; i < 3; i++) {
        struct built_segment slice = super;
        slice.seq += i * 1000;
        slice.payload_length = 1000;
        slice.time_ns += i;
        pass(s, &slice);
    }
    /* ... and be parsed as one. */
    struct hook_record parse = parse_of(s, &super, HOOK_PARSE_HDR_OPT);
    capture_builder_hook(s->b, &parse);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->sent, 3);
    assert_int_equal(row->arrived, 3);
    assert_int_equal(row->parsed, 1);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], 0);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 0);
    scene_free(s);
}

static void hooks_behind_their_packets_are_joined_too(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment data = make(s, CLIENT, TCP_ACK, 10, CC);
    struct built_segment written = data;
    pass(s, &data);
    written.time_ns += 5000; /* the clock put the hook behind */
    write_cc(s, &written);
    struct hook_record parse = parse_of(s, &data, HOOK_PARSE_HDR_OPT);
    capture_builder_hook(s->b, &parse);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], 0);
    scene_free(s);
}

static void hooks_tell_which_side_one_capture_is_on(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    capture_builder_hook(s->b, &established);
    capture_builder_finish(s->a);
    const struct report *report = analyze_files(s, capture_builder_finish(s->b), NULL);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->sent, COUNT_UNKNOWN);
    assert_int_equal(row->arrived, 1);
    assert_int_equal(row->parsed, 1); /* nobody reports: the hook that held it counts */
    assert_int_equal(row->written, COUNT_UNKNOWN);
    assert_int_equal(row->applied, COUNT_UNKNOWN);
    scene_free(s);
}

/* Both ends send the same octets of an option that nobody describes; one file holds all. */
static const struct report *mirrored(struct scene *s, bool hooks, uint64_t lost)
{
    static const char FOREIGN[] = "\xfd\x06\xbe\xe5\x01\x02";
    struct built_segment asked = make(s, CLIENT, TCP_ACK, 10, FOREIGN);
    pass(s, &asked);
    struct built_segment answer = make(s, SERVER, TCP_ACK, 10, FOREIGN);
    struct hook_record write =
        hook_of(s, &answer, SERVER, HOOK_WRITE_HDR_OPT, answer.time_ns - 1000);
    struct hook_record other = {
        .op = HOOK_RTT, .local = s->ends[SERVER], .remote = capture_endpoint("203.0.113.9", 9)};
    write.flags |= HOOK_FLAG_ENTRY;
    if (hooks)
        capture_builder_hook(s->b, &write);
    pass(s, &answer);
    covered_to_here(s);
    other.time_ns = s->now;
    capture_builder_hook_after_loss(s->b, &other, lost);
    capture_builder_finish(s->a);
    return analyze_files(s, capture_builder_finish(s->b), NULL);
}

static void what_a_hook_wrote_is_not_mirrored(void **state)
{
    (void)state;
    static const struct {
        bool hooks;
        uint64_t lost;
        uint32_t mirrored, doubtful;
    } CASES[] = {{false, 0, 1, 0}, {true, 0, 0, 0}, {false, 3, 0, 1}, {true, 3, 0, 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_with_handshake();
        const struct report *report = mirrored(s, CASES[i].hooks, CASES[i].lost);
        const struct report_option *row =
            row_of(report, "exid-0xBEE5", DIRECTION_REVERSE, SEGMENT_DATA);
        assert_int_equal(row ? row->counts[VERDICT_OPTION_MIRRORED] : 0, CASES[i].mirrored);
        assert_int_equal(row ? row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST] : 0,
                         CASES[i].doubtful);
        assert_int_equal(report->overall == OVERALL_INTERFERED, CASES[i].mirrored);
        scene_free(s);
    }
}

/* How often a segment with uto counts as not parsed, beside a server that has hooks. */
static uint32_t not_parsed(uint8_t flags, uint32_t payload, uint64_t covered_ns)
{
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    capture_builder_hook(s->b, &established);
    struct built_segment p = make(s, CLIENT, flags, payload, UTO);
    pass(s, &p);
    capture_builder_noise(s->a, s->now + 1000 * MS);
    capture_builder_noise(s->b, s->now + s->delay_ns + covered_ns);
    const struct report *report = analyze_both(s);
    uint32_t n = 0;
    for (unsigned i = 0; i < report->options->len; i++)
        n += (uint32_t)((const struct report_option *)g_ptr_array_index(report->options, i))
                 ->counts[VERDICT_HOOK_NOT_PARSED];
    const struct report_finding *uncovered = finding_of(report, VERDICT_INCONCLUSIVE_NOT_COVERED);
    if (covered_ns < 100 * MS)
        assert_non_null(strstr(uncovered->explain, "the recording ends there"));
    scene_free(s);
    return n;
}

static void resets_and_the_end_of_a_recording_are_not_expected_to_be_parsed(void **state)
{
    (void)state;
    assert_int_equal(not_parsed(TCP_ACK, 10, 1000 * MS), 1);
    assert_int_equal(not_parsed(TCP_ACK, 0, 1000 * MS), 1);
    assert_int_equal(not_parsed(TCP_ACK | TCP_FIN, 0, 1000 * MS), 1);
    assert_int_equal(not_parsed(TCP_RST, 0, 1000 * MS), 0);
    assert_int_equal(not_parsed(TCP_ACK, 10, 100 * MS), 1);
    assert_int_equal(not_parsed(TCP_ACK, 10, 99 * MS), 0);
}

static void what_arrived_before_the_recorder_looked_is_not_expected_to_be_parsed(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct hook_record other = {
        .time_ns = s->now,
        .op = HOOK_RTT,
        .local = s->ends[SERVER],
        .remote = capture_endpoint("203.0.113.9", 9), /* hooks run, but not on this connection */
    };
    capture_builder_hook(s->b, &other);
    struct built_segment early = make(s, CLIENT, TCP_ACK, 10, UTO);
    pass(s, &early);
    struct built_segment late = make(s, CLIENT, TCP_ACK, 10, CC);
    pass(s, &late);
    struct hook_record parse = parse_of(s, &late, HOOK_PARSE_HDR_OPT);
    capture_builder_hook(s->b, &parse);
    assert_no_finding(analyze_covered(s), VERDICT_HOOK_NOT_PARSED);
    scene_free(s);
}

static void actions_are_named(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind;
        int32_t level, name;
        uint8_t value[16], length;
        const char *text;
    } CASES[] = {
        {HOOK_ACTION_SETSOCKOPT,
         IPPROTO_TCP,
         TCP_USER_TIMEOUT,
         {0x10, 0x27},
         4,
         "setsockopt(TCP_USER_TIMEOUT, 10000) by program cc"},
        {HOOK_ACTION_SETSOCKOPT,
         1,
         47,
         {0, 0, 0, 0, 1},
         8,
         "setsockopt(SO_MAX_PACING_RATE, 4294967296) by"},
        {HOOK_ACTION_SETSOCKOPT,
         1,
         TCP_USER_TIMEOUT,
         {0xff, 0xff, 0xff, 0xff},
         4,
         "setsockopt(level 1, option 18, -1) by"},
        {HOOK_ACTION_SETSOCKOPT,
         IPPROTO_TCP,
         TCP_CONGESTION,
         {'b', 'b', 'r', '2'},
         4,
         "setsockopt(TCP_CONGESTION, \"bbr2\") by"},
        {HOOK_ACTION_SETSOCKOPT,
         IPPROTO_TCP,
         TCP_CONGESTION,
         {'c', 'u', 'b', 'i', 'c'},
         16,
         "setsockopt(TCP_CONGESTION, \"cubic\") by"},
        {HOOK_ACTION_CALL,
         0,
         8,
         {'r', 'o', 'u', 'n', 'd'},
         16,
         "bpf_mptcp_set_scheduler(\"round\")"},
        {HOOK_ACTION_CALL, 0, 9, {100}, 4, "bpf_mptcp_set_delay_threshold(100)"},
        {HOOK_ACTION_CALL, 0, 11, {7}, 4, "bpf_mptcp_notify_received(7)"},
        {HOOK_ACTION_CALL, 0, 13, {7}, 4, "call 13(7)"},
        {HOOK_ACTION_CALL, 0, 0, {7}, 4, "call 0(7)"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        struct built_segment ack = third_ack_with_cc(s);
        pass(s, &ack);
        struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
        struct hook_action *action = add_action(&established, CASES[i].kind, CC, 6, 0);
        action->level = CASES[i].level;
        action->name = CASES[i].name;
        action->value_length = CASES[i].length;
        memcpy(action->value, CASES[i].value, sizeof(action->value));
        capture_builder_hook(s->b, &established);
        const struct report *report = analyze_covered(s);
        assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->applied, 1);
        const char *explain = finding_of(report, VERDICT_HOOK_APPLIED)->explain;
        if (strstr(explain, CASES[i].text) == NULL)
            fail_msg("'%s' is not in '%s'", CASES[i].text, explain);
        scene_free(s);
    }
}

static void after_its_receiver_closed_no_parse_is_expected(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    capture_builder_hook(s->b, &established);
    struct built_segment fin = make(s, SERVER, TCP_FIN | TCP_ACK, 0, "");
    struct built_segment last = make(s, CLIENT, TCP_FIN | TCP_ACK, 0, UTO);
    pass(s, &fin);
    pass(s, &last);
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    scene_free(s);
}

static void a_hook_before_the_next_syn_of_a_port_is_the_next_connection_s(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment dropped = make(s, CLIENT, TCP_SYN, 0, MSS CC);
    at_client_side(s, &dropped);
    s->now += 5000 * MS;
    s->next[CLIENT] += 100000;
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS CC);
    struct hook_record connect = hook_of(s, &syn, CLIENT, HOOK_TCP_CONNECT, syn.time_ns - 3000);
    connect.flags = HOOK_FLAG_FULLSOCK;
    capture_builder_hook(s->a, &connect);
    write_cc(s, &syn);
    pass(s, &syn);
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, 2);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    assert_non_null(finding_of(report, VERDICT_HOOK_WRITTEN));
    scene_free(s);
}

/* Of a connection whose packets a filter has not let through yet only so many hooks are kept. */
static void hooks_of_what_a_filter_leaves_out_are_let_go(void **state)
{
    (void)state;
    static const struct {
        const char *filter;
        bool asked_for;
    } CASES[] = {{"tcp port 9999", false}, {"tcp", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct scene *s = scene_new();
        struct built_segment before = make(s, CLIENT, TCP_ACK, 0, MSS);
        for (unsigned n = 0; n < 40; n++) {
            struct hook_record rtt = hook_of(s, &before, CLIENT, HOOK_RTT, before.time_ns + n);
            rtt.flags = HOOK_FLAG_FULLSOCK;
            capture_builder_hook(s->a, &rtt);
        }
        struct built_segment ack = third_ack_with_cc(s);
        at_client_side(s, &ack);
        struct analyze_settings settings = {.file_a = capture_builder_finish(s->a),
                                            .options = s->options,
                                            .filter = CASES[i].filter};
        s->report = report_new();
        assert_int_equal(analyze_run(&settings, s->report, NULL), 0);
        assert_int_equal(s->report->flows->len, CASES[i].asked_for);
        if (CASES[i].asked_for)
            assert_int_equal(row_of(s->report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->written, 1);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_trail),
        cmocka_unit_test(a_removed_option_is_not_expected_to_be_parsed),
        cmocka_unit_test(an_option_that_no_hook_saw_is_not_parsed),
        cmocka_unit_test(an_action_that_fails_says_why),
        cmocka_unit_test(an_option_that_no_hook_saw_counts_once_however_often_it_stands_there),
        cmocka_unit_test(a_full_header_and_a_refusal_are_told_apart),
        cmocka_unit_test(a_probe_reserves_nothing),
        cmocka_unit_test(one_write_may_leave_as_many_segments),
        cmocka_unit_test(hooks_behind_their_packets_are_joined_too),
        cmocka_unit_test(hooks_tell_which_side_one_capture_is_on),
        cmocka_unit_test(resets_and_the_end_of_a_recording_are_not_expected_to_be_parsed),
        cmocka_unit_test(what_arrived_before_the_recorder_looked_is_not_expected_to_be_parsed),
        cmocka_unit_test(actions_are_named),
        cmocka_unit_test(what_a_hook_wrote_is_not_mirrored),
        cmocka_unit_test(after_its_receiver_closed_no_parse_is_expected),
        cmocka_unit_test(a_hook_before_the_next_syn_of_a_port_is_the_next_connection_s),
        cmocka_unit_test(hooks_of_what_a_filter_leaves_out_are_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
