/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_hook_losses.c - what hooks did not do, and what nobody can say of them because their
 * records were lost: a claim needs a recorder that saw all of that moment.
 */
#include "tests/unit/hook_scene.h"

static void lost_events_forbid_to_claim_it(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment next = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record later = parse_of(s, &next, HOOK_PARSE_HDR_OPT);
    later.id = 9; /* numbers before it are missing */
    pass(s, &next);
    capture_builder_hook(s->b, &later);
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)
                         ->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST],
                     1);
    assert_int_equal(report->inputs[1].lost_events, 7);
    scene_free(s);
}

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
    return analyze_covered(s);
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
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->written, COUNT_UNKNOWN);
    scene_free(s);
}

static void what_the_closing_sample_tells_may_have_been_lost_on_any_cpu(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    s->now += 5000 * MS; /* far from it: but no CPU has said anything since */
    capture_builder_clock(s->a, s->now, 2);
    const struct report *report = analyze_covered(s);
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
            other.source = capture_endpoint("192.0.2.77", 50000); /* of another connection */
            capture_builder_segment(s->a, &other);
            capture_builder_segment(s->b, &other);
        }
        later.time_ns = s->now;
        capture_builder_hook_after_loss(s->b, &later, lost);
        const struct report *report = analyze_covered(s);
        const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK);
        assert_int_equal(row->counts[VERDICT_HOOK_NOT_PARSED], !lost);
        assert_int_equal(row->counts[VERDICT_INCONCLUSIVE_EVENTS_LOST], lost);
        assert_int_equal(finding_of(report, VERDICT_HOOK_NOT_PARSED) != NULL, !lost);
        scene_free(s);
    }
}

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
    const struct report *report = analyze_covered(s);
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
    assert_no_finding(analyze_covered(s), VERDICT_HOOK_RESERVED_NOT_WRITTEN);
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
    const struct report *report = analyze_covered(s);
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
    assert_no_finding(analyze_covered(s), VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    scene_free(s);
}

static void lost_events_may_have_used_the_room(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    reserve_and_write(s, &p, "", 0, true, 2);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_no_finding(report, VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    assert_int_equal(row->verdict, VERDICT_INCONCLUSIVE_EVENTS_LOST);
    assert_int_equal(row->reserved, COUNT_UNKNOWN);
    scene_free(s);
}

/* A program asks the kernel for the SYN that it kept: what that brought was parsed, and stood there. */
static void what_the_kept_syn_brought_is_counted_on_the_syn(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, UTO);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    pass(s, &syn);
    pass(s, &synack);
    pass(s, &ack);
    struct hook_record established = parse_of(s, &ack, HOOK_PASSIVE_ESTABLISHED);
    add_action(&established, HOOK_ACTION_LOAD, UTO, 4, 4);
    capture_builder_hook(s->b, &established);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_SYN)->parsed, 1);
    assert_no_finding(report, VERDICT_HOOK_NOT_PARSED);
    scene_free(s);
}

/* What a program did because of no option is of no row. */
static void actions_without_an_option_are_of_none(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, "");
    struct hook_record length = hook_of(s, &p, CLIENT, HOOK_HDR_OPT_LEN, p.time_ns - 2000);
    add_action(&length, HOOK_ACTION_RESERVE, "", 0, 0);
    add_action(&length, HOOK_ACTION_SETSOCKOPT, "\1", 1, -EINVAL);
    capture_builder_hook(s->a, &length);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        assert_string_equal(row->option, "cc");
    }
    assert_no_finding(report, VERDICT_HOOK_ACTION_FAILED);
    assert_no_finding(report, VERDICT_HOOK_RESERVED_NOT_WRITTEN);
    scene_free(s);
}

/* Where nothing ran before the programs, what they wrote is what they say that they stored. */
static void without_an_entry_the_programs_word_is_taken(void **state)
{
    (void)state;
    static const char BOTH[] = UTO CC;
    struct scene *s = scene_with_cc();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, BOTH);
    struct hook_record write = hook_of(s, &p, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    add_action(&write, HOOK_ACTION_STORE, CC, 6, 0);
    capture_builder_hook(s->a, &write);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->written, 1);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->written, 0);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_events_forbid_to_claim_it),
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
        cmocka_unit_test(what_the_kept_syn_brought_is_counted_on_the_syn),
        cmocka_unit_test(actions_without_an_option_are_of_none),
        cmocka_unit_test(without_an_entry_the_programs_word_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
