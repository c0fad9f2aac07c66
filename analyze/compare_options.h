/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_options.h - what became of one option between two vantage points, or whether it may stand
 * where it stands. Nothing is counted here: judge_options.c does that.
 *
 * Which option downstream is which of those upstream: align.h. Specification: RFC 9293 section 3.1,
 * RFC 2018 (SACK blocks are sequence numbers), RFC 6994 (ExIDs).
 */
#ifndef OPTRAIL_ANALYZE_COMPARE_OPTIONS_H
#define OPTRAIL_ANALYZE_COMPARE_OPTIONS_H

#include <stdbool.h>

#include "analyze/align.h"
#include "analyze/model.h"

struct option_case { /* one option upstream, and what stands downstream */
    const struct connection *connection;
    struct identities *identities;
    const struct segment *up, *down;
    const struct option_list *up_options, *down_options;
    const struct alignment *alignment;
    unsigned index;                  /* of the option upstream */
    const struct option_at *here;    /* it */
    const struct option_at *there;   /* downstream; NULL: not there */
    const struct option_at *instead; /* another downstream that took its place; NULL: none */
};

enum { OPTION_OWN_VERDICTS = 2 }; /* its form, its place */

/* The octets of an option of that list; at->available of them are there. */
static inline const uint8_t *option_octets(const struct option_list *list,
                                           const struct option_at *at)
{
    return list->octets + at->offset;
}

/* Whether the capture holds all of it. A length of 0 without fault: cut off before its length. */
static inline bool option_is_whole(const struct option_at *at)
{
    return at->malformed || (at->length > 0 && at->available >= at->length);
}

/* Makes the option `index` upstream the one that the case is about. */
void option_turn_to(struct option_case *c, unsigned index);

/* The option stands downstream with the same octets, but for what a translation changes rightly. */
bool option_is_intact(const struct option_case *c);

/* One of the captures cut the header where it stands: nothing can be said. */
bool option_is_cut(const struct option_case *c);

/* What became of it downstream. */
enum verdict option_compare(const struct option_case *c);

/* One of the OPTION_OWN_VERDICTS: malformed, misplaced; VERDICT_NONE: nothing to say. */
enum verdict option_own_verdict(const struct option_case *c, unsigned which);

#endif
