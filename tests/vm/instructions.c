// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * instructions: sends over loopback, with one thread and without ever waiting, and prints what each kind
 * of traffic took for each packet. In a guest with one processor whose clock counts instructions, one a
 * nanosecond, that is the number of instructions executed for a packet, in the kernel and here.
 *
 *   instructions ROUNDS     prints lines "KIND PACKETS INSTRUCTIONS_PER_PACKET"
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { SMALL = 100, LARGE = 64000, ROUNDS_MAX = 1000000 };

static void check(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

/* Both ends of a connection over loopback */
static void connect_pair(int protocol, int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, protocol);

    check(listener, "socket");
    check(bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
    check(listen(listener, 1), "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
    ends[0] = socket(AF_INET, SOCK_STREAM, protocol);
    check(ends[0], "socket");
    check(connect(ends[0], (struct sockaddr *)&address, sizeof(address)), "connect");
    ends[1] = accept(listener, NULL, NULL);
    check(ends[1], "accept");
    for (int i = 0; i < 2; i++)
        check(setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
    close(listener);
}

static void carry(int from, int to, size_t octets)
{
    static char buffer[LARGE];
    size_t got = 0;

    check((int)send(from, buffer, octets, 0), "send");
    while (got < octets) {
        ssize_t n = recv(to, buffer, octets - got, 0);

        check((int)n, "recv");
        got += (size_t)n;
    }
}

static uint64_t packets(void)
{
    uint64_t count = 0;
    FILE *file = fopen("/sys/class/net/lo/statistics/rx_packets", "r");

    if (!file || fscanf(file, "%" SCNu64, &count) != 1)
        check(-1, "rx_packets");
    fclose(file);
    return count;
}

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void measure(const char *name, int protocol, size_t octets, long rounds)
{
    uint64_t start, before, took, sent;
    int ends[2];

    connect_pair(protocol, ends);
    for (long i = 0; i < 200; i++) { /* congestion window and buffers grow first */
        carry(ends[0], ends[1], octets);
        carry(ends[1], ends[0], SMALL);
    }
    before = packets();
    start = now();
    for (long i = 0; i < rounds; i++) {
        carry(ends[0], ends[1], octets);
        carry(ends[1], ends[0], SMALL);
    }
    took = now() - start;
    sent = packets() - before;
    printf("%s %" PRIu64 " %.2f\n", name, sent, (double)took / (double)sent);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: instructions ROUNDS\n");
        return 2;
    }
    measure("tcp-small", IPPROTO_TCP, SMALL, rounds);
    measure("tcp-large", IPPROTO_TCP, LARGE, rounds);
    measure("mptcp-small", IPPROTO_MPTCP, SMALL, rounds);
    measure("mptcp-large", IPPROTO_MPTCP, LARGE, rounds);
    return 0;
}
