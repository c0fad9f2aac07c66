/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - one face for reading capture files: pcap, pcapng, plain or compressed, or a pipe.
 *
 * Files are mapped and read without copying; gzip, zstd and pipes are read through a buffer.
 * Everything in a file is distrusted: a broken block ends the reading, never the program.
 */
#ifndef OPTRAIL_WIRE_CAPTURE_H
#define OPTRAIL_WIRE_CAPTURE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture;

struct capture_interface {
    uint16_t linktype;
    uint32_t snaplen;    /* 0: no limit */
    char *name;          /* "" when not given */
    char *description;   /* "" when not given */
    char *filter;        /* capture filter, "" when not given */
    bool has_statistics; /* an interface statistics block was seen (the last one counts) */
    bool has_received, has_dropped; /* isb_ifrecv, isb_ifdrop / isb_osdrop were in it */
    uint64_t received, dropped;     /* dropped: the sum of ifdrop and osdrop */
};

struct capture_record {
    uint64_t number;    /* frame number, from 1, as Wireshark counts them */
    uint32_t interface; /* index for capture_interface() */
    uint16_t linktype;
    bool has_time;
    uint64_t time_ns;    /* nanoseconds since 1970-01-01 UTC */
    uint32_t captured;   /* octets at `data` */
    uint32_t length;     /* octets on the wire */
    const uint8_t *data; /* valid until the next capture_next() */
    bool has_dropcount;
    uint64_t dropcount;  /* packets lost between this record and the one before (epb_dropcount) */
    const char *comment; /* first comment, not NUL-terminated; NULL when there is none */
    uint32_t comment_length;
};

enum capture_error { CAPTURE_ERROR_OPEN, CAPTURE_ERROR_FORMAT, CAPTURE_ERROR_READ };
#define CAPTURE_ERROR (capture_error_quark())
GQuark capture_error_quark(void);

/*
 * Opens a capture file; "-" is standard input. NULL with `error` set when it is missing, a
 * directory, empty, or no capture file: one line, "FILE: what; what to do". Free with
 * capture_close(), which accepts NULL.
 */
struct capture *capture_open(const char *path, GError **error);
void capture_close(struct capture *capture);

/*
 * The next packet record: 1 and `record` filled, 0 at the end. A file that is cut or broken
 * further on ends there: 0, and capture_warning() says where and why. Never fails otherwise.
 */
int capture_next(struct capture *capture, struct capture_record *record);

/* Why reading ended early ("FILE: block 17 at offset 4096: cut ..."), or NULL. Owned by `capture`. */
const char *capture_warning(const struct capture *capture);

/* How far the reading has come: octets of the file, and of how many (0 for a pipe). */
uint64_t capture_position(const struct capture *capture, uint64_t *size);

/* Interfaces seen so far, in order over all sections. NULL when `index` is too large. */
size_t capture_n_interfaces(const struct capture *capture);
const struct capture_interface *capture_interface(const struct capture *capture, size_t index);

/* The first section's comment (shb opt_comment), "" when it has none. Owned by `capture`. */
const char *capture_section_comment(const struct capture *capture);

#endif
