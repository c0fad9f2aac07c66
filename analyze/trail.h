/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trail.h - the funnel of each option: reserved, written, sent, arrived, parsed, applied.
 *
 * One row per connection, direction, option and class of segment; rows of options that no
 * description covers are kept aside and shown when something happened to them.
 */
#ifndef OPTRAIL_ANALYZE_TRAIL_H
#define OPTRAIL_ANALYZE_TRAIL_H

#include "analyze/model.h"

/* The row, made when there is none. */
struct row *trail_row(struct analysis *analysis, struct connection *connection,
                      const struct identity *option, unsigned direction, unsigned segment);

/* The row for a segment's option if such are counted (everyday options are, when asked for). */
struct row *trail_row_if_counted(struct analysis *analysis, const struct segment *segment,
                                 const struct identity *option);

/* Counts a verdict in a row; anything but option.intact and what says nothing makes it shown. */
void trail_count(struct row *row, enum verdict verdict, enum confidence confidence);

/* Puts a finished connection's rows into the report, and frees them. */
void trail_report(struct analysis *analysis, struct connection *connection);

#endif
