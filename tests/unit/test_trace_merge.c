// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of several sources come out in one order of time, each once, with their octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "trace/merge.h"

struct seen {
    GArray *packets; /* struct pcapng_packet, data not valid */
    uint64_t newest;
    bool backwards;
    int fail_at; /* the call that fails with -ENOSPC; 0: none */
};

static int take(void *user, const struct pcapng_packet *packet)
{
    struct seen *seen = user;
    const uint8_t *octets = packet->data;
    seen->backwards = seen->backwards || packet->time_ns < seen->newest;
    seen->newest = packet->time_ns;
    /* Every octet is the record's own: see push(). */
    for (uint32_t i = 0; i < packet->captured; i++)
        assert_int_equal(octets[i], (uint8_t)(packet->time_ns + i));
    assert_null(packet->comment);
    g_array_append_val(seen->packets, *packet);
    return seen->fail_at != 0 && (int)seen->packets->len >= seen->fail_at ? -ENOSPC : 0;
}

static void push(struct merge *merge, uint64_t time_ns, uint32_t interface, uint32_t length)
{
    g_autofree uint8_t *octets = g_malloc(length + 1);
    for (uint32_t i = 0; i < length; i++)
        octets[i] = (uint8_t)(time_ns + i);
    struct pcapng_packet packet = {
        .interface = interface,
        .time_ns = time_ns,
        .captured = length,
        .length = length + 7,
        .data = octets,
        .dropcount = interface,
        .comment = "not kept",
    };
    merge_push(merge, &packet);
    memset(octets, 0xaa, length); /* a copy was taken */
}

static struct seen seen_new(void)
{
    return (struct seen){.packets = g_array_new(FALSE, FALSE, sizeof(struct pcapng_packet))};
}

static void what_waits_comes_out_in_order_and_no_sooner_than_asked(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    push(merge, 300, 1, 4);
    push(merge, 100, 2, 0);
    push(merge, 200, 3, 60);
    assert_int_equal(merge_until(merge, 200), 0);
    assert_int_equal(seen.packets->len, 1);
    assert_int_equal(merge_waiting(merge), 2);
    assert_int_equal(merge_until(merge, 301), 0);
    assert_int_equal(seen.packets->len, 3);
    static const uint32_t order[] = {2, 3, 1};
    for (guint i = 0; i < 3; i++) {
        const struct pcapng_packet *p = &g_array_index(seen.packets, struct pcapng_packet, i);
        assert_int_equal(p->interface, order[i]);
        assert_int_equal(p->dropcount, order[i]);
        assert_int_equal(p->length, p->captured + 7);
    }
    assert_int_equal(merge_late(merge), 0);
    merge_free(merge);
    g_array_unref(seen.packets);
}

static void records_of_one_moment_keep_their_order(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    for (uint32_t i = 0; i < 100; i++)
        push(merge, 5 + i / 50, i, 3);
    merge_until(merge, UINT64_MAX);
    for (guint i = 0; i < 100; i++)
        assert_int_equal(g_array_index(seen.packets, struct pcapng_packet, i).interface, i);
    merge_free(merge);
    g_array_unref(seen.packets);
}

/* Four sources, each in order but late by up to 100, and a window that is as long. */
static void a_window_as_long_as_the_delay_puts_everything_in_order(void **state)
{
    enum { RECORDS = 200000, DELAY = 100 };
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (uint64_t now = DELAY; now < RECORDS + DELAY; now++) {
        push(merge, now - (uint64_t)g_rand_int_range(rand, 0, DELAY), (uint32_t)(now % 4),
             (uint32_t)g_rand_int_range(rand, 0, 1500));
        if (now % 16 == 0)
            merge_until(merge, now - DELAY);
    }
    merge_until(merge, UINT64_MAX);
    assert_int_equal(seen.packets->len, RECORDS);
    assert_false(seen.backwards);
    assert_int_equal(merge_late(merge), 0);
    assert_int_equal(merge_waiting(merge), 0);
    merge_free(merge);
    g_array_unref(seen.packets);
}

static void what_comes_too_late_is_written_and_counted(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    push(merge, 500, 0, 10);
    merge_until(merge, 501);
    push(merge, 400, 1, 10);
    merge_until(merge, 501);
    assert_int_equal(seen.packets->len, 2);
    assert_int_equal(merge_late(merge), 1);
    merge_free(merge);
    g_array_unref(seen.packets);
}

static void after_the_clock_was_set_back_nothing_is_late(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    push(merge, 5000, 0, 10);
    push(merge, 6000, 0, 10);
    merge_until(merge, 5500);
    assert_int_equal(merge_restart(merge), 0);
    assert_int_equal(seen.packets->len, 2);
    push(merge, 1000, 0, 10);
    assert_int_equal(merge_late(merge), 0);
    merge_free(merge); /* one still waits: it is freed, not written */
    assert_int_equal(seen.packets->len, 2);
    g_array_unref(seen.packets);
}

static void a_sink_that_fails_is_not_asked_again(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    seen.fail_at = 2;
    for (uint64_t i = 0; i < 10; i++)
        push(merge, i, 0, 100);
    assert_int_equal(merge_until(merge, UINT64_MAX), -ENOSPC);
    assert_int_equal(seen.packets->len, 2);
    assert_int_equal(merge_waiting(merge), 0);
    merge_free(merge);
    g_array_unref(seen.packets);
}

static void a_record_larger_than_a_block_fits(void **state)
{
    (void)state;
    struct seen seen = seen_new();
    struct merge *merge = merge_new(take, &seen);
    for (uint64_t i = 0; i < 8; i++)
        push(merge, i, 0, i % 2 == 0 ? 3 << 20 : 200);
    assert_int_equal(merge_until(merge, UINT64_MAX), 0);
    assert_int_equal(seen.packets->len, 8);
    merge_free(merge);
    g_array_unref(seen.packets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_comes_out_in_order_and_no_sooner_than_asked),
        cmocka_unit_test(records_of_one_moment_keep_their_order),
        cmocka_unit_test(a_window_as_long_as_the_delay_puts_everything_in_order),
        cmocka_unit_test(what_comes_too_late_is_written_and_counted),
        cmocka_unit_test(after_the_clock_was_set_back_nothing_is_late),
        cmocka_unit_test(a_sink_that_fails_is_not_asked_again),
        cmocka_unit_test(a_record_larger_than_a_block_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
