/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_options.c - what became of each option of a segment: the same, overwritten, cut out,
 * modified, moved, added, sent back, unanswered.
 */
#include "tests/unit/analyze_scene.h"
#include "wire/codec.h"

static void the_same_options_in_another_order_are_reordered(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, CC "\x01\x01" UTO);
    at_client_side(s, &p);
    replace_options(&p, 0, UTO CC "\x01\x01", 12);
    at_server_side(s, &p);
    const struct report *report = analyze_covered(s);
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
    assert_nothing_happened(analyze_covered(s));
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
    const struct report *report = analyze_covered(s);
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
    assert_nothing_happened(analyze_covered(s));
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

/* --- which option is which -------------------------------------------------------------------- */

/* One data segment of the client, with other options (padded to the same length) at B. */
static const struct report *changed_to(struct scene *s, const char *sent, size_t sent_length,
                                       const char *seen, size_t seen_length, uint8_t flags)
{
    struct built_segment p = make_options(s, CLIENT, flags, 0, sent, sent_length);
    at_client_side(s, &p);
    p.options_length = 0;
    add_option(&p, seen, seen_length);
    at_server_side(s, &p);
    return analyze_covered(s);
}

#define changed(s, sent, seen)                                                                     \
    changed_to(s, sent, sizeof(sent) - 1, seen, sizeof(seen) - 1, TCP_ACK)

#define COOKIE      "\x11\x22\x33\x44\x55\x66"
#define TFO_BY_EXID "\xfe\x0a\xf9\x89" COOKIE
#define TFO_BY_KIND "\x22\x08" COOKIE

static void fast_open_that_gets_its_own_kind_on_the_way_is_modified(void **state)
{
    (void)state;
    for (unsigned back = 0; back < 2; back++) {
        struct scene *s = scene_new();
        covered_from_here(s);
        const struct report *report = back
                                          ? changed_to(s, TFO_BY_KIND, 8, TFO_BY_EXID, 10, TCP_SYN)
                                          : changed_to(s, TFO_BY_EXID, 10, TFO_BY_KIND, 8, TCP_SYN);
        const char *name = back ? "kind-34" : "tfo";
        const struct report_option *row = row_of(report, name, DIRECTION_FORWARD, SEGMENT_SYN);
        assert_int_equal(row->verdict, VERDICT_OPTION_MODIFIED);
        const struct report_finding *f = finding_of(report, VERDICT_OPTION_MODIFIED);
        assert_int_equal(f->confidence, CONFIDENCE_CERTAIN);
        assert_non_null(strstr(f->explain, back ? "2208 1122 3344 5566 became fe0a f989"
                                                : "fe0a f989 1122 3344 5566 became 2208"));
        assert_no_finding(report, VERDICT_OPTION_ADDED);
        assert_no_finding(report, VERDICT_OPTION_REMOVED_NOP);
        assert_no_finding(report, VERDICT_OPTION_REMOVED_SHORTENED);
        scene_free(s);
    }
}

static void two_of_one_name_that_change_places_are_reordered(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const struct report *report = changed(s, UTO "\x1c\x04\x00\x33", "\x1c\x04\x00\x33" UTO);
    const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_OPTION_REORDERED], 1); /* one segment */
    assert_no_finding(report, VERDICT_OPTION_MODIFIED);
    scene_free(s);
}

static void of_two_of_one_name_the_changed_one_is_modified(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const struct report *report = changed(s, UTO "\x1c\x04\x00\x33", UTO "\x1c\x04\x00\x44");
    const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK);
    assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 0); /* the worst of the segment counts */
    assert_int_equal(row->counts[VERDICT_OPTION_MODIFIED], 1);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, 1);
    assert_non_null(
        strstr(finding_of(report, VERDICT_OPTION_MODIFIED)->explain, "1c04 0033 became 1c04 0044"));
    scene_free(s);
}

#define TWICE UTO UTO

/* Passed, removed, added, split, lost, and seen by one capture alone: one segment is one. */
static void an_option_that_stands_twice_in_a_header_counts_once(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 6; way++) {
        struct scene *s = scene_with_handshake();
        struct built_segment p =
            make_options(s, CLIENT, TCP_ACK, 1000, way == 2 ? UTO : TWICE, way == 2 ? 4 : 8);
        uint64_t arrived = 1;
        enum verdict verdict = VERDICT_OPTION_INTACT;
        at_client_side(s, &p);
        if (way == 1) { /* both */
            memset(p.options, TCP_KIND_NOP, 8);
            verdict = VERDICT_OPTION_REMOVED_NOP;
            arrived = 0;
        } else if (way == 2) {
            add_option(&p, UTO, 4);
            verdict = VERDICT_OPTION_ADDED;
        } else if (way == 3) {
            p.payload_length = 500;
            at_server_side(s, &p);
            p.seq += 500;
            arrived = 2;
        }
        if (way == 4) {
            verdict = VERDICT_SEGMENT_LOST;
            arrived = 0;
        } else {
            at_server_side(s, &p);
        }
        const struct report *report = way == 5 ? analyze_a(s) : analyze_covered(s);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->sent, 1);
        assert_int_equal(row->arrived, way == 5 ? COUNT_UNKNOWN : arrived);
        assert_int_equal(row->counts[way == 5 ? VERDICT_INCONCLUSIVE_NOT_COVERED : verdict], 1);
        scene_free(s);
    }
}

/* The header is as long as before, and no NOP stands where the option was. */
static void cut_out_with_another_added_is_not_overwritten_by_nops(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    /* The room of both: the other option stands where a third one stood before. */
    const struct report *report = changed(s, UTO CC "\x01\x01", CC "\x01\x01" OPTION_76);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_OPTION_REMOVED_SHORTENED);
    assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_OPTION_ADDED);
    assert_no_finding(report, VERDICT_OPTION_REMOVED_NOP);
    scene_free(s);
}

/* An option that was added behind makes the header longer than padding alone would. */
static void overwritten_with_another_added_is_both(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const struct report *report =
        changed(s, UTO CC "\x01\x01", "\x01\x01\x01\x01" CC "\x01\x01" OPTION_76);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_OPTION_REMOVED_NOP);
    assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_OPTION_ADDED);
    scene_free(s);
}

/* New padding elsewhere is not the place of what was cut out. */
static void padding_elsewhere_is_not_its_place(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const struct report *report = changed(s, UTO CC UTO,
                                          "\x1c\x04\x00\x22\x1c\x04\x00\x22"
                                          "\x01\x01\x01\x01");
    assert_int_equal(row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_ACK)->verdict,
                     VERDICT_OPTION_REMOVED_SHORTENED);
    scene_free(s);
}

/* Each half is named, so that both can be looked at. */
static void removed_from_the_parts_of_a_split_segment_names_the_parts(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 1000, CC "\x01\x01");
    p.payload = 7;
    at_client_side(s, &p);
    p.options_length = 0;
    p.payload_length = 600;
    at_server_side(s, &p);
    p.seq += 600;
    p.payload_length = 400;
    at_server_side(s, &p);
    const struct report *report = analyze_covered(s);
    const struct report_finding *f = finding_of(report, VERDICT_OPTION_REMOVED_SHORTENED);
    assert_non_null(f);
    assert_int_equal(f->n_frames_a, 1);
    assert_int_equal(f->n_frames_b, 2);
    assert_int_equal(f->frames_b[1], f->frames_b[0] + 1);
    scene_free(s);
}

/* A length that reaches behind the header: what stands there in memory is nobody's option. */
static void a_length_beyond_the_header_is_not_followed(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = make(s, CLIENT, TCP_ACK, 1000, UTO);
    p.payload = 7;
    struct built_segment half = p;
    at_client_side(s, &p);
    memset(half.options + 4, TCP_KIND_NOP, 32);
    memcpy(half.options + 36, "\x4c\x28\x01\x01", 4); /* 40 octets, of which there are four */
    half.options_length = 40;
    half.payload_length = 500;
    for (unsigned i = 0; i < 2; i++) {
        half.seq += i * 500;
        at_server_side(s, &half);
    }
    /* The same of SACK, which is compared by its numbers. */
    struct built_segment sack = make(s, SERVER, TCP_ACK, 0, UTO NOPS "\x05\x22\x00\x01\x02\x03");
    at_server_side(s, &sack);
    sack.options[12] = 9;
    at_client_side(s, &sack);
    const struct report *report = analyze_covered(s);
    assert_int_equal(
        row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->counts[VERDICT_OPTION_INTACT], 1);
    assert_no_finding(report, VERDICT_OPTION_MIRRORED);
    assert_non_null(finding_of(report, VERDICT_OPTION_MODIFIED));
    scene_free(s);
}

static void long_options_are_held_against_their_description_too(void **state)
{
    (void)state;
    static const char TFO[] = "\xfe\x14\xf9\x89"
                              "0123456789abcdef";
    struct scene *s = scene_new();
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, TFO);
    pass(s, &syn);
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "tfo", DIRECTION_FORWARD, SEGMENT_SYN);
    assert_non_null(row);
    assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
    assert_no_finding(report, VERDICT_OPTION_MALFORMED);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_options_in_another_order_are_reordered),
        cmocka_unit_test(other_padding_is_no_other_order),
        cmocka_unit_test(what_comes_back_and_was_not_sent_is_mirrored),
        cmocka_unit_test(an_equal_answer_of_both_is_not_mirrored),
        cmocka_unit_test(a_question_without_answer_is_unanswered_for_one_capture),
        cmocka_unit_test(fast_open_that_gets_its_own_kind_on_the_way_is_modified),
        cmocka_unit_test(two_of_one_name_that_change_places_are_reordered),
        cmocka_unit_test(of_two_of_one_name_the_changed_one_is_modified),
        cmocka_unit_test(an_option_that_stands_twice_in_a_header_counts_once),
        cmocka_unit_test(cut_out_with_another_added_is_not_overwritten_by_nops),
        cmocka_unit_test(overwritten_with_another_added_is_both),
        cmocka_unit_test(padding_elsewhere_is_not_its_place),
        cmocka_unit_test(a_length_beyond_the_header_is_not_followed),
        cmocka_unit_test(removed_from_the_parts_of_a_split_segment_names_the_parts),
        cmocka_unit_test(long_options_are_held_against_their_description_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
