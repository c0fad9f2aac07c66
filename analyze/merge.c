/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.c - two connections, seen at one vantage point each, turn out to be one.
 *
 * Nothing of either was judged yet but what hooks say by themselves: segments without a counterpart
 * wait until their connection is over.
 */
#include "analyze/evidence.h"
#include "analyze/join_hooks.h"
#include "analyze/join_packets.h"
#include "analyze/mptcp.h"
#include "analyze/pair.h"
#include "analyze/trail.h"
#include "analyze/translate.h"

static void merge_rows(struct analysis *analysis, struct connection *into, struct connection *from)
{
    struct row *next;
    for (struct row *row = from->rows; row; row = next) {
        struct row *sum = trail_row(analysis, into, row->option, row->direction, row->segment);
        next = row->next;
        sum->shown |= row->shown;
        for (unsigned v = 0; v < VANTAGES; v++)
            sum->seen[v] += row->seen[v];
        sum->reserved += row->reserved;
        sum->written += row->written;
        sum->applied += row->applied;
        sum->reserved_seen += row->reserved_seen;
        sum->contained += row->contained;
        sum->loaded += row->loaded;
        sum->cut += row->cut;
        sum->likely |= row->likely;
        for (unsigned v = 0; v < VERDICTS; v++)
            sum->counts[v] += row->counts[v];
        trail_give(analysis, row);
    }
    from->rows = NULL;
}

/* Each vantage point's hooks stand apart: those of the side that comes are moved over. */
static void merge_hooks(struct connection *into, struct connection *from, unsigned vantage)
{
    if (from->hooks == NULL)
        return;
    if (into->hooks == NULL) {
        into->hooks = from->hooks;
    } else {
        for (unsigned d = 0; d < DIRECTIONS; d++)
            into->hooks->ends[vantage][d] = from->hooks->ends[vantage][d];
        into->hooks->writes[vantage] = from->hooks->writes[vantage];
        into->hooks->parses[vantage] = from->hooks->parses[vantage];
        into->hooks->left[vantage] = from->hooks->left[vantage];
        into->hooks->arrived[vantage] = from->hooks->arrived[vantage];
        into->hooks->token = into->hooks->token ? into->hooks->token : from->hooks->token;
    }
    for (struct segment *s = into->hooks->left[vantage].first; s; s = s->later)
        s->connection = into;
    for (struct segment *s = into->hooks->arrived[vantage].first; s; s = s->later)
        s->connection = into;
    from->hooks = NULL;
}

void connection_merge(struct analysis *analysis, struct connection *into, struct connection *from)
{
    struct side *side = from->sides[VANTAGE_A] ? from->sides[VANTAGE_A] : from->sides[VANTAGE_B];
    unsigned vantage = side->vantage;
    side->connection = into;
    into->sides[vantage] = side;
    from->sides[vantage] = NULL;
    from->merged = from->finished = true;
    if (from->roles > into->roles) {
        into->roles = from->roles;
        into->swapped = from->swapped;
    }
    for (unsigned d = 0; d < DIRECTIONS; d++) {
        uint32_t mss = from->mss[d];
        if (mss != 0 && (into->mss[d] == 0 || mss < into->mss[d]))
            into->mss[d] = mss;
        into->joining->gave_up[vantage][d] = from->joining->gave_up[vantage][d];
    }
    into->joining->learn_when = 0;
    into->syns_plain += from->syns_plain;
    into->syns_special += from->syns_special;
    merge_rows(analysis, into, from);
    evidence_move(analysis, into, from);
    merge_hooks(into, from, vantage);
    mptcp_merge(into, from);
    g_free(from->mptcp);
    from->mptcp = NULL;
    if (!into->terminated)
        translate_learn(into);
    join_take_over(analysis, into, from, vantage);
}
