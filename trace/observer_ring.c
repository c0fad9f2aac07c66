// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_ring.c - see observer_ring.h. */
#include "trace/observer_ring.h"

#include <string.h>

struct observer_rings {
    uint8_t *memory;
    unsigned cpus, slots;
    uint64_t complete_ns;
};

G_STATIC_ASSERT(sizeof(struct observer_slot) == OBSERVER_SLOT_SIZE);

size_t observer_ring_size(unsigned slots)
{
    return OBSERVER_RING_SIZE((size_t)slots);
}

struct observer_rings *observer_rings_new(void *memory, unsigned cpus, unsigned slots)
{
    struct observer_rings *rings = g_new0(struct observer_rings, 1);
    *rings = (struct observer_rings){memory, cpus, slots, UINT64_MAX};
    return rings;
}

static struct observer_ring *ring_of(const struct observer_rings *rings, unsigned cpu)
{
    return (struct observer_ring *)(void *)(rings->memory + cpu * observer_ring_size(rings->slots));
}

/* The event and what programs reported in one piece, which is how they are read. */
static void give_with_reports(const struct observer_slot *slot, unsigned cpu,
                              observer_ring_sink sink, void *user)
{
    struct observer_event_reports whole = {.event = slot->event};
    unsigned n = MIN(slot->event.n_actions, REPORT_ACTIONS);
    for (unsigned i = 0; i < n; i++)
        whole.actions[i] = slot[1 + i / OBSERVER_SLOT_ACTIONS].actions[i % OBSERVER_SLOT_ACTIONS];
    sink(user, cpu, &whole.event, sizeof(whole));
}

static unsigned slots_of(const struct observer_event *event)
{
    unsigned n = MIN(event->n_actions, REPORT_ACTIONS);
    return 1 + (n + OBSERVER_SLOT_ACTIONS - 1) / OBSERVER_SLOT_ACTIONS;
}

/*
 * An empty ring goes on at its first slot: memory that was written a moment ago is in the caches,
 * and storing into it takes half the time. `head` moves only if no observer moves it meanwhile.
 * Until `tail` follows, observers see the slots that are skipped as taken: what they may take are
 * those before the old place, which are free, and enough for the moment.
 */
static void rewind_empty(const struct observer_rings *rings, struct observer_ring *ring,
                         uint64_t tail)
{
    uint64_t mask = rings->slots - 1, next = (tail | mask) + 1, expected = tail;
    if ((tail & mask) < MAX(rings->slots / 16, 1))
        return;
    if (__atomic_compare_exchange_n(&ring->head, &expected, next, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED))
        __atomic_store_n(&ring->tail, next, __ATOMIC_RELEASE);
}

static unsigned fetch(struct observer_rings *rings, unsigned cpu, unsigned most,
                      observer_ring_sink sink, void *user)
{
    struct observer_ring *ring = ring_of(rings, cpu);
    uint64_t tail = ring->tail, last_ns = 0;
    unsigned n = 0;
    for (; n < most; n++) {
        const struct observer_slot *slot = &ring->slots[tail & (rings->slots - 1)];
        if (__atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) != tail + 1)
            break;
        unsigned slots = slots_of(&slot->event);
        last_ns = slot->event.time_ns;
        if (slots == 1)
            sink(user, cpu, &slot->event, sizeof(slot->event));
        else
            give_with_reports(slot, cpu, sink, user);
        tail += slots;
        if (n % 64 == 63) /* room for the observers while the rest is read */
            __atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
    rewind_empty(rings, ring, tail);
    if (n == most && last_ns < rings->complete_ns)
        rings->complete_ns = last_ns;
    return n;
}

unsigned observer_rings_fetch(struct observer_rings *rings, unsigned most, observer_ring_sink sink,
                              void *user)
{
    unsigned n = 0;
    rings->complete_ns = UINT64_MAX;
    for (unsigned cpu = 0; cpu < rings->cpus; cpu++)
        n += fetch(rings, cpu, most, sink, user);
    return n;
}

uint64_t observer_rings_complete_ns(const struct observer_rings *rings)
{
    return rings->complete_ns;
}

uint64_t observer_rings_lost(const struct observer_rings *rings)
{
    uint64_t lost = 0;
    for (unsigned cpu = 0; cpu < rings->cpus; cpu++)
        lost += __atomic_load_n(&ring_of(rings, cpu)->lost, __ATOMIC_RELAXED);
    return lost;
}
