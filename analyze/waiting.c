/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waiting.c - segments that wait for their counterparts. See waiting.h. */
#include "analyze/waiting.h"

#include "analyze/join_packets.h"

enum { INITIAL_BUCKETS = 4096 };

struct join *join_new(void)
{
    struct join *join = g_new0(struct join, 1);
    join->n_buckets = INITIAL_BUCKETS;
    for (unsigned v = 0; v < VANTAGES; v++)
        join->buckets[v] = g_new0(struct segment *, join->n_buckets);
    return join;
}

void join_free(struct join *join)
{
    if (join == NULL)
        return;
    for (unsigned v = 0; v < VANTAGES; v++)
        g_free(join->buckets[v]);
    g_free(join);
}

/* --- by key ----------------------------------------------------------------------------------- */

/* Without payload it is the acknowledgement that tells segments apart. */
static bool ack_matters(const struct segment *s)
{
    return s->length == 0 && s->class != SEGMENT_SYN && s->class != SEGMENT_RST;
}

void waiting_key(struct segment *s)
{
    uint64_t h = ((uint64_t)s->connection->id << 32 | (uint32_t)s->seq) * 0x9e3779b97f4a7c15ull;
    h ^= (uint64_t)s->length << 8 | (uint64_t)s->class << 4 | s->direction;
    if (ack_matters(s))
        h ^= (uint64_t)s->ack << 24;
    h *= 0xff51afd7ed558ccdull;
    s->hash = (uint32_t)(h >> 32);
}

static bool key_equal(const struct segment *s, const struct segment *t)
{
    return s->hash == t->hash && s->connection == t->connection && s->seq == t->seq &&
           s->length == t->length && s->class == t->class && s->direction == t->direction &&
           (!ack_matters(s) || s->ack == t->ack);
}

/* Where the pointer stands to the oldest copy with that key, or would stand. */
static struct segment **copies_of(const struct join *join, unsigned vantage,
                                  const struct segment *s)
{
    struct segment **link = &join->buckets[vantage][s->hash & (join->n_buckets - 1)];
    while (*link && !key_equal(s, *link))
        link = &(*link)->bucket_next;
    return link;
}

struct segment *waiting_copies(const struct join *join, const struct segment *s)
{
    return *copies_of(join, !s->vantage, s);
}

static void hash_grow(struct join *join)
{
    size_t n_old = join->n_buckets;
    join->n_buckets *= 2;
    for (unsigned v = 0; v < VANTAGES; v++) {
        struct segment **old = join->buckets[v], *next;
        join->buckets[v] = g_new0(struct segment *, join->n_buckets);
        for (size_t i = 0; i < n_old; i++)
            for (struct segment *s = old[i]; s; s = next) {
                struct segment **bucket = &join->buckets[v][s->hash & (join->n_buckets - 1)];
                next = s->bucket_next;
                s->bucket_next = *bucket;
                *bucket = s;
            }
        g_free(old);
    }
}

/* Of a row of copies, `copy_back` is the one before, but of the first the last. */
static void hash_add(struct join *join, struct segment *s)
{
    if (join->n_waiting >= join->n_buckets)
        hash_grow(join);
    struct segment **link = copies_of(join, s->vantage, s), *first = *link;
    s->bucket_next = s->copy_next = NULL;
    if (first) {
        s->copy_back = first->copy_back;
        s->copy_back->copy_next = s;
        first->copy_back = s;
    } else {
        s->copy_back = s;
        *link = s;
    }
}

static void hash_remove(struct join *join, struct segment *s)
{
    struct segment **link = copies_of(join, s->vantage, s), *first = *link;
    if (first == s) {
        struct segment *second = s->copy_next;
        if (second) {
            second->copy_back = s->copy_back;
            second->bucket_next = s->bucket_next;
        }
        *link = second ? second : s->bucket_next;
    } else if (s->copy_back) { /* as every copy but the first has */
        s->copy_back->copy_next = s->copy_next;
        /* There is a first: it is not this one.
           NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        (s->copy_next ? s->copy_next : first)->copy_back = s->copy_back;
    }
}

/* --- by sequence number ----------------------------------------------------------------------- */

static bool lane_add(struct segment *s)
{
    struct lane *lane = &s->connection->joining->lanes[s->vantage][s->direction];
    struct segment *before = lane->last;
    while (before && before->seq > s->seq) {
        if (!waiting_step(s->connection))
            return false;
        before = before->earlier;
    }
    s->earlier = before;
    s->later = before ? before->later : lane->first;
    *(s->earlier ? &s->earlier->later : &lane->first) = s;
    *(s->later ? &s->later->earlier : &lane->last) = s;
    if (s->length > lane->longest)
        lane->longest = s->length;
    return true;
}

static void lane_remove(struct segment *s)
{
    struct lane *lane = &s->connection->joining->lanes[s->vantage][s->direction];
    *(s->earlier ? &s->earlier->later : &lane->first) = s->later;
    *(s->later ? &s->later->earlier : &lane->last) = s->earlier;
}

/* --- both ------------------------------------------------------------------------------------- */

bool waiting_add(struct join *join, struct segment *s)
{
    if (!lane_add(s))
        return false;
    hash_add(join, s);
    s->pending = true;
    s->waited_longer = join->newest;
    s->waited_less = NULL;
    *(join->newest ? &join->newest->waited_less : &join->oldest) = s;
    join->newest = s;
    join->n_waiting++;
    s->connection->joining->waiting++;
    return true;
}

void waiting_remove(struct join *join, struct segment *s)
{
    hash_remove(join, s);
    lane_remove(s);
    s->pending = false;
    *(s->waited_longer ? &s->waited_longer->waited_less : &join->oldest) = s->waited_less;
    *(s->waited_less ? &s->waited_less->waited_longer : &join->newest) = s->waited_longer;
    join->n_waiting--;
    s->connection->joining->waiting--;
}
