/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trail.c - the funnel of each option: reserved, written, sent, arrived, parsed, applied.
 */
#include "analyze/trail.h"

#include "analyze/input.h"
#include "analyze/join_hooks.h"

/* --- finding a row ---------------------------------------------------------------------------- */

guint trail_row_hash(gconstpointer key)
{
    const struct row *row = key;
    uint64_t h = (uint64_t)row->connection * 0x9e3779b97f4a7c15ull ^ (uint64_t)row->option;
    h = h * 0xff51afd7ed558ccdull ^ (uint64_t)row->direction << 8 ^ row->segment;
    return (guint)(h * 0x9e3779b97f4a7c15ull >> 32);
}

gboolean trail_row_equal(gconstpointer a, gconstpointer b)
{
    const struct row *r = a, *s = b;
    return r->connection == s->connection && r->option == s->option &&
           r->direction == s->direction && r->segment == s->segment;
}

static struct row *row_new(struct analysis *analysis, const struct row *key)
{
    struct row *row = slab_take(&analysis->rows);
    row->connection = key->connection;
    row->option = key->option;
    row->direction = key->direction;
    row->segment = key->segment;
    row->shown = key->option->desc != NULL || analysis->settings->all_options;
    return row;
}

/* The row among those that are not walked along; they stand behind `link`, in no order. */
static struct row *row_of_many(struct analysis *analysis, struct row **link, struct row *key)
{
    struct connection *connection = key->connection;
    struct row *row = g_hash_table_lookup(analysis->rows_more, key);
    if (row)
        return row;
    if (key->option->desc == NULL &&
        (connection->more_rows >= LISTED_MORE ||
         g_hash_table_size(analysis->rows_more) >= LISTED_MORE_IN_ALL)) {
        key->option = identities_others(analysis->identities);
        if ((row = g_hash_table_lookup(analysis->rows_more, key)))
            return row;
    }
    row = row_new(analysis, key);
    row->hashed = true;
    row->next = *link;
    *link = row;
    connection->more_rows++;
    g_hash_table_add(analysis->rows_more, row);
    return row;
}

struct row *trail_row(struct analysis *analysis, struct connection *connection,
                      const struct identity *option, unsigned direction, unsigned segment)
{
    struct row **link = &connection->rows;
    unsigned walked = 0;
    for (; *link && walked < LISTED_AT_FIRST; link = &(*link)->next, walked++) {
        struct row *row = *link;
        if (row->option == option && row->direction == direction && row->segment == segment)
            return row;
    }
    struct row key = {.connection = connection,
                      .option = option,
                      .direction = (uint8_t)direction,
                      .segment = (uint8_t)segment};
    if (walked == LISTED_AT_FIRST)
        return row_of_many(analysis, link, &key);
    return *link = row_new(analysis, &key);
}

void trail_give(struct analysis *analysis, struct row *row)
{
    if (row->hashed)
        g_hash_table_remove(analysis->rows_more, row);
    slab_give(&analysis->rows, row);
}

void trail_clear(struct analysis *analysis, struct connection *connection)
{
    for (struct row *row = connection->rows, *next; row; row = next) {
        next = row->next;
        trail_give(analysis, row);
    }
    connection->rows = NULL;
}

/* --- counting --------------------------------------------------------------------------------- */

struct row *trail_row_if_counted(struct analysis *analysis, const struct segment *segment,
                                 const struct identity *option)
{
    if (option->everyday && !analysis->settings->all_options)
        return NULL;
    return trail_row(analysis, segment->connection, option, segment->direction, segment->class);
}

void trail_count(struct row *row, enum verdict verdict, enum confidence confidence)
{
    row->counts[verdict]++;
    if (confidence != CONFIDENCE_CERTAIN)
        row->likely |= 1ull << verdict;
    if (row->shown)
        return;
    if (verdict != VERDICT_OPTION_INTACT && verdict != VERDICT_SEGMENT_LOST &&
        verdict != VERDICT_SEGMENT_DUPLICATED && verdict != VERDICT_PATH_PROXY &&
        !verdict_is_inconclusive(verdict))
        row->shown = true;
}

/* --- into the report -------------------------------------------------------------------------- */

/* The worst conclusive verdict that occurred; an inconclusive one only when there is none. */
static void row_verdict(const struct row *row, struct report_option *out)
{
    enum verdict worst = VERDICT_NONE;
    for (unsigned v = VERDICT_NONE + 1; v < VERDICTS; v++)
        if (row->counts[v] > 0 && !verdict_is_inconclusive(v) &&
            (worst == VERDICT_NONE || verdict_rank(v) > verdict_rank(worst)))
            worst = v;
    if (worst == VERDICT_NONE || worst == VERDICT_SEGMENT_LOST) {
        for (unsigned v = VERDICT_NONE + 1; v < VERDICTS; v++)
            if (row->counts[v] > 0 && verdict_is_inconclusive(v) &&
                (!verdict_is_inconclusive(worst) || verdict_rank(v) > verdict_rank(worst)))
                worst = v;
    }
    out->verdict = worst;
    if (worst == VERDICT_NONE || verdict_is_inconclusive(worst))
        out->confidence = CONFIDENCE_INCONCLUSIVE;
    else
        out->confidence = row->likely >> worst & 1 ? CONFIDENCE_LIKELY : CONFIDENCE_CERTAIN;
}

static bool has_packets(const struct side *side)
{
    return side && side->has_packets;
}

/* Which vantage point sees segments of this direction first, where only one was used. */
static void row_wire(const struct analysis *analysis, const struct connection *connection,
                     const struct row *row, struct report_option *out)
{
    enum vantage near = connection_upstream(connection, row->direction);
    out->sent = has_packets(connection->sides[near]) ? row->seen[near] : COUNT_UNKNOWN;
    out->arrived = has_packets(connection->sides[!near]) ? row->seen[!near] : COUNT_UNKNOWN;
    /* Where headers were cut, what was seen is not all. */
    for (unsigned v = 0; v < VANTAGES; v++)
        if (connection->sides[v] && connection->sides[v]->options_cut[row->direction])
            *(v == near ? &out->sent : &out->arrived) = COUNT_UNKNOWN;
    /* A vantage point that saw nothing of the connection saw none of these: that is a count. */
    if (analysis->n_vantages > 1) {
        if (!has_packets(connection->sides[near]) && analysis->inputs[near]->has_packets)
            out->sent = 0;
        if (!has_packets(connection->sides[!near]) && analysis->inputs[!near]->has_packets)
            out->arrived = 0;
    }
}

static void report_row(struct analysis *analysis, const struct connection *connection,
                       struct row *row)
{
    struct report_option *out = report_add_option(analysis->report);
    out->flow = connection->id;
    out->direction = connection_direction(connection, row->direction);
    out->option = g_strdup(row->option->name);
    out->segment = row->segment;
    out->reserved = out->written = out->parsed = out->applied = COUNT_UNKNOWN;
    row_wire(analysis, connection, row, out);
    hook_funnel(analysis, connection, row, out);
    /* A cut header is told by the hook that wrote it and, maybe, by the other capture: once. */
    uint32_t *cut = &row->counts[VERDICT_INCONCLUSIVE_SNAPLEN];
    *cut = MAX(*cut, (uint32_t)row->cut);
    for (unsigned v = 0; v < VERDICTS; v++)
        out->counts[v] = row->counts[v];
    row_verdict(row, out);
}

void trail_report(struct analysis *analysis, struct connection *connection)
{
    for (struct row *row = connection->rows; row; row = row->next)
        if (row->shown)
            report_row(analysis, connection, row);
    trail_clear(analysis, connection);
}
