/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finish.h - a connection is over: what is left of it is judged.
 */
#ifndef OPTRAIL_ANALYZE_FINISH_H
#define OPTRAIL_ANALYZE_FINISH_H

#include "analyze/model.h"

/* Judges what is left of a connection, once; its rows and findings wait for the report. */
void finish_connection(struct analysis *analysis, struct connection *connection);

/* Gives back what joining knows, of a connection that is told of, or was merged. */
void finish_joining(struct analysis *analysis, struct connection *connection);

#endif
