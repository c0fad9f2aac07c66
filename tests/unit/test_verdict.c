/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verdict.c - the table of verdicts says what docs/verdicts.md and the JSON schema promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <json-glib/json-glib.h>
#include <string.h>

#include "analyze/verdict.h"

/* The vocabulary: what each needs and whether it makes the whole `interfered`. */
static const struct {
    const char *name;
    enum verdict_needs needs;
    bool interference;
} vocabulary[] = {
    {"option.intact", NEEDS_TWO, false},
    {"option.removed.nop", NEEDS_TWO, true},
    {"option.removed.shortened", NEEDS_TWO, true},
    {"option.modified", NEEDS_TWO, true},
    {"option.added", NEEDS_TWO, true},
    {"option.reordered", NEEDS_TWO, true},
    {"option.mirrored", NEEDS_ONE, true},
    {"option.unanswered", NEEDS_ONE, false},
    {"option.misplaced", NEEDS_ONE, false},
    {"option.malformed", NEEDS_ONE, false},
    {"segment.lost", NEEDS_TWO, false},
    {"segment.duplicated", NEEDS_TWO, false},
    {"segment.reordered", NEEDS_TWO, false},
    {"segment.split", NEEDS_TWO, false},
    {"segment.coalesced", NEEDS_TWO, false},
    {"segment.payload-modified", NEEDS_TWO, true},
    {"syn.blocked", NEEDS_TWO, true},
    {"path.nat", NEEDS_TWO, false},
    {"path.sequence-rewritten", NEEDS_TWO, true},
    {"path.timestamps-rewritten", NEEDS_TWO, true},
    {"path.proxy", NEEDS_TWO, true},
    {"path.rst-injected", NEEDS_TWO, true},
    {"mptcp.fallback", NEEDS_ONE, true},
    {"hook.written", NEEDS_HOOKS_NEAR, false},
    {"hook.reserved-not-written", NEEDS_HOOKS, false},
    {"hook.no-space", NEEDS_HOOKS, false},
    {"hook.refused", NEEDS_HOOKS, false},
    {"hook.not-on-wire", NEEDS_HOOKS_NEAR, false},
    {"hook.not-parsed", NEEDS_HOOKS_FAR, false},
    {"hook.action-failed", NEEDS_HOOKS, false},
    {"hook.applied", NEEDS_HOOKS, false},
    {"inconclusive.capture-loss", NEEDS_NOTHING, false},
    {"inconclusive.events-lost", NEEDS_NOTHING, false},
    {"inconclusive.snaplen", NEEDS_NOTHING, false},
    {"inconclusive.not-covered", NEEDS_NOTHING, false},
    {"inconclusive.ambiguous", NEEDS_NOTHING, false},
};

static void every_verdict_has_its_row(void **state)
{
    (void)state;
    assert_int_equal(G_N_ELEMENTS(vocabulary), VERDICTS - 1);
    for (size_t i = 0; i < G_N_ELEMENTS(vocabulary); i++) {
        enum verdict verdict = verdict_from_name(vocabulary[i].name);
        assert_int_not_equal(verdict, VERDICT_NONE);
        assert_string_equal(verdict_name(verdict), vocabulary[i].name);
        assert_int_equal(verdict_needs(verdict), vocabulary[i].needs);
        assert_true(verdict_is_interference(verdict) == vocabulary[i].interference);
        assert_true(verdict_is_inconclusive(verdict) ==
                    g_str_has_prefix(vocabulary[i].name, "inconclusive."));
    }
}

static void every_verdict_has_words_for_people(void **state)
{
    (void)state;
    for (int i = VERDICT_NONE + 1; i < VERDICTS; i++) {
        enum verdict verdict = (enum verdict)i;
        assert_in_range(strlen(verdict_short(verdict)), 3, 24);
        assert_int_not_equal(strlen(verdict_phrase(verdict)), 0);
        assert_int_not_equal(strlen(verdict_outcome(verdict)), 0);
        assert_non_null(verdict_where(verdict));
        /* What is wrong must come with what to do. */
        if (verdict_weight(verdict) >= WEIGHT_FAULT && i != VERDICT_OPTION_ADDED &&
            i != VERDICT_PATH_TIMESTAMPS_REWRITTEN)
            assert_int_not_equal(strlen(verdict_advice(verdict)), 0);
    }
}

static void a_name_selects_itself_alone(void **state)
{
    (void)state;
    for (int i = VERDICT_NONE + 1; i < VERDICTS; i++) {
        for (int j = VERDICT_NONE; j < VERDICTS; j++)
            assert_true(verdict_selects(verdict_name((enum verdict)i), (enum verdict)j) ==
                        (i == j));
    }
}

static void a_dotted_prefix_selects_its_family(void **state)
{
    (void)state;
    assert_true(verdict_selects("option.removed", VERDICT_OPTION_REMOVED_NOP));
    assert_true(verdict_selects("option.removed", VERDICT_OPTION_REMOVED_SHORTENED));
    assert_false(verdict_selects("option.removed", VERDICT_OPTION_MODIFIED));
    assert_true(verdict_selects("option", VERDICT_OPTION_MALFORMED));
    assert_false(verdict_selects("option", VERDICT_SEGMENT_LOST));
    assert_true(verdict_selects("inconclusive", VERDICT_INCONCLUSIVE_SNAPLEN));
    for (const char *const *family = (const char *const[]){"option", "segment", "syn", "path",
                                                           "mptcp", "hook", "inconclusive", NULL};
         *family != NULL; family++)
        assert_true(verdict_selects_any(*family));
}

static void half_a_word_selects_nothing(void **state)
{
    (void)state;
    const char *const wrong[] = {"",        "opt",     "option.",        "option.remove",
                                 "removed", "hook.no", "option.intact.", "none",
                                 "OPTION"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        assert_false(verdict_selects_any(wrong[i]));
        assert_int_equal(verdict_from_name(wrong[i]), VERDICT_NONE);
    }
}

static void ranks_are_a_total_order(void **state)
{
    (void)state;
    for (int i = 0; i < VERDICTS; i++) {
        for (int j = 0; j < i; j++)
            assert_int_not_equal(verdict_rank((enum verdict)i), verdict_rank((enum verdict)j));
    }
}

/* A row shows the worst, and what is inconclusive only when nothing conclusive occurred. */
static void ranks_put_the_right_verdict_into_a_row(void **state)
{
    (void)state;
    for (int i = VERDICT_NONE + 1; i < VERDICTS; i++) {
        enum verdict verdict = (enum verdict)i;
        assert_true(verdict_rank(verdict) > verdict_rank(VERDICT_NONE));
        if (verdict_is_inconclusive(verdict)) {
            /* A lost segment is no verdict on its option. */
            assert_true(verdict_rank(verdict) > verdict_rank(VERDICT_SEGMENT_LOST));
            assert_true(verdict_rank(verdict) < verdict_rank(VERDICT_OPTION_INTACT));
            assert_true(verdict_rank(verdict) < verdict_rank(VERDICT_HOOK_WRITTEN));
        }
        if (verdict_is_interference(verdict)) {
            for (int j = VERDICT_NONE; j < VERDICTS; j++) {
                if (!verdict_is_interference((enum verdict)j))
                    assert_true(verdict_rank(verdict) > verdict_rank((enum verdict)j));
            }
        }
        if (verdict_weight(verdict) == WEIGHT_FAULT)
            assert_true(verdict_rank(verdict) > verdict_rank(VERDICT_OPTION_INTACT));
    }
    /* With hooks at both ends a delivered option is intact, not merely written. */
    assert_true(verdict_rank(VERDICT_OPTION_INTACT) > verdict_rank(VERDICT_HOOK_APPLIED));
    assert_true(verdict_rank(VERDICT_HOOK_APPLIED) > verdict_rank(VERDICT_HOOK_WRITTEN));
}

static void confidences_have_names(void **state)
{
    (void)state;
    assert_string_equal(confidence_name(CONFIDENCE_CERTAIN), "certain");
    assert_string_equal(confidence_name(CONFIDENCE_LIKELY), "likely");
    assert_string_equal(confidence_name(CONFIDENCE_INCONCLUSIVE), "inconclusive");
}

static void the_json_schema_knows_the_same_verdicts(void **state)
{
    (void)state;
    g_autoptr(JsonParser) parser = json_parser_new();
    assert_true(json_parser_load_from_file(parser, "../docs/report.schema.json", NULL));
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonObject *definition =
        json_object_get_object_member(json_object_get_object_member(root, "$defs"), "verdict");
    JsonArray *names = json_object_get_array_member(definition, "enum");
    assert_int_equal(json_array_get_length(names), VERDICTS - 1);
    for (guint i = 0; i < json_array_get_length(names); i++)
        assert_int_not_equal(verdict_from_name(json_array_get_string_element(names, i)),
                             VERDICT_NONE);
}

static void the_manual_explains_every_verdict(void **state)
{
    (void)state;
    g_autofree char *manual = NULL;
    assert_true(g_file_get_contents("../docs/verdicts.md", &manual, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(vocabulary); i++) {
        g_autofree char *heading = g_strdup_printf("\n### `%s`\n", vocabulary[i].name);
        if (strstr(manual, heading) == NULL)
            fail_msg("docs/verdicts.md has no section on %s", vocabulary[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_has_its_row),
        cmocka_unit_test(every_verdict_has_words_for_people),
        cmocka_unit_test(a_name_selects_itself_alone),
        cmocka_unit_test(a_dotted_prefix_selects_its_family),
        cmocka_unit_test(half_a_word_selects_nothing),
        cmocka_unit_test(ranks_are_a_total_order),
        cmocka_unit_test(ranks_put_the_right_verdict_into_a_row),
        cmocka_unit_test(confidences_have_names),
        cmocka_unit_test(the_json_schema_knows_the_same_verdicts),
        cmocka_unit_test(the_manual_explains_every_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
