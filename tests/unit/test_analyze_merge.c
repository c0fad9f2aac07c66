/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_merge.c - two connections turn out to be one: what was said of either is said of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/evidence.h"
#include "analyze/join_hooks.h"
#include "analyze/pair.h"
#include "analyze/trail.h"

struct halves { /* one connection as A sees it, and what will prove to be the same at B */
    struct analysis analysis;
    struct analyze_settings settings;
    struct connection a, b;
    struct side side_a, side_b;
    struct joining joining_a, joining_b;
    struct lane lanes_a[VANTAGES][DIRECTIONS], lanes_b[VANTAGES][DIRECTIONS];
    struct hook_state hooks_a, hooks_b;
    struct option_set *options;
    const struct identity *option;
};

static int set_up(void **state)
{
    struct halves *h = g_new0(struct halves, 1);
    h->analysis.settings = &h->settings;
    h->analysis.n_vantages = 2;
    h->options = option_set_new();
    h->analysis.identities = identities_new(h->options);
    h->analysis.rows_more = g_hash_table_new(trail_row_hash, trail_row_equal);
    h->analysis.evidence_more = g_hash_table_new(evidence_hash, evidence_equal);
    slab_init(&h->analysis.rows, sizeof(struct row));
    slab_init(&h->analysis.evidence, sizeof(struct evidence));
    h->option = identify(h->analysis.identities, (const uint8_t[]){76, 4, 1, 2}, 4);
    h->a.joining = &h->joining_a;
    h->b.joining = &h->joining_b;
    h->joining_a.lanes = h->lanes_a;
    h->joining_b.lanes = h->lanes_b;
    h->a.sides[VANTAGE_A] = &h->side_a;
    h->b.sides[VANTAGE_B] = &h->side_b;
    h->side_a.vantage = VANTAGE_A;
    h->side_b.vantage = VANTAGE_B;
    h->side_a.connection = &h->a;
    h->side_b.connection = &h->b;
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct halves *h = *state;
    trail_clear(&h->analysis, &h->a);
    evidence_clear(&h->analysis, &h->a);
    assert_int_equal(h->analysis.rows.in_use, 0);
    assert_int_equal(h->analysis.evidence.in_use, 0);
    assert_int_equal(g_hash_table_size(h->analysis.rows_more), 0);
    assert_int_equal(g_hash_table_size(h->analysis.evidence_more), 0);
    slab_clear(&h->analysis.rows);
    slab_clear(&h->analysis.evidence);
    g_hash_table_destroy(h->analysis.rows_more);
    g_hash_table_destroy(h->analysis.evidence_more);
    identities_free(h->analysis.identities);
    option_set_free(h->options);
    g_free(h);
    return 0;
}

static struct row *row_at(struct halves *h, struct connection *connection, unsigned direction)
{
    return trail_row(&h->analysis, connection, h->option, direction, SEGMENT_ACK);
}

static void counts_add_up(void **state)
{
    struct halves *h = *state;
    struct row *a = row_at(h, &h->a, FROM_CLIENT), *b = row_at(h, &h->b, FROM_CLIENT);
    a->seen[VANTAGE_A] = 5;
    a->reserved = a->written = 4;
    a->likely = 1ull << VERDICT_HOOK_WRITTEN;
    b->seen[VANTAGE_B] = 3;
    b->contained = b->loaded = b->applied = 2;
    b->reserved_seen = b->cut = 1;
    trail_count(a, VERDICT_HOOK_WRITTEN, CONFIDENCE_LIKELY);
    trail_count(b, VERDICT_HOOK_APPLIED, CONFIDENCE_CERTAIN);
    trail_count(b, VERDICT_HOOK_APPLIED, CONFIDENCE_CERTAIN);
    row_at(h, &h->b, FROM_SERVER)->seen[VANTAGE_B] = 7;
    connection_merge(&h->analysis, &h->a, &h->b);
    assert_null(h->b.rows);
    assert_ptr_equal(row_at(h, &h->a, FROM_CLIENT), a);
    assert_int_equal(a->seen[VANTAGE_A], 5);
    assert_int_equal(a->seen[VANTAGE_B], 3);
    assert_int_equal(a->reserved, 4);
    assert_int_equal(a->written, 4);
    assert_int_equal(a->contained, 2);
    assert_int_equal(a->loaded, 2);
    assert_int_equal(a->applied, 2);
    assert_int_equal(a->reserved_seen, 1);
    assert_int_equal(a->cut, 1);
    assert_true(a->shown);
    assert_int_equal(a->counts[VERDICT_HOOK_WRITTEN], 1);
    assert_int_equal(a->counts[VERDICT_HOOK_APPLIED], 2);
    assert_true(a->likely == 1ull << VERDICT_HOOK_WRITTEN);
    assert_int_equal(row_at(h, &h->a, FROM_SERVER)->seen[VANTAGE_B], 7);
}

static struct evidence *find_out(struct halves *h, struct connection *connection, unsigned verdict,
                                 int segment)
{
    struct sighting sighting = {.verdict = verdict,
                                .confidence = CONFIDENCE_CERTAIN,
                                .option = h->option,
                                .segment = segment,
                                .absent_at = VANTAGES};
    return evidence_add(&h->analysis, connection, &sighting);
}

/* More than are walked along, so that those found by hash go over too. */
static void findings_go_over_and_are_found_again(void **state)
{
    struct halves *h = *state;
    unsigned made = 0, left = 0;
    for (unsigned v = VERDICT_OPTION_INTACT; v <= VERDICT_OPTION_MALFORMED; v++)
        for (int segment = -1; segment < SEGMENT_CLASSES; segment++, made++)
            (void)find_out(h, &h->b, v, segment);
    assert_true(made > 2 * LISTED_AT_FIRST);
    connection_merge(&h->analysis, &h->a, &h->b);
    assert_null(h->b.evidence);
    for (unsigned v = VERDICT_OPTION_INTACT; v <= VERDICT_OPTION_MALFORMED; v++)
        for (int segment = -1; segment < SEGMENT_CLASSES; segment++)
            assert_int_equal(find_out(h, &h->a, v, segment)->count, 2);
    for (struct evidence *e = h->a.evidence; e; e = e->next, left++)
        assert_ptr_equal(e->connection, &h->a);
    assert_int_equal(left, made);
}

static void the_hooks_of_each_end_stay_its_own(void **state)
{
    struct halves *h = *state;
    struct segment waiting = {.connection = &h->b}, gone = {.connection = &h->b};
    h->a.hooks = &h->hooks_a;
    h->b.hooks = &h->hooks_b;
    h->hooks_a.ends[VANTAGE_A][FROM_CLIENT].present = true;
    h->hooks_b.ends[VANTAGE_B][FROM_SERVER].present = true;
    h->hooks_b.arrived[VANTAGE_B].first = h->hooks_b.arrived[VANTAGE_B].last = &waiting;
    h->hooks_b.left[VANTAGE_B].first = h->hooks_b.left[VANTAGE_B].last = &gone;
    h->hooks_b.token = 0x1234;
    connection_merge(&h->analysis, &h->a, &h->b);
    assert_ptr_equal(h->a.hooks, &h->hooks_a);
    assert_null(h->b.hooks);
    assert_true(join_hooks_at(&h->a, VANTAGE_A, FROM_CLIENT));
    assert_true(join_hooks_at(&h->a, VANTAGE_B, FROM_SERVER));
    assert_false(join_hooks_at(&h->a, VANTAGE_B, FROM_CLIENT));
    assert_ptr_equal(h->hooks_a.arrived[VANTAGE_B].first, &waiting);
    assert_ptr_equal(waiting.connection, &h->a);
    assert_ptr_equal(gone.connection, &h->a);
    assert_int_equal(h->hooks_a.token, 0x1234);
}

static void the_smaller_segment_size_and_the_better_known_roles_hold(void **state)
{
    struct halves *h = *state;
    h->a.mss[FROM_CLIENT] = 1460;
    h->b.mss[FROM_CLIENT] = 1400;
    h->b.mss[FROM_SERVER] = 1300;
    h->b.roles = ROLES_HANDSHAKE;
    h->b.swapped = true;
    connection_merge(&h->analysis, &h->a, &h->b);
    assert_int_equal(h->a.mss[FROM_CLIENT], 1400);
    assert_int_equal(h->a.mss[FROM_SERVER], 1300);
    assert_int_equal(h->a.roles, ROLES_HANDSHAKE);
    assert_true(h->a.swapped);
    assert_true(h->b.merged);
    assert_ptr_equal(h->side_b.connection, &h->a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(findings_go_over_and_are_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_hooks_of_each_end_stay_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_smaller_segment_size_and_the_better_known_roles_hold,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
