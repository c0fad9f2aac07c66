/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - edits option lists. A malformed list is changed up to where it makes sense.
 */
#include "lab/forwarder/options.h"

#include <string.h>

#include "wire/option.h"

bool options_append(struct options *list, const struct tcp_option *option)
{
    if (list->length + option->available > sizeof(list->octets))
        return false;
    memcpy(list->octets + list->length, option->octets, option->available);
    list->length += option->available;
    return true;
}

bool options_have(const struct frame *frame, const uint8_t *octets, size_t length)
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;

    while (tcp_options_next(&list, &option))
        if (option.available == length && memcmp(option.octets, octets, length) == 0)
            return true;
    return false;
}

/* Up to and with the last option that is no padding. */
static size_t used(const struct frame *frame)
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;
    size_t end = 0;

    while (tcp_options_next(&list, &option))
        if (option.kind != TCP_KIND_NOP && option.kind != TCP_KIND_EOL)
            end = (size_t)(option.octets - frame->segment.options) + option.available;
    return end;
}

bool options_add(struct frame *frame, const uint8_t *octets, size_t length)
{
    struct options all = {.length = used(frame)};

    if (all.length + length > sizeof(all.octets))
        return false;
    memcpy(all.octets, frame->segment.options, all.length);
    memcpy(all.octets + all.length, octets, length);
    return frame_set_options(frame, all.octets, all.length + length);
}

bool options_blank(struct frame *frame, const bool kinds[256])
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;
    bool any = false;

    while (tcp_options_next(&list, &option)) {
        if (!kinds[option.kind] || option.malformed)
            continue;
        memset(frame->octets + (option.octets - frame->octets), TCP_KIND_NOP, option.available);
        any = frame->changed = true;
    }
    return any;
}
