/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes.h - the one cursor through which bytes from outside are read.
 *
 * A cursor never reads past its end: a read that would do so returns zero, sets `overrun` and
 * leaves the cursor at its end, so a parser may read a whole structure and ask once, afterwards,
 * whether all of it was there.  Nothing here allocates or owns memory.
 */
#ifndef OPTRAIL_WIRE_BYTES_H
#define OPTRAIL_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at;  /* next octet to read */
    const uint8_t *end; /* one past the last octet */
    bool overrun;       /* a read asked for more than was left */
};

static inline struct bytes bytes_of(const void *data, size_t length)
{
    const uint8_t *start = (const uint8_t *)data;
    /* NULL + 0 is undefined in C; an empty cursor needs no address. */
    return (struct bytes){start, length ? start + length : start, false};
}

static inline size_t bytes_left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}

/* The next `n` octets, and step over them; NULL (and overrun) when fewer are left. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n)
{
    if (n > bytes_left(b)) {
        b->at = b->end;
        b->overrun = true;
        return NULL;
    }
    const uint8_t *taken = b->at;
    if (n > 0)
        b->at += n;
    return taken;
}

static inline bool bytes_skip(struct bytes *b, size_t n)
{
    return bytes_take(b, n) != NULL || (n == 0 && !b->overrun);
}

/* A cursor over the next `n` octets, which are stepped over; empty with overrun if not there. */
static inline struct bytes bytes_sub(struct bytes *b, size_t n)
{
    const uint8_t *start = bytes_take(b, n);
    if (start == NULL)
        return (struct bytes){NULL, NULL, n > 0};
    return bytes_of(start, n);
}

static inline uint8_t bytes_u8(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 1);
    return p ? p[0] : 0;
}

/* Big-endian: network byte order. */
static inline uint16_t bytes_be16(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 2);
    return p ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t bytes_be32(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* Little-endian: the hook record, and pcapng written on most machines. */
static inline uint16_t bytes_le16(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 2);
    return p ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : 0;
}

static inline uint32_t bytes_le32(struct bytes *b)
{
    const uint8_t *p = bytes_take(b, 4);
    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t bytes_le64(struct bytes *b)
{
    uint64_t low = bytes_le32(b);
    return low | (uint64_t)bytes_le32(b) << 32;
}

/*
 * Numbers out of octets that are known to be there, from a bytes_take() or behind one length check
 * for a whole header: for the paths that run once per packet.
 */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[1] << 8 | p[0]);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t load_le64(const uint8_t *p)
{
    return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

#endif
