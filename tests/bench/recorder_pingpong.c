// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recorder_pingpong.c - how much processor time messages to and fro take, for recorder.sh: the
 * traffic with the most hooks for its work, and a measure of recording that is none of BPF's.
 *
 * recorder_pingpong CGROUP A B ADDRESS: a connection from the network namespace A to B (paths under
 * /run/netns), with both ends in the cgroup. For each line "N" on standard input it sends N
 * messages of one octet, each answered by another, and prints the CPU time in nanoseconds that both
 * ends took together, with what the kernel did on their behalf.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void enter(const char *cgroup, const char *netns)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        err(3, "%s", path);
    close(fd);
    fd = open(netns, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        err(3, "%s", netns);
    close(fd);
}

static bool say(int fd)
{
    char octet = 'x';
    return send(fd, &octet, 1, MSG_NOSIGNAL) == 1;
}

static bool hear(int fd)
{
    char octet;
    return recv(fd, &octet, 1, 0) == 1;
}

static _Noreturn void answer(struct sockaddr_in address, int tell)
{
    const int on = 1;
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&address, length) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        write(tell, &address.sin_port, sizeof(address.sin_port)) < 0)
        err(3, "listening");
    int fd = accept(listener, NULL, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (hear(fd) && say(fd))
        ;
    _exit(0);
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET};
    char line[32];
    int port[2];
    clockid_t other;
    if (argc != 5 || inet_pton(AF_INET, argv[4], &address.sin_addr) != 1) {
        fputs("usage: recorder_pingpong CGROUP A B ADDRESS\n", stderr);
        return 2;
    }
    if (pipe(port) != 0)
        err(3, "pipe");
    pid_t child = fork();
    if (child == 0) {
        enter(argv[1], argv[3]);
        answer(address, port[1]);
    }
    enter(argv[1], argv[2]);
    if (read(port[0], &address.sin_port, sizeof(address.sin_port)) < 0 ||
        clock_getcpuclockid(child, &other) != 0)
        err(3, "the other end");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        err(3, "connect");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        uint64_t start = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + cpu_ns(other);
        for (unsigned long n = strtoul(line, NULL, 10); n > 0; n--) {
            if (!say(fd) || !hear(fd))
                errx(1, "the connection ended");
        }
        printf("%" PRIu64 "\n", cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + cpu_ns(other) - start);
        fflush(stdout);
    }
    close(fd);
    waitpid(child, NULL, 0);
    return 0;
}
