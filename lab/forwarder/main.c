/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - the lab's forwarder: a wire between two interfaces that misbehaves as it is told.
 *
 *   forwarder [--account FILE] LEFT RIGHT BEHAVIOUR [KEY=VALUE]... [BEHAVIOUR [KEY=VALUE]...]...
 *
 * The client's side is LEFT. Every frame that arrives at one interface leaves by the other; TCP
 * segments pass the behaviours on their way (behaviours.c has them, settings.c their keys). Prints
 * "ready" once it forwards. Ends with SIGTERM or SIGINT, with its parent, and when an interface
 * goes; then says on stderr how many frames it could not carry, if any. FILE tells afterwards
 * what was done to which segment (note.h).
 *
 * Exit status: 0 done; 1 something failed; 2 usage.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lab/forwarder/chain.h"

enum { BATCH = 64 }; /* frames from one side before the other gets its turn */

static int fail(int status, const char *what, const char *why)
{
    fprintf(stderr, "forwarder: %s: %s\n", what, why);
    return status;
}

/* SIGTERM and SIGINT as something to poll. */
static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Forwards what waits at one side. Returns 0, or a negative errno when its interface is gone. */
static int take_batch(struct chain *chain, enum direction direction, uint8_t *buffer)
{
    for (int i = 0; i < BATCH; i++) {
        struct frame frame = {.octets = buffer, .room = FRAME_MAX, .direction = direction};
        int got = link_receive(&chain->links[direction], &frame);
        if (got <= 0)
            return got;
        chain_take(chain, &frame);
    }
    return 0;
}

static int forward(struct chain *chain, int signals)
{
    static uint8_t buffer[FRAME_MAX];
    struct pollfd wait[] = {
        {.fd = chain->links[FORWARD].fd, .events = POLLIN},
        {.fd = chain->links[REVERSE].fd, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };

    for (;;) {
        if (poll(wait, G_N_ELEMENTS(wait), chain_timeout(chain)) < 0 && errno != EINTR)
            return -errno;
        if (wait[2].revents)
            return 0;
        for (unsigned d = 0; d < 2; d++) {
            int error = wait[d].revents ? take_batch(chain, d, buffer) : 0;
            if (error != 0)
                return error == -ENETDOWN ? 0 : error;
        }
        /* Behind what had arrived already: when we were late ourselves, nobody else is to blame. */
        chain_expire(chain);
    }
}

int main(int argc, char **argv)
{
    const char *account = NULL;
    if (argc > 2 && strcmp(argv[1], "--account") == 0) {
        account = argv[2];
        argc -= 2, argv += 2;
    }
    if (argc < 4)
        return fail(2, "usage", "forwarder LEFT RIGHT BEHAVIOUR [KEY=VALUE]...");

    struct chain chain;
    g_autoptr(GError) error = NULL;
    chain_init(&chain);
    if (account != NULL && (chain.account = fopen(account, "we")) == NULL) {
        chain_free(&chain);
        return fail(1, account, g_strerror(errno));
    }

    int status = 0;
    int signals = open_signals();
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it ended before we asked */
        goto cleanup;
    if (!chain_parse(&chain, argv + 3, &error)) {
        status = fail(2, "usage", error->message);
        goto cleanup;
    }
    for (int i = 0; i < 2; i++) {
        int failed = link_open(&chain.links[i], argv[1 + i]);
        if (failed != 0) {
            status = fail(1, argv[1 + i], g_strerror(-failed));
            goto cleanup;
        }
    }
    puts("ready");
    fflush(stdout);

    int failed = forward(&chain, signals);
    if (failed != 0)
        status = fail(1, "forwarding", g_strerror(-failed));

cleanup:
    for (int i = 0; i < 2; i++)
        link_close(&chain.links[i]);
    uint64_t lost = chain.links[0].lost + chain.links[1].lost;
    if (lost > 0)
        fprintf(stderr, "forwarder: %" G_GUINT64_FORMAT " frames were lost here\n", lost);
    FILE *written = chain.account;
    chain_free(&chain);
    if (written != NULL && fclose(written) != 0)
        status = fail(1, account, g_strerror(errno));
    if (signals >= 0)
        close(signals);
    return status;
}
