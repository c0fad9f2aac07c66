/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - the command that a recording runs: started early, let go when everything is attached.
 */
#ifndef OPTRAIL_TRACE_CHILD_H
#define OPTRAIL_TRACE_CHILD_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;  /* 0: none */
    int go;     /* written to when the command may begin */
    int failed; /* the child says here why it cannot */
};

/*
 * Forks a child that waits. It will join the cgroup `cgroup` and the namespace `netns` (NULL, -1:
 * stay where it is). 0 or a negative errno.
 */
int child_start(struct child *child, char *const *command, const char *cgroup, int netns);

/* Lets it go. False with `error` set when the command cannot be run. */
bool child_go(struct child *child, const char *command, GError **error);

/* Its status when it has ended: true once. */
bool child_ended(struct child *child, int *status);

/* Ends it if it runs: SIGTERM, and SIGKILL when it does not listen for a second. */
void child_stop(struct child *child, int *status);

#endif
