/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_text.h - what the two halves of the report for people share. */
#ifndef OPTRAIL_ANALYZE_REPORT_TEXT_H
#define OPTRAIL_ANALYZE_REPORT_TEXT_H

#include "analyze/report.h"
#include "analyze/summary.h"
#include "analyze/text.h"

/* "client > server", with an arrow. */
const char *text_direction(enum direction direction);
/* "" for one, "s" for any other number. */
const char *text_plural(uint64_t n);
/* The mark before a line of that weight, and its style. */
const char *text_mark(enum verdict_weight weight, enum text_style *style);

/* The sections from the evidence on; `discoveries` as summary_discoveries() returned them. */
void text_put_evidence(struct text *text, const struct report *report,
                       const GPtrArray *discoveries);
void text_put_mptcp_events(struct text *text, const struct report *report);

/*
 * The lines in which a recorder says what it used, or (`blind`) what it could not see. Never NULL;
 * free with g_strfreev().
 */
char **text_sources(const struct report_input *input, bool blind);

void text_put_next(struct text *text, const struct report *report, const GPtrArray *discoveries);
void text_put_limits(struct text *text, const struct report *report);

#endif
