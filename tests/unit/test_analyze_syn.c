/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_syn.c - SYNs that do not get through because of an option, and those that do.
 */
#include "tests/unit/analyze_scene.h"

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

/* A path that nothing gets through is not particular about options. */
static void without_a_plain_one_that_gets_through_they_are_lost(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    uint32_t isn = s->next[CLIENT];
    s->ends[CLIENT].port = s->ends_b[CLIENT].port = 50001;
    s->ends[SERVER].port = s->ends_b[SERVER].port = 443;
    for (unsigned i = 0; i < 6; i++) {
        s->next[CLIENT] = isn;
        struct built_segment syn =
            i > 3 ? make(s, CLIENT, TCP_SYN, 0, MSS) : make(s, CLIENT, TCP_SYN, 0, MSS OPTION_76);
        syn.time_ns = s->now += 1000 * MS;
        at_client_side(s, &syn);
    }
    covered_to_here(s);
    s->all_options = true;
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_SYN_BLOCKED);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->count, 6);
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

/* The first packet of B's capture is the plain SYN: it may have begun only then. */
static void a_plain_syn_that_opens_the_far_capture_makes_it_likely(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 3; before++) {
        struct scene *s = scene_new();
        uint32_t isn = s->next[CLIENT];
        for (unsigned i = 0; i < 4; i++) {
            s->next[CLIENT] = isn;
            struct built_segment syn = i == 3 ? make(s, CLIENT, TCP_SYN, 0, MSS)
                                              : make(s, CLIENT, TCP_SYN, 0, MSS OPTION_76);
            syn.time_ns = s->now += 1000 * MS;
            at_client_side(s, &syn);
            if (i == 3 && before == 1) /* other traffic before it: then it began before */
                capture_builder_noise(s->b, syn.time_ns - MS);
            if (i == 3 || (before == 2 && i == 2)) /* one with the option got through */
                at_server_side(s, &syn);
        }
        struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
        pass(s, &synack);
        covered_to_here(s);
        s->all_options = true;
        const struct report *report = analyze_both(s);
        const struct report_finding *f = finding_of(report, VERDICT_SYN_BLOCKED);
        if (before == 0) {
            assert_non_null(f);
            assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
            assert_int_equal(f->count, 3);
            assert_non_null(strstr(f->explain, "began only with that one"));
            assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_SYN)->verdict,
                             VERDICT_SYN_BLOCKED);
        } else {
            assert_null(f);
            assert_int_equal(row_of(report, "kind-76", DIRECTION_FORWARD, SEGMENT_SYN)
                                 ->counts[VERDICT_INCONCLUSIVE_NOT_COVERED],
                             before == 1 ? 3 : 2);
        }
        scene_free(s);
    }
}

/* Of one connection some with the option got through, and a plain one: nobody keeps them away. */
static void one_that_gets_through_beside_a_plain_one_absolves_too(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    uint32_t isn = s->next[CLIENT];
    covered_from_here(s);
    for (unsigned i = 0; i < 5; i++) {
        s->next[CLIENT] = isn;
        struct built_segment syn =
            i == 4 ? make(s, CLIENT, TCP_SYN, 0, MSS) : make(s, CLIENT, TCP_SYN, 0, MSS OPTION_76);
        syn.time_ns = s->now += 1000 * MS;
        at_client_side(s, &syn);
        if (i >= 3)
            at_server_side(s, &syn);
    }
    covered_to_here(s);
    s->all_options = true;
    const struct report *report = analyze_both(s);
    assert_no_finding(report, VERDICT_SYN_BLOCKED);
    assert_int_equal(finding_of(report, VERDICT_SEGMENT_LOST)->count, 3);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syns_that_only_get_through_plain_are_blocked),
        cmocka_unit_test(two_lost_syns_may_be_chance_and_one_is_nothing),
        cmocka_unit_test(without_a_plain_one_that_gets_through_they_are_lost),
        cmocka_unit_test(one_syn_with_the_option_that_arrives_absolves_the_path),
        cmocka_unit_test(a_plain_syn_that_opens_the_far_capture_makes_it_likely),
        cmocka_unit_test(one_that_gets_through_beside_a_plain_one_absolves_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
