/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_segments.c - segments that did not arrive, or arrived in other pieces.
 *
 * Absence is claimed only where the other capture can be shown to have looked: it had begun, had
 * not ended, lost nothing there, and was not seen to miss what the receiver acknowledged.
 */
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/match_hooks.h"

#include "analyze/clock.h"
#include "analyze/evidence.h"
#include "analyze/join_hooks.h"
#include "analyze/trail.h"

static const uint64_t LOSS_MARGIN_NS = 1000 * 1000; /* around the moment a segment was expected */

struct absence {
    enum verdict verdict;
    enum confidence confidence;
    const char *why;
};

static uint64_t sequence_end(const struct segment *s)
{
    return s->seq + s->length + (s->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

/* --- why a segment may be absent, strongest objection first ----------------------------------- */

typedef bool (*objection)(const struct analysis *analysis, const struct segment *s,
                          const struct input *other);

static bool other_has_no_packets(const struct analysis *analysis, const struct segment *s,
                                 const struct input *other)
{
    (void)analysis;
    (void)s;
    return !other->has_packets;
}

static void expected(const struct analysis *analysis, const struct segment *s, uint64_t *earliest,
                     uint64_t *latest)
{
    clock_expect(analysis->clock, s->vantage, connection_upstream(s->connection, s->direction),
                 s->time_ns, earliest, latest);
}

/* Without a clock to go by, whenever that was. */
static bool headers_cut_there(const struct analysis *analysis, const struct segment *s,
                              const struct input *other)
{
    uint64_t earliest, latest;
    expected(analysis, s, &earliest, &latest);
    if (!analysis->clock->known)
        return other->cut_headers > 0;
    return input_headers_cut_between(other, earliest - MIN(earliest, LOSS_MARGIN_NS),
                                     latest + LOSS_MARGIN_NS);
}

/* As the other vantage point knows its endpoints, if it does. */
static bool filtered_out(const struct analysis *analysis, const struct segment *s,
                         const struct input *other)
{
    const struct side *side = s->connection->sides[other->vantage];
    (void)analysis;
    if (side == NULL)
        side = s->connection->sides[s->vantage];
    bool low = side->client_is_low == (s->direction == FROM_CLIENT);
    return !input_would_catch(other, low ? &side->key.low : &side->key.high,
                              low ? &side->key.high : &side->key.low, s->flags, s->length);
}

/*
 * Nothing of the connection was seen at the other vantage point: it is not on the path when both
 * directions were, here; and when its beginning was not, the other may know it by another name.
 */
static bool passes_by(const struct analysis *analysis, const struct segment *s,
                      const struct input *other)
{
    const struct side *side = s->connection->sides[s->vantage];
    (void)analysis;
    return s->connection->sides[other->vantage] == NULL &&
           ((side->has_ack[FROM_CLIENT] && side->has_ack[FROM_SERVER]) ||
            !side->has_isn[FROM_CLIENT]);
}

static bool before_its_beginning(const struct analysis *analysis, const struct segment *s,
                                 const struct input *other)
{
    uint64_t earliest, latest;
    expected(analysis, s, &earliest, &latest);
    return earliest < other->first_ns;
}

static bool after_its_end(const struct analysis *analysis, const struct segment *s,
                          const struct input *other)
{
    uint64_t earliest, latest;
    expected(analysis, s, &earliest, &latest);
    return latest > other->last_ns;
}

static bool losses_counted_there(const struct analysis *analysis, const struct segment *s,
                                 const struct input *other)
{
    uint64_t earliest, latest;
    expected(analysis, s, &earliest, &latest);
    return input_lost_packets_between(other, earliest - MIN(earliest, LOSS_MARGIN_NS),
                                      latest + LOSS_MARGIN_NS);
}

static bool arrived_again(const struct segment *s)
{
    const GArray *ranges = s->connection->joining->arrived_again;
    for (unsigned i = 0; ranges && i < ranges->len; i++) {
        const struct range *range = &g_array_index(ranges, struct range, i);
        if (range->direction == s->direction && range->from < sequence_end(s) && s->seq < range->to)
            return true;
    }
    return false;
}

/* The receiver acknowledged what the other capture never saw, in any copy. */
static bool acknowledged_all_the_same(const struct analysis *analysis, const struct segment *s,
                                      const struct input *other)
{
    const struct side *side = s->connection->sides[s->vantage];
    uint32_t end = s->seq_wire + (uint32_t)(sequence_end(s) - s->seq);
    (void)analysis;
    (void)other;
    return sequence_end(s) > s->seq && s->class != SEGMENT_RST && !s->again &&
           side->has_ack[!s->direction] && (int32_t)(side->highest_ack[!s->direction] - end) >= 0 &&
           !arrived_again(s);
}

/* A hook there held what the capture beside it does not show. */
static bool hooked_all_the_same(const struct analysis *analysis, const struct segment *s,
                                const struct input *other)
{
    (void)other;
    return match_hooks_elsewhere(analysis, s);
}

/* What should have been its counterpart may be among those that waited too long. */
static bool given_up(const struct analysis *analysis, const struct segment *s,
                     const struct input *other)
{
    (void)analysis;
    return s->connection->joining->gave_up[other->vantage][s->direction];
}

/* Its number is of another space: the handshake is missing, and no payload told the difference. */
static bool numbers_unrelated(const struct analysis *analysis, const struct segment *s,
                              const struct input *other)
{
    const struct connection *connection = s->connection;
    const struct side *there = connection->sides[other->vantage];
    (void)analysis;
    return there && there->has_ack[s->direction] && !connection->joining->related[s->direction] &&
           connection->joining->delta_state[s->direction] == DELTA_PRESUMED;
}

static const struct {
    objection holds;
    enum verdict verdict;
    const char *why;
} OBJECTIONS[] = {
    {headers_cut_there, VERDICT_INCONCLUSIVE_SNAPLEN,
     "it holds no whole TCP header at that moment"},
    {other_has_no_packets, VERDICT_INCONCLUSIVE_NOT_COVERED, "it holds no TCP segment at all"},
    {filtered_out, VERDICT_INCONCLUSIVE_NOT_COVERED,
     "it was made with a filter that may leave them out"},
    {passes_by, VERDICT_INCONCLUSIVE_NOT_COVERED, "it never saw this connection"},
    {before_its_beginning, VERDICT_INCONCLUSIVE_NOT_COVERED, "it begins later"},
    {after_its_end, VERDICT_INCONCLUSIVE_NOT_COVERED, "it ends before they can have passed"},
    {losses_counted_there, VERDICT_INCONCLUSIVE_CAPTURE_LOSS, "it lost packets at that moment"},
    {given_up, VERDICT_INCONCLUSIVE_AMBIGUOUS,
     "more segments waited for their counterparts than there is room for"},
    {numbers_unrelated, VERDICT_INCONCLUSIVE_AMBIGUOUS,
     "its beginning was not captured, and nothing tells how sequence numbers compare"},
    {hooked_all_the_same, VERDICT_INCONCLUSIVE_CAPTURE_LOSS,
     "a hook there dealt with them, so it is the capture that missed them"},
    {acknowledged_all_the_same, VERDICT_INCONCLUSIVE_CAPTURE_LOSS,
     "the receiver acknowledged them, so it is the capture that missed them"},
};

/*
 * What takes up sequence numbers and arrives is acknowledged: that it was not makes sure that it
 * is the path that lost it. Of an acknowledgement, or of one copy of several, nobody else can tell.
 */
static bool is_corroborated(const struct segment *s)
{
    return sequence_end(s) > s->seq && s->class != SEGMENT_RST && !s->again;
}

/* It arrived without having been sent, as far as the capture upstream tells, which was complete. */
static struct absence judge_unsent(const struct analysis *analysis, const struct segment *s)
{
    bool counts = input_counts_losses(analysis->inputs[!s->vantage]);
    enum confidence confidence = counts ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (s->twin == TWIN_SAME_INTERFACE)
        return (struct absence){VERDICT_SEGMENT_DUPLICATED, confidence,
                                counts ? NULL : "or the capture shows it twice"};
    if (s->class == SEGMENT_RST)
        return (struct absence){VERDICT_PATH_RST_INJECTED, confidence,
                                counts ? NULL
                                       : "or the capture on the other side missed it: it does not "
                                         "say how many packets it lost"};
    return (struct absence){VERDICT_INCONCLUSIVE_AMBIGUOUS, CONFIDENCE_INCONCLUSIVE,
                            "it arrived, but was not seen on its way"};
}

static struct absence judge_absence(const struct analysis *analysis, const struct segment *s)
{
    const struct input *other = analysis->inputs[!s->vantage];
    bool upstream = connection_upstream(s->connection, s->direction) == s->vantage;
    for (unsigned i = 0; i < G_N_ELEMENTS(OBJECTIONS); i++)
        if (OBJECTIONS[i].holds(analysis, s, other))
            return (struct absence){OBJECTIONS[i].verdict, CONFIDENCE_INCONCLUSIVE,
                                    OBJECTIONS[i].why};
    if (!upstream)
        return judge_unsent(analysis, s);
    bool certain = input_counts_losses(other) && is_corroborated(s);
    return (struct absence){VERDICT_SEGMENT_LOST, certain ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
                            NULL};
}

/* --- missing ---------------------------------------------------------------------------------- */

static void say_missing(struct analysis *analysis, const struct segment *s,
                        const struct identity *option, const struct absence *absence)
{
    struct sighting sighting = {
        .verdict = absence->verdict,
        .confidence = absence->confidence,
        .direction = s->direction,
        .option = option,
        .segment = s->class,
        .detail = absence->why,
        .absent_at = verdict_is_inconclusive(absence->verdict) ? VANTAGES : !s->vantage,
    };
    *(s->vantage == VANTAGE_A ? &sighting.frame_a : &sighting.frame_b) = s->frame;
    evidence_add(analysis, s->connection, &sighting);
}

/*
 * One packet, recorded twice: on two interfaces, or with the identification that the sender gave to
 * no other. Behind the path the latter is a duplicate that the network made.
 */
static bool is_shown_twice(const struct segment *s)
{
    bool upstream = connection_upstream(s->connection, s->direction) == s->vantage;
    return s->twin == TWIN_OTHER_INTERFACE ||
           (s->twin == TWIN_SAME_INTERFACE && upstream && s->ip_id != 0);
}

void judge_missing(struct analysis *analysis, struct segment *s)
{
    struct option_list options;
    if (is_shown_twice(s))
        return;
    (void)match_hooks_elsewhere(analysis,
                                s); /* whatever is said of it: a write learns that it left */
    struct absence absence = s->connection->terminated
                                 ? (struct absence){VERDICT_PATH_PROXY, CONFIDENCE_LIKELY, NULL}
                                 : judge_absence(analysis, s);
    bool known = !verdict_is_inconclusive(absence.verdict);
    bool tells = judge_tells(analysis, s);
    if (tells) {
        option_list_read(analysis->identities, s->options, s->options_captured, s->options_length,
                         &options);
        judge_alone(analysis, s, &options);
    }
    /* That segments are missing is news only when it is known what became of them. */
    if (known && absence.verdict != VERDICT_PATH_PROXY) /* that is said of the connection */
        say_missing(analysis, s, NULL, &absence);
    for (unsigned i = 0; tells && i < options.n; i++) {
        struct row *row = trail_row_if_counted(analysis, s, options.at[i].identity);
        if (row == NULL || option_list_find(&options, options.at[i].identity, 0) != &options.at[i])
            continue; /* however often it stands there: one segment */
        trail_count(row, absence.verdict, absence.confidence);
        if (!known && row->shown)
            say_missing(analysis, s, options.at[i].identity, &absence);
    }
}

/* --- in other pieces -------------------------------------------------------------------------- */

/* Longer than the receiver allowed: no such segment crosses a network, the host cut or glued it. */
static bool is_offload(const struct connection *connection, unsigned direction, uint32_t length)
{
    uint32_t mss = connection->mss[direction];
    return mss == 0 || length > mss;
}

void judge_pieces(struct analysis *analysis, struct segment *s)
{
    struct connection *connection = s->connection;
    orient(analysis, connection, NULL, NULL, true);
    if (s->cover->n_pieces < 2 || is_offload(connection, s->direction, s->length))
        return;
    bool upstream = connection_upstream(connection, s->direction) == s->vantage;
    struct sighting sighting = {
        .verdict = upstream ? VERDICT_SEGMENT_SPLIT : VERDICT_SEGMENT_COALESCED,
        /* Receive offload may have glued small segments, where only the receiver's side looked. */
        .confidence = upstream ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
        .direction = s->direction,
        .segment = s->class,
        .absent_at = VANTAGES,
    };
    /* Everyday segments are not compared option by option: then both are as they began. */
    if (upstream && s->cover->kept_by_all != UINT32_MAX &&
        (s->cover->kept_by_any & ~s->cover->kept_by_all) != 0)
        sighting.detail = "not every piece kept the options";
    *(s->vantage == VANTAGE_A ? &sighting.frame_a : &sighting.frame_b) = s->frame;
    struct evidence *evidence = evidence_add(analysis, connection, &sighting);
    for (unsigned i = 0; i < s->cover->n_frames; i++)
        evidence_frame(evidence, !s->vantage, s->cover->frames[i]);
}
