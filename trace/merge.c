// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * merge.c - see merge.h.
 *
 * The records stand in large blocks, one behind the other; a block is used again when all of its
 * records have gone. Their order is kept by small entries in lanes: a source gives its records in
 * order, or almost, so that a record nearly always goes behind the last of some lane, and the
 * oldest of all is the first of some lane. What fits no lane goes into a binary heap. Nothing is
 * allocated per record once there is room for the usual amount of waiting ones.
 */
#include "trace/merge.h"

#include <glib.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 20, LANES = 8, LANE_BEGIN = 1024 };

struct block {
    struct block *next; /* in the list of free ones */
    size_t used, size;
    size_t records; /* that have not gone */
    alignas(8) uint8_t octets[];
};

struct entry {
    uint64_t time_ns;
    uint64_t order;
    struct block *block;
    struct pcapng_packet *packet; /* in the block, its data behind it */
};

struct lane { /* in order of time; a ring of `size`, a power of two */
    struct entry *entries;
    size_t first, n, size;
};

struct merge {
    struct lane lanes[LANES];
    merge_sink sink;
    void *user;
    GArray *heap; /* struct entry; the oldest first */
    struct block *current, *free_blocks;
    uint64_t order, newest_gone_ns, late;
    int error;
};

struct merge *merge_new(merge_sink sink, void *user)
{
    struct merge *merge = g_new0(struct merge, 1);
    merge->sink = sink;
    merge->user = user;
    merge->heap = g_array_new(FALSE, FALSE, sizeof(struct entry));
    return merge;
}

static void block_release(struct merge *merge, struct block *block)
{
    if (--block->records > 0 || block == merge->current)
        return;
    if (block->size > BLOCK_SIZE) {
        g_free(block);
        return;
    }
    block->next = merge->free_blocks;
    merge->free_blocks = block;
}

static struct entry *lane_at(const struct lane *lane, size_t i)
{
    return &lane->entries[(lane->first + i) & (lane->size - 1)];
}

static void lane_append(struct lane *lane, const struct entry *entry)
{
    if (lane->n == lane->size) {
        size_t size = lane->size > 0 ? lane->size * 2 : LANE_BEGIN;
        struct entry *entries = g_new(struct entry, size);
        for (size_t i = 0; i < lane->n; i++)
            entries[i] = *lane_at(lane, i);
        g_free(lane->entries);
        *lane = (struct lane){entries, 0, lane->n, size};
    }
    *lane_at(lane, lane->n) = *entry;
    lane->n++;
}

void merge_free(struct merge *merge)
{
    if (merge == NULL)
        return;
    for (size_t i = 0; i < LANES; i++) {
        for (size_t k = 0; k < merge->lanes[i].n; k++)
            block_release(merge, lane_at(&merge->lanes[i], k)->block);
    }
    for (guint i = 0; i < merge->heap->len; i++)
        block_release(merge, g_array_index(merge->heap, struct entry, i).block);
    for (struct block *block = merge->free_blocks; block != NULL;) {
        struct block *next = block->next;
        g_free(block);
        block = next;
    }
    for (size_t i = 0; i < LANES; i++)
        g_free(merge->lanes[i].entries);
    g_free(merge->current);
    g_array_unref(merge->heap);
    g_free(merge);
}

/* Room for `size` octets in the current block, or in a new one. */
static void *reserve(struct merge *merge, size_t size)
{
    struct block *block = merge->current;
    size = (size + 7) & ~(size_t)7;
    if (block != NULL && block->records == 0)
        block->used = 0;
    if (block == NULL || block->size - block->used < size) {
        if (block != NULL && block->records == 0)
            g_free(block);
        if (merge->free_blocks != NULL && size <= BLOCK_SIZE) {
            block = merge->free_blocks;
            merge->free_blocks = block->next;
        } else {
            size_t capacity = MAX(size, BLOCK_SIZE);
            block = g_malloc(sizeof(*block) + capacity);
            block->size = capacity;
        }
        block->used = 0;
        block->records = 0;
        merge->current = block;
    }
    void *room = block->octets + block->used;
    block->used += size;
    block->records++;
    return room;
}

static bool older(const struct entry *a, const struct entry *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

/*
 * Puts it behind the lane whose last record is the nearest of those that are not younger. False:
 * the last of every lane is younger.
 */
static bool lane_push(struct merge *merge, const struct entry *entry)
{
    struct lane *best = NULL;
    uint64_t nearest = 0;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &merge->lanes[i];
        uint64_t last = lane->n > 0 ? lane_at(lane, lane->n - 1)->time_ns : 0;
        if (last <= entry->time_ns && (best == NULL || last > nearest)) {
            best = lane;
            nearest = last;
        }
    }
    if (best == NULL)
        return false;
    lane_append(best, entry);
    return true;
}

void merge_push(struct merge *merge, const struct pcapng_packet *packet)
{
    struct pcapng_packet *copy = reserve(merge, sizeof(*copy) + packet->captured);
    *copy = *packet;
    copy->comment = NULL;
    copy->data = copy + 1;
    if (packet->captured > 0)
        memcpy(copy + 1, packet->data, packet->captured);
    struct entry entry = {packet->time_ns, merge->order++, merge->current, copy};
    if (packet->time_ns < merge->newest_gone_ns)
        merge->late++;

    if (lane_push(merge, &entry))
        return;
    g_array_append_val(merge->heap, entry);
    struct entry *heap = (struct entry *)(void *)merge->heap->data;
    guint at = merge->heap->len - 1;
    while (at > 0 && older(&entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static struct entry take_from_heap(struct merge *merge)
{
    struct entry *heap = (struct entry *)(void *)merge->heap->data;
    struct entry oldest = heap[0];
    guint length = merge->heap->len - 1;
    struct entry moved = heap[length];
    guint at = 0;
    for (guint child = 1; child < length; child = 2 * at + 1) {
        if (child + 1 < length && older(&heap[child + 1], &heap[child]))
            child++;
        if (!older(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    g_array_set_size(merge->heap, length);
    return oldest;
}

/* Takes the oldest of all into `entry` if it is from before `time_ns`. */
static bool take_oldest(struct merge *merge, uint64_t time_ns, struct entry *entry)
{
    const struct entry *oldest =
        merge->heap->len > 0 ? &g_array_index(merge->heap, struct entry, 0) : NULL;
    struct lane *from = NULL;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &merge->lanes[i];
        if (lane->n > 0 && (oldest == NULL || older(lane_at(lane, 0), oldest))) {
            oldest = lane_at(lane, 0);
            from = lane;
        }
    }
    if (oldest == NULL || oldest->time_ns >= time_ns)
        return false;
    if (from == NULL) {
        *entry = take_from_heap(merge);
        return true;
    }
    *entry = *oldest;
    from->first++;
    from->n--;
    return true;
}

int merge_until(struct merge *merge, uint64_t time_ns)
{
    struct entry entry;
    while (take_oldest(merge, time_ns, &entry)) {
        merge->newest_gone_ns = MAX(merge->newest_gone_ns, entry.time_ns);
        if (merge->error == 0)
            merge->error = merge->sink(merge->user, entry.packet);
        block_release(merge, entry.block);
    }
    return merge->error;
}

int merge_restart(struct merge *merge)
{
    int error = merge_until(merge, UINT64_MAX);
    merge->newest_gone_ns = 0;
    return error;
}

size_t merge_waiting(const struct merge *merge)
{
    size_t n = merge->heap->len;
    for (size_t i = 0; i < LANES; i++)
        n += merge->lanes[i].n;
    return n;
}

uint64_t merge_late(const struct merge *merge)
{
    return merge->late;
}
