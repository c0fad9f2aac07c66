/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the options of a frame's TCP header as a list that can be edited.
 */
#ifndef OPTRAIL_LAB_OPTIONS_H
#define OPTRAIL_LAB_OPTIONS_H

#include "lab/forwarder/frame.h"

struct options {
    uint8_t octets[TCP_OPTIONS_MAX];
    size_t length;
};

static inline struct tcp_options options_of(const struct frame *frame)
{
    return tcp_options_of(&frame->segment);
}

/* Appends an option, or a NOP; false when there is no room. */
bool options_append(struct options *list, const struct tcp_option *option);

/* True when the header holds these very octets as an option. */
bool options_have(const struct frame *frame, const uint8_t *octets, size_t length);

/* Adds whole options behind the last one of the header. False when they do not fit. */
bool options_add(struct frame *frame, const uint8_t *octets, size_t length);

/* Overwrites the options of some kinds with NOPs; true when there were any. */
bool options_blank(struct frame *frame, const bool kinds[256]);

#endif
