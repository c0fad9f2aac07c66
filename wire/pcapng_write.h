/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_write.h - writing pcapng: sections, interfaces of any link type, packets with comments
 * and drop counts, interface statistics.
 *
 * Specification: draft-ietf-opsawg-pcapng.  Timestamps are nanoseconds (if_tsresol 9).  Blocks are
 * gathered in a buffer and handed to the kernel whole, so that a process that dies leaves a file
 * which is readable up to its last whole block.
 */
#ifndef OPTRAIL_WIRE_PCAPNG_WRITE_H
#define OPTRAIL_WIRE_PCAPNG_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct pcapng_writer;

struct pcapng_interface {
    uint16_t linktype;
    uint32_t snaplen; /* 0: no limit */
    const char *name; /* NULL: none; so with the others */
    const char *description;
    const char *filter;
};

struct pcapng_packet {
    uint32_t interface; /* as pcapng_add_interface() returned it */
    uint64_t time_ns;   /* nanoseconds since 1970-01-01 UTC */
    uint32_t captured, length;
    const void *data;
    uint64_t dropcount;  /* written as epb_dropcount when not 0 */
    const char *comment; /* NULL: none */
};

/*
 * Starts a section on `fd`, which the writer does not own. `application` and `comment` may be
 * NULL. Never NULL; what goes wrong with writing is returned by the calls below.
 */
struct pcapng_writer *pcapng_writer_new(int fd, const char *application, const char *comment);

/*
 * For a `fd` that does not block: `wait` is asked whenever it takes nothing at the moment, and
 * returns 0 to try again, or a negative errno, with which the writing ends. NULL: such a `fd` is an
 * error.
 */
void pcapng_set_wait(struct pcapng_writer *writer, int (*wait)(void *user, int fd), void *user);

/* Flushes, frees. 0, or the first error of the writer's life as a negative errno. */
int pcapng_writer_free(struct pcapng_writer *writer);

/* Each returns 0 (an interface: its index) or a negative errno, sticky until the end. */
int pcapng_add_interface(struct pcapng_writer *writer, const struct pcapng_interface *interface);
int pcapng_write_packet(struct pcapng_writer *writer, const struct pcapng_packet *packet);

/* An interface statistics block; UINT64_MAX for a number that is not known. */
int pcapng_write_statistics(struct pcapng_writer *writer, uint32_t interface, uint64_t time_ns,
                            uint64_t received, uint64_t dropped, const char *comment);

/* Hands everything that is buffered to the kernel. */
int pcapng_flush(struct pcapng_writer *writer);

/* Octets that were handed to the kernel or are buffered: the file's size when it is flushed. */
uint64_t pcapng_size(const struct pcapng_writer *writer);

#endif
