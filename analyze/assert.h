/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assert.h - what a test run demands of a report: `--assert EXPRESSION`.
 *
 * An expression is words separated by spaces:
 *
 *   flow=N direction=D option=NAME segment=S   pick rows of the report's options[]
 *   verdict=V                                  every row picked has it (a family counts)
 *   STAGE OP NUMBER, without spaces            holds for every row picked: "sent>=10"; STAGE is
 *                                              reserved, written, sent, arrived, parsed or applied,
 *                                              OP one of = != < <= > >=
 *   none V                                     no finding of that verdict or family; the words that
 *                                              pick rows pick findings then
 *
 * No row picked is a failure. What cannot be judged is neither a success nor a failure.
 */
#ifndef OPTRAIL_ANALYZE_ASSERT_H
#define OPTRAIL_ANALYZE_ASSERT_H

#include <glib.h>

#include "analyze/report.h"

struct assertion;

/*
 * Parses an expression. NULL with `error` set (one line: which word is wrong, and what could stand
 * there). Free with assertion_free(), which accepts NULL.
 */
struct assertion *assertion_parse(const char *expression, GError **error);
void assertion_free(struct assertion *assertion);

#define ASSERTION_ERROR (assertion_error_quark())
GQuark assertion_error_quark(void);

/* Judges it and appends the result to report->assertions. */
void assertion_check(const struct assertion *assertion, struct report *report);

#endif
