// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kill_at.c - kill_at N COMMAND...: runs the command and kills it (SIGKILL) in front of its Nth
 * system call among those that leave traces for others: bpf(), mkdir(), unlink(), rmdir(), mount(),
 * flock(); with N = "end" in front of its end. With N = 0, or where there are fewer, it ends by itself.
 *
 * Prints how many of those calls there were. Exit status: 0 the command was killed, 1 it ended itself
 * before (whatever its own status was), 2 it cannot be traced here. Processes that the command forks
 * are not traced.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int leaves_traces(unsigned long long number)
{
    static const long numbers[] = {
        SYS_bpf,   SYS_mkdirat, SYS_unlinkat, SYS_mount, SYS_flock,
#ifdef SYS_mkdir
        SYS_mkdir, SYS_rmdir,   SYS_unlink,
#endif
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if ((long)number == numbers[i])
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int at_end = argc > 2 && strcmp(argv[1], "end") == 0;
    long at = argc > 2 && !at_end ? strtol(argv[1], NULL, 10) : at_end - 1, n = 0;
    int status;

    if (at < 0) {
        fprintf(stderr, "kill_at N COMMAND...\n");
        return 2;
    }
    pid_t child = fork();
    if (child < 0)
        return 2;
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
            _exit(126);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0) {
        fprintf(stderr, "kill_at: cannot trace: %s\n", strerror(errno));
        kill(child, SIGKILL);
        return 2;
    }
    for (int with = 0;; with = 0) {
        if (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            struct ptrace_syscall_info info;
            memset(&info, 0, sizeof(info));
            if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) > 0 &&
                info.op == PTRACE_SYSCALL_INFO_ENTRY &&
                ((at_end && info.entry.nr == SYS_exit_group) ||
                 (leaves_traces(info.entry.nr) && ++n == at && !at_end))) {
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                printf("%ld\n", n);
                return 0;
            }
        } else if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP &&
                   WSTOPSIG(status) != SIGSTOP) {
            with = WSTOPSIG(status);
        }
        if (ptrace(PTRACE_SYSCALL, child, NULL, with) != 0 || waitpid(child, &status, 0) != child)
            break;
        if (WIFEXITED(status) || WIFSIGNALED(status))
            break;
    }
    printf("%ld\n", n);
    return 1;
}
