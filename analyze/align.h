/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * align.h - which option of a header upstream is which of the header downstream.
 *
 * Options are the same when they have the same identity: first those with the same octets, so that
 * two of one name that change places are found in their new ones, then the others in their order.
 * What is left over upstream may have been replaced by what is left over downstream.
 */
#ifndef OPTRAIL_ANALYZE_ALIGN_H
#define OPTRAIL_ANALYZE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/identify.h"

enum { ALIGNED_WITH_NONE = -1 };

struct alignment {                      /* indices into the other list */
    int8_t there[OPTIONS_PER_HEADER];   /* of each upstream: the same option downstream */
    int8_t instead[OPTIONS_PER_HEADER]; /* ... else another that took its place */
    bool known
        [OPTIONS_PER_HEADER]; /* of each downstream: the same as one upstream, be it under another name */
    bool padded[OPTIONS_PER_HEADER]; /* of each upstream: gone, and NOPs are in its place */
    bool shortened;                  /* fewer octets downstream, those of others aside */
};

void options_align(const struct option_list *up, const struct option_list *down,
                   struct alignment *out);

#endif
