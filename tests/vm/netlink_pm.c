// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_pm: a path manager in user space, of the shortest kind: for each connection of which netlink says
 * that it is established it asks for one subflow, from and to the addresses given. It hears of what happens as
 * any path manager on an unpatched kernel does, by Optrail's own client of that interface.
 *
 *   netlink_pm READY_FILE LOCAL REMOTE BUFFER HELD_MS
 *       BUFFER    octets to ask for as receive buffer, which the kernel doubles; 0: what the client asks for
 *       HELD_MS   do nothing for so long once, when HEARD_BEFORE connections have been heard of
 *   runs until SIGTERM; then prints "heard N dropped N overruns N asked N refused N": connections heard of,
 *   messages that the kernel dropped and how often it said so, subflows.
 */
#include "bpf/load/pm_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/mptcp.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { HEARD_BEFORE = 200 };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

struct manager {
    struct pm *pm;
    struct pm_address local, remote;
    long held_ms;
    uint64_t heard, asked, refused;
};

static void take(void *user, const struct pm_event *event)
{
    struct manager *manager = user;

    if (event->event != MPTCP_EVENT_ESTABLISHED || event->server)
        return;
    if (++manager->heard == HEARD_BEFORE && manager->held_ms) {
        struct timespec held = {manager->held_ms / 1000, manager->held_ms % 1000 * 1000000};

        nanosleep(&held, NULL);
    }
    manager->remote.port = event->remote.port;
    manager->asked++;
    if (pm_create(manager->pm, event->token, &manager->local, &manager->remote) < 0)
        manager->refused++;
}

/* Messages that this namespace's generic netlink sockets could not take, as the kernel counts them. */
static uint64_t dropped(void)
{
    FILE *file = fopen("/proc/self/net/netlink", "r");
    uint64_t sum = 0, drops;
    char line[256];
    int protocol;

    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "%*s %d %*s %*s %*s %*s %*s %*s %" SCNu64, &protocol, &drops) == 2 &&
            protocol == NETLINK_GENERIC)
            sum += drops;
    if (file)
        fclose(file);
    return sum;
}

int main(int argc, char **argv)
{
    struct manager manager = {.local = {.family = AF_INET, .id = 2},
                              .remote = {.family = AF_INET, .id = 2}};
    struct sigaction action = {.sa_handler = on_signal};
    uint64_t overruns = 0;
    struct pollfd ready;
    FILE *file;
    int buffer;

    if (argc != 6 || inet_pton(AF_INET, argv[2], manager.local.address) != 1 ||
        inet_pton(AF_INET, argv[3], manager.remote.address) != 1) {
        fprintf(stderr, "usage: netlink_pm READY_FILE LOCAL REMOTE BUFFER HELD_MS\n");
        return 2;
    }
    buffer = atoi(argv[4]);
    manager.held_ms = atol(argv[5]);
    sigaction(SIGTERM, &action, NULL);
    manager.pm = pm_open();
    file = fopen(argv[1], "w");
    if (!manager.pm || !file ||
        (buffer &&
         setsockopt(pm_fd(manager.pm), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))) {
        perror("netlink_pm");
        return 1;
    }
    fprintf(file, "ready\n");
    fclose(file);
    ready = (struct pollfd){.fd = pm_fd(manager.pm), .events = POLLIN};
    while (!stop) {
        if (poll(&ready, 1, -1) == 1)
            pm_take(manager.pm, take, &manager, &overruns);
        else if (errno != EINTR)
            break;
    }
    pm_take(manager.pm, take, &manager, &overruns);
    printf("heard %" PRIu64 " dropped %" PRIu64 " overruns %" PRIu64 " asked %" PRIu64
           " refused %" PRIu64 "\n",
           manager.heard, dropped(), overruns, manager.asked, manager.refused);
    pm_close(manager.pm);
    return 0;
}
