/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - from what was joined to verdicts. Each family is a file with a table of its verdicts.
 */
#ifndef OPTRAIL_ANALYZE_JUDGE_H
#define OPTRAIL_ANALYZE_JUDGE_H

#include <stdbool.h>

#include "analyze/model.h"

struct hook_action;
struct hook_event;

/* --- joined segments (judge_options.c) -------------------------------------------------------- */

/*
 * A segment at A is that segment at B. `ambiguous`: it could have been another copy, with other
 * options; `sure`: it can be no other copy. Judged at once, or when it is known which vantage point
 * is upstream.
 */
void judge_pair(struct analysis *analysis, struct segment *a, struct segment *b, bool ambiguous,
                bool sure);

/* Judges the pairs that waited for an orientation. */
void judge_undecided(struct analysis *analysis, struct connection *connection);

/* There are options to count on a segment: others than everyday ones, or those are asked for. */
static inline bool judge_tells(const struct analysis *analysis, const struct segment *segment)
{
    return !segment->everyday || analysis->settings->all_options;
}

/* Counts and checks the options of a segment that only one vantage point can tell of. */
void judge_alone(struct analysis *analysis, const struct segment *segment,
                 const struct option_list *options);

/*
 * `piece` at one vantage point covers a part of `whole` at the other: notes which of the whole's
 * options the piece has.
 */
void judge_piece(struct analysis *analysis, struct segment *whole, const struct segment *piece);

/* Judges the options of a segment that was seen in other pieces, all of it. */
void judge_pieces_options(struct analysis *analysis, struct segment *segment);

/* --- segments (judge_segments.c) -------------------------------------------------------------- */

/* A segment was seen in other pieces, all of it: split, coalesced, or merely offloaded. */
void judge_pieces(struct analysis *analysis, struct segment *segment);

/* A segment found no counterpart until its connection was over. */
void judge_missing(struct analysis *analysis, struct segment *segment);

/* --- payload and order (judge_transport.c) ---------------------------------------------------- */

/* A segment passed both vantage points whole: was its payload changed, was it overtaken? */
void judge_passage(struct analysis *analysis, const struct segment *up, const struct segment *down,
                   bool sure);

/* The same question about the payload of a segment that was seen in other pieces, all of it. */
void judge_pieces_payload(struct analysis *analysis, const struct segment *segment);

/* --- SYNs (judge_syn.c) ----------------------------------------------------------------------- */

/* Notes a captured SYN, and whether it bears special options. */
void judge_note_syn(struct analysis *analysis, const struct segment *segment);

/* When all connections are finished: were SYNs lost because of an option? */
void judge_syns(struct analysis *analysis);
/* Takes account of a finished connection that will not be there then. */
void judge_syns_note(struct analysis *analysis, const struct connection *connection);
/* That may say more of this connection than is known now. */
bool judge_syns_later(const struct analysis *analysis, const struct connection *connection);
void judge_syns_free(struct analysis *analysis);

/* --- answers (judge_answers.c) ---------------------------------------------------------------- */

/* Options that asked for an answer and got none, as far as one capture tells. At the end. */
void judge_answers(struct analysis *analysis, struct connection *connection);

/* --- the path (judge_path.c) ------------------------------------------------------------------ */

/* What the whole connection shows: translated addresses, rewritten numbers. At its end. */
void judge_path(struct analysis *analysis, struct connection *connection);

/* --- hooks (judge_hooks.c) -------------------------------------------------------------------- */

/* `segment` is what the write hook's segment became; NULL: it was not seen until the end. */
void judge_written(struct analysis *analysis, struct connection *connection,
                   const struct hook_event *write, const struct segment *segment);

/* No parse hook saw a segment that arrived. */
void judge_not_parsed(struct analysis *analysis, const struct segment *segment);

/* A program asked for room or stored an option, and the kernel would not have it. */
void judge_refused(struct analysis *analysis, struct connection *connection, enum vantage vantage,
                   unsigned direction, unsigned class, const struct hook_action *action,
                   uint64_t frame);

/* Room that was reserved for an option (NULL: nobody says for which) and not used. */
void judge_not_written(struct analysis *analysis, struct connection *connection,
                       enum vantage vantage, unsigned direction, unsigned class,
                       const struct identity *option, uint64_t reserved_ns, uint64_t frame);

/* A program acted on an option that it had received in a segment of that class. */
void judge_action(struct analysis *analysis, struct connection *connection, enum vantage vantage,
                  unsigned direction, unsigned class, const struct hook_action *action,
                  uint64_t frame);

/* --- the captures (judge_inputs.c) ------------------------------------------------------------ */

/* Findings about captures that could not be read or whose headers are cut. At the end. */
void judge_inputs(struct analysis *analysis);

/* --- which vantage point is where (orient.c) -------------------------------------------------- */

/*
 * Finds out which vantage point is nearer the client: hooks, then handshake, then hop counts (of
 * the pair, which may be NULL); `must` takes A when nothing tells. True when it is decided.
 */
bool orient(struct analysis *analysis, struct connection *connection, const struct segment *a,
            const struct segment *b, bool must);

#endif
