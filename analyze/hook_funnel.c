/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook_funnel.c - the hooks' columns of a row: reserved, written, parsed, applied.
 *
 * What an end did is not known where its recorder lost events while the connection lived.
 */
#include "analyze/input.h"
#include "analyze/join_hooks.h"

/* Whether the recorder of that vantage point lost nothing while the connection lived. */
static bool saw_all(const struct analysis *analysis, const struct connection *connection,
                    unsigned vantage)
{
    const struct side *side = connection->sides[vantage];
    const struct input *input = analysis->inputs[vantage];
    return side ? !input_lost_events_between(input,
                                             side->first_ns - MIN(side->first_ns, HOOK_NEAR_NS),
                                             side->last_ns + HOOK_NEAR_NS)
                : !input_lost_events_between(input, 0, UINT64_MAX);
}

/* What the hooks of an end say, from whichever file holds them; NULL when not all can be known. */
static const struct hook_end *end_of(const struct analysis *analysis,
                                     const struct connection *connection, unsigned direction)
{
    const struct hook_state *hooks = connection->hooks;
    for (unsigned v = 0; hooks && v < analysis->n_vantages; v++)
        if (hooks->ends[v][direction].present)
            return saw_all(analysis, connection, v) ? &hooks->ends[v][direction] : NULL;
    return NULL;
}

void hook_funnel(const struct analysis *analysis, const struct connection *connection,
                 const struct row *row, struct report_option *out)
{
    const struct hook_end *sender = end_of(analysis, connection, row->direction);
    const struct hook_end *receiver = end_of(analysis, connection, !row->direction);
    if (sender) {
        out->reserved = sender->reports ? row->reserved : row->reserved_seen;
        out->written = row->written;
    }
    /* The kernel has no parse hook for a SYN: only a program that had it saved can tell. */
    if (receiver && (row->segment != SEGMENT_SYN || row->loaded > 0)) {
        out->parsed = receiver->reports ? row->loaded : row->contained;
        if (receiver->reports)
            out->applied = row->applied;
    }
}
