/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_mptcp.c - the fall back from Multipath TCP, who lost which signal, and subflows.
 */
#include "tests/unit/analyze_scene.h"

#define MP_CAPABLE_SYN    "\x1e\x04\x01\x01"
#define MP_CAPABLE_SYNACK "\x1e\x0c\x01\x01\x01\x02\x03\x04\x05\x06\x07\x08"
#define MP_CAPABLE_ACK                                                                             \
    "\x1e\x14\x01\x01\x11\x12\x13\x14\x15\x16\x17\x18\x01\x02\x03\x04\x05\x06\x07\x08"
#define MP_JOIN_SYN "\x1e\x0c\x10\x00\xaa\xbb\xcc\xdd\x01\x02\x03\x04"
#define MP_FAIL     "\x1e\x0c\x60\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define DSS         "\x1e\x08\x20\x01\x00\x00\x00\x01"
#define DSS_INFINITE                                                                               \
    "\x1e\x12\x20\x05\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x01\x01"

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
    return analyze_covered(s);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fallback_names_who_lost_which_signal),
        cmocka_unit_test(subflows_of_one_connection_share_its_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
