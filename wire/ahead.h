/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ahead.h - octets out of a file descriptor, uncompressed by a thread ahead of whoever reads them.
 *
 * To uncompress takes as long as to analyse what comes out: two cores do both at once. Threads show
 * in nothing else: the octets, the failure behind them and the order are those of compressed.h.
 */
#ifndef OPTRAIL_WIRE_AHEAD_H
#define OPTRAIL_WIRE_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ahead;

/*
 * Reads from `fd`, which is not owned. With `thread`, ahead of its reader: for files, whose end is
 * never far off; a thread that waits for a pipe could not be told to stop. Never NULL.
 */
struct ahead *ahead_new(int fd, bool thread);
void ahead_free(struct ahead *ahead); /* accepts NULL; need not have been read to its end */

/* As stream_read(), stream_error() and stream_consumed(), of what the reader was given so far. */
ssize_t ahead_read(struct ahead *ahead, void *out, size_t size);
const char *ahead_error(const struct ahead *ahead);
uint64_t ahead_consumed(const struct ahead *ahead);

#endif
