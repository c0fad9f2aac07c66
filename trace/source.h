/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - where hook records come from.
 *
 * A source is one file: it says what the kernel permits, attaches, gives records, detaches. The
 * recorder holds a table of them (record.c) and asks each in turn.
 */
#ifndef OPTRAIL_TRACE_SOURCE_H
#define OPTRAIL_TRACE_SOURCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/hook.h"

struct source_settings {
    char *const *cgroups; /* folders of cgroup2 to watch; NULL-terminated */
    uint32_t ring;        /* octets for events that the recorder has not fetched yet */
};

/*
 * Takes one record. The source has filled all but time_ns and id, which are the recorder's to
 * fill (ids count in the order of the file). `dropped` invocations went unrecorded since the record before from the same CPU.
 */
typedef void (*source_sink)(void *user, struct hook_record *record, uint64_t dropped);

struct source_ops {
    const char *name;

    /*
     * Attaches. The source's own state, or NULL with `error` set. A line for each thing that is
     * used and each that cannot be seen is appended to `report` (char *, owned by the array).
     */
    void *(*attach)(const struct source_settings *settings, GPtrArray *report, GError **error);

    /* Becomes readable when events should be fetched before the usual time; -1: never. */
    int (*fd)(void *source);

    /*
     * Gives events that wait to `sink`, without waiting, and not endlessly many at once. How many,
     * or a negative errno; 0 when none is left.
     */
    int (*poll)(void *source, source_sink sink, void *user);

    /*
     * Once a second: renews what would run out, notices what has changed. A line for a person
     * when there is something to say; free with g_free(). NULL otherwise.
     */
    char *(*tend)(void *source);

    /* Stops new events; those that wait can still be fetched. */
    void (*stop)(void *source);

    /* Invocations that were lost, in all. */
    uint64_t (*lost)(void *source);

    void (*detach)(void *source);
};

extern const struct source_ops source_observer; /* source_observer.c */

#endif
