/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behave_options.c - behaviours that change what stands in the option space.
 */
#include "lab/forwarder/behaviours.h"

#include <string.h>

#include "lab/forwarder/note.h"
#include "lab/forwarder/options.h"
#include "wire/option.h"

enum fate act_strip_nop(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    (void)chosen;
    note_options(chain, stage, frame, "removed", stage->settings.kinds);
    options_blank(frame, stage->settings.kinds);
    return PASS;
}

/* Options behind a removed one move up, and the header ends as early as they allow. */
enum fate act_strip_shorten(struct chain *chain, struct stage *stage, struct frame *frame,
                            bool chosen)
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;
    struct options left = {.length = 0};
    size_t end = 0; /* of the last that is no padding */
    bool any = false;

    (void)chosen;
    note_options(chain, stage, frame, "removed", stage->settings.kinds);
    while (tcp_options_next(&list, &option)) {
        if (stage->settings.kinds[option.kind] && !option.malformed) {
            any = true;
            continue;
        }
        options_append(&left, &option);
        if (option.kind != TCP_KIND_NOP && option.kind != TCP_KIND_EOL)
            end = left.length;
    }
    if (any)
        frame_set_options(frame, left.octets, end);
    return PASS;
}

enum fate act_modify(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *settings = &stage->settings;
    struct tcp_options list = options_of(frame);
    struct tcp_option option;

    (void)chosen;
    while (tcp_options_next(&list, &option)) {
        if (!settings->kinds[option.kind] || option.malformed)
            continue;
        int at = settings->at < 0 ? option.length + settings->at : settings->at;
        if (at < 2 || at >= option.length) /* kind and length stay: that would be another option */
            continue;
        note_option(chain, stage, frame, "changed", option.octets, option.length);
        frame->octets[option.octets - frame->octets + at] ^= settings->flip;
        frame->changed = true;
    }
    return PASS;
}

enum fate act_add(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *settings = &stage->settings;

    (void)chosen;
    /* Where there is no room the segment passes as it is. */
    if (options_add(frame, settings->option, settings->option_length))
        note_option(chain, stage, frame, "added", settings->option, settings->option_length);
    return PASS;
}

/* The first option of the kinds in a segment that is watched is remembered until it was sent back. */
enum fate act_mirror(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *settings = &stage->settings;
    struct memory *memory = stage_memory(stage, frame);
    struct tcp_options list = options_of(frame);
    struct tcp_option option;

    if (settings->directions & 1u << frame->direction) {
        if (!chosen)
            return PASS;
        while (tcp_options_next(&list, &option)) {
            if (!settings->kinds[option.kind] || option.malformed)
                continue;
            memcpy(memory->options, option.octets, option.length);
            memory->options_length = option.length;
            break;
        }
    } else if (memory->options_length > 0 && frame_class(frame) != SEGMENT_RST) {
        if (options_have(frame, memory->options, memory->options_length)) {
            memory->options_length = 0;
        } else if (options_add(frame, memory->options, memory->options_length)) {
            note_option(chain, stage, frame, "added", memory->options, memory->options_length);
            memory->options_length = 0;
        }
    }
    return PASS;
}

enum fate act_reorder_options(struct chain *chain, struct stage *stage, struct frame *frame,
                              bool chosen)
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option, in_order[TCP_OPTIONS_MAX];
    struct options reversed = {.length = 0};
    unsigned n = 0;
    uint8_t blank[TCP_OPTIONS_MAX];

    (void)chosen;
    while (tcp_options_next(&list, &option)) {
        if (option.malformed)
            return PASS;
        if (option.kind != TCP_KIND_NOP && option.kind != TCP_KIND_EOL)
            in_order[n++] = option;
    }
    if (n < 2)
        return PASS;
    note(chain, stage, frame, "turned %u options round", n);
    while (n-- > 0)
        options_append(&reversed, &in_order[n]);
    memset(blank, TCP_KIND_NOP, sizeof(blank));
    memcpy(blank, reversed.octets, reversed.length);
    frame_set_options(frame, blank, frame->segment.options_length);
    return PASS;
}
