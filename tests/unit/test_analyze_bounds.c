/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_bounds.c - what hostile or huge captures cost: connections that are over make room,
 * too many at a time are dropped and counted, runs of equal segments do not take long.
 */
#include "analyze/trail.h"
#include "tests/unit/analyze_scene.h"
#include "wire/hook.h"

static const struct report *analyze_within(struct scene *s, size_t connections_max, bool both)
{
    g_autoptr(GError) error = NULL;
    struct analyze_settings settings = {.file_a = capture_builder_finish(s->a),
                                        .file_b = both ? capture_builder_finish(s->b) : NULL,
                                        .options = s->options,
                                        .connections_max = connections_max};
    report_free(s->report);
    s->report = report_new();
    assert_int_equal(analyze_run(&settings, s->report, &error), 0);
    return s->report;
}

static void next_connection(struct scene *s, unsigned i)
{
    s->ends[CLIENT].port = s->ends_b[CLIENT].port = (uint16_t)(2000 + i);
    s->next[CLIENT] = 1000 * i + 1;
    s->next[SERVER] = 77777 * i + 1;
}

static void half_open_ones_are_dropped_and_counted(void **state)
{
    (void)state;
    enum { FLOOD = 2000, ROOM = 64 };
    for (unsigned both = 0; both < 2; both++) {
        struct scene *s = scene_new();
        covered_from_here(s);
        next_connection(s, FLOOD); /* one that matters, under way all the time */
        handshake(s);
        uint32_t client = s->next[CLIENT], server = s->next[SERVER];
        for (unsigned i = 0; i < FLOOD; i++) {
            next_connection(s, i);
            struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
            syn.time_ns = s->now -= 9 * MS;
            pass(s, &syn);
        }
        next_connection(s, FLOOD);
        s->next[CLIENT] = client;
        s->next[SERVER] = server;
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
        pass(s, &p);
        covered_to_here(s);
        const struct report *report = analyze_within(s, ROOM, both);
        assert_true(report->flows->len <= ROOM);
        assert_int_equal(report->flows->len + report->flows_dropped, FLOOD + 1);
        assert_int_equal(report->flows_dropped_half_open, report->flows_dropped);
        assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_non_null(row);
        assert_int_equal(row->sent, 1);
        if (both)
            assert_int_equal(row->verdict, VERDICT_OPTION_INTACT);
        assert_no_finding(report, VERDICT_SEGMENT_LOST);
        /* With room for all nothing is dropped, nor said of it. */
        report = analyze_within(s, 0, both);
        assert_int_equal(report->flows->len, FLOOD + 1);
        assert_int_equal(report->flows_dropped, 0);
        scene_free(s);
    }
}

/* One after the other: there is room for four at a time. */
static void connections_that_are_over_make_room(void **state)
{
    (void)state;
    enum { CONNECTIONS = 3000, ROOM = 1200 };
    for (unsigned both = 0; both < 2; both++) {
        struct scene *s = scene_new();
        covered_from_here(s);
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            next_connection(s, i);
            handshake(s);
            struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
            at_client_side(s, &p);
            if (i % 100 == 50)
                replace_options(&p, 0, NOPS, 4);
            at_server_side(s, &p);
            if (i % 100 == 70) { /* lost, which is kept to the end: then it is known to be so */
                struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, UTO);
                at_client_side(s, &ack);
            }
            for (unsigned end = 0; end < 2; end++) {
                struct built_segment fin = make(s, end, TCP_FIN | TCP_ACK, 0, "");
                pass(s, &fin);
            }
            s->now += 1000 * MS;
        }
        covered_to_here(s);
        const struct report *report = analyze_within(s, ROOM, both);
        assert_int_equal(report->flows_dropped, 0);
        assert_true(report->flows_unlisted > 0);
        assert_int_equal(report->overall, both ? OVERALL_INTERFERED : OVERALL_INCONCLUSIVE);
        assert_int_equal(report->flows->len + report->flows_unlisted, CONNECTIONS);
        unsigned intact = 0, removed = 0, lost = 0;
        for (unsigned i = 0; i < report->options->len; i++) {
            const struct report_option *row = g_ptr_array_index(report->options, i);
            const struct report_flow *flow = g_ptr_array_index(report->flows, row->flow - 1);
            g_autofree char *port = g_strdup(strrchr(flow->client, ':') + 1);
            bool harmed = (atoi(port) - 2000) % 100 == 50;
            assert_int_equal(flow->id, row->flow); /* its own number, wherever it was given */
            intact += row->counts[VERDICT_OPTION_INTACT] == 1;
            removed += row->counts[VERDICT_OPTION_REMOVED_NOP] == 1;
            lost += row->counts[VERDICT_SEGMENT_LOST] == 1;
            if (both)
                assert_int_equal(row->counts[VERDICT_OPTION_REMOVED_NOP], harmed);
        }
        if (both) { /* what happened is said of each, listed or not the others */
            assert_int_equal(removed, CONNECTIONS / 100);
            assert_int_equal(lost, CONNECTIONS / 100);
            assert_true(intact < CONNECTIONS - CONNECTIONS / 100);
        }
        /* In the order in which they began, whenever they went to the report. */
        for (unsigned i = 1; i < report->flows->len; i++) {
            const struct report_flow *one = g_ptr_array_index(report->flows, i - 1);
            const struct report_flow *next = g_ptr_array_index(report->flows, i);
            assert_int_equal(next->id, one->id + 1);
            assert_true(atoi(strrchr(one->client, ':') + 1) < atoi(strrchr(next->client, ':') + 1));
        }
        report = analyze_within(s, 0, both);
        assert_int_equal(report->flows->len, CONNECTIONS);
        assert_int_equal(report->flows_unlisted, 0);
        scene_free(s);
    }
}

/* A recording of hooks alone, of many more connections than there is room for. */
static void connections_of_hooks_alone_are_bounded_too(void **state)
{
    (void)state;
    enum { OTHERS = 400, ROOM = 16 };
    struct scene *s = scene_with_handshake();
    for (unsigned i = 0; i < OTHERS; i++) {
        struct hook_record rtt = {.time_ns = s->now += MS,
                                  .op = HOOK_RTT,
                                  .local = capture_endpoint("192.0.2.1", (uint16_t)(1000 + i)),
                                  .remote = s->ends[SERVER]};
        capture_builder_hook(s->a, &rtt);
    }
    struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
    pass(s, &p);
    covered_to_here(s);
    const struct report *report = analyze_within(s, ROOM, true);
    assert_true(report->flows_dropped > 0);
    assert_true(report->flows->len < OTHERS);
    assert_int_equal(report->flows->len + report->flows_dropped, OTHERS + 1);
    assert_int_equal(report->overall, OVERALL_INCONCLUSIVE);
    scene_free(s);
}

/* Each of them looks like all others, and none has a counterpart: this ends, and soon. */
static void a_run_of_equal_acks_costs_no_more_than_its_length(void **state)
{
    (void)state;
    enum { RUN = 150000 };
    for (unsigned numbered = 0; numbered < 2; numbered++) {
        struct scene *s = scene_with_handshake();
        struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, UTO);
        for (unsigned i = 0; i < RUN; i++) {
            ack.ip_id = numbered ? (uint16_t)(i + 1) : 0;
            ack.time_ns = s->now += MS / 100;
            at_client_side(s, &ack);
        }
        for (unsigned i = 0; i < 100; i++) {
            struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
            pass(s, &p);
        }
        const struct report *report = analyze_covered(s);
        const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
        assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 100);
        row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_ACK);
        assert_int_equal(row->sent, RUN);
        assert_int_equal(row->arrived, 0);
        assert_int_equal(row->counts[VERDICT_OPTION_INTACT], 0);
        scene_free(s);
    }
}

/* One segment after the other stands before all that wait: a place is not looked for for ever. */
static void segments_in_reverse_cost_no_more_than_their_number(void **state)
{
    (void)state;
    enum { RUN = 100000 };
    struct scene *s = scene_with_handshake();
    uint32_t first = s->next[CLIENT];
    for (unsigned i = RUN; i > 0; i--) {
        s->next[CLIENT] = first + i;
        struct built_segment p = make(s, CLIENT, TCP_ACK, 1, UTO);
        p.time_ns = s->now -= 9 * MS + 990 * MS / 1000;
        at_client_side(s, &p);
    }
    const struct report *report = analyze_covered(s);
    const struct report_option *row = row_of(report, "uto", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_int_equal(row->sent, RUN);
    /* What found no place is no loss for that. */
    assert_true(row->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS] > 0);
    assert_int_equal(
        row->counts[VERDICT_SEGMENT_LOST] + row->counts[VERDICT_INCONCLUSIVE_AMBIGUOUS], RUN);
    scene_free(s);
}

/* Everybody sends the same request, and B shows other connections than A. */
static void equal_requests_of_strangers_cost_no_more_than_their_number(void **state)
{
    (void)state;
    enum { STRANGERS = 20000 };
    struct scene *s = scene_new();
    covered_from_here(s);
    for (unsigned i = 0; i < STRANGERS; i++) {
        next_connection(s, i);
        s->ends[CLIENT] = s->ends_b[CLIENT] =
            capture_endpoint(i % 2 ? "192.0.2.1" : "192.0.2.2", (uint16_t)(2000 + i));
        struct built_segment p = make(s, CLIENT, TCP_ACK, 100, UTO);
        if (i % 2)
            at_client_side(s, &p);
        else
            at_server_side(s, &p);
    }
    const struct report *report = analyze_covered(s);
    assert_int_equal(report->flows->len, STRANGERS);
    assert_no_finding(report, VERDICT_PATH_NAT);
    scene_free(s);
}

/* Of many identifiers that nobody describes, each stripped by the path. */
static void options_without_end_are_told_apart_only_so_far(void **state)
{
    (void)state;
    enum { DIFFERENT = 3 * LISTED_MORE };
    uint64_t sent = 0, removed = 0, found = 0;
    struct scene *s = scene_with_handshake();
    for (unsigned i = 0; i < DIFFERENT; i++) {
        const char option[] = {(char)253, 4, (char)(0x80 + i / 256), (char)i};
        struct built_segment p = make_options(s, CLIENT, TCP_ACK, 10, option, sizeof(option));
        at_client_side(s, &p);
        replace_options(&p, 0, NOPS, sizeof(option));
        at_server_side(s, &p);
    }
    const struct report *report = analyze_covered(s);
    assert_true(report->options->len > LISTED_MORE);
    assert_true(report->options->len <= LISTED_AT_FIRST + LISTED_MORE + 1);
    assert_true(report->findings->len <= LISTED_AT_FIRST + LISTED_MORE + 1);
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        sent += row->sent;
        removed += row->counts[VERDICT_OPTION_REMOVED_NOP];
    }
    for (unsigned i = 0; i < report->findings->len; i++)
        found += ((struct report_finding *)g_ptr_array_index(report->findings, i))->count;
    /* None was forgotten: those that share a row are counted there. */
    assert_int_equal(sent, DIFFERENT);
    assert_int_equal(removed, DIFFERENT);
    assert_int_equal(found, DIFFERENT);
    const struct report_option *others = row_of(report, "others", DIRECTION_FORWARD, SEGMENT_DATA);
    assert_non_null(others);
    assert_true(others->sent >= DIFFERENT - LISTED_MORE - LISTED_AT_FIRST);
    scene_free(s);
}

static unsigned compared;

static gboolean count_and_compare(gconstpointer a, gconstpointer b)
{
    compared++;
    return trail_row_equal(a, b);
}

/* Each is found with a step or two, however many there are. */
static void rows_of_many_options_are_spread(void **state)
{
    (void)state;
    enum { OPTIONS = 4000, ROWS = OPTIONS * SEGMENT_CLASSES };
    g_autofree struct identity *options = g_new0(struct identity, OPTIONS);
    g_autofree struct row *rows = g_new0(struct row, ROWS);
    g_autoptr(GHashTable) table = g_hash_table_new(trail_row_hash, count_and_compare);
    struct connection *connection = g_new0(struct connection, 1);
    for (unsigned i = 0; i < ROWS; i++) {
        rows[i].connection = connection;
        rows[i].option = &options[i / SEGMENT_CLASSES];
        rows[i].segment = (uint8_t)(i % SEGMENT_CLASSES);
        g_hash_table_add(table, &rows[i]);
    }
    compared = 0;
    for (unsigned i = 0; i < ROWS; i++)
        assert_ptr_equal(g_hash_table_lookup(table, &rows[i]), &rows[i]);
    assert_true(compared < 2 * ROWS);
    g_free(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_open_ones_are_dropped_and_counted),
        cmocka_unit_test(connections_that_are_over_make_room),
        cmocka_unit_test(connections_of_hooks_alone_are_bounded_too),
        cmocka_unit_test(a_run_of_equal_acks_costs_no_more_than_its_length),
        cmocka_unit_test(segments_in_reverse_cost_no_more_than_their_number),
        cmocka_unit_test(equal_requests_of_strangers_cost_no_more_than_their_number),
        cmocka_unit_test(options_without_end_are_told_apart_only_so_far),
        cmocka_unit_test(rows_of_many_options_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
