// SPDX-License-Identifier: GPL-2.0-or-later
/* ready.c - see ready.h. */
#include "trace/ready.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int ready_notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@'))
        return 0;
    size_t length = strlen(path);
    if (length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* an abstract name */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    int code = sent < 0 ? -errno : 0;
    close(fd);
    return code;
}

void ready_count_show(const struct ready_count *count)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr,
            "\r\033[K%" PRIu64 " packets (%" PRIu64 " lost), %" PRIu64 " hook invocations (%" PRIu64
            " lost), %" PRIu64 " octets",
            count->packets, count->packets_lost, count->hooks, count->hooks_lost, count->octets);
    fflush(stderr);
}

void ready_count_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
