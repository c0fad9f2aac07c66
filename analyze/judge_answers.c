/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_answers.c - options whose description asks for an answer, as far as one capture tells.
 *
 * With two captures there is no need: that the answer was sent and removed is said of the answer.
 */
#include "analyze/evidence.h"
#include "analyze/input.h"
#include "analyze/judge.h"
#include "analyze/trail.h"

static bool is_answered(const struct connection *connection, const struct row *asked)
{
    for (const struct row *row = connection->rows; row; row = row->next)
        if (row->option == asked->option && row->direction != asked->direction &&
            row->seen[VANTAGE_A] > 0)
            return true;
    return false;
}

/* On whatever segment the answer stands. */
static bool would_be_seen(const struct input *input, const struct side *side, unsigned direction)
{
    static const uint8_t FLAGS[] = {TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH,
                                    TCP_ACK | TCP_FIN};
    bool low = side->client_is_low == (direction == FROM_CLIENT);
    const struct endpoint *from = low ? &side->key.low : &side->key.high;
    const struct endpoint *to = low ? &side->key.high : &side->key.low;
    for (unsigned i = 0; i < G_N_ELEMENTS(FLAGS); i++)
        if (!input_would_catch(input, from, to, FLAGS[i], 0) ||
            !input_would_catch(input, from, to, FLAGS[i], 1000))
            return false;
    return true;
}

void judge_answers(struct analysis *analysis, struct connection *connection)
{
    const struct side *side = connection->sides[VANTAGE_A];
    const struct input *input = analysis->inputs[VANTAGE_A];
    if (analysis->n_vantages != 1 || side == NULL || input->lost_packets.total > 0 ||
        input_lost_packets_somewhere(input) || input->cut_headers > 0)
        return;
    for (struct row *row = connection->rows; row; row = row->next) {
        const struct option_desc *desc = row->option->desc;
        /* The other end was heard: it had the occasion to answer. */
        if (desc == NULL || desc->answer == ANSWER_NONE || row->seen[VANTAGE_A] == 0 ||
            !side->has_ack[!row->direction] || is_answered(connection, row) ||
            side->options_cut[!row->direction] || !would_be_seen(input, side, !row->direction))
            continue;
        struct sighting sighting = {
            .verdict = VERDICT_OPTION_UNANSWERED,
            .confidence = CONFIDENCE_LIKELY,
            .direction = row->direction,
            .option = row->option,
            .segment = row->segment,
            .absent_at = VANTAGES,
            .detail = "the peer does not speak it, or the path removed question or answer: one "
                      "capture cannot say which",
        };
        struct evidence *e = evidence_add(analysis, connection, &sighting);
        e->count = row->seen[VANTAGE_A];
        for (uint64_t i = 0; i < row->seen[VANTAGE_A]; i++)
            trail_count(row, VERDICT_OPTION_UNANSWERED, CONFIDENCE_LIKELY);
    }
}
