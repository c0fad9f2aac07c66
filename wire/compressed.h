/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compressed.h - octets out of a file descriptor in order: plain, gzip or zstd, told by the magic.
 */
#ifndef OPTRAIL_WIRE_COMPRESSED_H
#define OPTRAIL_WIRE_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream;

/* Reads from `fd`, which the stream does not own and which may be a pipe. Never NULL. */
struct stream *stream_new(int fd);
void stream_free(struct stream *stream); /* accepts NULL */

/*
 * Up to `size` octets, uncompressed: how many came, 0 at the end, -1 when reading or uncompressing
 * fails; stream_error() then says why. What came before the failure was given before.
 */
ssize_t stream_read(struct stream *stream, void *out, size_t size);

/* Why stream_read() failed, or NULL. Owned by the stream. */
const char *stream_error(const struct stream *stream);

/* Octets taken from the descriptor: compressed ones when it is compressed. */
uint64_t stream_consumed(const struct stream *stream);

/* True when the first octets of a file are the magic of a compression that a stream undoes. */
bool stream_is_compressed(const uint8_t *head, size_t length);

#endif
