/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * annotate.h - a capture once more, with what was found as packet comments, for people who read it
 * without the plugin: each finding stands on the frames that it names.
 */
#ifndef OPTRAIL_ANALYZE_ANNOTATE_H
#define OPTRAIL_ANALYZE_ANNOTATE_H

#include <glib.h>

#include "analyze/report.h"

/*
 * Copies the capture of a vantage point ('a' or 'b'), `file` and those that continue it (NULL:
 * none), into the pcapng file `out`, which appears under its name when it is complete. Comments
 * that are there are kept. 0, or -1 with `error` set.
 */
int annotate(const struct report *report, char vantage, const char *file, const char *const *more,
             const char *out, GError **error);

#endif
