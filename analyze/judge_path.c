/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_path.c - what the path did to the connection as a whole. Each verdict is one function,
 * one row of a table.
 */
#include <string.h>

#include "analyze/evidence.h"
#include "analyze/judge.h"

struct path_case {
    enum confidence confidence;
    unsigned direction;
    char *detail; /* g_free()d by the caller */
};

static bool is_translated(const struct connection *connection, struct path_case *out)
{
    if (connection->terminated)
        return false;
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    char text[4][ENDPOINT_TEXT_MAX];
    bool a_low = a->client_is_low != connection->swapped;
    bool b_low = b->client_is_low != connection->swapped;
    if (flow_key_equal(&a->key, &b->key))
        return false;
    out->confidence = CONFIDENCE_CERTAIN;
    out->direction = DIRECTIONS; /* of both */
    out->detail = g_strdup_printf("%s > %s at A is %s > %s at B",
                                  endpoint_text(a_low ? &a->key.low : &a->key.high, text[0]),
                                  endpoint_text(a_low ? &a->key.high : &a->key.low, text[1]),
                                  endpoint_text(b_low ? &b->key.low : &b->key.high, text[2]),
                                  endpoint_text(b_low ? &b->key.high : &b->key.low, text[3]));
    return true;
}

/* In a proxy's case nothing is translated: there are two connections. */
static bool is_sequence_rewritten(const struct connection *connection, struct path_case *out)
{
    unsigned d = out->direction;
    if (connection->terminated || connection->joining->delta[d] == 0)
        return false;
    /* The handshake told the difference; segments joined after it confirm that it is constant. */
    out->confidence = connection->joining->pairs > 2 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    out->detail = g_strdup_printf("by %" G_GUINT32_FORMAT, connection->joining->delta[d]);
    return true;
}

static bool are_timestamps_rewritten(const struct connection *connection, struct path_case *out)
{
    unsigned d = out->direction;
    bool constant = connection->joining->timestamp_state[d] == TIMESTAMPS_CONSTANT;
    if (connection->joining->timestamp_state[d] == TIMESTAMPS_UNKNOWN ||
        (constant && connection->joining->timestamp_delta[d] == 0))
        return false;
    out->confidence =
        constant && connection->joining->pairs > 2 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    out->detail =
        constant ? g_strdup_printf("by %" G_GUINT32_FORMAT, connection->joining->timestamp_delta[d])
                 : g_strdup("by a changing amount");
    return true;
}

/*
 * No translation does these: a segment that gains hops, an answer that comes sooner where it is
 * farther from who answers, and other options on the SYN under another window.
 */
static const char *proof_of_proxy(const struct connection *connection)
{
    enum vantage near =
        connection_upstream(connection, connection->swapped ? FROM_SERVER : FROM_CLIENT);
    const struct side *n = connection->sides[near], *f = connection->sides[!near];
    if (f->syn_ttl > n->syn_ttl && n->syn_ttl > 0)
        return "the SYN has more hops to live behind it";
    if (n->syn_ns && n->synack_ns > n->syn_ns && f->syn_ns && f->synack_ns > f->syn_ns &&
        n->synack_ns - n->syn_ns < f->synack_ns - f->syn_ns)
        return "the SYN-ACK came to the client sooner than it took the server to send it";
    bool both_seen = n->syn_ttl > 0 && f->syn_ttl > 0; /* each side's first segment was the SYN */
    if (both_seen && n->syn_look != f->syn_look && n->syn_window != f->syn_window)
        return "the SYN has other options and another window behind it";
    return NULL;
}

static bool is_proxied(const struct connection *connection, struct path_case *out)
{
    if (!connection->terminated)
        return false;
    const char *proof = proof_of_proxy(connection);
    out->direction = DIRECTIONS;
    out->confidence = proof ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    out->detail = g_strdup(proof ? proof
                                 : "other sequence numbers and timestamps on either side; or a box "
                                   "rewrites both");
    return true;
}

static const struct {
    enum verdict verdict;
    bool (*holds)(const struct connection *connection, struct path_case *out);
    bool each_way; /* asked of each direction, else of the connection */
} PATH_VERDICTS[] = {
    {VERDICT_PATH_PROXY, is_proxied, false},
    {VERDICT_PATH_NAT, is_translated, false},
    {VERDICT_PATH_SEQUENCE_REWRITTEN, is_sequence_rewritten, true},
    {VERDICT_PATH_TIMESTAMPS_REWRITTEN, are_timestamps_rewritten, true},
};

/* That both sides are one connection is itself no more than likely. */
static bool is_paired_loosely(const struct connection *connection)
{
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    return connection->joining->paired_by &&
           strcmp(connection->joining->paired_by, "payload") == 0 &&
           (!flow_key_equal(&a->key, &b->key) || a->reused || b->reused);
}

static void judge_one(struct analysis *analysis, struct connection *connection, unsigned row,
                      unsigned direction)
{
    const struct side *a = connection->sides[VANTAGE_A], *b = connection->sides[VANTAGE_B];
    struct path_case found = {.direction = direction};
    if (!PATH_VERDICTS[row].holds(connection, &found))
        return;
    if (is_paired_loosely(connection))
        found.confidence = CONFIDENCE_LIKELY;
    struct sighting sighting = {
        .verdict = PATH_VERDICTS[row].verdict,
        .confidence = found.confidence,
        .direction = found.direction,
        .segment = -1,
        .frame_a = a->first_frame,
        .frame_b = b->first_frame,
        .detail = found.detail,
        .absent_at = VANTAGES,
    };
    evidence_add(analysis, connection, &sighting);
    g_free(found.detail);
}

void judge_path(struct analysis *analysis, struct connection *connection)
{
    unsigned client = connection->swapped ? FROM_SERVER : FROM_CLIENT;
    if (connection->sides[VANTAGE_A] == NULL || connection->sides[VANTAGE_B] == NULL)
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(PATH_VERDICTS); i++) {
        judge_one(analysis, connection, i, client);
        if (PATH_VERDICTS[i].each_way)
            judge_one(analysis, connection, i, !client);
    }
}
