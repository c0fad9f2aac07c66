// SPDX-License-Identifier: GPL-2.0-or-later
/* child.c - see child.h. */
#include "trace/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/error.h"

static int join_cgroup(const char *cgroup)
{
    g_autofree char *path = g_build_filename(cgroup, "cgroup.procs", NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int code = write(fd, "0", 1) == 1 ? 0 : errno; /* "0" is whoever writes */
    close(fd);
    return code;
}

static void G_GNUC_NORETURN become(char *const *command, const char *cgroup, int netns, int go,
                                   int failed)
{
    char token;
    int code = 0;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (read(go, &token, 1) != 1) /* the recorder gave up */
        _exit(127);
    if (cgroup != NULL)
        code = join_cgroup(cgroup);
    if (code == 0 && netns >= 0 && setns(netns, CLONE_NEWNET) != 0)
        code = errno;
    if (code == 0) {
        execvp(command[0], command);
        code = errno;
    }
    ssize_t written = write(failed, &code, sizeof(code));
    (void)written;
    _exit(127);
}

int child_start(struct child *child, char *const *command, const char *cgroup, int netns)
{
    int go[2], failed[2];
    if (pipe2(go, O_CLOEXEC) != 0)
        return -errno;
    if (pipe2(failed, O_CLOEXEC) != 0) {
        int code = -errno;
        close(go[0]);
        close(go[1]);
        return code;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        close(failed[0]);
        become(command, cgroup, netns, go[0], failed[1]);
    }
    int code = pid < 0 ? -errno : 0;
    close(go[0]);
    close(failed[1]);
    if (code != 0) {
        close(go[1]);
        close(failed[0]);
        return code;
    }
    *child = (struct child){pid, go[1], failed[0]};
    return 0;
}

bool child_go(struct child *child, const char *command, GError **error)
{
    int code = 0;
    bool told = write(child->go, "g", 1) == 1;
    close(child->go);
    /* The pipe closes without a word when the command has been executed. */
    ssize_t n = told ? read(child->failed, &code, sizeof(code)) : 0;
    close(child->failed);
    child->go = child->failed = -1;
    if (told && n != (ssize_t)sizeof(code))
        return true;
    waitpid(child->pid, NULL, 0);
    child->pid = 0;
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "command %s: %s", command,
                g_strerror(told ? code : EPIPE));
    return false;
}

bool child_ended(struct child *child, int *status)
{
    if (child->pid <= 0 || waitpid(child->pid, status, WNOHANG) != child->pid)
        return false;
    child->pid = 0;
    return true;
}

void child_stop(struct child *child, int *status)
{
    if (child->pid <= 0)
        return;
    if (child->go >= 0) { /* it still waits: closing its pipe ends it */
        close(child->go);
        close(child->failed);
    } else {
        kill(child->pid, SIGTERM);
    }
    for (int i = 0; i < 100; i++) {
        if (child_ended(child, status))
            return;
        g_usleep(10000);
    }
    kill(child->pid, SIGKILL);
    waitpid(child->pid, status, 0);
    child->pid = 0;
}
