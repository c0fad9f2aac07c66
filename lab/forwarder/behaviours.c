/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behaviours.c - the table. A new behaviour is a function and a row here, and a file in lab/boxes.
 */
#include "lab/forwarder/behaviours.h"

const struct behaviour behaviours[] = {
    {.name = "strip-nop", .keys = "kinds direction segments", .act = act_strip_nop},
    {.name = "strip-shorten", .keys = "kinds direction segments", .act = act_strip_shorten},
    {.name = "modify", .keys = "kinds at flip direction segments", .act = act_modify},
    {.name = "add", .keys = "option direction segments", .act = act_add},
    {.name = "mirror", .keys = "kinds direction segments", .act = act_mirror, .watches = true},
    {.name = "reorder-options", .keys = "direction segments", .act = act_reorder_options},
    {.name = "sequence", .keys = "forward reverse sack", .act = act_sequence},
    {.name = "timestamps", .keys = "forward reverse", .act = act_timestamps},
    {.name = "payload", .keys = "nth at flip direction segments", .act = act_payload, .cuts = true},
    {.name = "rst", .keys = "nth to direction segments", .act = act_rst, .cuts = true},
    {.name = "split", .keys = "size keep kinds direction", .act = act_split, .cuts = true},
    {.name = "coalesce",
     .keys = "size keep wait direction",
     .act = act_coalesce,
     .cuts = true,
     .watches = true},
    {.name = "reorder",
     .keys = "nth by wait direction segments",
     .act = act_reorder,
     .cuts = true,
     .watches = true},
    {.name = "duplicate", .keys = "nth direction segments", .act = act_duplicate, .cuts = true},
    {.name = "drop", .keys = "nth direction segments", .act = act_drop, .cuts = true},
    {0},
};
