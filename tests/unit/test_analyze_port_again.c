/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_port_again.c - connections that use the same ports one after the other: each at A is
 * compared with itself at B, and with no other.
 */
#include "tests/unit/analyze_scene.h"

/* Two connections over one pair of ports that carry the same; B sees the second one only. */
static void of_a_port_used_again_the_right_connection_is_found(void **state)
{
    (void)state;
    for (unsigned other_flow = 0; other_flow < 2; other_flow++) {
        struct scene *s = scene_new();
        for (unsigned i = 0; i < 2; i++) {
            struct built_segment p[4];
            s->next[CLIENT] = 1000 + i * 777777;
            s->next[SERVER] = 500000 + i * 888888;
            p[0] = make(s, CLIENT, TCP_SYN, 0, MSS);
            p[1] = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
            p[2] = make(s, CLIENT, TCP_ACK, 0, "");
            p[3] = make(s, CLIENT, TCP_ACK, 200, UTO); /* zeros: the same in both */
            s->now += 20000 * MS;
            for (unsigned k = 0; k < 4; k++)
                if (i == 0)
                    at_client_side(s, &p[k]);
                else
                    pass(s, &p[k]);
            if (i == 0 && other_flow) { /* ... which tells how the clocks stand */
                s->ends[CLIENT].port = s->ends_b[CLIENT].port = 50001;
                handshake(s);
                s->ends[CLIENT].port = s->ends_b[CLIENT].port = 40000;
            }
        }
        const struct report *report = analyze_covered(s);
        assert_int_equal(report->flows->len, 2 + other_flow);
        const struct report_flow *first = g_ptr_array_index(report->flows, 0);
        const struct report_flow *second = g_ptr_array_index(report->flows, 1 + other_flow);
        assert_null(first->paired_by);
        assert_null(first->client_b);
        assert_string_equal(second->paired_by, "tuple");
        assert_int_equal(second->delta_forward, 0);
        assert_no_finding(report, VERDICT_PATH_SEQUENCE_REWRITTEN);
        assert_no_finding(report, VERDICT_PATH_PROXY);
        scene_free(s);
    }
}

/* Sequence numbers are rewritten, ports used again: in their order, and no more than likely. */
static void of_a_port_used_again_and_rewritten_each_finds_its_own(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->shift[CLIENT] = 12345678;
    s->shift[SERVER] = 87654321;
    covered_from_here(s);
    for (unsigned i = 0; i < 2; i++) {
        s->next[CLIENT] = 1000 + i * 777777;
        s->next[SERVER] = 500000 + i * 888888;
        handshake(s);
        exchange(s);
        s->now += 20000 * MS;
    }
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct report_flow *flow = g_ptr_array_index(report->flows, i);
        assert_string_equal(flow->paired_by, "payload");
        assert_int_equal(flow->delta_forward, 12345678);
        assert_int_equal(flow->delta_reverse, 87654321);
    }
    const struct report_finding *f = finding_of(report, VERDICT_PATH_SEQUENCE_REWRITTEN);
    assert_int_equal(f->confidence, CONFIDENCE_LIKELY);
    assert_no_finding(report, VERDICT_SEGMENT_LOST);
    scene_free(s);
}

/* The same request over the same ports, long after: A saw the first one only, B the second. */
static void what_carries_the_same_much_later_is_another_connection(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake(); /* ... which tells how the clocks stand */
    s->ends[CLIENT].port = s->ends_b[CLIENT].port = 50001;
    for (unsigned i = 0; i < 2; i++) {
        s->next[CLIENT] = 1000 + i * 777777;
        s->next[SERVER] = 500000 + i * 888888;
        struct built_segment p[] = {
            make(s, CLIENT, TCP_SYN, 0, MSS), make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS),
            make(s, CLIENT, TCP_ACK, 200, UTO), /* zeros: the same in both */
        };
        for (unsigned k = 0; k < G_N_ELEMENTS(p); k++)
            if (i == 0)
                at_client_side(s, &p[k]);
            else
                at_server_side(s, &p[k]);
        s->now += 20000 * MS;
    }
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, 3);
    assert_no_finding(report, VERDICT_PATH_SEQUENCE_REWRITTEN);
    assert_no_finding(report, VERDICT_PATH_PROXY);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_port_used_again_the_right_connection_is_found),
        cmocka_unit_test(of_a_port_used_again_and_rewritten_each_finds_its_own),
        cmocka_unit_test(what_carries_the_same_much_later_is_another_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
