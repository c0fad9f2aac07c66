/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_analyze_parts.c - what the stages of the analyzer stand on: slabs, identities, clocks,
 * unwrapped sequence numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/clock.h"
#include "analyze/identify.h"
#include "analyze/slab.h"
#include "analyze/translate.h"

static void slabs_give_again_what_was_given_back(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab, 24);
    char *first = slab_take(&slab);
    memset(first, 0xff, 24);
    slab_give(&slab, first);
    char *again = slab_take(&slab);
    assert_ptr_equal(first, again);
    assert_int_equal(again[23], 0);
    for (unsigned i = 0; i < 10000; i++)
        memset(slab_take(&slab), 1, 24);
    assert_int_equal(slab.in_use, 10001);
    slab_clear(&slab);
    assert_int_equal(slab.in_use, 0);
}

static void one_name_is_one_identity(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    struct identities *identities = identities_new(set);
    const struct identity *cc =
        identify(identities, (const uint8_t *)"\xfd\x06\x4f\x43\x00\x01", 6);
    assert_string_equal(cc->name, "cc");
    assert_non_null(cc->desc);
    /* Another value, the other kind, a wrong length: the same option. */
    assert_ptr_equal(cc, identify(identities, (const uint8_t *)"\xfd\x06\x4f\x43\xff\xff", 6));
    assert_ptr_equal(cc, identify(identities, (const uint8_t *)"\xfe\x06\x4f\x43\x00\x01", 6));
    assert_ptr_equal(cc, identify(identities, (const uint8_t *)"\xfd\x05\x4f\x43\x00", 5));
    assert_string_equal(identify(identities, (const uint8_t *)"\xfd\x06\xbe\xe5\x00\x01", 6)->name,
                        "exid-0xBEE5");
    assert_string_equal(identify(identities, (const uint8_t *)"\x4c\x04\x12\x34", 4)->name,
                        "kind-76");
    assert_true(identify(identities, (const uint8_t *)"\x02\x04\x05\xb4", 4)->everyday);
    identities_free(identities);
}

static void a_list_skips_padding_and_stops_at_a_broken_option(void **state)
{
    (void)state;
    static const uint8_t OPTIONS[] = {1,    1,    8, 10, 0, 0, 0, 1,    0, 0, 0, 2,
                                      0x1c, 0x04, 0, 34, 1, 1, 1, 0x4c, 9, 9, 9, 9};
    g_autoptr(option_set) set = option_set_new();
    option_set_add_builtin(set, NULL);
    struct identities *identities = identities_new(set);
    struct option_list list;
    option_list_read(identities, OPTIONS, sizeof(OPTIONS), sizeof(OPTIONS), &list);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.at[1].identity->name, "uto");
    assert_int_equal(list.at[1].offset, 12);
    assert_true(list.at[2].malformed);
    assert_ptr_equal(option_list_find(&list, list.at[1].identity, 0), &list.at[1]);
    assert_null(option_list_find(&list, list.at[1].identity, 1));
    identities_free(identities);
}

static struct options_glance glance(const uint8_t *octets, uint8_t captured, uint8_t declared)
{
    return options_glance((struct tcp_options){octets, captured, declared});
}

static void only_everyday_options_are_everyday(void **state)
{
    (void)state;
    static const uint8_t EVERYDAY[] = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0,
                                       0, 0, 0, 0,   0, 0, 1, 3,  3, 7};
    static const uint8_t UTO[] = {1, 1, 28, 4, 0, 34};
    static const uint8_t ZERO_LENGTH[] = {8, 0, 0, 0};
    static const uint8_t WITHOUT_LENGTH[] = {1, 8}, TOO_LONG[] = {1, 1, 2, 6, 5, 180};
    assert_true(glance(EVERYDAY, sizeof(EVERYDAY), sizeof(EVERYDAY)).everyday);
    assert_true(glance(EVERYDAY, 0, 0).everyday);
    assert_false(glance(UTO, sizeof(UTO), sizeof(UTO)).everyday);
    assert_false(glance(ZERO_LENGTH, sizeof(ZERO_LENGTH), sizeof(ZERO_LENGTH)).everyday);
    assert_false(glance(WITHOUT_LENGTH, sizeof(WITHOUT_LENGTH), sizeof(WITHOUT_LENGTH)).everyday);
    assert_false(glance(TOO_LONG, sizeof(TOO_LONG), sizeof(TOO_LONG)).everyday);
    /* What was cut off may be anything. */
    assert_false(glance(EVERYDAY, 4, sizeof(EVERYDAY)).everyday);
}

static void a_glance_finds_timestamps_and_mptcp(void **state)
{
    (void)state;
    static const uint8_t TWICE[] = {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4};
    static const uint8_t DSS[] = {1, 30, 3, 0x20}, SHORT[] = {8, 6, 0, 0, 0, 1};
    struct options_glance seen = glance(TWICE, sizeof(TWICE), sizeof(TWICE));
    assert_true(seen.has_timestamps && seen.tsval == 1 && seen.tsecr == 2 && !seen.has_mptcp);
    assert_false(glance(TWICE, 9, sizeof(TWICE)).has_timestamps);
    assert_false(glance(SHORT, sizeof(SHORT), sizeof(SHORT)).has_timestamps);
    assert_true(glance(DSS, sizeof(DSS), sizeof(DSS)).has_mptcp);
}

static void each_direction_bounds_the_clock_from_one_side(void **state)
{
    (void)state;
    struct clock_pairs clock = {0};
    struct report_clock out = {0};
    uint64_t earliest, latest;
    clock_note(&clock, VANTAGE_A, 1000, 1150); /* A first: offset <= 150 */
    clock_note(&clock, VANTAGE_A, 2000, 2130);
    clock_report(&clock, &out);
    assert_false(out.known);
    clock_note(&clock, VANTAGE_B, 3000, 3040); /* B first: offset >= 40 */
    clock_note(&clock, VANTAGE_B, 4000, 4070);
    clock_report(&clock, &out);
    assert_true(out.known);
    assert_int_equal(out.offset_low_ns, 70);
    assert_int_equal(out.offset_high_ns, 130);
    assert_int_equal(out.pairs, 4);
    clock_expect(&clock, VANTAGE_A, VANTAGE_A, 5000, &earliest, &latest);
    assert_int_equal(earliest, 5130);
    assert_int_equal(latest, 5150);
    clock_expect(&clock, VANTAGE_A, VANTAGE_B, 5000, &earliest, &latest);
    assert_int_equal(earliest, 5040);
    clock_expect(&clock, VANTAGE_B, VANTAGE_B, 5000, &earliest, &latest);
    assert_int_equal(earliest, 4930);
    assert_int_equal(latest, 4960);
}

static uint64_t unwrapped(struct connection *connection, uint32_t seq)
{
    struct segment segment = {.seq_wire = seq, .class = SEGMENT_DATA};
    translate_segment(connection, &segment);
    return segment.seq;
}

static void sequence_numbers_unwrap(void **state)
{
    (void)state;
    struct connection connection = {0};
    uint64_t start = unwrapped(&connection, 0xfffffff0);
    assert_int_equal(unwrapped(&connection, 0x10), start + 0x20);
    assert_int_equal(unwrapped(&connection, 0xffffffff), start + 0xf); /* an older one */
    assert_int_equal(unwrapped(&connection, 0x20), start + 0x30);
}

static void a_reset_does_not_lead_the_numbers_away(void **state)
{
    (void)state;
    struct connection connection = {0};
    uint64_t start = unwrapped(&connection, 1000);
    struct segment reset = {.seq_wire = 0x70000000, .class = SEGMENT_RST};
    translate_segment(&connection, &reset);
    assert_int_equal(unwrapped(&connection, 1100), start + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slabs_give_again_what_was_given_back),
        cmocka_unit_test(one_name_is_one_identity),
        cmocka_unit_test(a_list_skips_padding_and_stops_at_a_broken_option),
        cmocka_unit_test(only_everyday_options_are_everyday),
        cmocka_unit_test(a_glance_finds_timestamps_and_mptcp),
        cmocka_unit_test(each_direction_bounds_the_clock_from_one_side),
        cmocka_unit_test(sequence_numbers_unwrap),
        cmocka_unit_test(a_reset_does_not_lead_the_numbers_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
