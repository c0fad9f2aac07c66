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
    uint32_t ring; /* octets for each CPU's events that wait, a power of two; 0: as is usual */
    bool every_duration; /* time every invocation, not only one in 16 */
    int netns;           /* descriptor of the network namespace to listen in; -1: this one */
};

/* Who takes what a source gives. Times and ids of the records are the recorder's to fill. */
struct source_sink {
    void *user;

    /*
     * One invocation: all but time_ns and id are filled (ids count in the order of the file).
     * `dropped` invocations went unrecorded since the record before from the same CPU.
     */
    void (*hook)(void *user, struct hook_record *record, uint64_t dropped);

    /* One event of MPTCP's path manager: all but time_ns is filled. */
    void (*mptcp)(void *user, struct hook_mptcp *event);
};

struct source_ops {
    const char *name;

    /*
     * What cannot be seen without this source, where it is one that a recording can do without:
     * when it cannot be attached, that and the reason are told, and the recording goes on. NULL:
     * there is no recording without it.
     */
    const char *blind;

    /*
     * Attaches. The source's own state, or NULL with `error` set. A line for each thing that is
     * used and each that cannot be seen is appended to `report` (char *, owned by the array).
     */
    void *(*attach)(const struct source_settings *settings, GPtrArray *report, GError **error);

    /* Becomes readable when events should be fetched before the usual time; -1: never. */
    int (*fd)(void *source);

    /*
     * Gives events that wait to the sink, without waiting, and not endlessly many at once. How many,
     * or a negative errno; 0 when none is left.
     */
    int (*poll)(void *source, const struct source_sink *sink);

    /*
     * The moment (MONOTONIC) up to which the last poll gave everything; UINT64_MAX: it left
     * nothing. NULL: always so.
     */
    uint64_t (*complete_ns)(void *source);

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

/* Each in the file of its name. */
extern const struct source_ops source_observer; /* two programs around those that are watched */
extern const struct source_ops source_fentry;   /* what helpers returned to foreign programs */
extern const struct source_ops source_mptcp;    /* netlink events of MPTCP's path manager */

#endif
