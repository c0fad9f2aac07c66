/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_syn.c - SYNs that do not get through because of an option.
 *
 * A lost SYN is a lost SYN. It takes several, none that got through with the option, and plain ones
 * that did: of the same connection, or of others to the same server when no SYN with the option
 * got through to that server at all. One capture sees answers instead of arrivals. Where the plain
 * SYN is the first packet of the far capture, those before it may have been kept away or may have
 * come before the capture began: that is likely, and no more.
 */
#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/trail.h"

enum { LIKELY_FROM = 2, CERTAIN_FROM = 3, CUT_OFF_FROM = 3, PLAIN_FROM = 2, TALLIES_MAX = 1 << 16 };

void judge_note_syn(struct analysis *analysis, const struct segment *s)
{
    struct connection *connection = s->connection;
    (void)analysis;
    if (s->class != SEGMENT_SYN || s->twin != TWIN_NONE)
        return;
    if (s->everyday)
        connection->syns_plain++;
    else
        connection->syns_special++;
}

struct tally {                  /* of SYNs to one server */
    uint64_t lost, through;     /* SYNs with the option */
    uint64_t cut_off;           /* connections with it, all of whose SYNs were lost */
    uint64_t plain, plain_lost; /* connections without it: got through, did not */
};

static char *tally_key(const struct connection *connection, const struct row *row)
{
    char text[ENDPOINT_TEXT_MAX];
    const struct side *side = connection->sides[connection_upstream(connection, row->direction)];
    bool server_is_low = side->client_is_low == connection->swapped;
    return g_strdup_printf("%s %s",
                           endpoint_text(server_is_low ? &side->key.low : &side->key.high, text),
                           row->option->name);
}

static bool concerns(const struct analysis *analysis, const struct connection *connection,
                     const struct row *row)
{
    enum vantage near =
        analysis->n_vantages == 1 ? VANTAGE_A : connection_upstream(connection, row->direction);
    return row->segment == SEGMENT_SYN && !row->option->everyday && connection->sides[near] &&
           row->seen[near] > 0 && !connection->terminated;
}

static uint64_t lost_syns(const struct analysis *analysis, const struct connection *connection,
                          const struct row *row)
{
    if (analysis->n_vantages > 1)
        return row->counts[VERDICT_SEGMENT_LOST];
    /* Answered by a SYN-ACK: one of them was, and a plain one is taken for it when there is one. */
    bool answered = connection->sides[VANTAGE_A]->synack_ns != 0;
    return answered && connection->syns_plain == 0 ? 0 : row->seen[VANTAGE_A];
}

/* SYNs that the far capture cannot tell of. */
static uint64_t unseen_syns(const struct row *row)
{
    return row->counts[VERDICT_INCONCLUSIVE_NOT_COVERED] +
           row->counts[VERDICT_INCONCLUSIVE_CAPTURE_LOSS];
}

/* The far capture begins with the plain SYN of this connection. */
static bool begins_with_plain(const struct analysis *analysis, const struct connection *connection,
                              const struct row *row)
{
    if (analysis->n_vantages == 1 || connection->plain_syn_frame == 0)
        return false;
    enum vantage far = !connection_upstream(connection, row->direction);
    const struct side *side = connection->sides[far];
    return side && side->first_frame == connection->plain_syn_frame &&
           side->first_ns == analysis->inputs[far]->first_ns;
}

static uint64_t through_syns(const struct analysis *analysis, const struct connection *connection,
                             const struct row *row, uint64_t lost)
{
    if (analysis->n_vantages == 1)
        return lost == 0 ? row->seen[VANTAGE_A] : 0;
    enum vantage near = connection_upstream(connection, row->direction);
    return row->seen[near] - MIN(lost + unseen_syns(row), row->seen[near]);
}

static bool plain_got_through(const struct analysis *analysis, const struct connection *connection)
{
    if (analysis->n_vantages > 1)
        return connection->plain_syn_frame != 0;
    return connection->syns_plain > 0 && connection->sides[VANTAGE_A] &&
           connection->sides[VANTAGE_A]->synack_ns != 0;
}

/* NULL when there are too many servers: nothing is claimed of those that come late. */
static struct tally *tally_of(struct analysis *analysis, char *key)
{
    if (analysis->syn_tallies == NULL)
        analysis->syn_tallies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct tally *tally = g_hash_table_lookup(analysis->syn_tallies, key);
    if (tally == NULL && g_hash_table_size(analysis->syn_tallies) < TALLIES_MAX) {
        tally = g_new0(struct tally, 1);
        g_hash_table_insert(analysis->syn_tallies, key, tally);
    } else {
        g_free(key);
    }
    return tally;
}

void judge_syns_free(struct analysis *analysis)
{
    g_clear_pointer(&analysis->syn_tallies, g_hash_table_destroy);
}

static char *plain_key(const struct connection *connection)
{
    char text[ENDPOINT_TEXT_MAX];
    const struct side *side = connection->sides[VANTAGE_A] ?: connection->sides[VANTAGE_B];
    bool server_is_low = side->client_is_low == connection->swapped;
    return g_strdup(endpoint_text(server_is_low ? &side->key.low : &side->key.high, text));
}

void judge_syns_note(struct analysis *analysis, const struct connection *c)
{
    for (const struct row *row = c->rows; row; row = row->next) {
        struct tally *tally =
            concerns(analysis, c, row) ? tally_of(analysis, tally_key(c, row)) : NULL;
        if (tally == NULL)
            continue;
        uint64_t lost = lost_syns(analysis, c, row), through = through_syns(analysis, c, row, lost);
        tally->lost += lost;
        tally->through += through;
        tally->cut_off += lost >= LIKELY_FROM && through == 0;
    }
    bool plain = plain_got_through(analysis, c);
    struct tally *tally = plain || c->syns_plain > 0 ? tally_of(analysis, plain_key(c)) : NULL;
    if (tally == NULL)
        return;
    tally->plain += plain;
    tally->plain_lost += !plain;
}

bool judge_syns_later(const struct analysis *analysis, const struct connection *connection)
{
    for (const struct row *row = connection->rows; row; row = row->next)
        if (concerns(analysis, connection, row) &&
            (lost_syns(analysis, connection, row) > 0 ||
             (analysis->n_vantages > 1 && unseen_syns(row) > 0)))
            return true;
    return false;
}

/* The SYNs that were called lost, or not covered, are more than that. */
static void take_back(struct connection *connection, struct row *row, enum verdict verdict,
                      struct evidence *into)
{
    struct evidence **link = &connection->evidence;
    uint32_t lost = row->counts[verdict];
    row->counts[verdict] = 0;
    for (; *link; link = &(*link)->next) {
        struct evidence *e = *link;
        if (e->verdict != verdict || (e->option && e->option != row->option) ||
            e->segment != SEGMENT_SYN || e->direction != row->direction)
            continue;
        for (unsigned v = 0; v < VANTAGES; v++)
            for (unsigned i = 0; i < e->n_frames[v]; i++)
                evidence_frame(into, v, e->frames[v][i]);
        e->count -= MIN(lost, e->count);
        if (e->count == 0) {
            *link = e->next;
            g_free(e->detail);
        }
        return;
    }
}

static void judge_row(struct analysis *analysis, struct connection *connection, struct row *row)
{
    uint64_t lost = lost_syns(analysis, connection, row);
    uint64_t evidence = lost;
    bool partly = false; /* some with the option do get through */
    g_autofree char *key = tally_key(connection, row);
    g_autofree char *server = plain_key(connection);
    bool here = plain_got_through(analysis, connection) &&
                through_syns(analysis, connection, row, lost) == 0;
    bool late = lost == 0 && here && begins_with_plain(analysis, connection, row);
    if (late)
        lost = evidence = row->counts[VERDICT_INCONCLUSIVE_NOT_COVERED];
    if (lost == 0)
        return;
    if (!here) {
        const struct tally *with = g_hash_table_lookup(analysis->syn_tallies, key);
        const struct tally *plain = g_hash_table_lookup(analysis->syn_tallies, server);
        if (with == NULL || plain == NULL || plain->plain == 0 ||
            through_syns(analysis, connection, row, lost) > 0)
            return;
        partly = with->through > 0;
        if (partly &&
            (with->cut_off < CUT_OFF_FROM || plain->plain < PLAIN_FROM || plain->plain_lost > 0))
            return;
        evidence = partly ? lost : with->lost;
    }
    if (evidence < LIKELY_FROM)
        return;
    bool two = analysis->n_vantages > 1;
    enum vantage far = two ? !connection_upstream(connection, row->direction) : VANTAGE_A;
    bool certain = two && !partly && !late && evidence >= CERTAIN_FROM &&
                   input_counts_losses(analysis->inputs[far]);
    struct sighting sighting = {
        .verdict = VERDICT_SYN_BLOCKED,
        .confidence = certain ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY,
        .direction = row->direction,
        .option = row->option,
        .segment = SEGMENT_SYN,
        .absent_at = two ? far : VANTAGES,
        .detail = late   ? "a plain one of this connection does; or the capture on the other side "
                           "began only with that one"
                  : here ? "plain ones of this connection do"
                  : partly ? "all plain ones to this server do, and some with it: or these "
                             "connections are cut off for another reason"
                           : "plain ones to this server do",
    };
    struct evidence *e = evidence_add(analysis, connection, &sighting);
    e->count = lost;
    take_back(connection, row, late ? VERDICT_INCONCLUSIVE_NOT_COVERED : VERDICT_SEGMENT_LOST, e);
    for (uint64_t i = 0; i < lost; i++)
        trail_count(row, VERDICT_SYN_BLOCKED, sighting.confidence);
}

void judge_syns(struct analysis *analysis)
{
    for (struct connection *c = analysis->live; c; c = c->next)
        if (!c->merged)
            judge_syns_note(analysis, c);
    for (struct connection *c = analysis->live; c; c = c->next)
        for (struct row *row = c->rows; row; row = row->next)
            if (concerns(analysis, c, row))
                judge_row(analysis, c, row);
}
