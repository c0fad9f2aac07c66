/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - the file that a recording goes to: its owner's alone, and left as it was until the
 * recording begins.
 */
#ifndef OPTRAIL_TRACE_OUTPUT_H
#define OPTRAIL_TRACE_OUTPUT_H

#include <glib.h>
#include <stdbool.h>

struct output {
    int fd; /* -1: not open */
    const char *path;
    int shared;   /* flags to give back to a descriptor that others have too; -1: none */
    bool created; /* it was not there before: it goes again when nothing comes of it */
};

/* Opens `path`, or standard output for "-". False with `error` set. */
bool output_open(struct output *output, const char *path, GError **error);

/* The recording begins: what a file held before is gone now. */
bool output_begin(struct output *output, GError **error);

/* Closes; takes the file away again when it is not to be `kept`. 0 or a negative errno. */
int output_close(struct output *output, bool kept);

#endif
