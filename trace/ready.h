/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ready.h - telling others how a recording stands: a service manager and a person.
 */
#ifndef OPTRAIL_TRACE_READY_H
#define OPTRAIL_TRACE_READY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sends `state`, as sd_notify(3) does: a datagram to the socket that $NOTIFY_SOCKET names. Does
 * nothing when there is none; 0 or a negative errno.
 */
int ready_notify(const char *state);

struct ready_count {
    uint64_t packets, packets_lost, hooks, hooks_lost, octets;
};

/* A line on the terminal that stderr is, written over the one before. Nothing elsewhere. */
void ready_count_show(const struct ready_count *count);

/* Takes the line away, before something else is printed. */
void ready_count_clear(void);

#endif
