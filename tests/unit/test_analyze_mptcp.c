/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_mptcp.c - the fall back from Multipath TCP, who lost which signal, and subflows.
 */
#include <stdio.h>
#include <stdlib.h>

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
    bool synack_speaks, synack_stripped, syn_stripped, ack_stripped, client_gives_up;
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
    bool agreed = c->synack_speaks && !c->synack_stripped && !c->client_gives_up;
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
        {{.synack_speaks = true, .client_gives_up = true, .data = ""},
         "no MP_CAPABLE in the third ACK",
         CONFIDENCE_LIKELY},
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

/* Whoever has a connection's keys can take it over: reports are passed around, so none has them. */
static void no_report_shows_a_key(void **state)
{
    (void)state;
    static const char *const SHOWN[] = {"0102030405060708", "01 02 03 04", "01:02:03:04",
                                        "1112131415161718", "11 12 13 14", "11:12:13:14"};
    static int (*const VIEWS[])(const struct report *, FILE *) = {
        report_write_text, report_write_json, report_write_junit, report_write_tap};
    struct scene *s = scene_new();
    s->all_options = true;
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MP_CAPABLE_SYN);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MP_CAPABLE_SYNACK);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, MP_CAPABLE_ACK);
    pass(s, &syn);
    at_server_side(s, &synack);
    synack.options[3] ^= 0x80; /* changed on the way, the key left as it was */
    at_client_side(s, &synack);
    at_client_side(s, &ack);
    ack.options_length = 12; /* cut short, one key left */
    ack.options[1] = 12;
    at_server_side(s, &ack);
    const struct report *report = analyze_covered(s);
    assert_non_null(finding_of(report, VERDICT_OPTION_MODIFIED)); /* it had reason to show octets */
    for (size_t v = 0; v < G_N_ELEMENTS(VIEWS); v++) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_int_equal(VIEWS[v](report, out), 0);
        fclose(out);
        for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++)
            if (strstr(text, SHOWN[i]) != NULL)
                fail_msg("view %zu shows a key: %s", v, SHOWN[i]);
        free(text);
    }
    scene_free(s);
}

/* Whatever octets a peer sends under kind 30 are no signal of Multipath TCP by their kind alone. */
static void what_is_no_signal_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        size_t length;
    } SENT[] = {
        {"\x1e\x03\x20\x01", 4},                                  /* too short for any subtype */
        {"\x1e\x0c\x10\x00\xaa\xbb\xcc\xdd\x01\x02\x03\x04", 12}, /* a join, of no SYN */
        {"\x1e\x09\x20\x01", 4},                                  /* longer than the header */
        {"\x1e\x08\xf0\x00\x00\x00\x00\x00", 8},                  /* for private use */
    };
    struct scene *s = scene_with_handshake();
    for (size_t i = 0; i < G_N_ELEMENTS(SENT); i++) {
        struct built_segment p =
            make_options(s, CLIENT, TCP_ACK, 10, SENT[i].octets, SENT[i].length);
        pass(s, &p);
    }
    const struct report *report = analyze_covered(s);
    assert_no_finding(report, VERDICT_MPTCP_FALLBACK);
    assert_null(the_flow(report)->role);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fallback_names_who_lost_which_signal),
        cmocka_unit_test(subflows_of_one_connection_share_its_token),
        cmocka_unit_test(no_report_shows_a_key),
        cmocka_unit_test(what_is_no_signal_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
