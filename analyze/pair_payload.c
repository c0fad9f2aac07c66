/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair_payload.c - connections that find each other by what they carry.
 *
 * For what no handshake pairs: both ends of it are rewritten, it was not captured, or the path ends
 * connections and opens others. Two keys: the first octets of a direction, which survive other
 * segment sizes, and whole segments, which a capture that began late has too. With the same
 * endpoints that is enough, unless both SYNs were seen and have other numbers: a port that was used
 * again carries the same too, and the SYN with the right number may still be to come. Then the clocks
 * decide, or patience. Else it waits for the end, when everything was seen: the payload must
 * then be one that no second connection showed, at either vantage point.
 *
 * If both handshakes were seen, with other initial sequence numbers and other timestamps, and
 * nothing that the sending host alone gives (IP identification) is equal, it is no translation: a
 * proxy ended the connection.
 */
#include "analyze/pair.h"

#include <string.h>

#include "analyze/clock.h"
#include "analyze/fingerprint.h"
#include "analyze/flows.h"
#include "analyze/input.h"
#include "analyze/pair_index.h"

enum { START = 16, WHOLE_MIN = 32, AGREEING_SEGMENTS = 2, TRIED_MAX = 64 };

/* Segments with payload that two sides wait for a SYN with the right number, once they look alike. */
enum { PATIENCE = 256 };

/* SYNs of one connection are no farther apart than that, once the clocks are known. */
static const int64_t SYN_NEAR_NS = 1000 * 1000 * 1000, SYN_FAR_NS = 10 * SYN_NEAR_NS;

/* Where the stream starts, as far as this side knows. */
static bool is_start(const struct side *side, const struct segment *s)
{
    return side->has_isn[s->direction] && s->seq_wire == side->isn[s->direction] + 1;
}

/* Up to two keys of a segment; returns how many. */
static unsigned keys_of(const struct side *side, const struct segment *s,
                        const struct packet *packet, uint64_t keys[2])
{
    unsigned n = 0;
    if (s->twin != TWIN_NONE)
        return 0;
    if (is_start(side, s) && packet->payload_captured >= START)
        keys[n++] = fingerprint(packet->payload, START) * 4 + s->direction * 2 + 1;
    if (s->payload_known && s->length >= WHOLE_MIN)
        keys[n++] = (s->payload ^ s->length) * 4 + s->direction * 2;
    return n;
}

/* Endpoints have something in common, so that it is not just the same request to another server. */
static bool related(const struct side *side, const struct side *other)
{
    const struct endpoint *const mine[2] = {&side->key.low, &side->key.high};
    const struct endpoint *const theirs[2] = {&other->key.low, &other->key.high};
    for (unsigned i = 0; i < 4; i++) {
        const struct endpoint *a = mine[i / 2], *b = theirs[i % 2];
        if (memcmp(a->address, b->address, sizeof(a->address)) == 0 || a->port == b->port)
            return true;
    }
    return false;
}

/* How far apart the SYNs passed, as far as the clocks are known; 0 when that cannot be told. */
static int64_t syns_apart_ns(const struct analysis *analysis, const struct side *side,
                             const struct side *other)
{
    const struct side *a = side->vantage == VANTAGE_A ? side : other;
    const struct side *b = side->vantage == VANTAGE_A ? other : side;
    if (!analysis->clock->known || a->syn_ns == 0 || b->syn_ns == 0)
        return 0;
    int64_t apart = (int64_t)(b->syn_ns - a->syn_ns) - analysis->clock->pace_ns;
    return apart < 0 ? -apart : apart;
}

static bool may_pair(const struct analysis *analysis, const struct side *side,
                     const struct side *other)
{
    return other->connection && other->connection != side->connection &&
           other->connection->sides[side->vantage] == NULL && !other->connection->finished &&
           syns_apart_ns(analysis, side, other) < SYN_FAR_NS;
}

/* Both SYNs were seen, with other numbers: it could be another incarnation of the same endpoints. */
static bool must_wait(const struct analysis *analysis, struct side *side, const struct side *other)
{
    const struct input *there = analysis->inputs[other->vantage];
    if (!side->has_isn[FROM_CLIENT] || !other->has_isn[FROM_CLIENT] ||
        side->isn[FROM_CLIENT] == other->isn[FROM_CLIENT] || there->kind == INPUT_END)
        return false;
    if (analysis->clock->known && side->syn_ns && other->syn_ns &&
        syns_apart_ns(analysis, side, other) < SYN_NEAR_NS)
        return false;
    return ++side->patience < PATIENCE;
}

static bool has_key(const struct side *side, uint64_t key)
{
    for (unsigned i = 0; side->payload_keys && i < side->payload_keys->len; i++)
        if (g_array_index(side->payload_keys, uint64_t, i) == key)
            return true;
    return false;
}

/* The side with the same endpoints that has that key: of several incarnations the oldest. */
static struct side *find_same(struct analysis *analysis, const struct side *side, uint64_t key)
{
    struct side *found = NULL;
    struct side *other =
        flow_table_find(analysis->tables[!side->vantage], &side->key, flow_key_hash(&side->key));
    for (unsigned i = 0; other && i < TRIED_MAX; other = other->older, i++)
        if (has_key(other, key) && may_pair(analysis, side, other) &&
            side->client_is_low == other->client_is_low)
            found = other;
    return found;
}

/* The same by any payload that this side has shown. */
static struct side *find_same_by_any(struct analysis *analysis, const struct side *side)
{
    struct side *other = NULL;
    for (unsigned i = 0; side->payload_keys && i < side->payload_keys->len && other == NULL; i++)
        other = find_same(analysis, side, g_array_index(side->payload_keys, uint64_t, i));
    return other;
}

static bool is_start_key(uint64_t key)
{
    return key & 1;
}

/* The only side there with that key, if this one is the only one here. */
static struct side *find_only(struct analysis *analysis, const struct side *side, uint64_t key)
{
    struct pairing *pairing = analysis->pairing;
    const GPtrArray *here = pair_index_carrying(pairing, side->vantage, key);
    const GPtrArray *there = pair_index_carrying(pairing, !side->vantage, key);
    if (here == NULL || there == NULL || here->len != 1 || there->len != 1)
        return NULL;
    if (is_start_key(key) && (*pair_index_streams(pairing, VANTAGE_A, key) > 1 ||
                              *pair_index_streams(pairing, VANTAGE_B, key) > 1))
        return NULL;
    struct side *other = g_ptr_array_index(there, 0);
    return may_pair(analysis, side, other) && related(side, other) ? other : NULL;
}

/* The waiting segment of the other side with the same payload, or its first. */
static const struct segment *counterpart(const struct side *other, const struct segment *s)
{
    const struct lane *lane = &other->connection->joining->lanes[other->vantage][s->direction];
    for (const struct segment *t = lane->first; t; t = t->later)
        if (t->payload_known && t->length == s->length && t->payload == s->payload)
            return t;
    return NULL;
}

static bool is_terminated(const struct side *side, const struct side *other,
                          const struct segment *s, const struct segment *t)
{
    if (!side->has_isn[FROM_CLIENT] || !other->has_isn[FROM_CLIENT] ||
        side->isn[FROM_CLIENT] == other->isn[FROM_CLIENT])
        return false;
    if (side->syn_mark != 0 && side->syn_mark == other->syn_mark)
        return false;
    return s == NULL || t == NULL || s->ip_id == 0 || s->ip_id != t->ip_id;
}

static void make_one(struct analysis *analysis, struct side *side, struct side *other,
                     const struct segment *s, const struct segment *t)
{
    bool a_is_mine = side->vantage == VANTAGE_A;
    struct connection *into = other->connection, *from = side->connection;
    into->terminated = is_terminated(side, other, s, t);
    if (!into->terminated && s && t && into->joining->delta_state[s->direction] == DELTA_PRESUMED) {
        into->joining->delta[s->direction] =
            a_is_mine ? t->seq_wire - s->seq_wire : s->seq_wire - t->seq_wire;
        into->joining->delta_state[s->direction] = DELTA_LEARNT;
    }
    into->joining->paired_by = "payload";
    pair_forget(analysis->pairing, side);
    pair_forget(analysis->pairing, other);
    connection_merge(analysis, into, from);
}

bool pair_by_payload(struct analysis *analysis, struct side *side, struct segment *s,
                     const struct packet *packet)
{
    uint64_t keys[2];
    struct side *other = NULL;
    bool single = side->connection->sides[!side->vantage] == NULL;
    if (!single && !is_start(side, s))
        return false;
    unsigned n = keys_of(side, s, packet, keys);
    for (unsigned i = 0; i < n; i++) {
        uint8_t *counter = pair_index_streams(analysis->pairing, side->vantage, keys[i]);
        if (is_start_key(keys[i]) && !s->again && *counter < UINT8_MAX)
            ++*counter;
    }
    for (unsigned i = 0; i < n && single && other == NULL; i++)
        other = find_same(analysis, side, keys[i]);
    if (other == NULL && side->patience > 0 && single)
        other = find_same_by_any(analysis, side);
    if (other == NULL || must_wait(analysis, side, other)) {
        for (unsigned i = 0; i < n && single; i++)
            pair_index_payload(analysis->pairing, side, keys[i]);
        return false;
    }
    make_one(analysis, side, other, s, counterpart(other, s));
    s->connection = other->connection;
    return true;
}

static const struct segment *waiting_with(const struct side *side, const struct side *other,
                                          const struct segment **t)
{
    for (unsigned d = 0; d < DIRECTIONS; d++) {
        const struct segment *s = side->connection->joining->lanes[side->vantage][d].first;
        for (unsigned i = 0; s && i < TRIED_MAX; s = s->later, i++)
            if (s->payload_known && (*t = counterpart(other, s)) != NULL)
                return s;
    }
    *t = NULL;
    return NULL;
}

bool pair_late_same(struct analysis *analysis, struct side *side)
{
    struct side *other = find_same_by_any(analysis, side);
    if (other == NULL)
        return false;
    const struct segment *t, *s = waiting_with(side, other, &t);
    make_one(analysis, side, other, s, t);
    return true;
}

void pair_late(struct analysis *analysis, struct side *side)
{
    struct side *found = NULL;
    unsigned agreeing = 0;
    bool start = false;
    if (pair_late_same(analysis, side))
        return;
    for (unsigned i = 0; side->payload_keys && i < side->payload_keys->len; i++) {
        uint64_t key = g_array_index(side->payload_keys, uint64_t, i);
        struct side *other = find_only(analysis, side, key);
        if (other == NULL)
            continue;
        if (found && other != found)
            return;
        found = other;
        agreeing++;
        start |= is_start_key(key);
    }
    if (found == NULL || (!start && agreeing < AGREEING_SEGMENTS))
        return;
    const struct segment *t, *s = waiting_with(side, found, &t);
    make_one(analysis, side, found, s, t);
}
