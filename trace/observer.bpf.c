// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * observer.bpf.c - the observers of observer_core.bpf.h, whose events go into the rings of
 * observer.h: memory that the recorder sees too. No call into the kernel is needed, but atomic
 * operations that return a value (kernel 5.12; observer_ringbuf.bpf.c does without).
 */
#include "trace/observer_core.bpf.h"

struct { /* carries nothing: what is put into it wakes the recorder */
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

enum { NO_SLOT = -1 };

/*
 * Takes `n` slots that follow each other where the ring is filling, or where somebody else was
 * faster: the number of the first; NO_SLOT: the ring is full.
 */
static __noinline __s64 take_slowly(struct observer_ring *ring, __u64 n)
{
    if (ring == NULL)
        return NO_SLOT;
    volatile __u64 *head = &ring->head, *tail = &ring->tail;
#pragma unroll
    for (int i = 0; i < 4; i++) { /* who is interrupted between the two tries again */
        __u64 at = *head, done = *tail;
        __s64 used = (__s64)(at - done);
        ring->tail_seen = done;
        if (used + (__s64)n > (__s64)constants.slot_mask + 1)
            return NO_SLOT;
        if (__sync_val_compare_and_swap(&ring->head, at, at + n) != at)
            continue;
        /* The recorder looks every few milliseconds; it is woken only before the ring is full. */
        if (used < (__s64)constants.wakeup && used + (__s64)n >= (__s64)constants.wakeup) {
            __u64 nothing = 0;
            bpf_ringbuf_output(&events, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
        }
        return (__s64)at;
    }
    return NO_SLOT;
}

struct observer_place {
    struct observer_slot *slot;
    __u64 number;
};

/* Room for an event with `n_actions` actions; NULL: there is none. */
static __always_inline struct observer_event *
place_take(struct observer_place *place, struct observer_ring *ring, __u32 n_actions)
{
    __u64 n = 1;
    if (RARELY(n_actions > 0))
        n = n_actions > 2 * OBSERVER_SLOT_ACTIONS ? 4 : n_actions > OBSERVER_SLOT_ACTIONS ? 3 : 2;
    __u64 at = *(volatile __u64 *)&ring->head;
    /* `tail` itself stands in a cache line that the recorder writes. */
    if (RARELY(at + n - *(volatile __u64 *)&ring->tail_seen >= constants.wakeup) ||
        RARELY(__sync_val_compare_and_swap(&ring->head, at, at + n) != at)) {
        __s64 number = take_slowly(ring, n);
        if (number < 0)
            return NULL;
        at = (__u64)number;
    }
    place->number = at;
    place->slot = &ring->slots[at & constants.slot_mask];
    return &place->slot->event;
}

static __always_inline void place_actions(struct observer_place *place,
                                          const struct report_slot *from, __u32 n)
{
    struct observer_slot *slot = place->slot;
    __builtin_memcpy(slot[1].actions, from->actions, sizeof(slot[1].actions));
    if (n > OBSERVER_SLOT_ACTIONS)
        __builtin_memcpy(slot[2].actions, &from->actions[OBSERVER_SLOT_ACTIONS],
                         sizeof(slot[2].actions));
    if (n > 2 * OBSERVER_SLOT_ACTIONS)
        __builtin_memcpy(slot[3].actions, &from->actions[2 * OBSERVER_SLOT_ACTIONS],
                         2 * sizeof(struct report_action));
}

static __always_inline void place_publish(struct observer_place *place)
{
    if (constants.stores_in_order) {
        asm volatile("" ::: "memory");
        *(volatile __u64 *)&place->slot->sequence = place->number + 1;
    } else {
        __sync_lock_test_and_set(&place->slot->sequence, place->number + 1);
    }
}

#include "trace/observer_programs.bpf.h"
