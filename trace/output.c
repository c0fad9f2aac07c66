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

bool output_open(struct output *output, const char *path, GError **error)
{
    output->path = path;
    if (strcmp(path, "-") == 0) {
        if (isatty(STDOUT_FILENO)) {
            g_set_error(error, TRACE_ERROR, TRACE_ERROR_USAGE,
                        "-w -: standard output is a terminal; send it to a file or a program");
            return false;
        }
        output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        return output->fd >= 0 || fail_errno(error, path, errno);
    }
    output->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    output->created = output->fd >= 0;
    if (output->fd < 0 && errno == EEXIST)
        output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return output->fd >= 0 || fail_errno(error, path, errno);
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
    int code = output->fd >= 0 && close(output->fd) != 0 ? -errno : 0;
    output->fd = -1;
    if (!kept && output->created)
        unlink(output->path);
    return code;
}
