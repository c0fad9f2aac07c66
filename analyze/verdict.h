/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - the words in which the analyzer answers, as a table.
 *
 * Every verdict is one row: its name, whether it counts as interference, how bad it is, what it
 * needs, and how a person is told.  docs/verdicts.md explains each to people.
 */
#ifndef OPTRAIL_ANALYZE_VERDICT_H
#define OPTRAIL_ANALYZE_VERDICT_H

#include <stdbool.h>

enum verdict { /* order within a family: mildest first; see verdict_rank() for which is worst */
               VERDICT_NONE,
               VERDICT_OPTION_INTACT,
               VERDICT_OPTION_REMOVED_NOP,
               VERDICT_OPTION_REMOVED_SHORTENED,
               VERDICT_OPTION_MODIFIED,
               VERDICT_OPTION_ADDED,
               VERDICT_OPTION_REORDERED,
               VERDICT_OPTION_MIRRORED,
               VERDICT_OPTION_UNANSWERED,
               VERDICT_OPTION_MISPLACED,
               VERDICT_OPTION_MALFORMED,
               VERDICT_SEGMENT_LOST,
               VERDICT_SEGMENT_DUPLICATED,
               VERDICT_SEGMENT_REORDERED,
               VERDICT_SEGMENT_SPLIT,
               VERDICT_SEGMENT_COALESCED,
               VERDICT_SEGMENT_PAYLOAD_MODIFIED,
               VERDICT_SYN_BLOCKED,
               VERDICT_PATH_NAT,
               VERDICT_PATH_SEQUENCE_REWRITTEN,
               VERDICT_PATH_TIMESTAMPS_REWRITTEN,
               VERDICT_PATH_PROXY,
               VERDICT_PATH_RST_INJECTED,
               VERDICT_MPTCP_FALLBACK,
               VERDICT_HOOK_WRITTEN,
               VERDICT_HOOK_RESERVED_NOT_WRITTEN,
               VERDICT_HOOK_NO_SPACE,
               VERDICT_HOOK_REFUSED,
               VERDICT_HOOK_NOT_ON_WIRE,
               VERDICT_HOOK_NOT_PARSED,
               VERDICT_HOOK_ACTION_FAILED,
               VERDICT_HOOK_APPLIED,
               VERDICT_INCONCLUSIVE_CAPTURE_LOSS,
               VERDICT_INCONCLUSIVE_EVENTS_LOST,
               VERDICT_INCONCLUSIVE_SNAPLEN,
               VERDICT_INCONCLUSIVE_NOT_COVERED,
               VERDICT_INCONCLUSIVE_AMBIGUOUS,
               VERDICTS
};

enum confidence { CONFIDENCE_INCONCLUSIVE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };

/* What a verdict says about the trail as a whole: findings are sorted by it, worst first. */
enum verdict_weight {
    WEIGHT_GOOD,         /* what everybody hopes for */
    WEIGHT_NOTE,         /* the path did something that endpoints need not mind */
    WEIGHT_DOUBT,        /* nothing can be claimed */
    WEIGHT_FAULT,        /* an endpoint did not do its part */
    WEIGHT_INTERFERENCE, /* the path changed what endpoints can see */
};

/* What must be there before a verdict can be spoken. */
enum verdict_needs {
    NEEDS_NOTHING,
    NEEDS_ONE,        /* one vantage point */
    NEEDS_TWO,        /* two vantage points */
    NEEDS_HOOKS,      /* hook records */
    NEEDS_HOOKS_NEAR, /* the writer's hook records and a capture on its side */
    NEEDS_HOOKS_FAR,  /* the parser's hook records and a capture on its side */
};

/* "option.removed.nop"; "none" for VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);
/* "inconclusive", "likely", "certain". */
const char *confidence_name(enum confidence confidence);

/* The verdict of that full name, or VERDICT_NONE. */
enum verdict verdict_from_name(const char *name);

/* True when `name` is a verdict, or a dotted prefix that selects a family of them. */
bool verdict_selects_any(const char *selector);
bool verdict_selects(const char *selector, enum verdict verdict);

/* True for what makes the overall verdict `interfered`. */
bool verdict_is_interference(enum verdict verdict);
bool verdict_is_inconclusive(enum verdict verdict);

enum verdict_weight verdict_weight(enum verdict verdict);
enum verdict_needs verdict_needs(enum verdict verdict);

/*
 * How bad a verdict is for an option's row: the highest rank that occurred stands in the row. All
 * ranks differ. VERDICT_NONE has the lowest, a lost segment comes next (it says nothing about the
 * option that it carried), then what is inconclusive, then everything that was concluded.
 */
int verdict_rank(enum verdict verdict);

/* For people, never NULL: */
const char *verdict_short(enum verdict verdict);   /* for a table: "removed: NOPs" */
const char *verdict_outcome(enum verdict verdict); /* "NOT delivered" */
const char *verdict_phrase(enum verdict verdict);  /* "was overwritten with NOPs on the path" */
const char *verdict_where(enum verdict verdict);   /* "on the path"; "" when it died nowhere */
const char *verdict_advice(enum verdict verdict);  /* what to do next, a sentence; "" for none */

#endif
