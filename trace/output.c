// SPDX-License-Identifier: GPL-2.0-or-later
/* output.c - see output.h. */
#include "trace/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/error.h"

static bool fail_errno(GError **error, const char *path, int code)
{
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "-w %s: %s", path, g_strerror(code));
    return false;
}

/*
 * A pipe or a socket does not block: its reader may stop reading, and signals are to be heard all
 * the same. Standard output is shared with others, who would be surprised: a pipe is opened anew,
 * a socket gets its flags back at the end.
 */
static void stop_blocking(struct output *output, bool is_shared)
{
    struct stat status;
    if (fstat(output->fd, &status) != 0 || !(S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))
        return;
    if (is_shared && S_ISFIFO(status.st_mode)) {
        g_autofree char *own = g_strdup_printf("/proc/self/fd/%d", output->fd);
        int fd = open(own, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0) {
            close(output->fd);
            output->fd = fd;
            return;
        }
    }
    int flags = fcntl(output->fd, F_GETFL);
    if (flags >= 0 && fcntl(output->fd, F_SETFL, flags | O_NONBLOCK) == 0 && is_shared)
        output->shared = flags;
}

bool output_open(struct output *output, const char *path, GError **error)
{
    output->path = path;
    output->shared = -1;
    if (strcmp(path, "-") == 0) {
        if (isatty(STDOUT_FILENO)) {
            g_set_error(error, TRACE_ERROR, TRACE_ERROR_USAGE,
                        "-w -: standard output is a terminal; send it to a file or a program");
            return false;
        }
        output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (output->fd >= 0)
            stop_blocking(output, true);
        return output->fd >= 0 || fail_errno(error, path, errno);
    }
    output->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    output->created = output->fd >= 0;
    if (output->fd < 0 && errno == EEXIST)
        output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (output->fd < 0)
        return fail_errno(error, path, errno);
    stop_blocking(output, false);
    return true;
}

bool output_begin(struct output *output, GError **error)
{
    struct stat status;
    if (fstat(output->fd, &status) != 0)
        return fail_errno(error, output->path, errno);
    /* What standard output is connected to is not ours to change. */
    if (!S_ISREG(status.st_mode) || strcmp(output->path, "-") == 0)
        return true;
    if (ftruncate(output->fd, 0) != 0 || fchmod(output->fd, 0600) != 0)
        return fail_errno(error, output->path, errno);
    return true;
}

int output_close(struct output *output, bool kept)
{
    if (output->fd >= 0 && output->shared >= 0)
        fcntl(output->fd, F_SETFL, output->shared);
    int code = output->fd >= 0 && close(output->fd) != 0 ? -errno : 0;
    output->fd = -1;
    if (!kept && output->created)
        unlink(output->path);
    return code;
}
