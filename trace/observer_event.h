/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_event.h - from what the observers say to a hook record.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_EVENT_H
#define OPTRAIL_TRACE_OBSERVER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/observer.h"
#include "wire/hook.h"

/*
 * Fills a record from an event of `size` octets, as the ring gave it; time_ns, id and cgroup_id
 * are left 0. False when the size is none that an observer makes.
 */
bool observer_event_record(const void *event, size_t size, struct hook_record *record);

#endif
