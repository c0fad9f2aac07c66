/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ahead.c - octets out of a file descriptor, uncompressed ahead of whoever reads them. See ahead.h.
 *
 * A ring of blocks: the thread fills the one behind the last, the reader empties the first. A block
 * belongs to one of the two; `lock` guards which. The stream is the thread's from its start to the
 * last block, and the reader's before and after.
 */
#include "wire/ahead.h"

#include <glib.h>
#include <string.h>

#include "wire/compressed.h"

/* A file that ends within START needs no thread, nor do many files that wait for their turn. */
enum { BLOCKS = 4, BLOCK_SIZE = 256 * 1024, START = 1 << 20 };

struct block {
    size_t length;
    uint64_t consumed; /* by the stream, when the block was full */
    ssize_t ended;     /* what stream_read() gave behind the last octet; 1: there is more */
    uint8_t octets[BLOCK_SIZE];
};

struct ahead {
    struct stream *stream;
    bool wanted;     /* a thread, as soon as there is much to read */
    GThread *thread; /* NULL: none, the reader reads the stream itself */
    GMutex lock;
    GCond changed;
    unsigned filled; /* blocks that the reader has not emptied */
    bool stop;       /* nobody will read on */

    /* the reader's */
    uint64_t given; /* octets */
    unsigned first; /* block */
    size_t at;      /* octet of it */
    uint64_t consumed;
    struct block *blocks;
};

/* Fills a block as far as the stream goes. */
static void block_fill(struct block *block, struct stream *stream)
{
    block->length = 0;
    block->ended = 1;
    while (block->ended > 0 && block->length < BLOCK_SIZE) {
        block->ended =
            stream_read(stream, block->octets + block->length, BLOCK_SIZE - block->length);
        if (block->ended > 0)
            block->length += (size_t)block->ended;
    }
    block->consumed = stream_consumed(stream);
}

static gpointer run(gpointer user)
{
    struct ahead *ahead = user;
    bool more = true;
    for (unsigned i = 0; more; i++) {
        struct block *block = &ahead->blocks[i % BLOCKS];
        g_mutex_lock(&ahead->lock);
        while (ahead->filled == BLOCKS && !ahead->stop)
            g_cond_wait(&ahead->changed, &ahead->lock);
        more = !ahead->stop;
        g_mutex_unlock(&ahead->lock);
        if (!more)
            break;
        block_fill(block, ahead->stream);
        more = block->ended > 0;
        g_mutex_lock(&ahead->lock);
        ahead->filled++;
        g_cond_signal(&ahead->changed);
        g_mutex_unlock(&ahead->lock);
    }
    return NULL;
}

struct ahead *ahead_new(int fd, bool thread)
{
    struct ahead *ahead = g_new0(struct ahead, 1);
    ahead->stream = stream_new(fd);
    ahead->wanted = thread;
    g_mutex_init(&ahead->lock);
    g_cond_init(&ahead->changed);
    return ahead;
}

/* Where no thread is to be had it goes without. */
static void thread_start(struct ahead *ahead)
{
    ahead->wanted = false;
    ahead->consumed = stream_consumed(ahead->stream);
    ahead->blocks = g_new(struct block, BLOCKS);
    ahead->thread = g_thread_try_new("uncompress", run, ahead, NULL);
}

static void thread_end(struct ahead *ahead)
{
    if (ahead->thread != NULL) {
        g_mutex_lock(&ahead->lock);
        ahead->stop = true;
        g_cond_signal(&ahead->changed);
        g_mutex_unlock(&ahead->lock);
        g_thread_join(ahead->thread);
    }
    ahead->thread = NULL;
    g_clear_pointer(&ahead->blocks, g_free);
}

void ahead_free(struct ahead *ahead)
{
    if (ahead == NULL)
        return;
    thread_end(ahead);
    stream_free(ahead->stream);
    g_mutex_clear(&ahead->lock);
    g_cond_clear(&ahead->changed);
    g_free(ahead);
}

/* The first block that is full, when there is one. */
static struct block *wait_for_block(struct ahead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->filled == 0)
        g_cond_wait(&ahead->changed, &ahead->lock);
    g_mutex_unlock(&ahead->lock);
    struct block *block = &ahead->blocks[ahead->first];
    ahead->consumed = block->consumed;
    return block;
}

static void give_back_block(struct ahead *ahead)
{
    ahead->first = (ahead->first + 1) % BLOCKS;
    ahead->at = 0;
    g_mutex_lock(&ahead->lock);
    ahead->filled--;
    g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
}

static ssize_t read_ahead(struct ahead *ahead, void *out, size_t size)
{
    for (;;) {
        struct block *block = wait_for_block(ahead);
        size_t n = MIN(size, block->length - ahead->at);
        if (n > 0) {
            memcpy(out, block->octets + ahead->at, n);
            ahead->at += n;
            return (ssize_t)n;
        }
        if (block->ended <= 0) {
            ssize_t ended = block->ended;
            thread_end(ahead);
            return ended; /* so does the stream say, whenever it is asked again */
        }
        give_back_block(ahead);
    }
}

ssize_t ahead_read(struct ahead *ahead, void *out, size_t size)
{
    if (size == 0)
        return 0;
    if (ahead->wanted && ahead->given >= START)
        thread_start(ahead);
    ssize_t n = ahead->thread != NULL ? read_ahead(ahead, out, size)
                                      : stream_read(ahead->stream, out, size);
    ahead->given += n > 0 ? (size_t)n : 0;
    return n;
}

const char *ahead_error(const struct ahead *ahead)
{
    return ahead->thread != NULL ? NULL : stream_error(ahead->stream);
}

uint64_t ahead_consumed(const struct ahead *ahead)
{
    return ahead->thread != NULL ? ahead->consumed : stream_consumed(ahead->stream);
}
