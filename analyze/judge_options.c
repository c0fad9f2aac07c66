/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_options.c - counts what became of each option between two vantage points, and names the
 * frames. What became of one: compare_options.h.
 */
#include <string.h>

#include "analyze/clock.h"
#include "analyze/compare_options.h"
#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/join_hooks.h"
#include "analyze/judge.h"
#include "analyze/memory.h"
#include "analyze/trail.h"

enum { ARRIVED_AGAIN_MAX = 512 };

/* --- counting --------------------------------------------------------------------------------- */

static char *hex(const uint8_t *octets, unsigned length)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < length; i++)
        g_string_append_printf(text, i % 2 || i == 0 ? "%02x" : " %02x", octets[i]);
    return g_string_free(text, FALSE);
}

static char *detail_of(const struct option_case *c, enum verdict verdict)
{
    if (verdict == VERDICT_INCONCLUSIVE_AMBIGUOUS)
        return g_strdup("several copies of it could be meant");
    if (verdict != VERDICT_OPTION_MODIFIED)
        return NULL;
    const struct option_at *after = c->there ? c->there : c->instead;
    if (after == NULL)
        return NULL;
    g_autofree char *was = hex(option_octets(c->up_options, c->here), c->here->available);
    g_autofree char *is = hex(option_octets(c->down_options, after), after->available);
    return g_strdup_printf("%s became %s", was, is);
}

/* No hook of its sender is recorded here: if records were lost, there may have been some. */
static bool hooks_may_be_missing(const struct segment *s)
{
    return !join_hooks_at(s->connection, s->vantage, s->direction);
}

/* Returns what it was noted under, so that more frames may be named; NULL: nowhere. */
static struct evidence *say(struct analysis *analysis, const struct option_case *c, struct row *row,
                            enum verdict verdict, enum confidence confidence, const char *detail)
{
    const struct segment *segment = c->up ? c->up : c->down;
    trail_count(row, verdict, confidence);
    if (!row->shown)
        return NULL;
    if (verdict_is_inconclusive(verdict))
        confidence = CONFIDENCE_INCONCLUSIVE;
    bool at[VANTAGES] = {false};
    if (c->up)
        at[c->up->vantage] = true;
    if (c->down)
        at[c->down->vantage] = true;
    struct evidence *again = evidence_again(row, verdict, confidence, at[VANTAGE_A], at[VANTAGE_B]);
    if (again)
        return again;
    struct sighting sighting = {
        .verdict = verdict,
        .confidence = confidence,
        .direction = segment->direction,
        .option = row->option,
        .kind = c->here ? option_octets(c->up_options, c->here)[0] : 0,
        .segment = segment->class,
        .absent_at = VANTAGES,
        .detail = detail,
        .absent_events = verdict == VERDICT_OPTION_MIRRORED && analysis->n_vantages == 1 &&
                         hooks_may_be_missing(segment),
        .events_at = segment->vantage,
        .from_ns = segment->time_ns - MIN(segment->time_ns, (uint64_t)HOOK_NEAR_NS),
        .to_ns = segment->time_ns + HOOK_NEAR_NS,
    };
    for (unsigned i = 0; i < 2; i++) {
        const struct segment *s = i == 0 ? c->up : c->down;
        if (s && s->vantage == VANTAGE_A)
            sighting.frame_a = s->frame;
        else if (s)
            sighting.frame_b = s->frame;
    }
    return evidence_add_to(analysis, row, &sighting);
}

/* The segment bears the option: the row where that is counted. */
static struct row *see(struct analysis *analysis, const struct segment *segment,
                       const struct identity *option)
{
    struct row *row =
        trail_row(analysis, segment->connection, option, segment->direction, segment->class);
    row->seen[segment->vantage]++;
    return row;
}

static bool is_counted(const struct analysis *analysis, const struct identity *option)
{
    return !option->everyday || analysis->settings->all_options;
}

/*
 * However often an option stands in a header, the segment counts once: in every column, and under
 * the worst that is to be said of one of them.
 */
static bool is_first_of_name(const struct option_list *list, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (list->at[i].identity == list->at[index].identity)
            return false;
    return true;
}

/* Of all those of its name, each with what it is called. */
static void judge_own(struct analysis *analysis, struct option_case *c, struct row *row)
{
    const struct option_list *list = c->up_options;
    const struct option_at *here = c->here, *of[OPTION_OWN_VERDICTS];
    enum verdict own[OPTION_OWN_VERDICTS] = {VERDICT_NONE};
    for (unsigned i = 0; i < list->n; i++) {
        c->here = &list->at[i];
        if (c->here->identity != here->identity)
            continue;
        for (unsigned v = 0; v < OPTION_OWN_VERDICTS; v++)
            if (own[v] == VERDICT_NONE && (own[v] = option_own_verdict(c, v)) != VERDICT_NONE)
                of[v] = c->here;
    }
    for (unsigned v = 0; v < OPTION_OWN_VERDICTS; v++) {
        if (own[v] == VERDICT_NONE)
            continue;
        c->here = of[v];
        say(analysis, c, row, own[v], CONFIDENCE_CERTAIN, NULL);
    }
    c->here = here;
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* Nobody sent it, and it is what the other end sent itself: all of it, as far as it says to go. */
static enum verdict added_or_mirrored(struct analysis *analysis, const struct segment *down,
                                      const uint8_t *octets, const struct option_at *extra)
{
    bool all_there = extra->length > 2 && extra->length <= extra->available;
    return all_there && memory_option_came(analysis->memory, down, octets, extra->length)
               ? VERDICT_OPTION_MIRRORED
               : VERDICT_OPTION_ADDED;
}

/* An option downstream that upstream does not have. */
static enum verdict judge_extra(struct analysis *analysis, const struct option_case *c,
                                const struct option_at *extra)
{
    const struct option_list *up = c->up_options;
    if (up->captured < up->declared || !option_is_whole(extra))
        return VERDICT_INCONCLUSIVE_SNAPLEN;
    return added_or_mirrored(analysis, c->down, option_octets(c->down_options, extra), extra);
}

static void count_option(struct analysis *analysis, struct option_case *c, bool there,
                         enum verdict verdict)
{
    struct row *row = see(analysis, c->up, c->here->identity);
    if (there) /* of one class, since they were joined */
        row->seen[c->down->vantage]++;
    g_autofree char *detail = detail_of(c, verdict);
    say(analysis, c, row, verdict, CONFIDENCE_CERTAIN, detail);
    judge_own(analysis, c, row);
}

/* Both headers have the same octets, all of them: so have the options, in the same places. */
static void judge_same_lists(struct analysis *analysis, struct option_case *c)
{
    for (unsigned i = 0; i < c->up_options->n; i++) {
        c->here = c->there = &c->up_options->at[i];
        if (is_counted(analysis, c->here->identity) && is_first_of_name(c->up_options, i))
            count_option(analysis, c, true, VERDICT_OPTION_INTACT);
    }
}

/* Turns to the one of its name of which the worst is to be said; `there`: any of them arrived. */
static enum verdict judge_name(struct option_case *c, unsigned first, bool *there)
{
    unsigned worst_at = first;
    enum verdict worst = VERDICT_NONE;
    *there = false;
    for (unsigned i = first; i < c->up_options->n; i++) {
        if (c->up_options->at[i].identity != c->up_options->at[first].identity)
            continue;
        option_turn_to(c, i);
        enum verdict verdict = option_compare(c);
        *there |= c->there != NULL;
        if (i == first || verdict_rank(verdict) > verdict_rank(worst)) {
            worst = verdict;
            worst_at = i;
        }
    }
    option_turn_to(c, worst_at);
    return worst;
}

/* Whether one downstream was counted with those upstream that bear its name. */
static bool has_arrived(const struct option_case *c, const struct identity *option)
{
    for (unsigned i = 0; i < c->up_options->n; i++)
        if (c->up_options->at[i].identity == option && c->alignment->there[i] != ALIGNED_WITH_NONE)
            return true;
    return false;
}

/* No other of its name stands before it that upstream does not have either. */
static bool is_first_extra(const struct option_case *c, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (!c->alignment->known[i] &&
            c->down_options->at[i].identity == c->down_options->at[index].identity)
            return false;
    return true;
}

static void judge_lists(struct analysis *analysis, struct option_case *c, bool ambiguous)
{
    struct alignment alignment;
    options_align(c->up_options, c->down_options, &alignment);
    /* Lent until the end of this function, which takes it back. */
    /* cppcheck-suppress autoVariables */
    c->alignment = &alignment;
    for (unsigned i = 0; i < c->up_options->n; i++) {
        const struct identity *option = c->up_options->at[i].identity;
        bool there;
        if (!is_first_of_name(c->up_options, i))
            continue;
        enum verdict verdict = judge_name(c, i, &there);
        if (ambiguous && verdict != VERDICT_OPTION_INTACT)
            verdict = VERDICT_INCONCLUSIVE_AMBIGUOUS;
        bool harmless = verdict == VERDICT_OPTION_INTACT || verdict_is_inconclusive(verdict);
        if (harmless && !is_counted(analysis, option))
            continue;
        count_option(analysis, c, there, verdict);
    }
    c->here = NULL;
    for (unsigned i = 0; i < c->down_options->n; i++) {
        const struct option_at *extra = &c->down_options->at[i];
        if (alignment.known[i] || !is_first_extra(c, i))
            continue;
        enum verdict verdict = judge_extra(analysis, c, extra);
        if (ambiguous)
            verdict = VERDICT_INCONCLUSIVE_AMBIGUOUS;
        if (verdict_is_inconclusive(verdict) && !is_counted(analysis, extra->identity))
            continue;
        struct row *row = trail_row(analysis, c->down->connection, extra->identity,
                                    c->down->direction, c->down->class);
        row->seen[c->down->vantage] += !has_arrived(c, extra->identity);
        say(analysis, c, row, verdict, CONFIDENCE_CERTAIN, NULL);
    }
    c->alignment = NULL;
}

static void note_syn_arrived(struct connection *connection, const struct segment *up,
                             const struct segment *down)
{
    if (up->class == SEGMENT_SYN && up->everyday && connection->plain_syn_frame == 0)
        connection->plain_syn_frame = down->frame;
}

static void judge_pair_now(struct analysis *analysis, const struct segment *a,
                           const struct segment *b, bool ambiguous, bool sure)
{
    enum vantage upstream = connection_upstream(a->connection, a->direction);
    const struct segment *up = upstream == VANTAGE_A ? a : b;
    const struct segment *down = upstream == VANTAGE_A ? b : a;
    clock_note(analysis->clock, upstream, a->time_ns, b->time_ns);
    judge_passage(analysis, up, down, sure);
    note_syn_arrived(a->connection, up, down);
    bool same = up->options_length == down->options_length &&
                up->options_captured == down->options_captured &&
                memcmp(up->options, down->options, up->options_captured) == 0;
    if (same && up->everyday && down->everyday && !analysis->settings->all_options)
        return;
    struct option_list up_options, down_options;
    option_list_read(analysis->identities, up->options, up->options_captured, up->options_length,
                     &up_options);
    if (same && up->options_captured == up->options_length) {
        struct option_case c = {.connection = a->connection,
                                .identities = analysis->identities,
                                .up = up,
                                .down = down,
                                .up_options = &up_options,
                                .down_options = &up_options};
        judge_same_lists(analysis, &c);
        return;
    }
    option_list_read(analysis->identities, down->options, down->options_captured,
                     down->options_length, &down_options);
    struct option_case c = {.connection = a->connection,
                            .identities = analysis->identities,
                            .up = up,
                            .down = down,
                            .up_options = &up_options,
                            .down_options = &down_options};
    judge_lists(analysis, &c, ambiguous);
}

static void note_arrived_again(const struct segment *a, const struct segment *b)
{
    struct connection *connection = a->connection;
    if (!a->again && !b->again)
        return;
    /* One that is not noted here forbids to claim a loss: that errs on the safe side. */
    if (connection->joining->arrived_again &&
        connection->joining->arrived_again->len >= ARRIVED_AGAIN_MAX)
        return;
    if (connection->joining->arrived_again == NULL)
        connection->joining->arrived_again = g_array_new(FALSE, FALSE, sizeof(struct range));
    struct range range = {a->seq, a->seq + a->length + (a->flags & (TCP_SYN | TCP_FIN) ? 1 : 0),
                          a->direction};
    g_array_append_val(connection->joining->arrived_again, range);
}

static struct segment *keep(struct analysis *analysis, const struct segment *segment)
{
    struct segment *kept = slab_take_raw(&analysis->segments);
    *kept = *segment;
    kept->cover = NULL;
    return kept;
}

void judge_pair(struct analysis *analysis, struct segment *a, struct segment *b, bool ambiguous,
                bool sure)
{
    struct connection *connection = a->connection;
    connection->joining->pairs++;
    note_arrived_again(a, b);
    if (connection->oriented == ORIENTED_NOT) {
        bool must = a->class != SEGMENT_SYN && a->class != SEGMENT_SYNACK;
        if (!orient(analysis, connection, a, b, must)) {
            struct segment *kept = keep(analysis, a);
            kept->earlier = keep(analysis, b);
            kept->again = ambiguous;
            kept->pending = sure;
            kept->later = connection->joining->undecided;
            connection->joining->undecided = kept;
            clock_guess(analysis->clock, a->time_ns, b->time_ns);
            return;
        }
        judge_undecided(analysis, connection);
    }
    judge_pair_now(analysis, a, b, ambiguous, sure);
}

void judge_undecided(struct analysis *analysis, struct connection *connection)
{
    struct segment *in_order = NULL;
    struct joining *joining = connection->joining;
    while (joining && joining->undecided) {
        struct segment *a = joining->undecided;
        joining->undecided = a->later;
        a->later = in_order;
        in_order = a;
    }
    while (in_order) {
        struct segment *a = in_order, *b = a->earlier;
        in_order = a->later;
        judge_pair_now(analysis, a, b, a->again, a->pending);
        slab_give(&analysis->segments, b);
        slab_give(&analysis->segments, a);
    }
}

/* --- one vantage point ------------------------------------------------------------------------ */

/*
 * One capture: the very octets that went the other way, of an option that this end is not to send,
 * or of one that nobody describes. What both ends may send can be equal with good reason.
 */
static bool is_mirrored_alone(struct analysis *analysis, const struct option_case *c)
{
    const struct option_at *at = c->here;
    const struct option_desc *desc = at->identity->desc;
    const uint8_t *octets = option_octets(c->up_options, at);
    enum { MP_CAPABLE = 0 };
    if (!option_is_whole(at) || at->malformed || at->length <= 2 || at->identity->everyday)
        return false;
    bool odd; /* that this end sends it */
    if (at->identity->kind == TCP_KIND_MPTCP && desc == NULL) {
        odd = c->up->class == SEGMENT_SYNACK && octets[2] >> 4 == MP_CAPABLE;
    } else if (desc == NULL) {
        odd = at->length > 3;
    } else {
        bool forward = connection_direction(c->connection, c->up->direction) == DIRECTION_FORWARD;
        odd = c->connection->roles != ROLES_GUESSED &&
              desc->sender == (forward ? SENDER_SERVER : SENDER_CLIENT);
    }
    return odd && memory_option_came(analysis->memory, c->up, octets, at->length);
}

/* Where this host's own hooks saw the sender at work, nobody has mirrored anything. */
static enum verdict judge_mirrored(struct analysis *analysis, const struct option_case *c)
{
    const struct segment *s = c->up;
    uint64_t near_ns = HOOK_NEAR_NS;
    if (!is_mirrored_alone(analysis, c) || join_hooks_at(c->connection, s->vantage, s->direction))
        return VERDICT_NONE;
    return input_lost_events_between(analysis->inputs[s->vantage],
                                     s->time_ns - MIN(s->time_ns, near_ns), s->time_ns + near_ns)
               ? VERDICT_INCONCLUSIVE_EVENTS_LOST
               : VERDICT_OPTION_MIRRORED;
}

void judge_alone(struct analysis *analysis, const struct segment *segment,
                 const struct option_list *options)
{
    struct option_case c = {.connection = segment->connection,
                            .identities = analysis->identities,
                            .up = segment,
                            .up_options = options};
    for (unsigned i = 0; i < options->n; i++) {
        c.here = &options->at[i];
        if (!is_counted(analysis, c.here->identity) && !c.here->malformed)
            continue;
        if (!is_first_of_name(options, i))
            continue;
        struct row *row = see(analysis, segment, c.here->identity);
        if (analysis->n_vantages == 1)
            say(analysis, &c, row, VERDICT_INCONCLUSIVE_NOT_COVERED, CONFIDENCE_INCONCLUSIVE, NULL);
        judge_own(analysis, &c, row);
        enum verdict mirrored =
            analysis->n_vantages == 1 ? judge_mirrored(analysis, &c) : VERDICT_NONE;
        if (mirrored != VERDICT_NONE)
            say(analysis, &c, row, mirrored, CONFIDENCE_LIKELY,
                mirrored == VERDICT_OPTION_MIRRORED
                    ? "or the peer speaks it and answers with the same octets"
                    : "the same octets went the other way before");
    }
}

/* --- segments in other pieces ----------------------------------------------------------------- */

void judge_piece(struct analysis *analysis, struct segment *segment, const struct segment *piece)
{
    struct cover *cover = segment->cover;
    struct option_list mine, theirs;
    struct alignment alignment;
    uint32_t kept = 0;
    if (segment->everyday && piece->everyday && !analysis->settings->all_options &&
        segment->options_length == piece->options_length)
        return;
    option_list_read(analysis->identities, segment->options, segment->options_captured,
                     segment->options_length, &mine);
    option_list_read(analysis->identities, piece->options, piece->options_captured,
                     piece->options_length, &theirs);
    struct option_case c = {.connection = segment->connection,
                            .identities = analysis->identities,
                            .up = segment,
                            .down = piece,
                            .up_options = &mine,
                            .down_options = &theirs,
                            .alignment = &alignment};
    options_align(&mine, &theirs, &alignment);
    for (unsigned i = 0; i < mine.n; i++) {
        option_turn_to(&c, i);
        if (option_is_intact(&c) || option_is_cut(&c))
            kept |= 1u << i;
        else if (c.there)
            cover->changed_by_any |= 1u << i;
    }
    cover->kept_by_any |= kept;
    cover->kept_by_all &= kept;
    cover->shortened |= theirs.declared < mine.declared;
}

/* An option upstream, by what its pieces downstream showed. */
static enum verdict judge_upstream_piece(const struct segment *segment, unsigned index)
{
    const struct cover *cover = segment->cover;
    uint32_t bit = 1u << index;
    uint32_t mss = segment->connection->mss[segment->direction];
    /* What the sender's own hardware cuts are segments of their own: each must bear the option. */
    bool offloaded = mss > 0 && segment->length > mss;
    if (cover->kept_by_all & bit || (!offloaded && cover->kept_by_any & bit))
        return VERDICT_OPTION_INTACT;
    if (cover->changed_by_any & bit)
        return VERDICT_OPTION_MODIFIED;
    return cover->shortened ? VERDICT_OPTION_REMOVED_SHORTENED : VERDICT_OPTION_REMOVED_NOP;
}

static enum verdict judge_downstream_piece(struct analysis *analysis, const struct segment *segment,
                                           const struct option_list *options, unsigned index)
{
    const struct option_at *at = &options->at[index];
    bool known = (segment->cover->kept_by_any | segment->cover->changed_by_any) & 1u << index;
    return known ? VERDICT_NONE
                 : added_or_mirrored(analysis, segment, option_octets(options, at), at);
}

static enum verdict worse(enum verdict one, enum verdict other)
{
    return verdict_rank(other) > verdict_rank(one) ? other : one;
}

void judge_pieces_options(struct analysis *analysis, struct segment *segment)
{
    struct connection *connection = segment->connection;
    struct option_list options;
    if (segment->cover->kept_by_any == 0 && segment->cover->kept_by_all == UINT32_MAX)
        return; /* nothing but everyday options, everywhere */
    orient(analysis, connection, NULL, NULL, true);
    judge_undecided(analysis, connection);
    bool upstream = connection_upstream(connection, segment->direction) == segment->vantage;
    option_list_read(analysis->identities, segment->options, segment->options_captured,
                     segment->options_length, &options);
    struct option_case c = {
        .connection = connection, .identities = analysis->identities, .up_options = &options};
    *(upstream ? &c.up : &c.down) = segment;
    for (unsigned i = 0; i < options.n; i++) {
        const struct identity *option = options.at[i].identity;
        if (!is_first_of_name(&options, i))
            continue;
        enum verdict verdict = VERDICT_NONE;
        for (unsigned k = i; k < options.n; k++)
            if (options.at[k].identity == option)
                verdict = worse(verdict,
                                upstream ? judge_upstream_piece(segment, k)
                                         : judge_downstream_piece(analysis, segment, &options, k));
        bool harmless = verdict == VERDICT_OPTION_INTACT || verdict == VERDICT_NONE;
        if (harmless && !is_counted(analysis, option))
            continue;
        struct row *row = see(analysis, segment, option);
        c.here = &options.at[i];
        struct evidence *evidence = verdict == VERDICT_NONE
                                        ? NULL
                                        : say(analysis, &c, row, verdict, CONFIDENCE_CERTAIN, NULL);
        for (unsigned k = 0; evidence && k < segment->cover->n_frames; k++)
            evidence_frame(evidence, !segment->vantage, segment->cover->frames[k]);
        if (upstream)
            judge_own(analysis, &c, row);
    }
}
