/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay.c - the lab's proxy: ends TCP connections that are redirected to it and continues each by
 * one of its own to where the first was going.
 *
 *   relay PORT client|own
 *
 * Listens on PORT for what a TPROXY rule sends here: the address that a connection was accepted on
 * is the one its client wanted. With `client` the second connection goes out with the client's
 * address and port, so that the server sees nothing of the proxy; with `own` with ours. Octets and
 * closes are passed on, a failure ends both. At most RELAY_MAX connections at a time: others wait.
 * Prints "ready" once it listens. Ends with SIGTERM or SIGINT and with its parent.
 *
 * Needs CAP_NET_ADMIN. Exit status: 0 done; 1 something failed; 2 usage.
 * Specification: Documentation/networking/tproxy.rst of the kernel.
 */
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RELAY_MAX = 256, RELAY_BUFFER = 16384 };

/* One direction: what was read from one socket and not yet written to the other. */
struct pipe {
    size_t from, to; /* of the octets that wait in `octets` */
    bool ended;      /* the reading side said it is done */
    bool closed;     /* and the writing side was told */
    uint8_t octets[RELAY_BUFFER];
};

struct relayed {
    int fds[2];           /* towards the client, towards the server; -1: free */
    bool connected;       /* to the server */
    struct pipe pipes[2]; /* from the client, from the server */
};

struct relay {
    int signals, listeners[2];
    bool own_address;
    struct relayed *relayed; /* RELAY_MAX of them */
};

static int fail(int status, const char *what, int error)
{
    fprintf(stderr, "relay: %s: %s\n", what, g_strerror(error));
    return status;
}

static void set(int fd, int level, int name)
{
    int on = 1;

    if (setsockopt(fd, level, name, &on, sizeof(on)) != 0)
        fail(1, "setsockopt", errno);
}

static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (family == AF_INET)
        set(fd, IPPROTO_IP, IP_TRANSPARENT);
    else
        set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT);
    return fd;
}

static int open_listener(int family, uint16_t port)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr *address =
        (const struct sockaddr *)(family == AF_INET ? (void *)&ipv4 : &ipv6);
    socklen_t size = family == AF_INET ? sizeof(ipv4) : sizeof(ipv6);
    int fd = open_socket(family);

    if (fd < 0)
        return -1;
    if (family == AF_INET6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (bind(fd, address, size) == 0 && listen(fd, RELAY_MAX) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void drop(struct relayed *relayed)
{
    for (int side = 0; side < 2; side++) {
        if (relayed->fds[side] >= 0)
            close(relayed->fds[side]);
        relayed->fds[side] = -1;
    }
}

/* Ends both sides with a RST, as a failure of one ends the other. */
static void abort_both(struct relayed *relayed)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    for (int side = 0; side < 2; side++)
        if (relayed->fds[side] >= 0)
            setsockopt(relayed->fds[side], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    drop(relayed);
}

/* Begins the connection to where the accepted one was going. */
static bool connect_onward(struct relay *relay, struct relayed *relayed)
{
    struct sockaddr_storage client = {0}, server = {0};
    socklen_t client_size = sizeof(client), server_size = sizeof(server);

    if (getpeername(relayed->fds[0], (struct sockaddr *)&client, &client_size) != 0 ||
        getsockname(relayed->fds[0], (struct sockaddr *)&server, &server_size) != 0)
        return false;
    relayed->fds[1] = open_socket(server.ss_family);
    if (relayed->fds[1] < 0)
        return false;
    set(relayed->fds[1], IPPROTO_TCP, TCP_NODELAY);
    if (!relay->own_address &&
        bind(relayed->fds[1], (const struct sockaddr *)&client, client_size) != 0)
        return false;
    return connect(relayed->fds[1], (const struct sockaddr *)&server, server_size) == 0 ||
           errno == EINPROGRESS;
}

static struct relayed *find_free(struct relay *relay)
{
    for (int i = 0; i < RELAY_MAX; i++)
        if (relay->relayed[i].fds[0] < 0)
            return &relay->relayed[i];
    return NULL;
}

static void accept_one(struct relay *relay, int listener)
{
    struct relayed *relayed = find_free(relay);

    if (relayed == NULL)
        return;
    /* Nobody asks for the client's address here; cppcheck's library demands room for it. */
    /* cppcheck-suppress nullPointer */
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    memset(relayed->pipes, 0, sizeof(relayed->pipes));
    relayed->fds[0] = fd;
    relayed->connected = false;
    set(fd, IPPROTO_TCP, TCP_NODELAY);
    if (!connect_onward(relay, relayed))
        abort_both(relayed);
}

/* True when the other side may be read from: there is room, and it has not ended. */
static bool wants(const struct pipe *pipe)
{
    return !pipe->ended && pipe->to == pipe->from;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Moves octets of one direction as far as they go; false: the connection broke. */
static bool pump(struct pipe *pipe, int in, int out)
{
    if (wants(pipe)) {
        ssize_t n = recv(in, pipe->octets, sizeof(pipe->octets), 0);
        if (n < 0 && !would_block())
            return false;
        pipe->from = 0;
        pipe->to = n > 0 ? (size_t)n : 0;
        pipe->ended = n == 0;
    }
    if (pipe->to > pipe->from) {
        ssize_t n = send(out, pipe->octets + pipe->from, pipe->to - pipe->from, MSG_NOSIGNAL);
        if (n < 0 && !would_block())
            return false;
        pipe->from += n > 0 ? (size_t)n : 0;
    }
    if (pipe->ended && !pipe->closed && pipe->from == pipe->to) {
        shutdown(out, SHUT_WR);
        pipe->closed = true;
    }
    return true;
}

static void serve(struct relayed *relayed, const struct pollfd polled[2])
{
    if (!relayed->connected) {
        int error = 0;
        socklen_t size = sizeof(error);
        if (!(polled[1].revents & (POLLOUT | POLLERR | POLLHUP)))
            return;
        getsockopt(relayed->fds[1], SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            abort_both(relayed);
            return;
        }
        relayed->connected = true;
    }
    for (int side = 0; side < 2; side++) {
        if (!pump(&relayed->pipes[side], relayed->fds[side], relayed->fds[1 - side])) {
            abort_both(relayed);
            return;
        }
    }
    if (relayed->pipes[0].closed && relayed->pipes[1].closed)
        drop(relayed);
}

/* What to wait for at one side: octets to read, room to write. */
static struct pollfd waiting(const struct relayed *relayed, int side)
{
    const struct pipe *in = &relayed->pipes[side], *out = &relayed->pipes[1 - side];
    short events = 0;

    if (relayed->connected && wants(in))
        events |= POLLIN;
    if (side == 1 && !relayed->connected)
        events |= POLLOUT;
    if (relayed->connected && out->to > out->from)
        events |= POLLOUT;
    /* A side that nothing is expected of would only report its hang-up, again and again. */
    return (struct pollfd){.fd = events ? relayed->fds[side] : -1, .events = events};
}

static int run(struct relay *relay)
{
    static struct pollfd polled[3 + 2 * RELAY_MAX];

    for (;;) {
        polled[0] = (struct pollfd){.fd = relay->signals, .events = POLLIN};
        for (int i = 0; i < 2; i++)
            polled[1 + i] = (struct pollfd){.fd = find_free(relay) ? relay->listeners[i] : -1,
                                            .events = POLLIN};
        for (int i = 0; i < RELAY_MAX; i++)
            for (int side = 0; side < 2; side++)
                polled[3 + 2 * i + side] = waiting(&relay->relayed[i], side);
        if (poll(polled, G_N_ELEMENTS(polled), -1) < 0 && errno != EINTR)
            return fail(1, "poll", errno);
        if (polled[0].revents)
            return 0;
        for (int i = 0; i < RELAY_MAX; i++)
            if (polled[3 + 2 * i].revents || polled[4 + 2 * i].revents)
                serve(&relay->relayed[i], &polled[3 + 2 * i]);
        for (int i = 0; i < 2; i++)
            if (polled[1 + i].revents)
                accept_one(relay, relay->listeners[i]);
    }
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    guint64 port;

    if (argc != 3 || !g_ascii_string_to_unsigned(argv[1], 10, 1, 65535, &port, NULL) ||
        (strcmp(argv[2], "client") != 0 && strcmp(argv[2], "own") != 0)) {
        fputs("usage: relay PORT client|own\n", stderr);
        return 2;
    }

    struct relay relay = {.own_address = strcmp(argv[2], "own") == 0};
    relay.signals = open_signals();
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return 0;
    relay.listeners[0] = open_listener(AF_INET, (uint16_t)port);
    if (relay.listeners[0] < 0)
        return fail(1, "listening", errno);
    relay.listeners[1] = open_listener(AF_INET6, (uint16_t)port);
    if (relay.listeners[1] < 0)
        return fail(1, "listening", errno);
    relay.relayed = g_new0(struct relayed, RELAY_MAX);
    for (int i = 0; i < RELAY_MAX; i++)
        relay.relayed[i].fds[0] = relay.relayed[i].fds[1] = -1;
    puts("ready");
    fflush(stdout);

    int status = run(&relay);
    for (int i = 0; i < RELAY_MAX; i++)
        drop(&relay.relayed[i]);
    g_free(relay.relayed);
    close(relay.listeners[0]);
    close(relay.listeners[1]);
    close(relay.signals);
    return status;
}
