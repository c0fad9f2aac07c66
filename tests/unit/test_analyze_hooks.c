/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_hooks.c - hooks beside captures: the funnel from reserved to applied, and where it
 * narrows.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tests/unit/analyze_scene.h"

/* The invocation of a hook for a segment, at the segment's sender or receiver. */
static struct hook_record hook_of(const struct scene *s, const struct built_segment *p,
                                  unsigned end, uint32_t op, uint64_t time_ns)
{
    struct hook_record r = {
        .time_ns = time_ns,
        .op = op,
        .flags = HOOK_FLAG_FULLSOCK | HOOK_FLAG_HEADER,
        .local = end == CLIENT ? s->ends[CLIENT] : s->ends[SERVER],
        .remote = end == CLIENT ? s->ends[SERVER] : s->ends[CLIENT],
        .seq = p->seq,
        .ack = p->ack,
        .segment_length = p->payload_length,
        .tcp_flags = p->flags,
        .options_length = p->options_length,
    };
    memcpy(r.options, p->options, sizeof(p->options));
    return r;
}

static struct hook_action *add_action(struct hook_record *r, uint8_t kind, const char *head,
                                      size_t head_length, int32_t result)
{
    struct hook_action *action = &r->actions[r->n_actions++];
    action->kind = kind;
    action->result = result;
    memcpy(action->head, head, MIN(head_length, sizeof(action->head)));
    strcpy(action->program, "cc");
    return action;
}

/* Reserved and written by a program that says so, just before it leaves the client. */
static void write_cc(struct scene *s, const struct built_segment *p)
{
    struct hook_record length = hook_of(s, p, CLIENT, HOOK_HDR_OPT_LEN, p->time_ns - 2000);
    struct hook_record write = hook_of(s, p, CLIENT, HOOK_WRITE_HDR_OPT, p->time_ns - 1000);
    length.options_length = 0;
    length.flags |= HOOK_FLAG_OUTGOING;
    write.flags |= HOOK_FLAG_OUTGOING | HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
    write.reserved = 8;
    write.options_before = 0;
    add_action(&length, HOOK_ACTION_RESERVE, CC, 6, 0)->value_length = 0;
    add_action(&write, HOOK_ACTION_STORE, CC, 6, 0);
    capture_builder_hook(s->a, &length);
    capture_builder_hook(s->a, &write);
}

static struct hook_record parse_of(const struct scene *s, const struct built_segment *p,
                                   uint32_t op)
{
    return hook_of(s, p, SERVER, op, p->time_ns + s->delay_ns + 1000);
}

static struct hook_action *set_congestion(struct hook_record *r, int32_t result)
{
    struct hook_action *action = add_action(r, HOOK_ACTION_SETSOCKOPT, CC, 6, result);
    action->level = IPPROTO_TCP;
    action->name = TCP_CONGESTION;
    action->value_length = 16;
    memcpy(action->value, "bbr", 3);
    return action;
}

/* Handshake whose third ACK bears cc; hooks at both ends. */
static struct built_segment third_ack_with_cc(struct scene *s)
{
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct hook_record connect = hook_of(s, &syn, CLIENT, HOOK_TCP_CONNECT, syn.time_ns - 3000);
    struct hook_record established =
        hook_of(s, &synack, CLIENT, HOOK_ACTIVE_ESTABLISHED, synack.time_ns + 2 * MS);
    connect.flags = HOOK_FLAG_FULLSOCK;
    capture_builder_hook(s->a, &connect);
    pass(s, &syn);
    struct hook_record window =
        hook_of(s, &syn, SERVER, HOOK_RWND_INIT, syn.time_ns + s->delay_ns + 1000);
    window.flags = 0;
    capture_builder_hook(s->b, &window);
    pass(s, &synack);
    capture_builder_hook(s->a, &established);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, CC);
    write_cc(s, &ack);
    return ack;
}

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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->parsed, 0);
    assert_int_equal(row->applied, COUNT_UNKNOWN);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], 1);
    const struct report_finding *finding = finding_of(report, VERDICT_HOOK_NOT_PARSED);
    assert_int_equal(finding->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(finding->n_frames_b, 1);
    scene_free(s);
}

static void lost_events_forbid_to_claim_it(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment next = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record later = parse_of(s, &next, HOOK_PARSE_HDR_OPT);
    later.id = 9; /* numbers before it are missing */
    pass(s, &next);
    capture_builder_hook(s->b, &later);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)
                         ->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST],
                     1);
    assert_int_equal(report->inputs[1].lost_events, 7);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->parsed, 1);
    assert_int_equal(row->applied, 0);
    const char *explain = finding_of(report, VERDICT_HOOK_ACTION_FAILED)->explain;
    assert_non_null(strstr(explain, "setsockopt(TCP_CONGESTION, \"bbr\")"));
    assert_non_null(strstr(explain, "ENOENT"));
    scene_free(s);
}

static void a_write_whose_segment_never_left_is_not_on_the_wire(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s); /* its write is recorded, it is not sent */
    (void)ack;
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->sent, 0);
    assert_int_equal(row->verdict, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(finding_of(report, VERDICT_HOOK_NOT_ON_WIRE)->confidence, CONFIDENCE_CERTAIN);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)
                         ->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS],
                     1);
    scene_free(s);
}

static void a_full_header_and_a_refusal_are_told_apart(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment data = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record length = hook_of(s, &data, CLIENT, HOOK_HDR_OPT_LEN, data.time_ns - 2000);
    struct hook_record write = hook_of(s, &data, CLIENT, HOOK_WRITE_HDR_OPT, data.time_ns - 1000);
    add_action(&length, HOOK_ACTION_RESERVE, CC, 6, -ENOSPC);
    add_action(&write, HOOK_ACTION_STORE, UTO, 4, -EEXIST);
    capture_builder_hook(s->a, &length);
    capture_builder_hook(s->a, &write);
    pass(s, &data);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment data = make(s, CLIENT, TCP_ACK, 10, CC);
    struct built_segment written = data;
    pass(s, &data);
    written.time_ns += 5000; /* the clock put the hook behind */
    write_cc(s, &written);
    struct hook_record parse = parse_of(s, &data, HOOK_PARSE_HDR_OPT);
    capture_builder_hook(s->b, &parse);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_trail),
        cmocka_unit_test(a_removed_option_is_not_expected_to_be_parsed),
        cmocka_unit_test(an_option_that_no_hook_saw_is_not_parsed),
        cmocka_unit_test(lost_events_forbid_to_claim_it),
        cmocka_unit_test(an_action_that_fails_says_why),
        cmocka_unit_test(a_write_whose_segment_never_left_is_not_on_the_wire),
        cmocka_unit_test(drops_of_the_near_capture_forbid_to_claim_it),
        cmocka_unit_test(a_parse_hook_proves_that_the_capture_missed_a_segment),
        cmocka_unit_test(what_the_other_capture_shows_did_leave),
        cmocka_unit_test(a_full_header_and_a_refusal_are_told_apart),
        cmocka_unit_test(a_probe_reserves_nothing),
        cmocka_unit_test(one_write_may_leave_as_many_segments),
        cmocka_unit_test(hooks_behind_their_packets_are_joined_too),
        cmocka_unit_test(hooks_tell_which_side_one_capture_is_on),
        cmocka_unit_test(after_its_receiver_closed_no_parse_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
