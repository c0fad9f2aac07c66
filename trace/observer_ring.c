// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_ring.c - see observer_ring.h. */
#include "trace/observer_ring.h"

#include <string.h>
#include <time.h>

enum {
    REWIND_SLOTS = 128, /* an empty ring goes on at its beginning when it has come so far */
    TIME_AHEAD = 16,    /* events behind one without a time that are asked for theirs */
};

struct observer_rings {
    uint8_t *memory;
    unsigned cpus, slots;
    bool ended;
    uint64_t *untimed; /* per CPU: the number of an event that has waited for a time, plus 1 */
    uint64_t complete_ns;
};

G_STATIC_ASSERT(sizeof(struct observer_slot) == OBSERVER_SLOT_SIZE);

size_t observer_ring_size(unsigned slots)
{
    return OBSERVER_RING_SIZE((size_t)slots);
}

struct observer_rings *observer_rings_new(void *memory, unsigned cpus, unsigned slots)
{
    size_t room = sizeof(struct observer_rings) + cpus * sizeof(uint64_t);
    struct observer_rings *rings = g_malloc0(room);
    *rings = (struct observer_rings){
        .memory = memory,
        .cpus = cpus,
        .slots = slots,
        .untimed = (uint64_t *)(void *)(rings + 1),
        .complete_ns = UINT64_MAX,
    };
    return rings;
}

void observer_rings_end(struct observer_rings *rings)
{
    rings->ended = true;
}

static struct observer_ring *ring_of(const struct observer_rings *rings, unsigned cpu)
{
    return (struct observer_ring *)(void *)(rings->memory + cpu * observer_ring_size(rings->slots));
}

void observer_rings_set_overlap(struct observer_rings *rings, bool overlap)
{
    for (unsigned cpu = 0; cpu < rings->cpus; cpu++)
        __atomic_store_n(&ring_of(rings, cpu)->overlap, overlap, __ATOMIC_SEQ_CST);
}

void observer_rings_set_entry(struct observer_rings *rings, bool entry)
{
    for (unsigned cpu = 0; cpu < rings->cpus; cpu++)
        __atomic_store_n(&ring_of(rings, cpu)->entry, entry, __ATOMIC_SEQ_CST);
}

/* The event in one piece with its time and with what programs reported, as they are read. */
static void give_copy(const struct observer_slot *slot, uint64_t time_ns, unsigned cpu,
                      observer_ring_sink sink, void *user)
{
    struct observer_event_reports whole = {.event = slot->event};
    unsigned n = MIN(slot->event.n_actions, REPORT_ACTIONS);
    whole.event.time_ns = time_ns;
    for (unsigned i = 0; i < n; i++)
        whole.actions[i] = slot[1 + i / OBSERVER_SLOT_ACTIONS].actions[i % OBSERVER_SLOT_ACTIONS];
    sink(user, cpu, &whole.event, n > 0 ? sizeof(whole) : sizeof(whole.event));
}

static unsigned slots_of(const struct observer_event *event)
{
    unsigned n = MIN(event->n_actions, REPORT_ACTIONS);
    return 1 + (n + OBSERVER_SLOT_ACTIONS - 1) / OBSERVER_SLOT_ACTIONS;
}

/* What is published as number `at`; NULL: nothing yet. */
static const struct observer_slot *published(const struct observer_rings *rings,
                                             const struct observer_ring *ring, uint64_t at)
{
    const struct observer_slot *slot = &ring->slots[at & (rings->slots - 1)];
    return __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) == at + 1 ? slot : NULL;
}

/*
 * The time of the event behind one without: observers leave it out where the next comes at once.
 * 0: it is not there yet, which is waited for until the next fetch.
 */
static uint64_t time_behind(struct observer_rings *rings, unsigned cpu, uint64_t at)
{
    const struct observer_ring *ring = ring_of(rings, cpu);
    const struct observer_slot *slot = published(rings, ring, at);
    uint64_t next = at, time_ns = 0;
    for (unsigned i = 0; slot != NULL && time_ns == 0 && i < TIME_AHEAD; i++) {
        next += slots_of(&slot->event);
        slot = published(rings, ring, next);
        time_ns = slot != NULL ? slot->event.time_ns : 0;
    }
    if (time_ns == 0 && (rings->ended || rings->untimed[cpu] == at + 1)) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    rings->untimed[cpu] = time_ns == 0 ? at + 1 : 0;
    return time_ns;
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
    if ((tail & mask) < CLAMP(rings->slots / 16, 1, REWIND_SLOTS))
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
    if (rings->slots == 0)
        return 0;
    for (; n < most; n++) {
        const struct observer_slot *slot = published(rings, ring, tail);
        if (slot == NULL)
            break;
        uint64_t time_ns = slot->event.time_ns;
        if (time_ns == 0)
            time_ns = time_behind(rings, cpu, tail);
        if (time_ns == 0)
            break;
        last_ns = time_ns;
        if (slot->event.n_actions == 0 && slot->event.time_ns != 0)
            sink(user, cpu, &slot->event, sizeof(slot->event));
        else
            give_copy(slot, time_ns, cpu, sink, user);
        tail += slots_of(&slot->event);
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
