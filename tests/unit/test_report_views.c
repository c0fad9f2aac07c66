/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report_views.c - the views of hand-filled reports. The text of each stands in
 * golden/reports/NAME.txt; with OPTRAIL_UPDATE_GOLDEN=1 in the environment it is written anew.
 * `test_report_views NAME json|text` prints one of them, for the test of the JSON schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <json-glib/json-glib.h>
#include <locale.h>
#include <stdlib.h>

#include "tests/tools/sample_reports.h"

typedef int (*view)(const struct report *report, FILE *out);

static char *render(const struct report *report, view write)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(write(report, out), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static struct report *sample(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        if (strcmp(samples[i].name, name) == 0)
            return samples[i].make();
    }
    return NULL;
}

static void text_is_as_it_was_approved(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(report_t) report = samples[i].make();
        char *text = render(report, report_write_text);
        g_autofree char *file = g_strdup_printf("golden/reports/%s.txt", samples[i].name);
        if (getenv("OPTRAIL_UPDATE_GOLDEN") != NULL)
            g_file_set_contents(file, text, -1, NULL);
        g_autofree char *golden = NULL;
        assert_true(g_file_get_contents(file, &golden, NULL, NULL));
        assert_string_equal(text, golden);
        free(text);
    }
}

static void text_fits_a_hundred_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(report_t) report = samples[i].make();
        char *text = render(report, report_write_text);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line != NULL; line++) {
            /* Commands are to be copied whole. */
            if (!g_str_has_prefix(*line, "  tshark") && !g_str_has_prefix(*line, "  optrail") &&
                g_utf8_strlen(*line, -1) > 100)
                fail_msg("%s: %s", samples[i].name, *line);
        }
        free(text);
    }
}

static void text_obeys_nobody(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_odd();
    char *text = render(report, report_write_text);
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void text_is_ascii_where_the_locale_is(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C");
    g_autoptr(report_t) report = sample_stripped();
    char *text = render(report, report_write_text);
    setlocale(LC_ALL, "C.UTF-8");
    assert_true(g_str_is_ascii(text));
    assert_non_null(strstr(text, "client > server"));
    free(text);
}

static void text_is_as_long_for_many_connections_as_for_few(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_many();
    char *text = render(report, report_write_text);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_in_range(g_strv_length(lines), 20, 70);
    assert_non_null(strstr(text, "in 40 of 200"));
    free(text);
}

static void text_answers_what_people_ask(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_stripped();
    char *text = render(report, report_write_text);
    assert_non_null(strstr(text, "INTERFERED"));
    assert_non_null(strstr(text, "cc, client \u2192 server: NOT delivered"));
    assert_non_null(strstr(text, "on the path between A and B"));
    assert_non_null(strstr(text, "certain"));
    assert_non_null(strstr(text, "uto, client \u2192 server: delivered"));
    assert_non_null(strstr(text, "frame in A: 9; frame in B: 8\n"));
    assert_non_null(strstr(text, "before that: written and sent (certain), hook record in A: 8\n"));
    assert_non_null(strstr(text, "tshark -r strip-nop-client.pcapng -Y 'frame.number in {8,9}'"));
    assert_non_null(strstr(text, "tshark -r strip-nop-server.pcapng -Y 'frame.number in {8}'"));
    free(text);
}

/* --- JSON --------------------------------------------------------------------------------- */

static JsonObject *parse(JsonParser *parser, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (!json_parser_load_from_data(parser, text, -1, &error))
        fail_msg("%s", error->message);
    return json_node_get_object(json_parser_get_root(parser));
}

static void json_is_deterministic(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(report_t) one = samples[i].make();
        g_autoptr(report_t) other = samples[i].make();
        char *first = render(one, report_write_json);
        char *second = render(other, report_write_json);
        assert_string_equal(first, second);
        free(first);
        free(second);
    }
}

static void json_says_null_for_what_could_not_be_observed(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_one_capture();
    char *text = render(report, report_write_json);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *root = parse(parser, text);
    JsonObject *row =
        json_array_get_object_element(json_object_get_array_member(root, "options"), 0);
    assert_string_equal(json_object_get_string_member(row, "option"), "cc");
    assert_int_equal(json_object_get_int_member(row, "sent"), 1);
    assert_true(json_object_has_member(row, "arrived"));
    assert_true(json_object_get_null_member(row, "arrived"));
    JsonObject *input =
        json_array_get_object_element(json_object_get_array_member(root, "inputs"), 0);
    assert_true(json_object_get_null_member(input, "lost_packets"));
    assert_int_equal(json_object_get_int_member(input, "lost_events"), 3);
    assert_true(json_object_get_null_member(root, "clock"));
    JsonObject *flow =
        json_array_get_object_element(json_object_get_array_member(root, "flows"), 0);
    assert_true(json_object_get_null_member(flow, "client_b"));
    assert_true(json_object_get_null_member(flow, "sequence_delta"));
    free(text);
}

static void json_times_keep_their_nanoseconds(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_clean();
    char *text = render(report, report_write_json);
    assert_non_null(strstr(text, "\"1700000000.000000007\""));
    assert_non_null(strstr(text, "\"1700000001.250999999\""));
    free(text);
}

static void json_counts_what_occurred_and_nothing_else(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_clean();
    char *text = render(report, report_write_json);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *rows = json_object_get_array_member(parse(parser, text), "options");
    JsonObject *counts = json_object_get_object_member(
        json_array_get_object_element(rows, json_array_get_length(rows) - 1), "counts");
    assert_int_equal(json_object_get_size(counts), 2);
    assert_int_equal(json_object_get_int_member(counts, "option.intact"), 1);
    assert_int_equal(json_object_get_int_member(counts, "segment.lost"), 1);
    free(text);
}

static void json_events_name_their_file(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_stripped();
    char *text = render(report, report_write_json);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *findings = json_object_get_array_member(parse(parser, text), "findings");
    JsonArray *events =
        json_object_get_array_member(json_array_get_object_element(findings, 1), "events");
    JsonObject *event = json_array_get_object_element(events, 0);
    assert_string_equal(json_object_get_string_member(event, "vantage"), "a");
    assert_int_equal(json_object_get_int_member(event, "frame"), 8);
    free(text);
}

static void json_is_valid_utf8_whatever_a_capture_held(void **state)
{
    (void)state;
    g_autoptr(report_t) report = sample_odd();
    char *text = render(report, report_write_json);
    assert_true(g_utf8_validate(text, -1, NULL));
    g_autoptr(JsonParser) parser = json_parser_new();
    parse(parser, text);
    free(text);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "C.UTF-8");
    if (argc == 3) {
        g_autoptr(report_t) report = sample(argv[1]);
        if (report == NULL)
            return EXIT_FAILURE;
        return (strcmp(argv[2], "json") == 0 ? report_write_json : report_write_text)(report,
                                                                                      stdout) != 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_as_it_was_approved),
        cmocka_unit_test(text_fits_a_hundred_columns),
        cmocka_unit_test(text_obeys_nobody),
        cmocka_unit_test(text_is_ascii_where_the_locale_is),
        cmocka_unit_test(text_is_as_long_for_many_connections_as_for_few),
        cmocka_unit_test(text_answers_what_people_ask),
        cmocka_unit_test(json_is_deterministic),
        cmocka_unit_test(json_says_null_for_what_could_not_be_observed),
        cmocka_unit_test(json_times_keep_their_nanoseconds),
        cmocka_unit_test(json_counts_what_occurred_and_nothing_else),
        cmocka_unit_test(json_events_name_their_file),
        cmocka_unit_test(json_is_valid_utf8_whatever_a_capture_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
