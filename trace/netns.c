// SPDX-License-Identifier: GPL-2.0-or-later
/* netns.c - see netns.h and setns(2). */
#include "trace/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "trace/error.h"

int netns_open(const char *name, GError **error)
{
    g_autofree char *path =
        strchr(name, '/') != NULL ? g_strdup(name) : g_strdup_printf("/run/netns/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT,
                    "--netns %s: %s: %s; `ip netns list` shows those with a name", name, path,
                    g_strerror(errno));
    return fd;
}

int netns_enter(int fd, int *saved)
{
    *saved = -1;
    if (fd < 0)
        return 0;
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return -errno;
    if (setns(fd, CLONE_NEWNET) != 0) {
        int code = -errno;
        close(own);
        return code;
    }
    *saved = own;
    return 0;
}

void netns_leave(int saved)
{
    if (saved < 0)
        return;
    if (setns(saved, CLONE_NEWNET) != 0)
        g_error("cannot return to the network namespace: %s", g_strerror(errno));
    close(saved);
}
