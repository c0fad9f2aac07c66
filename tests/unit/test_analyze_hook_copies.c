/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_hook_copies.c - which segment is the one that a hook wrote, where several look alike:
 * copies, equal acknowledgements, the same option twice in a header.
 */
#include "tests/unit/hook_scene.h"

/* The one instance is that record of the file beside the client. */
static void only_event(const struct report *report, enum verdict verdict, uint64_t record)
{
    const struct report_finding *finding = finding_of(report, verdict);
    assert_non_null(finding);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->n_events, 1);
    assert_int_equal(finding->events[0], record);
}

/*
 * cc is written twice for the same octets, and only the second header leaves: it is the first that
 * is not on the wire. `more` octets are in the second; with timestamps these tell them apart, too.
 */
static void of_two_writes_the_one_that_never_left_is_told(void **state)
{
    (void)state;
    for (unsigned timestamps = 0; timestamps < 2; timestamps++) {
        struct scene *s = scene_with_lost_write(timestamps ? 5000 : 0);
        /* Without timestamps: sent again together with what came behind it. */
        struct built_segment again = make(s, CLIENT, TCP_ACK, timestamps ? 100 : 200, CC);
        write_cc(s, &again);
        pass(s, &again);
        const struct report *report = analyze_covered(s);
        const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->written, 2);
        assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 1);
        only_event(report, VERDICT_HOOK_NOT_ON_WIRE,
                   10); /* behind the third ACK, as A's file counts */
        scene_free(s);
    }
}

/* What was sent again is no proof for the first copy: the record of its own write was lost. */
static void another_timestamp_is_another_copy(void **state)
{
    (void)state;
    struct scene *s = scene_with_lost_write(5000);
    struct built_segment again = make(s, CLIENT, TCP_ACK, 100, CC);
    pass(s, &again);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 0);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 1);
    scene_free(s);
}

/* Of acknowledgements with equal numbers one has its record behind it, the other has none. */
static void of_equal_acknowledgements_the_window_and_the_options_tell(void **state)
{
    (void)state;
    for (unsigned other_window = 0; other_window < 2; other_window++) {
        struct scene *s = scene_with_cc();
        struct built_segment first = make(s, CLIENT, TCP_ACK, 0, UTO CC_RENO);
        struct built_segment update = make(s, CLIENT, TCP_ACK, 0, UTO CC);
        if (other_window) {
            first.window = 100;
            update.window = 367;
            memcpy(first.options, UTO CC, 10); /* and nothing else does */
        }
        pass(s, &first); /* the record of its write was lost */
        struct hook_record write = hook_of(s, &update, CLIENT, HOOK_WRITE_HDR_OPT, s->now);
        write.flags |= HOOK_FLAG_OUTGOING | HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
        write.options_before = 4;
        write.reserved = 8;
        capture_builder_hook(s->a, &write);
        pass(s, &update);
        const struct report *report = analyze_covered(s);
        assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
        const struct report_finding *written = finding_of(report, VERDICT_HOOK_WRITTEN);
        assert_int_equal(written->count, 2);
        assert_int_equal(written->frames_a[1], 11); /* behind the first and its record */
        scene_free(s);
    }
}

/* A header that lost its option on its way to the wire, and stands before its record. */
static void what_left_without_it_before_its_record_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment update = make(s, CLIENT, TCP_ACK, 0, UTO CC);
    struct built_segment stripped = update;
    replace_options(&stripped, 4, NOPS, 6);
    pass(s, &stripped);
    update.time_ns += 5000;
    write_cc(s, &update);
    const struct report_finding *finding = finding_of(analyze_covered(s), VERDICT_HOOK_NOT_ON_WIRE);
    assert_non_null(finding);
    assert_non_null(strstr(finding->explain, "left the host without it"));
    assert_int_equal(finding->n_frames_a, 1);
    scene_free(s);
}

/* The server's acknowledgement, which B's capture missed: A shows it under other numbers. */
static void an_acknowledgement_is_known_under_translated_numbers(void **state)
{
    (void)state;
    for (unsigned direction = 0; direction < 2; direction++) {
        struct scene *s = scene_new();
        s->tsval = 5000;
        s->shift[CLIENT] = direction == 0 ? 77777 : 0;
        s->shift[SERVER] = direction == 1 ? 3333 : 0;
        pass_third_ack_with_cc(s);
        struct built_segment p = make(s, SERVER, TCP_ACK, 0, UTO);
        struct hook_record write = hook_of(s, &p, SERVER, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
        write.flags |= HOOK_FLAG_OUTGOING | HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
        write.options_before = (uint8_t)(p.options_length - 4);
        write.reserved = 4;
        write.seq += s->shift[SERVER];
        write.ack += s->shift[CLIENT];
        capture_builder_hook(s->b, &write);
        at_client_side(s, &p);
        const struct report *report = analyze_covered(s);
        assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
        assert_int_equal(row_of(report, "uto", DIRECTION_REVERSE, SEGMENT_ACK)
                             ->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS],
                         1);
        scene_free(s);
    }
}

static void what_stood_there_before_the_programs_ran_is_not_theirs(void **state)
{
    (void)state;
    static const char BOTH[] = UTO CC;
    struct scene *s = scene_with_cc();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, BOTH);
    write_cc(s, &p);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA)->written, 1);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->written, 0);
    scene_free(s);
}

/* Two programs ask for room for the same, and both store it: it is one segment. */
static void the_same_option_twice_in_a_header_counts_once(void **state)
{
    (void)state;
    static const char TWICE[] = CC CC;
    struct scene *s = scene_with_cc();
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
    const struct report *report = analyze_covered(s);
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
    struct scene *s = scene_with_cc();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, TWICE);
    struct hook_record write = hook_of(s, &p, CLIENT, HOOK_WRITE_HDR_OPT, p.time_ns - 1000);
    write.flags |= HOOK_FLAG_ENTRY;
    capture_builder_hook(s->a, &write);
    replace_options(&p, 6, NOPS, 6);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->counts[VERDICT_HOOK_NOT_ON_WIRE], 1);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 0);
    scene_free(s);
}

/* The same octets were written twice, with other options; then both leave, the later one first. */
static void of_two_writes_of_the_same_octets_each_segment_finds_its_own(void **state)
{
    (void)state;
    struct scene *s = scene_with_cc();
    struct built_segment first = make(s, CLIENT, TCP_ACK, 100, CC);
    s->next[CLIENT] = first.seq;
    struct built_segment second = make(s, CLIENT, TCP_ACK, 100, CC_RENO);
    write_cc(s, &first);
    write_cc(s, &second);
    first.time_ns = second.time_ns + MS;
    pass(s, &second);
    pass(s, &first);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->written, 2);
    assert_int_equal(row->counts[VERDICT_HOOK_WRITTEN], 2);
    assert_no_finding(report, VERDICT_HOOK_NOT_ON_WIRE);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stood_there_before_the_programs_ran_is_not_theirs),
        cmocka_unit_test(of_two_writes_the_one_that_never_left_is_told),
        cmocka_unit_test(another_timestamp_is_another_copy),
        cmocka_unit_test(of_equal_acknowledgements_the_window_and_the_options_tell),
        cmocka_unit_test(what_left_without_it_before_its_record_is_told),
        cmocka_unit_test(an_acknowledgement_is_known_under_translated_numbers),
        cmocka_unit_test(the_same_option_twice_in_a_header_counts_once),
        cmocka_unit_test(of_two_equal_names_each_must_leave),
        cmocka_unit_test(of_two_writes_of_the_same_octets_each_segment_finds_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
