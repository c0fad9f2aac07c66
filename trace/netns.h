/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.h - doing something in another network namespace.
 */
#ifndef OPTRAIL_TRACE_NETNS_H
#define OPTRAIL_TRACE_NETNS_H

#include <glib.h>

/*
 * Opens a network namespace: a name as `ip netns` knows it, or a path. A descriptor, or -1 with
 * `error` set. Close it with close().
 */
int netns_open(const char *name, GError **error);

/*
 * Brings the calling thread into the namespace `fd`; -1 means to stay. `*saved` is then what
 * netns_leave() wants. 0 or a negative errno.
 */
int netns_enter(int fd, int *saved);

/* Back to where netns_enter() came from; the process ends if that fails: it would work elsewhere. */
void netns_leave(int saved);

#endif
