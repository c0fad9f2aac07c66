/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_transport.c - segments that passed both vantage points: was their payload changed, were
 * they overtaken on the way?
 *
 * Overtaken is who left earlier than the last to leave and arrived later than it; so little is kept
 * that each segment costs two comparisons. It takes both capture files to agree on the order in
 * which they hold the segments and on their times; copies that could be other copies do not count.
 */
#include "analyze/evidence.h"
#include "analyze/judge.h"

static void say_payload(struct analysis *analysis, const struct segment *up, uint64_t frame_a,
                        uint64_t frame_b, bool again)
{
    struct sighting sighting = {
        .verdict = VERDICT_SEGMENT_PAYLOAD_MODIFIED,
        .confidence = again ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN,
        .direction = up->direction,
        .segment = up->class,
        .frame_a = frame_a,
        .frame_b = frame_b,
        .absent_at = VANTAGES,
        .detail = again ? "or its sender sent other data under the same sequence numbers" : NULL,
    };
    evidence_add(analysis, up->connection, &sighting);
}

static void judge_payload(struct analysis *analysis, const struct segment *up,
                          const struct segment *down)
{
    if (!up->payload_known || !down->payload_known || up->payload == down->payload)
        return;
    bool up_is_a = up->vantage == VANTAGE_A;
    say_payload(analysis, up, up_is_a ? up->frame : down->frame, up_is_a ? down->frame : up->frame,
                up->again || down->again);
}

void judge_pieces_payload(struct analysis *analysis, const struct segment *s)
{
    const struct cover *cover = s->cover;
    if (!s->payload_known || cover->payload_unknown || cover->payload == s->payload)
        return;
    uint64_t piece = cover->n_frames > 0 ? cover->frames[0] : 0;
    say_payload(analysis, s, s->vantage == VANTAGE_A ? s->frame : piece,
                s->vantage == VANTAGE_A ? piece : s->frame, s->again || cover->again);
}

static void say_late(struct analysis *analysis, const struct segment *s, enum vantage upstream,
                     struct passed *late)
{
    if (late->late)
        return;
    late->late = true;
    struct sighting sighting = {
        .verdict = VERDICT_SEGMENT_REORDERED,
        .confidence = CONFIDENCE_CERTAIN,
        .direction = s->direction,
        .segment = -1,
        .frame_a = upstream == VANTAGE_A ? late->up_frame : late->down_frame,
        .frame_b = upstream == VANTAGE_A ? late->down_frame : late->up_frame,
        .absent_at = VANTAGES,
    };
    evidence_add(analysis, s->connection, &sighting);
}

/* `slow` left before `fast` and arrived after it, by both the files' order and their times. */
static bool was_overtaken(const struct passed *slow, const struct passed *fast)
{
    return slow->up_frame < fast->up_frame && slow->down_frame > fast->down_frame &&
           slow->up_ns < fast->up_ns && slow->down_ns > fast->down_ns;
}

static void judge_order(struct analysis *analysis, const struct segment *up,
                        const struct segment *down)
{
    struct connection *connection = up->connection;
    if (connection->joining->passages == NULL)
        connection->joining->passages = slab_take(&analysis->passages);
    struct passage *passage = &connection->joining->passages[up->direction];
    struct passed now = {.up_frame = up->frame,
                         .up_ns = up->time_ns,
                         .down_frame = down->frame,
                         .down_ns = down->time_ns};
    if (passage->last_up.up_frame != 0 && was_overtaken(&now, &passage->last_up))
        say_late(analysis, up, up->vantage, &now);
    if (passage->last_down.up_frame != 0 && was_overtaken(&passage->last_down, &now))
        say_late(analysis, up, up->vantage, &passage->last_down);
    if (now.up_frame > passage->last_up.up_frame)
        passage->last_up = now;
    if (now.down_frame > passage->last_down.down_frame)
        passage->last_down = now;
}

void judge_passage(struct analysis *analysis, const struct segment *up, const struct segment *down,
                   bool sure)
{
    bool identified = up->ip_id != 0 && up->ip_id == down->ip_id;
    judge_payload(analysis, up, down);
    if ((identified || (sure && !up->again)) && up->twin == TWIN_NONE && down->twin == TWIN_NONE)
        judge_order(analysis, up, down);
}
