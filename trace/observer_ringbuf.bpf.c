// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * observer_ringbuf.bpf.c - the observers of observer_core.bpf.h, whose events go through a ring
 * buffer of the kernel's: for kernels since 5.10 that do not know atomic operations which return a
 * value. Calls into the kernel make it dearer than observer.bpf.c.
 */
#include "trace/observer_core.bpf.h"

struct { /* struct observer_event, or struct observer_event_reports; the recorder sets the size */
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct observer_place {
    struct observer_event *event;
    struct observer_event_reports *whole; /* the same, if there is room for actions */
};

/* Room for an event with `n_actions` actions; NULL: there is none. */
static __always_inline struct observer_event *
place_take(struct observer_place *place, struct observer_ring *ring, __u32 n_actions)
{
    place->whole = NULL;
    if (n_actions > 0) {
        place->whole = bpf_ringbuf_reserve(&events, sizeof(*place->whole), 0);
        if (place->whole == NULL)
            return NULL;
        place->event = &place->whole->event;
    } else {
        place->event = bpf_ringbuf_reserve(&events, sizeof(*place->event), 0);
    }
    return place->event;
}

static __always_inline void place_actions(struct observer_place *place,
                                          const struct report_slot *from, __u32 n)
{
    if (place->whole != NULL)
        __builtin_memcpy(place->whole->actions, from->actions, sizeof(from->actions));
}

static __always_inline void place_publish(struct observer_place *place)
{
    /* The recorder looks every few milliseconds; it is woken only before the buffer is full. */
    bool is_filling = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= constants.wakeup;
    bpf_ringbuf_submit(place->event, is_filling ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#include "trace/observer_programs.bpf.h"
