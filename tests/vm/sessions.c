// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sessions: many short MPTCP connections, at a rate that is asked for.
 *
 *   sessions serve PORT READY_FILE        echoes what it gets until the client closes
 *   sessions open ADDRESS PORT COUNT RATE HOLD_MS
 *       opens COUNT connections, sends an octet on each, gets it back, and closes HOLD_MS later. RATE a second,
 *       of which at most 2,048 (half of the server's backlog) wait for their octet, so that a rate that cannot be
 *       reached loses no SYN but time; or, with 0, as fast as it can, 256 open at a time. Prints "complete N
 *       seconds S", where S is the time until the last one got its octet.
 *
 * One thread each, IPv4.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { FILES = 65536, OPEN_AT_A_TIME = 256, WAITING_AT_A_TIME = 2048, EVENTS = 256 };

static int check(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static uint64_t now(void) /* microseconds */
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

_Noreturn static void serve(uint16_t port, const char *ready)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int epoll = check(epoll_create1(0), "epoll_create1"), one = 1;
    int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_MPTCP), "socket");
    FILE *file;

    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "SO_REUSEADDR");
    check(bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
    check(listen(listener, 4096), "listen");
    watch(epoll, listener, EPOLLIN);
    file = fopen(ready, "w");
    if (!file)
        check(-1, ready);
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);

    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            char octets[64];
            ssize_t got;

            if (fd == listener) {
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
                    watch(epoll, fd, EPOLLIN);
                continue;
            }
            got = recv(fd, octets, sizeof(octets), 0);
            if (got > 0)
                send(fd, octets, (size_t)got, MSG_NOSIGNAL);
            else if (got == 0 || errno != EAGAIN)
                close(fd);
        }
    }
}

/* Those that wait to be closed, in the order of their time: all are held equally long. */
struct held {
    int fd;
    uint64_t until;
};

static int connect_one(const struct sockaddr_in *to)
{
    int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_MPTCP), "socket");

    if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) && errno != EINPROGRESS)
        check(-1, "connect");
    return fd;
}

static int open_many(const struct sockaddr_in *to, long count, long rate, uint64_t hold)
{
    struct held *held = calloc((size_t)count, sizeof(*held));
    long opened = 0, complete = 0, broken = 0, first = 0;
    int epoll = check(epoll_create1(0), "epoll_create1");
    uint64_t start = now(), last = start;

    while (first + broken < count) {
        uint64_t time = now();
        long due = rate ? (long)((time - start) * (uint64_t)rate / 1000000) + 1 : count;
        struct epoll_event events[EVENTS];
        int n;

        while (opened < count && opened < due &&
               (rate ? opened - complete - broken < WAITING_AT_A_TIME
                     : opened - first - broken < OPEN_AT_A_TIME)) {
            watch(epoll, connect_one(to), EPOLLOUT);
            opened++;
        }
        n = epoll_wait(epoll, events, EVENTS, 1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            struct epoll_event next = {.events = EPOLLIN, .data.fd = fd};
            char octet = 'x';

            if (events[i].events & EPOLLIN && recv(fd, &octet, 1, 0) == 1) {
                last = now();
                held[complete++] = (struct held){fd, last + hold};
                epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
            } else if (events[i].events == EPOLLOUT && send(fd, &octet, 1, MSG_NOSIGNAL) == 1) {
                epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &next);
            } else {
                broken++;
                close(fd);
            }
        }
        time = now();
        while (first < complete && held[first].until <= time)
            close(held[first++].fd);
    }
    printf("complete %ld seconds %.2f\n", complete, (double)(last - start) / 1e6);
    free(held);
    return broken ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct rlimit files = {FILES, FILES};

    setrlimit(RLIMIT_NOFILE, &files);
    if (argc == 4 && strcmp(argv[1], "serve") == 0)
        serve((uint16_t)atoi(argv[2]), argv[3]);
    if (argc == 7 && strcmp(argv[1], "open") == 0) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};

        if (inet_pton(AF_INET, argv[2], &to.sin_addr) == 1 && atol(argv[4]) > 0)
            return open_many(&to, atol(argv[4]), atol(argv[5]), (uint64_t)atol(argv[6]) * 1000);
    }
    fprintf(stderr, "usage: see the head of sessions.c\n");
    return 2;
}
