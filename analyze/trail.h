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

/*
 * The row, made when there is none. Of an option that nobody describes it may be one of
 * identities_others(), when the connection shows very many different ones: see row->option.
 */
struct row *trail_row(struct analysis *analysis, struct connection *connection,
                      const struct identity *option, unsigned direction, unsigned segment);

/* The row for a segment's option if such are counted (everyday options are, when asked for). */
struct row *trail_row_if_counted(struct analysis *analysis, const struct segment *segment,
                                 const struct identity *option);

/* Counts a verdict in a row; anything but option.intact and what says nothing makes it shown. */
void trail_count(struct row *row, enum verdict verdict, enum confidence confidence);

/* Frees one row that stands in no list any more, or all of a connection. */
void trail_give(struct analysis *analysis, struct row *row);
void trail_clear(struct analysis *analysis, struct connection *connection);

/* For the table of rows behind the first ones. */
guint trail_row_hash(gconstpointer row);
gboolean trail_row_equal(gconstpointer a, gconstpointer b);

/* Puts a finished connection's rows into the report, and frees them. */
void trail_report(struct analysis *analysis, struct connection *connection);

#endif
