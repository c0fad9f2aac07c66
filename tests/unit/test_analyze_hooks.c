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
    write.options_before = (uint8_t)(p->options_length - 6); /* cc stands last */
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
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
        covered_to_here(s);
        const struct report *report = analyze_both(s);
        assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                         VERDICT_HOOK_NOT_ON_WIRE);
        scene_free(s);
    }
}

/* Of one segment, the hook and the packets must not both count that it cannot be judged. */
static void what_only_the_far_capture_shows_counts_once(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment sent = make(s, CLIENT, TCP_ACK, 10, CC);
    struct built_segment answer;
    write_cc(s, &sent);
    at_server_side(s, &sent); /* A's capture missed it */
    answer = make(s, SERVER, TCP_ACK, 0, "");
    pass(s, &answer);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS], 1);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    scene_free(s);
}

static void what_the_far_capture_shows_without_it_is_told_by_the_hook(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment sent = make(s, CLIENT, TCP_ACK, 10, CC);
    write_cc(s, &sent);
    sent.options_length = 0; /* removed before B, and A's capture missed it */
    at_server_side(s, &sent);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
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
    cut.snaplen = 42; /* two octets of options: of cc nothing that names it */
    at_client_side(s, &cut);
    at_server_side(s, &ack);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_SNAPLEN], 1);
    const struct report_finding *finding = finding_of(report, VERDICT_INCONCLUSIVE_SNAPLEN);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->n_frames_a, 1);
    scene_free(s);
}

/* Two programs ask for room for the same, and both store it: it is one segment. */
static void the_same_option_twice_in_a_header_counts_once(void **state)
{
    (void)state;
    static const char TWICE[] = CC CC;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, TWICE);
    struct hook_record length = hook_of(s, &p, CLIENT, HOOK_HDR_OPT_LEN, p.time_ns - 2000);
    struct hook_record write = hook_of(s, &p, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    length.options_length = 0;
    write.flags |= HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
    write.reserved = 12;
    for (unsigned i = 0; i < 2; i++) {
        add_action(&length, HOOK_ACTION_RESERVE, CC, 6, 0);
        add_action(&write, HOOK_ACTION_STORE, CC, 6, 0);
    }
    capture_builder_hook(s->a, &length);
    capture_builder_hook(s->a, &write);
    pass(s, &p);
    struct hook_record parse = parse_of(s, &p, HOOK_PARSE_HDR_OPT);
    add_action(&parse, HOOK_ACTION_LOAD, CC, 6, 6);
    capture_builder_hook(s->b, &parse);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->reserved, 1);
    assert_int_equal(row->written, 1);
    assert_int_equal(row->parsed, 1);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
    scene_free(s);
}

/* ... but when one of the two was changed before it left, it was not sent as it was written. */
static void of_two_equal_names_each_must_leave(void **state)
{
    (void)state;
    static const char TWICE[] = CC CC;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, TWICE);
    struct hook_record write = hook_of(s, &p, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    write.flags |= HOOK_FLAG_ENTRY;
    capture_builder_hook(s->a, &write);
    replace_options(&p, 6, NOPS, 6);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 0);
    scene_free(s);
}

static void an_option_that_no_hook_saw_counts_once_however_often_it_stands_there(void **state)
{
    (void)state;
    static const char TWICE[] = CC CC;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, TWICE);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(
        row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_HOOK_NOT_PARSED], 1);
    scene_free(s);
}

/* --- lost events ------------------------------------------------------------------------------ */

/* cc on the third ACK, parsed; hooks lose `lost` events on `cpu` before a last record there. */
static const struct report *with_losses(struct scene *s, bool at_client, uint16_t cpu,
                                        uint64_t last_there, uint64_t lost)
{
    struct capture_builder *file = at_client ? s->a : s->b;
    struct built_segment ack = third_ack_with_cc(s);
    struct hook_record other = {
        .op = HOOK_RTT,
        .flags = HOOK_FLAG_FULLSOCK,
        .cpu = cpu,
        .local = s->ends[at_client ? CLIENT : SERVER],
        .remote = capture_endpoint("203.0.113.9", 9), /* of another connection */
    };
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    add_action(&established, HOOK_ACTION_LOAD, CC, 6, 6);
    set_congestion(&established, 0);
    capture_builder_hook(s->b, &established);
    if (last_there > 0) {
        other.time_ns = s->now + last_there;
        capture_builder_hook(file, &other);
    }
    s->now += 5000 * MS;
    other.time_ns = s->now;
    capture_builder_hook_after_loss(file, &other, lost);
    covered_to_here(s);
    return analyze_both(s);
}

static void counts_are_unknown_where_events_were_lost(void **state)
{
    (void)state;
    for (unsigned at_client = 0; at_client < 2; at_client++) {
        struct scene *s = scene_new();
        const struct report *report = with_losses(s, at_client, 1, 0, 3);
        const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
        assert_int_equal(row->reserved, at_client ? COUNT_UNKNOWN : 1);
        assert_int_equal(row->written, at_client ? COUNT_UNKNOWN : 1);
        assert_int_equal(row->parsed, at_client ? 1 : COUNT_UNKNOWN);
        assert_int_equal(row->applied, at_client ? 1 : COUNT_UNKNOWN);
        /* What was seen stays true. */
        assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
        assert_int_equal(row->counts[VERDICT_HOOK_APPLIED], 1);
        assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
        assert_int_equal(report->inputs[!at_client].lost_events, 3);
        scene_free(s);
    }
}

static void a_loss_on_another_cpu_s_ring_after_the_connection_changes_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    /* CPU 1 told something well after the connection: what it lost, it lost later. */
    const struct report *report = with_losses(s, true, 1, 2000 * MS, 3);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->reserved, 1);
    assert_int_equal(row->written, 1);
    assert_int_equal(report->inputs[0].lost_events, 3);
    scene_free(s);
}

static void the_cpu_s_own_last_record_bounds_the_loss(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s); /* client's hooks, on CPU 0 */
    struct hook_record far = {
        .op = HOOK_RTT,
        .flags = HOOK_FLAG_FULLSOCK,
        .local = s->ends[CLIENT],
        .remote = capture_endpoint("203.0.113.9", 9),
    };
    pass(s, &ack);
    far.time_ns = s->now + 2000 * MS;
    capture_builder_hook(s->a, &far); /* CPU 0: nothing is missing until here */
    far.cpu = 3;                      /* CPU 3 was never heard of: since the beginning */
    far.time_ns += MS;
    capture_builder_hook_after_loss(s->a, &far, 1);
    s->now += 2100 * MS;
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->written, COUNT_UNKNOWN);
    scene_free(s);
}

static void what_the_closing_sample_tells_may_have_been_lost_on_any_cpu(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
    s->now += 50 * MS;
    capture_builder_clock(s->a, s->now, 2);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->written, COUNT_UNKNOWN);
    assert_int_equal(report->inputs[0].lost_events, 2);
    scene_free(s);
}

static void losses_that_only_the_statistics_tell_are_everywhere(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack); /* never parsed, it seems */
    covered_to_here(s);
    capture_builder_events_dropped(s->b, 1);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], 0);
    assert_int_equal(row->parsed, COUNT_UNKNOWN);
    scene_free(s);
}

/* The connection was judged long before its CPU's next record told of the loss. */
static void a_loss_that_is_told_late_takes_the_claim_back(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 2; lost++) {
        struct scene *s = scene_new();
        struct built_segment ack = third_ack_with_cc(s);
        struct hook_record later = {
            .op = HOOK_RTT,
            .flags = HOOK_FLAG_FULLSOCK,
            .local = s->ends[SERVER],
            .remote = capture_endpoint("203.0.113.9", 9),
        };
        pass(s, &ack); /* no parse hook sees it */
        for (unsigned from = 0; from < 2; from++) {
            struct built_segment fin = make(s, from, TCP_FIN | TCP_ACK, 0, "");
            pass(s, &fin);
        }
        s->now += 600 * 1000 * MS; /* closed, quiet, and judged */
        for (unsigned i = 0; i < 3000; i++) {
            capture_builder_noise(s->a, s->now);
            capture_builder_noise(s->b, s->now);
            struct built_segment other = make(s, CLIENT, TCP_ACK, 0, "");
            other.source.port = 50000;
            pass(s, &other);
        }
        later.time_ns = s->now;
        capture_builder_hook_after_loss(s->b, &later, lost);
        covered_to_here(s);
        const struct report *report = analyze_both(s);
        const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
        assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], !lost);
        assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST], lost);
        assert_int_equal(finding_of(report, VERDICT_HOOK_NOT_PARSED) != NULL, !lost);
        scene_free(s);
    }
}

/* --- reserved and not written ----------------------------------------------------------------- */

/* Room for cc is reserved; the write hook stores `options` instead. */
static void reserve_and_write(struct scene *s, const struct built_segment *p, const char *options,
                              uint8_t length, bool reports, uint64_t lost)
{
    struct hook_record reserve = hook_of(s, p, CLIENT, HOOK_HDR_OPT_LEN, p->time_ns - 2000);
    struct hook_record write = hook_of(s, p, CLIENT, HOOK_WRITE_HDR_OPT, p->time_ns - 1000);
    reserve.options_length = 0;
    write.flags |= HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
    write.reserved = 8;
    write.options_length = length;
    memcpy(write.options, options, length);
    if (reports)
        add_action(&reserve, HOOK_ACTION_RESERVE, CC, 6, 0);
    capture_builder_hook(s->a, &reserve);
    capture_builder_hook_after_loss(s->a, &write, lost);
}

static void room_that_was_not_used_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    reserve_and_write(s, &p, "", 0, true, 0);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->verdict, VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    assert_int_equal(row->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(row->reserved, 1);
    assert_int_equal(row->written, 0);
    assert_int_equal(finding_of(report, VERDICT_HOOK_RESERVED_NOT_WRITTEN)->n_events, 1);
    scene_free(s);
}

static void room_that_was_used_is_not(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, CC);
    reserve_and_write(s, &p, CC, 6, true, 0);
    pass(s, &p);
    covered_to_here(s);
    assert_no_finding(analyze_both(s), VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    scene_free(s);
}

static void room_that_nobody_says_the_use_of_is_likely_unused(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    reserve_and_write(s, &p, "", 0, false, 0);
    pass(s, &p);
    covered_to_here(s);
    const struct report_finding *finding =
        finding_of(analyze_both(s), VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    assert_non_null(finding);
    assert_null(finding->option);
    assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
    scene_free(s);
}

static void a_refused_store_is_told_as_refused_alone(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record reserve = hook_of(s, &p, CLIENT, HOOK_HDR_OPT_LEN, p.time_ns - 2000);
    struct hook_record write = hook_of(s, &p, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    write.flags |= HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
    write.reserved = 8;
    add_action(&reserve, HOOK_ACTION_RESERVE, CC, 6, 0);
    add_action(&write, HOOK_ACTION_STORE, CC, 6, -EINVAL);
    capture_builder_hook(s->a, &reserve);
    capture_builder_hook(s->a, &write);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    assert_non_null(strstr(finding_of(report, VERDICT_HOOK_REFUSED)->explain, "EINVAL"));
    scene_free(s);
}

static void room_reserved_for_another_kind_of_segment_is_not_missed(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    struct built_segment none = make(s, CLIENT, TCP_ACK, 0, "");
    struct hook_record reserve = hook_of(s, &p, CLIENT, HOOK_HDR_OPT_LEN, p.time_ns - 2000);
    struct hook_record write = hook_of(s, &none, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    add_action(&reserve, HOOK_ACTION_RESERVE, CC, 6, 0);
    write.flags |= HOOK_FLAG_ENTRY;
    capture_builder_hook(s->a, &reserve);
    capture_builder_hook(s->a, &write);
    pass(s, &p);
    pass(s, &none);
    covered_to_here(s);
    assert_no_finding(analyze_both(s), VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    scene_free(s);
}

static void lost_events_may_have_used_the_room(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    reserve_and_write(s, &p, "", 0, true, 2);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_both(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_no_finding(report, VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    assert_int_equal(row->verdict, VERDICT_INCONCLUSIVE_EVENTS_LOST);
    assert_int_equal(row->reserved, COUNT_UNKNOWN);
    scene_free(s);
}

/* --- what the kernel would not have ----------------------------------------------------------- */

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
        cmocka_unit_test(what_a_far_hook_saw_arrive_did_leave),
        cmocka_unit_test(another_segment_that_arrived_proves_nothing),
        cmocka_unit_test(what_only_the_far_capture_shows_counts_once),
        cmocka_unit_test(what_the_far_capture_shows_without_it_is_told_by_the_hook),
        cmocka_unit_test(a_cut_header_counts_once),
        cmocka_unit_test(the_same_option_twice_in_a_header_counts_once),
        cmocka_unit_test(of_two_equal_names_each_must_leave),
        cmocka_unit_test(an_option_that_no_hook_saw_counts_once_however_often_it_stands_there),
        cmocka_unit_test(counts_are_unknown_where_events_were_lost),
        cmocka_unit_test(a_loss_on_another_cpu_s_ring_after_the_connection_changes_nothing),
        cmocka_unit_test(the_cpu_s_own_last_record_bounds_the_loss),
        cmocka_unit_test(what_the_closing_sample_tells_may_have_been_lost_on_any_cpu),
        cmocka_unit_test(losses_that_only_the_statistics_tell_are_everywhere),
        cmocka_unit_test(a_loss_that_is_told_late_takes_the_claim_back),
        cmocka_unit_test(room_that_was_not_used_is_told),
        cmocka_unit_test(room_that_was_used_is_not),
        cmocka_unit_test(room_that_nobody_says_the_use_of_is_likely_unused),
        cmocka_unit_test(a_refused_store_is_told_as_refused_alone),
        cmocka_unit_test(room_reserved_for_another_kind_of_segment_is_not_missed),
        cmocka_unit_test(lost_events_may_have_used_the_room),
        cmocka_unit_test(a_full_header_and_a_refusal_are_told_apart),
        cmocka_unit_test(a_probe_reserves_nothing),
        cmocka_unit_test(one_write_may_leave_as_many_segments),
        cmocka_unit_test(hooks_behind_their_packets_are_joined_too),
        cmocka_unit_test(hooks_tell_which_side_one_capture_is_on),
        cmocka_unit_test(after_its_receiver_closed_no_parse_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
