/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join_packets.c - which segment at A is which at B, in sequence space.
 *
 * The key of a segment is its connection, direction, class, relative sequence number and payload
 * length; without payload the acknowledgement too. Copies under one key (retransmissions, runs of
 * identical ACKs) are told apart by timestamps, then by IP identification, then by their options,
 * and else taken in their order. Time decides nothing.
 */
#include "analyze/join_packets.h"

#include <string.h>

#include "analyze/clock.h"
#include "analyze/fingerprint.h"
#include "analyze/judge.h"
#include "analyze/learn.h"
#include "analyze/translate.h"
#include "analyze/waiting.h"

enum { LEARN_FIRST = 8, DISAGREEMENTS_AT_FIRST = 2, DISAGREEMENTS_LATER = 8 };

static void release(struct analysis *analysis, struct segment *s)
{
    if (s->cover)
        slab_give(&analysis->covers, s->cover);
    slab_give(&analysis->segments, s);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void give_up(struct connection *connection, unsigned direction)
{
    connection->joining->gave_up[VANTAGE_A][direction] = true;
    connection->joining->gave_up[VANTAGE_B][direction] = true;
}

/* Lets a copy of `s` wait, taking over its cover. */
static void wait_for_counterpart(struct analysis *analysis, const struct segment *s)
{
    struct segment *kept = slab_take_raw(&analysis->segments);
    *kept = *s;
    if (waiting_add(analysis->join, kept))
        return;
    give_up(kept->connection, kept->direction);
    judge_missing(analysis, kept);
    release(analysis, kept);
}

static void stop_waiting(struct analysis *analysis, struct segment *s)
{
    waiting_remove(analysis->join, s);
}

/* --- one for one ------------------------------------------------------------------------------ */

static const struct segment *at(const struct segment *s, const struct segment *t, unsigned vantage)
{
    return s->vantage == vantage ? s : t;
}

static bool same_options(const struct segment *s, const struct segment *t)
{
    return s->options_length == t->options_length && s->options_captured == t->options_captured &&
           memcmp(s->options, t->options, s->options_captured) == 0;
}

/* How well a candidate fits beyond its key; more is better, 0 not at all. */
static unsigned fit(const struct segment *s, const struct segment *candidate)
{
    unsigned points = 1;
    const struct segment *a = at(s, candidate, VANTAGE_A), *b = at(s, candidate, VANTAGE_B);
    if (!translate_timestamps_agree(s->connection, a, b))
        return 0;
    if (same_options(s, candidate))
        points += 4;
    if (s->window == candidate->window && s->flags == candidate->flags)
        points += 1;
    if (s->payload_known && candidate->payload_known && s->payload == candidate->payload)
        points += 2;
    /* A copy has an identification of its own; boxes that change it make none equal. */
    if (s->ip_id != 0 && s->ip_id == candidate->ip_id)
        points += 8;
    return points;
}

struct choice {
    struct segment *best;
    unsigned points;
    unsigned copies; /* that have the key */
    bool ambiguous;  /* another fits as well and has other options */
    bool disagreed;  /* one has the key, but not the timestamp */
    bool strange;    /* the best is another packet, as far as can be known */
};

static bool is_seen_from_its_beginning(const struct connection *connection)
{
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    return a->has_isn[FROM_CLIENT] && b->has_isn[FROM_CLIENT];
}

/*
 * Both files are read where they speak of the same time: that takes a clock, or that both began
 * before the connection did. Else one may be read far ahead of the other, and what looks alike may
 * be long before.
 */
static bool is_in_step(const struct analysis *analysis, const struct connection *connection)
{
    return analysis->clock->known || is_seen_from_its_beginning(connection);
}

/*
 * A retransmission may come before the segment that it looks like was read at the other vantage
 * point. A SYN is sent again with other options, so it takes something that names the copy; the
 * others wait where identifications are known to pass unchanged, or nothing is known, and these do
 * not agree.
 */
static bool may_be_another_copy(const struct segment *s, const struct segment *candidate,
                                bool in_step)
{
    bool identified = s->ip_id != 0 && candidate->ip_id != 0;
    if (s->class == SEGMENT_SYN || s->class == SEGMENT_SYNACK)
        return identified ? s->ip_id != candidate->ip_id
                          : !(s->has_timestamps && candidate->has_timestamps) &&
                                !same_options(s, candidate);
    /* Of acknowledgements that nothing numbers (IPv6 without timestamps) the options must agree. */
    if (!identified && s->length == 0 && s->class == SEGMENT_ACK &&
        !(s->has_timestamps && candidate->has_timestamps))
        return !same_options(s, candidate);
    return identified && (s->connection->joining->ids_pass || !in_step) &&
           s->ip_id != candidate->ip_id;
}

/*
 * Resets have one key whatever they acknowledge. One with an acknowledgement and one without are
 * never the same: that bit is the sender's (RFC 9293, section 3.10.7), and boxes that forge resets
 * are told by it from the end's own.
 */
static bool is_another_reset(const struct segment *s, const struct segment *candidate)
{
    return s->class == SEGMENT_RST && ((s->flags ^ candidate->flags) & TCP_ACK);
}

/*
 * By what is known of this connection it is another packet. At the end it is all there is: it may
 * be the right one all the same, or another copy of it. A frame that its own file shows twice has
 * its counterpart, and needs no other.
 */
static bool is_strange(const struct segment *s, const struct segment *candidate, bool stamps_agree)
{
    const struct connection *connection = s->connection;
    bool numbered = connection->joining->ids_pass && !connection->joining->ids_change;
    if (numbered && s->ip_id != 0 && candidate->ip_id != 0 && s->ip_id != candidate->ip_id)
        return true;
    return !stamps_agree &&
           connection->joining->timestamp_state[s->direction] == TIMESTAMPS_CONSTANT;
}

/* Nothing can fit better: the very packet, by the number that its sender gave it. */
static bool is_the_one(const struct segment *s, const struct segment *candidate, unsigned points)
{
    return points > 0 && s->ip_id != 0 && s->ip_id == candidate->ip_id &&
           same_options(s, candidate);
}

/* The best of what waits at the other vantage point; of equally good ones the oldest. */
static struct choice choose(const struct analysis *analysis, const struct segment *s,
                            bool demanding)
{
    bool in_step = is_in_step(analysis, s->connection);
    struct choice choice = {NULL, 0, 0, false, false, false};
    struct segment *candidate = waiting_copies(analysis->join, s);
    for (; candidate; candidate = candidate->copy_next) {
        if (!waiting_step(s->connection) && choice.copies >= STEPS_ALWAYS) {
            choice.ambiguous = true; /* a better one may stand farther on */
            break;
        }
        if ((candidate->cover && candidate->cover->covered > 0) || is_another_reset(s, candidate))
            continue;
        unsigned points = fit(s, candidate);
        choice.copies++;
        if (demanding && may_be_another_copy(s, candidate, in_step))
            continue;
        bool strange = is_strange(s, candidate, points > 0);
        if (strange && (s->twin != TWIN_NONE || candidate->twin != TWIN_NONE))
            continue;
        if (points == 0) {
            choice.disagreed = true;
            points = demanding ? 0 : 1;
        }
        if (points == 0 || points < choice.points)
            continue;
        if (points == choice.points) {
            choice.ambiguous |= !same_options(candidate, choice.best);
            continue;
        }
        choice.ambiguous = choice.strange = strange;
        choice.points = points;
        choice.best = candidate;
        if (is_the_one(s, candidate, points)) {
            choice.copies += candidate->copy_next != NULL;
            break;
        }
    }
    return choice;
}

enum outcome { JOINED, NO_CANDIDATE, TIMESTAMPS_DISAGREE };

static enum outcome join_one_for_one(struct analysis *analysis, struct segment *s, bool demanding)
{
    struct choice choice = choose(analysis, s, demanding);
    struct segment *other = choice.best;
    if (other == NULL)
        return choice.disagreed ? TIMESTAMPS_DISAGREE : NO_CANDIDATE;
    stop_waiting(analysis, other);
    struct segment *a = s->vantage == VANTAGE_A ? s : other;
    struct segment *b = s->vantage == VANTAGE_A ? other : s;
    translate_learn_timestamps(s->connection, a, b);
    s->connection->joining->related[s->direction] = true;
    bool sure = choice.copies == 1 && !choice.strange;
    s->connection->joining->ids_pass |=
        a->ip_id != 0 && a->ip_id == b->ip_id && a->class != SEGMENT_SYN;
    s->connection->joining->ids_change |=
        sure && a->ip_id != 0 && b->ip_id != 0 && a->ip_id != b->ip_id;
    judge_pair(analysis, a, b, choice.ambiguous, sure);
    release(analysis, other);
    return JOINED;
}

/* --- in other pieces -------------------------------------------------------------------------- */

static uint64_t end_of(const struct segment *s)
{
    return s->seq + s->length;
}

static bool carries_payload(const struct segment *s)
{
    return s->length > 0 && (s->class == SEGMENT_DATA || s->class == SEGMENT_FIN);
}

/* Octets from `from` to `to` of a segment, none of which was seen before; false: some were. */
static bool cover_add(struct cover *cover, uint32_t from, uint32_t to)
{
    unsigned n = cover->n_ranges, grows = n;
    for (unsigned i = 0; i < n; i++) {
        if (from < cover->to[i] && cover->from[i] < to)
            return false;
        if (to == cover->from[i] || from == cover->to[i])
            grows = i;
    }
    if (grows == n) {
        if (n == COVER_RANGES)
            return false;
        cover->from[n] = from;
        cover->to[n] = to;
        cover->n_ranges++;
    } else if (from == cover->to[grows]) {
        cover->to[grows] = to;
    } else {
        cover->from[grows] = from;
    }
    /* Two ranges that have come to touch are one. */
    for (unsigned i = 0; i < cover->n_ranges; i++) {
        if (i == grows || grows >= cover->n_ranges)
            continue;
        if (cover->to[i] != cover->from[grows] && cover->from[i] != cover->to[grows])
            continue;
        cover->from[i] = MIN(cover->from[i], cover->from[grows]);
        cover->to[i] = MAX(cover->to[i], cover->to[grows]);
        unsigned last = --cover->n_ranges;
        cover->from[grows] = cover->from[last];
        cover->to[grows] = cover->to[last];
        break;
    }
    cover->covered += to - from;
    return true;
}

static bool cover_has(const struct cover *cover, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; cover && i < cover->n_ranges; i++)
        if (from < cover->to[i] && cover->from[i] < to)
            return true;
    return false;
}

static struct cover *cover_of(struct analysis *analysis, struct segment *s)
{
    if (s->cover == NULL) {
        s->cover = slab_take(&analysis->covers);
        s->cover->kept_by_all = UINT32_MAX;
    }
    return s->cover;
}

static bool is_covered(const struct segment *s)
{
    return s->cover && s->cover->covered >= s->length;
}

/* `piece` shows octets of `whole` that were not seen yet. */
static void note_piece(struct analysis *analysis, struct segment *whole,
                       const struct segment *piece, uint64_t from, uint64_t to)
{
    struct cover *cover = cover_of(analysis, whole);
    if (!cover_add(cover, (uint32_t)(from - whole->seq), (uint32_t)(to - whole->seq)))
        return;
    if (cover->n_pieces < UINT8_MAX)
        cover->n_pieces++;
    cover->longest_piece = MAX(cover->longest_piece, piece->length);
    cover->again |= piece->again;
    if (piece->payload_known && piece->length == to - from)
        cover->payload += fingerprint_shift(piece->payload, end_of(whole) - to);
    else
        cover->payload_unknown = true;
    if (cover->n_frames < COVER_FRAMES)
        cover->frames[cover->n_frames++] = piece->frame;
    judge_piece(analysis, whole, piece);
}

static void finish_covered(struct analysis *analysis, struct segment *s)
{
    judge_pieces(analysis, s);
    judge_pieces_payload(analysis, s);
    judge_pieces_options(analysis, s);
}

static bool may_be_pieces(const struct segment *s, const struct segment *t, bool demanding)
{
    if (!carries_payload(t) || t->seq >= end_of(s) || s->seq >= end_of(t))
        return false;
    if (t->seq == s->seq && t->length == s->length)
        return false; /* the same range: copies of one another, with other timestamps */
    if (!demanding)   /* what its own file shows twice has its counterpart */
        return s->twin == TWIN_NONE && t->twin == TWIN_NONE;
    return translate_timestamps_agree(s->connection, at(s, t, VANTAGE_A), at(s, t, VANTAGE_B));
}

/* The first segment of a lane that may reach beyond `seq`, from whichever end is nearer. */
static struct segment *lane_from(struct connection *connection, const struct lane *lane,
                                 uint64_t seq)
{
    if (lane->first == NULL || lane->last->seq + lane->longest <= seq)
        return NULL;
    if (seq - MIN(seq, lane->first->seq) <= lane->last->seq - MIN(seq, lane->last->seq))
        return lane->first;
    struct segment *s = lane->last;
    while (s->earlier && s->earlier->seq + lane->longest > seq && waiting_step(connection))
        s = s->earlier;
    return s;
}

/*
 * Joins a segment with segments at the other vantage point that cover other ranges. True when all
 * of it was seen there, so that it need not wait.
 */
static bool join_pieces(struct analysis *analysis, struct segment *s, bool demanding)
{
    struct lane *lane = &s->connection->joining->lanes[!s->vantage][s->direction];
    struct segment *next;
    if (!carries_payload(s))
        return false;
    for (struct segment *t = lane_from(s->connection, lane, s->seq); t && t->seq < end_of(s);
         t = next) {
        next = t->later;
        if (!waiting_step(s->connection)) {
            give_up(s->connection, s->direction);
            break;
        }
        if (!may_be_pieces(s, t, demanding))
            continue;
        uint64_t from = MAX(s->seq, t->seq), to = MIN(end_of(s), end_of(t));
        if (cover_has(t->cover, (uint32_t)(from - t->seq), (uint32_t)(to - t->seq)) ||
            cover_has(s->cover, (uint32_t)(from - s->seq), (uint32_t)(to - s->seq)))
            continue; /* shown already: this is a retransmission */
        note_piece(analysis, t, s, from, to);
        note_piece(analysis, s, t, from, to);
        if (is_covered(t)) {
            stop_waiting(analysis, t);
            finish_covered(analysis, t);
            release(analysis, t);
        }
    }
    if (!is_covered(s))
        return false;
    finish_covered(analysis, s);
    return true;
}

/* Joins what waits at B with what waits at A, less demanding: timestamps may differ. */
static void join_leniently(struct analysis *analysis, struct connection *connection)
{
    for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
        struct segment *next;
        for (struct segment *s = connection->joining->lanes[VANTAGE_B][direction].first; s;
             s = next) {
            next = s->later;
            waiting_earn_steps(connection);
            if (connection->joining->lanes[VANTAGE_A][direction].first == NULL)
                break;
            bool fresh = s->cover == NULL || s->cover->covered == 0;
            if (!(fresh && join_one_for_one(analysis, s, false) == JOINED) &&
                !join_pieces(analysis, s, false))
                continue;
            stop_waiting(analysis, s);
            release(analysis, s);
        }
    }
}

/*
 * A segment whose only counterparts bear other timestamps than expected: a retransmission whose
 * own copy is still to come, or timestamps are rewritten. When it goes on like that, it is the
 * latter. True when the translation of timestamps was changed.
 */
static bool doubt_timestamps(struct connection *connection, unsigned direction)
{
    bool unknown = connection->joining->timestamp_state[direction] == TIMESTAMPS_UNKNOWN;
    bool at_first = unknown && is_seen_from_its_beginning(connection);
    unsigned limit = at_first ? DISAGREEMENTS_AT_FIRST : DISAGREEMENTS_LATER;
    if (++connection->joining->timestamp_misses[direction] < limit)
        return false;
    connection->joining->timestamp_misses[direction] = 0;
    if (!unknown)
        connection->joining->timestamp_state[direction] = TIMESTAMPS_CHANGING;
    return true;
}

/* Makes room: the one that has waited longest is judged without its counterpart. */
static void give_up_oldest(struct analysis *analysis)
{
    struct segment *s = analysis->join->oldest;
    give_up(s->connection, s->direction);
    stop_waiting(analysis, s);
    judge_missing(analysis, s);
    release(analysis, s);
}

static struct segment *take_waiting(struct analysis *analysis, struct connection *connection,
                                    unsigned vantage);
static void join_again(struct analysis *analysis, struct connection *connection,
                       struct segment *taken);

/*
 * Nothing of a direction was joined, and a handshake is missing: the numbers may be rewritten. Looks
 * at what waits, each time when there is twice as much.
 */
static void learn(struct analysis *analysis, struct connection *connection, bool last)
{
    bool doubtful = false;
    if (connection->joining->waiting < MAX(LEARN_FIRST, connection->joining->learn_when) && !last)
        return;
    for (unsigned d = 0; d < DIRECTIONS; d++)
        doubtful |= connection->joining->delta_state[d] == DELTA_PRESUMED &&
                    !connection->joining->related[d];
    if (!doubtful)
        return;
    connection->joining->learn_when = connection->joining->waiting * 2;
    if (!learn_translation(connection))
        return;
    for (unsigned d = 0; d < DIRECTIONS; d++)
        connection->last_seq[d] = 0;
    join_again(analysis, connection, take_waiting(analysis, connection, VANTAGE_A));
    join_retranslate(analysis, connection);
    for (unsigned v = 0; v < VANTAGES; v++)
        for (unsigned d = 0; d < DIRECTIONS; d++)
            if (connection->joining->lanes[v][d].last)
                connection->sent_up_to[v][d] = end_of(connection->joining->lanes[v][d].last);
}

/* --- the stage -------------------------------------------------------------------------------- */

static bool join_now(struct analysis *analysis, struct segment *s)
{
    struct connection *connection = s->connection;
    enum outcome outcome = join_one_for_one(analysis, s, true);
    if (outcome == TIMESTAMPS_DISAGREE && is_in_step(analysis, connection) &&
        doubt_timestamps(connection, s->direction)) {
        join_leniently(analysis, connection);
        outcome = join_one_for_one(analysis, s, false);
    }
    return outcome == JOINED || join_pieces(analysis, s, true);
}

void join_segment(struct analysis *analysis, struct segment *s)
{
    waiting_key(s);
    waiting_earn_steps(s->connection);
    bool alone = s->connection->sides[!s->vantage] == NULL || s->connection->terminated;
    if (alone || !join_now(analysis, s)) {
        wait_for_counterpart(analysis, s);
        if (analysis->join->n_waiting > analysis->waiting_max)
            give_up_oldest(analysis);
        if (!alone)
            learn(analysis, s->connection, false);
    } else if (s->cover) {
        slab_give(&analysis->covers, s->cover);
        s->cover = NULL;
    }
}

/* Takes everything that waits at a vantage point out of its lanes; a list by `later`. */
static struct segment *take_waiting(struct analysis *analysis, struct connection *connection,
                                    unsigned vantage)
{
    struct segment *taken = NULL;
    for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
        struct lane *lane = &connection->joining->lanes[vantage][direction];
        while (lane->last) {
            struct segment *s = lane->last;
            stop_waiting(analysis, s);
            s->later = taken;
            taken = s;
        }
    }
    return taken;
}

static void join_again(struct analysis *analysis, struct connection *connection,
                       struct segment *taken)
{
    while (taken) {
        struct segment *s = taken;
        taken = s->later;
        s->connection = connection;
        translate_segment(connection, s);
        join_segment(analysis, s);
        slab_give(&analysis->segments, s);
    }
}

void join_retranslate(struct analysis *analysis, struct connection *connection)
{
    join_again(analysis, connection, take_waiting(analysis, connection, VANTAGE_B));
}

void join_take_over(struct analysis *analysis, struct connection *into, struct connection *from,
                    unsigned vantage)
{
    struct segment *taken = take_waiting(analysis, from, vantage);
    /* Where both unwrap their sequence numbers must be the same place: that of what stays. */
    if (vantage == VANTAGE_A)
        for (unsigned direction = 0; direction < DIRECTIONS; direction++)
            into->last_seq[direction] = 0;
    join_again(analysis, into, taken);
    if (vantage == VANTAGE_A)
        join_retranslate(analysis, into);
    for (unsigned direction = 0; direction < DIRECTIONS; direction++)
        into->sent_up_to[vantage][direction] =
            into->joining->lanes[vantage][direction].last
                ? end_of(into->joining->lanes[vantage][direction].last)
                : into->sent_up_to[!vantage][direction];
}

void join_flush(struct analysis *analysis, struct connection *connection)
{
    if (connection->sides[VANTAGE_A] && connection->sides[VANTAGE_B] && !connection->terminated) {
        learn(analysis, connection, true);
        join_leniently(analysis, connection);
    }
    for (unsigned vantage = 0; vantage < VANTAGES; vantage++)
        for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
            struct lane *lane = &connection->joining->lanes[vantage][direction];
            while (lane->first) {
                struct segment *s = lane->first;
                stop_waiting(analysis, s);
                judge_missing(analysis, s);
                release(analysis, s);
            }
        }
}
