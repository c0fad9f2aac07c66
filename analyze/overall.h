/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overall.h - the one word for the whole report.
 */
#ifndef OPTRAIL_ANALYZE_OVERALL_H
#define OPTRAIL_ANALYZE_OVERALL_H

#include "analyze/report.h"

/*
 * Interfered when the path changed what endpoints can see, with confidence certain or likely; else
 * inconclusive when some option's fate could not be judged; else intact.
 */
enum overall overall_verdict(const struct report *report);

#endif
