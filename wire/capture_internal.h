/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_internal.h - what the readers of capture.h share: the window on the file's octets.
 *
 * A reader asks for octets with capture_need(), reads them at `at`, and steps over them. For a
 * mapped file the window is the whole file; for a stream it is a buffer that capture_need() moves,
 * so that pointers into it die with the next call.
 */
#ifndef OPTRAIL_WIRE_CAPTURE_INTERNAL_H
#define OPTRAIL_WIRE_CAPTURE_INTERNAL_H

#include "wire/ahead.h"
#include "wire/bytes.h"
#include "wire/capture.h"
#include "wire/compressed.h"
#include "wire/mapping.h"

/*
 * The largest block or packet that is believed: more is a broken length, and a stream's buffer has
 * to have a bound.
 */
#define CAPTURE_BLOCK_MAX (16u * 1024 * 1024)

struct interface { /* an interface, and how its timestamps count */
    struct capture_interface face;
    uint64_t multiplier; /* timestamp unit in ns; 0: use `resolution` */
    int64_t offset_ns;   /* if_tsoffset */
    bool time_known;     /* the offset can be expressed */
    uint8_t resolution;  /* if_tsresol */
};

struct capture {
    const uint8_t *at, *end;   /* octets that may be read now */
    const uint8_t *release_at; /* a mapped file's pages are given back once `at` is here */
    int (*next)(struct capture *capture, struct capture_record *record);
    uint64_t number;        /* of the last frame */
    uint64_t block;         /* of the last block or record, from 1 */
    bool big_endian;        /* the section's or the file's byte order */
    struct interface *only; /* pcap: the interface */
    size_t section_base;    /* pcapng: index of the section's first interface */
    GPtrArray *interfaces;  /* struct interface */

    const uint8_t *origin; /* `base` is the offset of this address in the stream */
    uint64_t base;
    uint64_t size;           /* of the file; 0 for a pipe */
    struct mapping *mapping; /* NULL: a stream */
    const uint8_t *map;      /* its octets */
    const uint8_t *released; /* the mapping's pages before this have been given back */
    struct ahead *stream;    /* NULL: mapped */
    uint8_t *buffer;
    size_t buffer_size;
    int fd;
    char *name; /* for messages */
    char *warning;
    char *comment;
    bool section_seen;
};

/* Brings more of a stream in. False when `n` octets are not to be had. */
bool capture_fill(struct capture *capture, size_t n);

static inline bool capture_need(struct capture *capture, size_t n)
{
    return (size_t)(capture->end - capture->at) >= n || capture_fill(capture, n);
}

static inline size_t capture_left(const struct capture *capture)
{
    return (size_t)(capture->end - capture->at);
}

void capture_release(struct capture *capture);

static inline void capture_step(struct capture *capture, size_t n)
{
    capture->at += n;
    if (G_UNLIKELY(capture->at >= capture->release_at))
        capture_release(capture);
}

static inline uint16_t capture_u16(const struct capture *capture, const uint8_t *p)
{
    return capture->big_endian ? load_be16(p) : load_le16(p);
}

static inline uint32_t capture_u32(const struct capture *capture, const uint8_t *p)
{
    return capture->big_endian ? load_be32(p) : load_le32(p);
}

/* A 64-bit number in the section's byte order (options; packet timestamps are two words). */
static inline uint64_t capture_u64(const struct capture *capture, const uint8_t *p)
{
    return capture->big_endian ? (uint64_t)load_be32(p) << 32 | load_be32(p + 4) : load_le64(p);
}

/*
 * Ends the reading: 0, for capture_next() to return. The message names the file, and the block
 * that starts at `at`, as number capture->block + 1. `unit` is "block" or "record".
 */
int capture_stop(struct capture *capture, const char *unit, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The end of the octets: quiet when it is the end of a block, a warning when it is not. */
int capture_end(struct capture *capture, const char *unit);

/* A new interface, with empty texts and microseconds. Owned by the capture. */
struct interface *capture_add_interface(struct capture *capture, uint16_t linktype,
                                        uint32_t snaplen);

/*
 * Readers of one format each: check the file's head, set `next`. `magic` is its first four octets
 * as a big-endian number. False with `error` set when the head is not usable.
 */
bool pcap_open(struct capture *capture, uint32_t magic, GError **error);
bool pcapng_open(struct capture *capture, uint32_t magic, GError **error);

#endif
