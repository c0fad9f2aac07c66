/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conclude.h - from judged connections to the report.
 */
#ifndef OPTRAIL_ANALYZE_CONCLUDE_H
#define OPTRAIL_ANALYZE_CONCLUDE_H

#include "analyze/model.h"

/*
 * Puts a finished connection, its rows and its findings into the report, under the id that it has
 * now; its rows and findings are freed. Ids become final in conclude().
 */
void conclude_connection(struct analysis *analysis, struct connection *connection);

/* Everything was read: finishes and judges what is left, numbers the connections, sorts. */
void conclude(struct analysis *analysis);

#endif
