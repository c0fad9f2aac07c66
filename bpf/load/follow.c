// SPDX-License-Identifier: GPL-2.0-or-later
/* follow.c - see follow.h. */
#include "bpf/load/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "wire/command.h"

enum {
    RESTART_US = 500 * 1000,
    LISTEN_MS = 10000, /* it takes milliseconds; a machine may be busy */
};

bool follow_ended(const struct follow *follow)
{
    return loaded_program(follow->cgroup_id, follow->instance) != follow->program_id;
}

/* Lets go of the terminal and of pipes that somebody reads to their end. */
static void detach(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    if (chdir("/") != 0)
        _exit(1);
    for (int fd = 0; fd <= 2; fd++)
        dup2(nothing, fd);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NAME, "optrail-follow");
}

void follow_listens(const struct follow *follow)
{
    if (follow->ready >= 0 && write(follow->ready, "", 1) != 1)
        return; /* who loaded it is gone: nobody waits */
}

/*
 * Works in a process of its own, and in another when that one is killed: by hand, by mistake, for
 * want of memory. Whoever kills this process too has what he wants.
 */
static void work(const struct program *program, struct follow *follow, const struct values *values)
{
    int status = 0;

    do {
        pid_t worker = fork();
        if (worker <= 0) { /* or without: nobody watches over this one then */
            program->follow(program, follow, values);
            return;
        }
        if (follow->ready >= 0)
            close(follow->ready);
        follow->ready = -1;
        while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
            ;
        if (WIFSIGNALED(status) && !follow_ended(follow))
            g_usleep(RESTART_US);
    } while (WIFSIGNALED(status) && !follow_ended(follow));
}

/*
 * The process, from its begin: goes on when nobody holds the other end of `go` any more, with what is
 * there then and was not `before`.
 */
static void run(const struct program *program, struct follow *follow, const struct values *values,
                uint32_t before, int go)
{
    char nothing;

    detach();
    while (read(go, &nothing, 1) < 0 && errno == EINTR)
        ;
    close(go);
    follow->program_id = loaded_program(follow->cgroup_id, follow->instance);
    if (follow->program_id != 0 && follow->program_id != before)
        work(program, follow, values);
}

bool follow_begin(const struct program *program, const char *cgroup, const struct values *values,
                  struct follower *follower, GError **error)
{
    struct follow follow = {0};
    g_autofree char *instance = program_instance(program, values);
    int go[2] = {-1, -1}, ready[2] = {-1, -1};

    int fd = cgroup_open(cgroup, &follow.cgroup_id, error);
    if (fd < 0)
        return false;
    close(fd);
    follow.instance = instance;
    uint32_t before = loaded_program(follow.cgroup_id, instance);
    bool piped = pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0;
    pid_t child = piped ? fork() : -1;
    if (child < 0) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot go on in the background: %s",
                    g_strerror(errno));
        for (int i = 0; i < 2; i++) {
            close(go[i]);
            close(ready[i]);
        }
        return false;
    }
    if (child == 0) {
        close(go[1]);
        close(ready[0]);
        follow.ready = ready[1];
        run(program, &follow, values, before, go[0]);
        _exit(0);
    }
    close(go[0]);
    close(ready[1]);
    *follower = (struct follower){.go = go[1], .ready = ready[0]};
    return true;
}

void follow_go(const struct follower *follower, bool loaded)
{
    struct pollfd wait = {.fd = follower->ready, .events = POLLIN};

    close(follower->go);
    if (loaded)
        poll(&wait, 1, LISTEN_MS);
    close(follower->ready);
}
