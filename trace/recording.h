/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording.h - a recording under way, as record.c (running, ending) and record_begin.c (beginning)
 * share it.
 */
#ifndef OPTRAIL_TRACE_RECORDING_H
#define OPTRAIL_TRACE_RECORDING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/child.h"
#include "trace/clock.h"
#include "trace/file.h"
#include "trace/merge.h"
#include "trace/record.h"
#include "trace/source.h"

enum { SOURCES = 3 }; /* kinds of sources there are */

struct recording {
    const struct record_settings *settings;
    struct record_summary *summary;
    struct file *file;
    struct pcapng_interface *interfaces; /* of the file; the hooks' is the first */
    int netns;
    int signals, steps, poll;
    struct trace_clock *clock;
    uint64_t next_sample_ns; /* MONOTONIC */
    struct merge *merge;
    void *sources[SOURCES]; /* the state of each that is attached; NULL: it is not */
    bool hooks;
    uint32_t hook_interface;
    uint64_t hooks_dropped;
    GPtrArray *taps; /* struct tap */
    uint32_t first_tap_interface;
    GPtrArray *report; /* char *: what is used, what cannot be seen */
    struct child child;
    bool terminal; /* somebody watches */
    bool stop;
    uint64_t linger_until_ns; /* MONOTONIC; 0: not set */
    uint64_t give_up_ns;      /* MONOTONIC: when a reader that does not read is left; 0: not yet */
};

/* What each of recording.sources is, in the order in which they are attached. */
extern const struct source_ops *const source_table[SOURCES];

/*
 * Opens, attaches, drops privileges, and lets the command go. `sink` takes the records in their
 * order; `wait` is asked while the reader of the file takes nothing. False with `error` set.
 */
bool recording_begin(struct recording *r, merge_sink sink, int (*wait)(void *user, int fd),
                     GError **error);

#endif
