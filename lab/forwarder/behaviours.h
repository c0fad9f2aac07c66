/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behaviours.h - what boxes do to segments, one function each; behaviours.c has their table.
 */
#ifndef OPTRAIL_LAB_BEHAVIOURS_H
#define OPTRAIL_LAB_BEHAVIOURS_H

#include "lab/forwarder/chain.h"

typedef enum fate behaviour_act(struct chain *chain, struct stage *stage, struct frame *frame,
                                bool chosen);

behaviour_act act_strip_nop, act_strip_shorten, act_modify, act_add, act_mirror,
    act_reorder_options;
behaviour_act act_sequence, act_timestamps, act_payload, act_rst;
behaviour_act act_split, act_coalesce, act_reorder, act_duplicate, act_drop;

#endif
