/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conclude.h - from judged connections to the report.
 */
#ifndef OPTRAIL_ANALYZE_CONCLUDE_H
#define OPTRAIL_ANALYZE_CONCLUDE_H

#include "analyze/model.h"

/* Everything was read: finishes and judges what is left, numbers the connections, sorts. */
void conclude(struct analysis *analysis);

#endif
