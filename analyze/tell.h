/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tell.h - from a judged connection to the report.
 */
#ifndef OPTRAIL_ANALYZE_TELL_H
#define OPTRAIL_ANALYZE_TELL_H

#include "analyze/model.h"

/*
 * Puts a finished connection, its rows and its findings into the report, under the id that it has
 * now; its rows and findings are freed. Ids become final in conclude().
 */
void tell_connection(struct analysis *analysis, struct connection *connection);

#endif
