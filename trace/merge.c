// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * merge.c - see merge.h.
 *
 * The records stand in large blocks, one behind the other; a block is used again when all of its
 * records have gone. A binary heap of small entries keeps the order, so that nothing is allocated
 * per record once the blocks for the usual amount of waiting records exist.
 */
#include "trace/merge.h"

#include <glib.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 20 };

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

struct merge {
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

void merge_free(struct merge *merge)
{
    if (merge == NULL)
        return;
    for (guint i = 0; i < merge->heap->len; i++)
        block_release(merge, g_array_index(merge->heap, struct entry, i).block);
    for (struct block *block = merge->free_blocks; block != NULL;) {
        struct block *next = block->next;
        g_free(block);
        block = next;
    }
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

    g_array_append_val(merge->heap, entry);
    struct entry *heap = (struct entry *)(void *)merge->heap->data;
    guint at = merge->heap->len - 1;
    while (at > 0 && older(&entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static struct entry take_oldest(struct merge *merge)
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

int merge_until(struct merge *merge, uint64_t time_ns)
{
    while (merge->heap->len > 0 && g_array_index(merge->heap, struct entry, 0).time_ns < time_ns) {
        struct entry entry = take_oldest(merge);
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
    return merge->heap->len;
}

uint64_t merge_late(const struct merge *merge)
{
    return merge->late;
}
