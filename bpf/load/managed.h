/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * managed.h - what a path manager remembers of one connection: its subflows, the peer's addresses,
 * and the subflows that were asked for and have not come. It opens nothing itself: manage.c does.
 */
#ifndef OPTRAIL_BPF_LOAD_MANAGED_H
#define OPTRAIL_BPF_LOAD_MANAGED_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/load/pm_netlink.h"

enum { MANAGED_REMOTES = 8 }; /* addresses of a peer that are remembered */

struct subflow {
    struct pm_address local, remote;
};

struct asked {
    struct subflow pair;
    gint64 again_us; /* CLOCK_MONOTONIC, when it is tried again */
    unsigned tries;
    bool taken; /* the kernel did not refuse it the last time */
};

struct managed {
    uint32_t token;
    bool mine;        /* the program told that it is the cgroup's */
    bool established; /* the kernel told that subflows can be added */
    bool begun;
    bool ready; /* a mesh may be made of it */
    struct subflow first;
    struct pm_address remotes[MANAGED_REMOTES]; /* family 0: free */
    GArray *subflows;                           /* struct subflow, established ones */
    GArray *asked;                              /* struct asked */
    GArray *replaced;   /* struct subflow, to be closed when a new one is there */
    GArray *withdrawn;  /* struct pm_address, of which the peer is to be told that they are gone */
    gint64 withdraw_us; /* CLOCK_MONOTONIC, not before */
};

struct managed *managed_new(uint32_t token);
void managed_free(struct managed *managed); /* GDestroyNotify, too */

/* Whether two addresses are the same; ports and ids are of no account. */
bool managed_same(const struct pm_address *a, const struct pm_address *b);

/* The peer's address of that id; what had the id before is forgotten. Without room: nothing. */
void managed_add_remote(struct managed *managed, const struct pm_address *remote);

/* It withdrew the one of that id: nor is a subflow to it waited for any longer. */
void managed_remove_remote(struct managed *managed, uint8_t id);

/* A subflow is there, or gone. */
void managed_add_subflow(struct managed *managed, const struct subflow *subflow);
void managed_remove_subflow(struct managed *managed, const struct subflow *subflow);

/* Between these two there is one; or one was asked for and is not given up. */
bool managed_has(const struct managed *managed, const struct pm_address *local,
                 const struct pm_address *remote);

/* There may be a way by now: what was refused is tried as if for the first time, and at once. */
void managed_hurry(struct managed *managed);

/* Nothing from there is waited for any longer. */
void managed_forget_local(struct managed *managed, const struct pm_address *local);

/* One that is gone is there again: true when the peer has not been told yet, and need not be. */
bool managed_keep(struct managed *managed, const struct pm_address *local);

/* True for the two functions below: does the kernel take the request for a subflow? */
typedef bool (*managed_open)(void *user, const struct managed *managed,
                             const struct pm_address *local, const struct pm_address *remote);

/*
 * Asks for a subflow by `open`, and remembers that it is due. managed_retry() asks again for those
 * that were refused or have not come for a while, later each time, and gives up after some.
 */
void managed_ask(struct managed *managed, const struct pm_address *local,
                 const struct pm_address *remote, managed_open open, void *user);
void managed_retry(struct managed *managed, managed_open open, void *user);

#endif
