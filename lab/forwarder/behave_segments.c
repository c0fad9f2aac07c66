/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behave_segments.c - behaviours that divide, join, delay, repeat or lose segments.
 */
#include "lab/forwarder/behaviours.h"

#include "lab/forwarder/note.h"
#include "lab/forwarder/options.h"

static bool has_data(const struct frame *frame)
{
    return frame->segment.payload_length > 0 && !(frame->segment.flags & (TCP_SYN | TCP_RST));
}

/* Parts of at most settings.size octets. Those that do not keep the options get NOPs for them. */
enum fate act_split(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *s = &stage->settings;
    uint32_t length = frame->segment.payload_length;

    (void)chosen;
    if (!has_data(frame) || length <= s->size)
        return PASS;
    note(chain, stage, frame, "divided");
    for (uint32_t at = 0; at < length; at += s->size) {
        struct frame *part = frame_copy(frame, TCP_OPTIONS_MAX);
        bool first = at == 0, last = length - at <= s->size;

        frame_cut_payload(part, at, last ? length - at : s->size);
        if (!last)
            frame_set_flags(part, part->segment.flags & (uint8_t) ~(TCP_FIN | TCP_PSH));
        if ((s->keep == KEEP_FIRST && !first) || (s->keep == KEEP_LAST && !last)) {
            note_options(chain, stage, part, "removed", s->kinds);
            options_blank(part, s->kinds);
        }
        chain_pass_on(chain, stage, part);
        frame_free(part);
    }
    return TAKEN;
}

/* Appends a segment to the one that waits for it; what of the header is about now is the newer's. */
static bool join(struct frame *waiting, const struct frame *frame, const struct settings *s)
{
    const struct packet *w = &waiting->segment, *f = &frame->segment;

    if (w->seq + w->payload_length != f->seq || w->payload_length + f->payload_length > s->size ||
        ((w->flags ^ f->flags) & (uint8_t) ~(TCP_PSH | TCP_FIN)) != 0)
        return false;
    if (!frame_append_payload(waiting, f->payload, f->payload_length))
        return false;
    if (s->keep == KEEP_LAST)
        frame_set_options(waiting, f->options, f->options_length);
    frame_set_ack(waiting, f->ack);
    frame_set_flags(waiting, w->flags | f->flags);
    return true;
}

/* Data waits a little for the data that follows it. Whatever else comes lets it go first. */
enum fate act_coalesce(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    struct held **held = &stage_memory(stage, frame)->held[frame->direction];
    bool joinable = chosen && has_data(frame);

    if (*held != NULL) {
        uint32_t before = (*held)->frame->segment.payload_length;
        if (joinable && join((*held)->frame, frame, &stage->settings)) {
            note(chain, stage, frame, "joined to %u octets", before);
            return TAKEN;
        }
        chain_release(chain, *held);
    }
    if (!joinable || (frame->segment.flags & (TCP_FIN | TCP_URG)))
        return PASS;
    chain_hold(chain, stage, frame);
    return TAKEN;
}

/* A chosen segment waits until settings.by others of its direction have passed it. */
enum fate act_reorder(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    struct memory *memory = stage_memory(stage, frame);
    struct held *held = memory->held[frame->direction];

    if (held == NULL) {
        if (!chosen)
            return PASS;
        chain_hold(chain, stage, frame);
        return TAKEN;
    }
    note(chain, stage, held->frame, "overtaken by seq %u", frame->segment.seq);
    chain_pass_on(chain, stage, frame);
    /* Passing on may have let it go already, when too much was held. */
    held = memory->held[frame->direction];
    if (held != NULL && --held->to_pass == 0)
        chain_release(chain, held);
    return TAKEN;
}

enum fate act_duplicate(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    struct frame *twin = frame_copy(frame, TCP_OPTIONS_MAX);

    (void)chosen;
    note(chain, stage, frame, "doubled");
    chain_pass_on(chain, stage, frame);
    chain_pass_on(chain, stage, twin);
    frame_free(twin);
    return TAKEN;
}

enum fate act_drop(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    (void)chosen;
    note(chain, stage, frame, "dropped");
    return TAKEN;
}
