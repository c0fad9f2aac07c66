/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_inputs.c - captures that cannot be read, or not whole: that nothing was found in them
 * is no good news, the report says why, and no assertion may hold on that ground. And what a
 * recording tells of the kernel's MPTCP.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "analyze/assert.h"
#include "tests/unit/analyze_scene.h"
#include "wire/packet.h"
#include "wire/pcapng_write.h"

static enum assertion_result result_of(const struct report *report, const char *expression)
{
    struct report *asked = (struct report *)report;
    struct assertion *assertion = assertion_parse(expression, NULL);
    assert_non_null(assertion);
    assertion_check(assertion, asked);
    assertion_free(assertion);
    const struct report_assertion *result =
        g_ptr_array_index(report->assertions, report->assertions->len - 1);
    assert_true(result->result == ASSERTION_HOLDS || result->reason != NULL);
    return result->result;
}

/* The finding about a capture as such; it must say so in its words. */
static const struct report_finding *about_a_capture(const struct report *report,
                                                    enum verdict verdict, const char *words)
{
    const struct report_finding *finding = finding_of(report, verdict);
    assert_non_null(finding);
    assert_int_equal(finding->flow, 0);
    assert_int_equal(finding->confidence, CONFIDENCE_INCONCLUSIVE);
    if (strstr(finding->explain, words) == NULL)
        fail_msg("'%s' does not say '%s'", finding->explain, words);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    return finding;
}

/* A file with `n` packets of a link type that nobody reads. */
static char *foreign_file(unsigned n)
{
    char *path = NULL;
    int fd = g_file_open_tmp("optrail-test-XXXXXX.pcapng", &path, NULL);
    assert_true(fd >= 0);
    struct pcapng_writer *writer = pcapng_writer_new(fd, "test", NULL);
    struct pcapng_interface usb = {.linktype = 189, .name = "usb0"};
    int interface = pcapng_add_interface(writer, &usb);
    for (unsigned i = 0; i < n; i++) {
        struct pcapng_packet packet = {.interface = (uint32_t)interface,
                                       .time_ns = 1700000000ull * 1000 * MS + i,
                                       .length = 5,
                                       .captured = 5,
                                       .data = (const uint8_t *)"hello"};
        assert_int_equal(pcapng_write_packet(writer, &packet), 0);
    }
    assert_int_equal(pcapng_writer_free(writer), 0);
    close(fd);
    return path;
}

static void an_unknown_link_type_is_named(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    g_autofree char *file = foreign_file(3);
    const struct report *report = analyze_files(s, file, NULL);
    const struct report_finding *finding =
        about_a_capture(report, VERDICT_INCONCLUSIVE_NOT_COVERED, "link type 189");
    assert_int_equal(finding->count, 3);
    assert_int_equal(result_of(report, "none option.removed"), ASSERTION_INCONCLUSIVE);
    assert_int_equal(result_of(report, "none path.proxy"), ASSERTION_INCONCLUSIVE);
    assert_int_equal(result_of(report, "none segment.lost"), ASSERTION_INCONCLUSIVE);
    assert_int_equal(result_of(report, "none inconclusive"), ASSERTION_FAILS);
    assert_int_equal(result_of(report, "option=cc"), ASSERTION_FAILS); /* no row matches */
    g_unlink(file);
    scene_free(s);
}

static void one_capture_of_two_that_cannot_be_read_is_enough(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    covered_to_here(s);
    g_autofree char *file = foreign_file(3);
    const struct report *report = analyze_files(s, capture_builder_finish(s->a), file);
    about_a_capture(report, VERDICT_INCONCLUSIVE_NOT_COVERED, "capture B");
    assert_int_equal(result_of(report, "none path"), ASSERTION_INCONCLUSIVE);
    g_unlink(file);
    scene_free(s);
}

static void a_readable_capture_says_nothing_of_the_kind(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    const struct report *report = analyze_covered(s);
    for (unsigned i = 0; i < report->findings->len; i++)
        assert_int_not_equal(
            ((const struct report_finding *)g_ptr_array_index(report->findings, i))->flow, 0);
    assert_int_equal(report->overall, OVERALL_INTACT);
    assert_int_equal(result_of(report, "none option.removed"), ASSERTION_HOLDS);
    scene_free(s);
}

static void why_nothing_was_read_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    g_autofree char *file = foreign_file(0);
    about_a_capture(analyze_files(s, file, NULL), VERDICT_INCONCLUSIVE_NOT_COVERED,
                    "it holds no packet");
    g_unlink(file);
    about_a_capture(analyze_a(s), VERDICT_INCONCLUSIVE_NOT_COVERED,
                    "none of its packets is a TCP segment");
    scene_free(s);
}

static void a_filter_that_leaves_all_out_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct analyze_settings settings = {
        .file_a = capture_builder_finish(s->a), .options = s->options, .filter = "tcp port 9999"};
    s->report = report_new();
    assert_int_equal(analyze_run(&settings, s->report, NULL), 0);
    about_a_capture(s->report, VERDICT_INCONCLUSIVE_NOT_COVERED, "the filter (-f)");
    scene_free(s);
}

static void hooks_without_packets_tell_nothing_of_the_path(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("optrail-test-XXXXXX.pcapng", &path, NULL);
    struct pcapng_writer *writer = pcapng_writer_new(fd, "test", NULL);
    struct pcapng_interface hooks = {.linktype = LINKTYPE_WIRESHARK_UPPER_PDU,
                                     .name = HOOK_INTERFACE};
    int interface = pcapng_add_interface(writer, &hooks);
    struct hook_record record = {.op = HOOK_RTT,
                                 .id = 1,
                                 .time_ns = s->now,
                                 .local = s->ends[CLIENT],
                                 .remote = s->ends[SERVER]};
    uint8_t octets[HOOK_ENCODED_MAX];
    uint32_t length = (uint32_t)hook_encode(&record, octets);
    struct pcapng_packet packet = {.interface = (uint32_t)interface,
                                   .time_ns = s->now,
                                   .length = length,
                                   .captured = length,
                                   .data = octets};
    assert_int_equal(pcapng_write_packet(writer, &packet), 0);
    assert_int_equal(pcapng_writer_free(writer), 0);
    close(fd);
    about_a_capture(analyze_files(s, path, NULL), VERDICT_INCONCLUSIVE_NOT_COVERED,
                    "hook records, but no packet");
    g_unlink(path);
    scene_free(s);
}

/* 50 octets: the IP header and the TCP header with ten octets of options. */
static void pass_cut(struct scene *s, bool at_a, bool at_b)
{
    struct built_segment p = make(s, CLIENT, TCP_ACK | TCP_PSH, 10, MSS MSS MSS CC);
    struct built_segment cut = p;
    cut.snaplen = 50;
    at_client_side(s, at_a ? &cut : &p);
    at_server_side(s, at_b ? &cut : &p);
}

static void headers_that_both_captures_cut_are_told(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    pass_cut(s, true, true);
    const struct report *report = analyze_covered(s);
    const struct report_finding *finding =
        about_a_capture(report, VERDICT_INCONCLUSIVE_SNAPLEN, "cut after 50 octets");
    assert_int_equal(finding->count, 1);
    assert_int_equal(result_of(report, "none option.removed"), ASSERTION_INCONCLUSIVE);
    assert_int_equal(result_of(report, "none mptcp.fallback"), ASSERTION_INCONCLUSIVE);
    assert_int_equal(result_of(report, "none path.nat"), ASSERTION_HOLDS);
    assert_int_equal(result_of(report, "none segment.lost"), ASSERTION_HOLDS);
    scene_free(s);
}

static void headers_that_one_capture_shows_whole_are_judged_one_by_one(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    pass_cut(s, false, true);
    const struct report *report = analyze_covered(s);
    const struct report_finding *finding = finding_of(report, VERDICT_INCONCLUSIVE_SNAPLEN);
    assert_non_null(finding);
    assert_int_not_equal(finding->flow, 0);
    const struct report_option *row = row_of(report, "cc", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, 1);
    assert_int_equal(row->arrived, COUNT_UNKNOWN); /* nobody can tell: it is no zero */
    scene_free(s);
}

static void one_capture_that_cuts_headers_is_told(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    pass_cut(s, true, true);
    covered_to_here(s);
    about_a_capture(analyze_a(s), VERDICT_INCONCLUSIVE_SNAPLEN, "1 TCP header of capture A");
    scene_free(s);
}

static void payload_that_is_cut_is_no_matter(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct built_segment p = data(s, CLIENT, 1000);
    p.snaplen = 60;
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_null(finding_of(report, VERDICT_INCONCLUSIVE_SNAPLEN));
    assert_int_equal(report->overall, OVERALL_INTACT);
    scene_free(s);
}

/* --- what MPTCP did --------------------------------------------------------------------------- */

static void events_of_mptcp_are_told_with_their_flow(void **state)
{
    (void)state;
    struct scene *s = scene_with_handshake();
    struct hook_mptcp established = {.event = 10,
                                     .time_ns = s->now,
                                     .token = 0xdecaf,
                                     .local = s->ends[SERVER],
                                     .remote = s->ends[CLIENT],
                                     .remote_id = 3};
    struct hook_mptcp closed = {.event = 11,
                                .time_ns = s->now,
                                .token = 0xdecaf,
                                .flags = HOOK_MPTCP_LOST,
                                .error = 104,
                                .local = s->ends[SERVER],
                                .remote = capture_endpoint("203.0.113.9", 9)};
    struct hook_record fallback = {.op = 64,
                                   .time_ns = s->now,
                                   .args = {64, 0xdecaf, 1, 2 | 5 << 8},
                                   .local = s->ends[CLIENT],
                                   .remote = s->ends[SERVER]};
    struct hook_record failed = fallback;
    failed.args[0] = 65;
    failed.args[3] = 12;
    capture_builder_mptcp(s->b, &established);
    capture_builder_mptcp(s->b, &closed);
    capture_builder_hook(s->a, &fallback);
    capture_builder_hook(s->a, &failed);
    const struct report *report = analyze_covered(s);
    unsigned seen = 0;
    assert_int_equal(report->mptcp_events->len, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct report_mptcp_event *event = g_ptr_array_index(report->mptcp_events, i);
        assert_int_equal(event->token, 0xdecaf);
        assert_true(event->frame > 0);
        if (strcmp(event->name, "subflow established") == 0) {
            assert_int_equal(event->vantage, 'b');
            assert_int_equal(event->flow, 1);
            assert_int_equal(event->remote_id, 3);
            assert_false(event->after_loss);
        } else if (strcmp(event->name, "subflow closed") == 0) {
            assert_int_equal(event->flow, 0); /* of a connection that nobody captured */
            assert_int_equal(event->error, 104);
            assert_true(event->after_loss);
        } else if (strcmp(event->name, "fell back to TCP") == 0) {
            assert_int_equal(event->vantage, 'a');
            assert_int_equal(event->flow, 1);
            assert_int_equal(event->local_id, 2);
            assert_int_equal(event->remote_id, 5);
            assert_int_equal(event->error, 0);
        } else {
            assert_string_equal(event->name, "request of a program failed");
            assert_int_equal(event->error, 12);
            assert_int_equal(event->local_id, 0);
        }
        seen++;
    }
    assert_int_equal(seen, 4);
    scene_free(s);
}

static void events_of_mptcp_beyond_a_bound_are_counted(void **state)
{
    (void)state;
    enum { KEPT = 4096, MORE = 10 };
    struct scene *s = scene_with_handshake();
    for (unsigned i = 0; i < KEPT + MORE; i++) {
        struct hook_mptcp event = {.time_ns = s->now + i, .event = 1, .token = i};
        capture_builder_mptcp(s->b, &event);
    }
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->mptcp_events->len, KEPT);
    assert_int_equal(report->mptcp_events_left_out, MORE);
    scene_free(s);
}

/* Losses in thousands of places: no place is forgotten, where no more are kept one claims less. */
static void losses_in_thousands_of_places_are_all_counted(void **state)
{
    (void)state;
    enum { PLACES = 5000 };
    struct scene *s = scene_with_handshake();
    for (unsigned i = 0; i < PLACES; i++) {
        pass_data(s, CLIENT, 10);
        capture_builder_clock(s->a, s->now + 1000, 1);
    }
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, CC);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->inputs[0].lost_events, PLACES);
    scene_free(s);
}

/* Other people's exported PDUs are packets; what calls itself a hook record and is none, is nothing. */
static void what_is_no_hook_record_is_none(void **state)
{
    (void)state;
    static const uint8_t SIP[] = "\0\x0c\0\3sip\0\0\0";
    static const uint8_t EMPTY[] = "\0\x0c\0\x10optrail.hook\0\0\0\0\0\0\0";
    struct scene *s = scene_with_handshake();
    uint64_t time_ns = s->now;
    struct built_segment p = make(s, CLIENT, TCP_ACK, 10, UTO);
    capture_builder_upper_pdu(s->a, time_ns, SIP, sizeof(SIP), 0);
    capture_builder_upper_pdu(s->a, time_ns, EMPTY, sizeof(EMPTY), 0);
    pass(s, &p);
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->inputs[0].hook_events, 0);
    assert_int_equal(report->inputs[0].packets, report->inputs[1].packets + 1);
    assert_int_equal(row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA)->verdict,
                     VERDICT_OPTION_INTACT);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_link_type_is_named),
        cmocka_unit_test(one_capture_of_two_that_cannot_be_read_is_enough),
        cmocka_unit_test(a_readable_capture_says_nothing_of_the_kind),
        cmocka_unit_test(why_nothing_was_read_is_told),
        cmocka_unit_test(a_filter_that_leaves_all_out_is_told),
        cmocka_unit_test(hooks_without_packets_tell_nothing_of_the_path),
        cmocka_unit_test(headers_that_both_captures_cut_are_told),
        cmocka_unit_test(headers_that_one_capture_shows_whole_are_judged_one_by_one),
        cmocka_unit_test(one_capture_that_cuts_headers_is_told),
        cmocka_unit_test(payload_that_is_cut_is_no_matter),
        cmocka_unit_test(events_of_mptcp_are_told_with_their_flow),
        cmocka_unit_test(events_of_mptcp_beyond_a_bound_are_counted),
        cmocka_unit_test(losses_in_thousands_of_places_are_all_counted),
        cmocka_unit_test(what_is_no_hook_record_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
