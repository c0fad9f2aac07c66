/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match_hooks.h - which captured segment a hook's segment holds: by direction, class, sequence
 * numbers and timestamps. Times decide nothing.
 *
 * Numbers are those on the wire at the hook's host; across both vantage points they are translated.
 * Specification: RFC 9293 section 3.4 (sequence numbers modulo 2^32), RFC 7323 (timestamps).
 */
#ifndef OPTRAIL_ANALYZE_MATCH_HOOKS_H
#define OPTRAIL_ANALYZE_MATCH_HOOKS_H

#include <stdbool.h>

#include "analyze/join_hooks.h"

/* The segment is that of the hook, or a slice of it. */
bool match_holds(const struct hook_event *event, const struct segment *segment);

/* The same for one that arrived: acknowledgements may have been glued before the hook saw them. */
bool match_holds_parsed(const struct hook_event *parse, const struct segment *segment);

/* The same options, as far as the capture holds them, whatever the padding behind them. */
bool match_same_options(const struct hook_event *event, const struct segment *segment);

/*
 * A segment that only its own vantage point shows: whether hooks at the other one prove that it
 * passed there all the same (a parse hook held it, or a write hook did; which learns that it left).
 */
bool match_hooks_elsewhere(const struct analysis *analysis, const struct segment *segment);

/* Whether any hook, in whichever file, saw the segment of a write arrive. */
bool match_hooks_arrived(const struct connection *connection, const struct hook_event *write);

#endif
