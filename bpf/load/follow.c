// SPDX-License-Identifier: GPL-2.0-or-later
/* follow.c - see follow.h. */
#include "bpf/load/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "wire/command.h"

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

bool follow_start(const struct program *program, const char *cgroup, const struct values *values,
                  GError **error)
{
    struct follow follow = {0};
    g_autofree char *instance = program_instance(program, values);

    int fd = cgroup_open(cgroup, &follow.cgroup_id, error);
    if (fd < 0)
        return false;
    close(fd);
    follow.instance = instance;
    follow.program_id = loaded_program(follow.cgroup_id, instance);
    pid_t child = fork();
    if (child < 0) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot go on in the background: %s",
                    g_strerror(errno));
        return false;
    }
    if (child == 0) {
        detach();
        program->follow(&follow, values);
        _exit(0);
    }
    return true;
}
