/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_mptcp.c - did a connection that asked for Multipath TCP go on as plain TCP, by which
 * signal, and which side lost it?
 *
 * Each signal is one function, one row of a table; the first that holds is the reason. A server
 * that is shown not to answer with MP_CAPABLE does not speak it: that is no fallback. A peer's
 * capture must show what it sent or received; with one capture the path and the peer cannot be
 * told apart in most cases, and the confidence is no more than likely.
 */
#include "analyze/evidence.h"
#include "analyze/judge.h"
#include "analyze/mptcp.h"

enum { PLAIN_DATA = 3 }; /* data segments in a row without any MPTCP option */

struct fallback { /* the case, and the answer */
    const struct connection *connection;
    const struct mptcp *mptcp;
    const struct side *near, *far; /* of the client; far is NULL with one capture */
    unsigned client;               /* direction from the client */
    enum vantage near_at, far_at;
    bool two;

    enum confidence confidence;
    const char *reason;
    unsigned direction; /* of the segment that lacks or brings the signal */
    uint64_t frames[VANTAGES];
};

static const struct mptcp_seen *seen(const struct fallback *f, enum vantage at, bool from_client)
{
    return &f->mptcp->seen[at][from_client ? f->client : !f->client];
}

static bool has(const struct fallback *f, enum vantage at, bool from_client, unsigned signs)
{
    return (seen(f, at, from_client)->signs & signs) != 0;
}

/* An option that is not there may be one that the capture has cut off. */
static bool shows_all(const struct fallback *f, enum vantage at, bool from_client)
{
    const struct side *side = at == f->near_at ? f->near : f->far;
    return !side->options_cut[from_client ? f->client : !f->client];
}

static bool say(struct fallback *f, enum confidence confidence, bool from_client,
                const char *reason)
{
    f->confidence = confidence;
    f->reason = reason;
    f->direction = from_client ? f->client : !f->client;
    return true;
}

static void point(struct fallback *f, enum vantage at, uint64_t frame)
{
    if (f->frames[at] == 0)
        f->frames[at] = frame;
}

static bool lost_in_syn(struct fallback *f)
{
    if (!f->two || !has(f, f->near_at, true, MPTCP_SYN_CAPABLE) || f->far->syn_ns == 0 ||
        f->connection->plain_syn_frame != 0 || has(f, f->far_at, true, MPTCP_SYN_CAPABLE) ||
        !shows_all(f, f->far_at, true))
        return false;
    point(f, f->near_at, seen(f, f->near_at, true)->syn_frame);
    point(f, f->far_at, f->far->first_frame);
    return say(f, CONFIDENCE_CERTAIN, true, "the path took MP_CAPABLE out of the client's SYN");
}

static bool lost_in_synack(struct fallback *f)
{
    if (!has(f, f->near_at, true, MPTCP_SYN_CAPABLE) || f->near->synack_ns == 0 ||
        has(f, f->near_at, false, MPTCP_SYN_CAPABLE) || !shows_all(f, f->near_at, false))
        return false;
    point(f, f->near_at, seen(f, f->near_at, false)->syn_frame);
    if (!f->two)
        return say(f, CONFIDENCE_LIKELY, false,
                   "no MP_CAPABLE in the SYN-ACK: the path removed it, or the server does not "
                   "speak Multipath TCP");
    if (!has(f, f->far_at, false, MPTCP_SYN_CAPABLE))
        return false; /* the server does not speak it */
    point(f, f->far_at, seen(f, f->far_at, false)->syn_frame);
    return say(f, CONFIDENCE_CERTAIN, false,
               "the path took MP_CAPABLE out of the server's SYN-ACK");
}

static bool both_agreed(const struct fallback *f)
{
    return has(f, f->near_at, true, MPTCP_SYN_CAPABLE) &&
           has(f, f->near_at, false, MPTCP_SYN_CAPABLE);
}

static bool lost_in_third_ack(struct fallback *f)
{
    const struct mptcp_seen *client = seen(f, f->near_at, true);
    if (!both_agreed(f) || !f->near->has_ack[f->client])
        return false;
    if (client->signs & (MPTCP_ACK_CAPABLE | MPTCP_DSS)) {
        if (!f->two || has(f, f->far_at, true, MPTCP_ACK_CAPABLE | MPTCP_DSS) ||
            !f->far->has_ack[f->client] || !shows_all(f, f->far_at, true))
            return false;
        point(f, f->near_at, client->last_frame);
        return say(f, CONFIDENCE_CERTAIN, true,
                   "the path took MP_CAPABLE out of the client's third ACK");
    }
    if (client->plain_data == 0 || !shows_all(f, f->near_at, true))
        return false;
    point(f, f->near_at, client->first_plain);
    return say(f, CONFIDENCE_LIKELY, true,
               "no MP_CAPABLE in the third ACK: the client gave it up, or something in front of "
               "this capture removed it");
}

static bool is_signalled(struct fallback *f)
{
    for (unsigned i = 0; i < DIRECTIONS; i++)
        for (unsigned v = 0; v < (f->two ? 2u : 1u); v++) {
            bool from_client = i == 0;
            enum vantage at = v == 0 ? f->near_at : f->far_at;
            const struct mptcp_seen *s = seen(f, at, from_client);
            if (!(s->signs & (MPTCP_FAIL | MPTCP_INFINITE)))
                continue;
            point(f, at, s->signal_frame);
            if (s->signs & MPTCP_FAIL)
                return say(f, CONFIDENCE_CERTAIN, from_client,
                           from_client ? "the client sent MP_FAIL: data reached it changed"
                                       : "the server sent MP_FAIL: data reached it changed");
            return say(f, CONFIDENCE_CERTAIN, from_client,
                       from_client ? "the client sent an infinite mapping"
                                   : "the server sent an infinite mapping");
        }
    return false;
}

/* Data without a mapping, where its sender stands, after both had agreed. */
static bool goes_on_without_dss(struct fallback *f)
{
    if (!both_agreed(f))
        return false;
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        bool from_client = i == 0;
        enum vantage at = from_client || !f->two ? f->near_at : f->far_at;
        const struct mptcp_seen *s = seen(f, at, from_client);
        if (s->plain_data < PLAIN_DATA)
            continue;
        point(f, at, s->first_plain);
        return say(f, CONFIDENCE_LIKELY, from_client,
                   from_client ? "the client's data go on without DSS"
                               : "the server's data go on without DSS");
    }
    return false;
}

static bool (*const SIGNALS[])(struct fallback *f) = {
    lost_in_syn, lost_in_synack, lost_in_third_ack, is_signalled, goes_on_without_dss,
};

void judge_mptcp(struct analysis *analysis, struct connection *connection)
{
    struct fallback f = {.connection = connection, .mptcp = connection->mptcp};
    if (connection->mptcp == NULL || connection->mptcp->join || connection->terminated)
        return;
    f.client = connection->swapped ? FROM_SERVER : FROM_CLIENT;
    f.near_at = connection_upstream(connection, f.client);
    if (analysis->n_vantages == 1)
        f.near_at = VANTAGE_A;
    f.far_at = !f.near_at;
    f.near = connection->sides[f.near_at];
    f.far = connection->sides[f.far_at];
    f.two = f.near && f.far;
    if (f.near == NULL)
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(SIGNALS); i++) {
        if (!SIGNALS[i](&f))
            continue;
        struct sighting sighting = {
            .verdict = VERDICT_MPTCP_FALLBACK,
            .confidence = f.confidence,
            .direction = f.direction,
            .segment = -1,
            .frame_a = f.frames[VANTAGE_A],
            .frame_b = f.frames[VANTAGE_B],
            .absent_at = VANTAGES,
            .detail = f.reason,
        };
        evidence_add(analysis, connection, &sighting);
        return;
    }
}
