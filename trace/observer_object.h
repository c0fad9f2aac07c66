/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_object.h - the observers of one cgroup in the kernel: loaded, with their maps, of the
 * kind that this kernel takes.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_OBJECT_H
#define OPTRAIL_TRACE_OBSERVER_OBJECT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/observer_kernel.h"

struct observer_object;

struct observer_object_settings {
    const struct observer_features *features;
    uint32_t cgroup_index; /* that events will carry */
    unsigned cpus, slots;  /* CPUs there may be, and slots of the ring of each; a power of two */
    bool every_duration;
};

enum observer_program { OBSERVER_ENTRY_PROGRAM, OBSERVER_EXIT_PROGRAM, OBSERVER_EXIT_B_PROGRAM };

/*
 * Loads; `first` (NULL: none) is one whose rings are used too. NULL with `error` set when the
 * kernel refuses. Free with observer_object_free(), which takes NULL too.
 */
struct observer_object *observer_object_load(const struct observer_object_settings *settings,
                                             const struct observer_object *first, GError **error);
void observer_object_free(struct observer_object *object);

/* Descriptors, the object's own: of a program, of the map of rings (struct observer_ring of each
 * CPU, mapped in memory), of the kernel's ring buffer, of REPORT_CONTROL_MAP. */
int observer_object_program(const struct observer_object *object, enum observer_program which);
int observer_object_rings(const struct observer_object *object);
int observer_object_events(const struct observer_object *object);
int observer_object_control(const struct observer_object *object);

/*
 * Slots of each ring: 0 where events come through the ring buffer, as struct observer_event or
 * struct observer_event_reports. Smaller records there carry nothing: they wake the recorder.
 */
unsigned observer_object_slots(const struct observer_object *object);

/* The id of a program in the kernel; 0: it is gone. */
uint32_t observer_program_id(int program);

/* The pid of the recorder to which an entry observer belongs; 0 when the program is none. */
pid_t observer_program_owner(uint32_t id);

#endif
