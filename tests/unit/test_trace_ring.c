// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rings between observers and recorder: everything that is published comes out once and in
 * order, with what programs reported; what is not whole waits, and so does what has no time yet; a writer that runs at the same time
 * finds a ring neither full nor moved under its feet when it is rewound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "trace/observer_ring.h"

enum { SLOTS = 16, CPUS = 2, MANY = 40000 };

struct fixture {
    uint8_t *memory;
    struct observer_rings *rings;
    uint64_t seen, next[CPUS], reports; /* `next`: cookie that has to come */
    unsigned last_actions;
    uint64_t last_ns;
};

static int set_up(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->memory = g_malloc0(observer_ring_size(SLOTS) * CPUS);
    f->rings = observer_rings_new(f->memory, CPUS, SLOTS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    g_free(f->rings);
    g_free(f->memory);
    g_free(f);
    return 0;
}

static struct observer_ring *ring_of(const struct fixture *f, unsigned cpu)
{
    return (struct observer_ring *)(void *)(f->memory + cpu * observer_ring_size(SLOTS));
}

/* What observer.bpf.c does: takes slots, or counts a loss. */
static bool take(struct observer_ring *ring, unsigned n, uint64_t *number)
{
    for (;;) {
        uint64_t at = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
        int64_t used = (int64_t)(at - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE));
        if (used + (int64_t)n > SLOTS) {
            __atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
            return false;
        }
        *number = at;
        if (__atomic_compare_exchange_n(&ring->head, &at, at + n, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
            return true;
    }
}

static void publish(struct observer_ring *ring, uint64_t number, uint64_t cookie, unsigned actions)
{
    struct observer_slot *slot = &ring->slots[number & (SLOTS - 1)];
    slot->event = (struct observer_event){
        .cookie = cookie, .time_ns = cookie + 1, .n_actions = (__u8)actions};
    for (unsigned i = 0; i < MIN(actions, REPORT_ACTIONS); i++)
        slot[1 + i / OBSERVER_SLOT_ACTIONS].actions[i % OBSERVER_SLOT_ACTIONS].name =
            (__s32)(cookie + i);
    __atomic_store_n(&slot->sequence, number + 1, __ATOMIC_RELEASE);
}

static void sink(void *user, unsigned cpu, const struct observer_event *event, size_t size)
{
    struct fixture *f = user;
    const struct observer_event_reports *whole = (const void *)event;
    assert_int_equal(event->cookie, f->next[cpu]);
    f->next[cpu]++;
    f->seen++;
    f->last_actions = event->n_actions;
    f->last_ns = event->time_ns;
    assert_int_equal(size, event->n_actions > 0 ? sizeof(*whole) : sizeof(*event));
    for (unsigned i = 0; i < MIN(event->n_actions, REPORT_ACTIONS); i++, f->reports++)
        assert_int_equal(whole->actions[i].name, event->cookie + i);
}

static void each_ring_comes_out_in_order_with_its_reports(void **state)
{
    struct fixture *f = *state;
    uint64_t number;
    for (uint64_t round = 0; round < 100; round++) {
        for (unsigned cpu = 0; cpu < CPUS; cpu++) {
            for (unsigned k = 0; k < 3; k++) {
                unsigned actions = (unsigned)((round + k + cpu) % 10);
                unsigned carried = MIN(actions, REPORT_ACTIONS);
                unsigned slots = 1 + (carried + OBSERVER_SLOT_ACTIONS - 1) / OBSERVER_SLOT_ACTIONS;
                assert_true(take(ring_of(f, cpu), slots, &number));
                publish(ring_of(f, cpu), number, round * 3 + k, actions);
            }
        }
        assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 6);
        assert_true(observer_rings_complete_ns(f->rings) == UINT64_MAX);
    }
    assert_int_equal(f->seen, 600);
    assert_true(f->reports > 1000);
    assert_int_equal(observer_rings_lost(f->rings), 0);
}

static void what_is_not_whole_waits_and_what_is_behind_it_too(void **state)
{
    struct fixture *f = *state;
    uint64_t first, second;
    assert_true(take(ring_of(f, 0), 1, &first));
    assert_true(take(ring_of(f, 0), 1, &second)); /* a hook that interrupts the first */
    publish(ring_of(f, 0), second, 1, 0);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 0);
    publish(ring_of(f, 0), first, 0, 0);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 2);
}

static void a_full_ring_counts_what_it_could_not_take(void **state)
{
    struct fixture *f = *state;
    uint64_t number;
    for (uint64_t i = 0; i < SLOTS; i++) {
        assert_true(take(ring_of(f, 1), 1, &number));
        publish(ring_of(f, 1), number, i, 0);
    }
    assert_false(take(ring_of(f, 1), 1, &number));
    assert_false(take(ring_of(f, 1), 4, &number));
    assert_int_equal(observer_rings_lost(f->rings), 2);
    /* What there is more than asked for bounds how far the time is complete. */
    assert_int_equal(observer_rings_fetch(f->rings, 5, sink, f), 5);
    assert_int_equal(observer_rings_complete_ns(f->rings), 5);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), SLOTS - 5);
    assert_true(take(ring_of(f, 1), 4, &number));
}

static void an_empty_ring_goes_on_where_it_is_warm(void **state)
{
    struct fixture *f = *state;
    uint64_t number;
    for (uint64_t i = 0; i < 50; i++) {
        assert_true(take(ring_of(f, 0), 1, &number));
        assert_int_equal(number & (SLOTS - 1), 0);
        publish(ring_of(f, 0), number, i, 0);
        assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 1);
    }
}

/* One without a time, as the observers leave it out where the next event comes at once. */
static void publish_untimed(struct observer_ring *ring, uint64_t number, uint64_t cookie,
                            unsigned actions)
{
    publish(ring, number, cookie, actions);
    ring->slots[number & (SLOTS - 1)].event.time_ns = 0;
}

static void an_event_without_a_time_takes_that_of_the_next(void **state)
{
    struct fixture *f = *state;
    uint64_t number;
    for (unsigned actions = 0; actions < 3; actions += 2) {
        assert_true(take(ring_of(f, 0), actions > 0 ? 2 : 1, &number));
        publish_untimed(ring_of(f, 0), number, f->next[0], actions);
        assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 0);
        assert_true(take(ring_of(f, 0), 1, &number));
        publish(ring_of(f, 0), number, f->next[0] + 1, 0);
        assert_int_equal(observer_rings_fetch(f->rings, 1, sink, f), 1);
        assert_int_equal(f->last_ns, f->next[0] + 1);
        assert_int_equal(f->last_actions, actions);
        assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 1);
        assert_int_equal(f->last_ns, f->next[0]);
    }
}

static void one_that_none_follows_is_given_at_the_next_fetch_or_at_the_end(void **state)
{
    struct fixture *f = *state;
    uint64_t number;
    assert_true(take(ring_of(f, 0), 1, &number));
    publish_untimed(ring_of(f, 0), number, 0, 0);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 0);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 1);
    assert_true(f->last_ns > 1000);
    assert_true(take(ring_of(f, 0), 1, &number));
    publish_untimed(ring_of(f, 0), number, 1, 0);
    f->last_ns = 0;
    observer_rings_end(f->rings);
    assert_int_equal(observer_rings_fetch(f->rings, 100, sink, f), 1);
    assert_true(f->last_ns > 1000);
}

static gpointer write_many(gpointer user)
{
    struct observer_ring *ring = user;
    for (uint64_t cookie = 0; cookie < MANY;) {
        uint64_t number, lost = __atomic_load_n(&ring->lost, __ATOMIC_RELAXED);
        unsigned actions = cookie % 5 == 0 ? 4 : 0;
        if (take(ring, actions > 0 ? 3 : 1, &number))
            publish(ring, number, cookie++, actions);
        else
            __atomic_store_n(&ring->lost, lost, __ATOMIC_RELAXED), g_thread_yield();
    }
    return NULL;
}

static void a_writer_at_the_same_time_loses_nothing(void **state)
{
    struct fixture *f = *state;
    GThread *writers[CPUS];
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        writers[cpu] = g_thread_new("writer", write_many, ring_of(f, cpu));
    while (f->seen < (uint64_t)MANY * CPUS) {
        if (observer_rings_fetch(f->rings, 7, sink, f) == 0)
            g_thread_yield();
    }
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        g_thread_join(writers[cpu]);
    assert_int_equal(f->reports, (uint64_t)MANY / 5 * 4 * CPUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_ring_comes_out_in_order_with_its_reports, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_whole_waits_and_what_is_behind_it_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_ring_counts_what_it_could_not_take, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_empty_ring_goes_on_where_it_is_warm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_without_a_time_takes_that_of_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            one_that_none_follows_is_given_at_the_next_fetch_or_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_writer_at_the_same_time_loses_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
