/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pm_netlink.h - the kernel's user-space path manager of MPTCP: its events and commands, by generic
 * netlink, in the network namespace of the caller (Linux 5.19; CAP_NET_ADMIN).
 *
 * Specification: linux/mptcp.h, Documentation/netlink/specs/mptcp_pm.yaml of the kernel.
 */
#ifndef OPTRAIL_BPF_LOAD_PM_NETLINK_H
#define OPTRAIL_BPF_LOAD_PM_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

struct pm_address {
    uint16_t family; /* AF_INET, AF_INET6; 0: none */
    uint16_t port;   /* host byte order */
    uint8_t id;
    uint32_t address[4]; /* network byte order, IPv4 in the first word */
};

struct pm_event {
    uint8_t event; /* enum mptcp_event_type */
    bool server;
    uint32_t token;
    struct pm_address local, remote; /* of the subflow; for an announcement, the peer's address */
};

struct pm;

/* True when this namespace's new connections are for user space to manage. */
bool pm_is_userspace(void);

/* Opens both sockets and joins the group of events. NULL with errno. */
struct pm *pm_open(void);
void pm_close(struct pm *pm);

/* Readable when there are events. */
int pm_fd(const struct pm *pm);

/* Takes all events that wait. The number of overruns so far is added to *lost. */
void pm_take(struct pm *pm, void (*take)(void *user, const struct pm_event *event), void *user,
             uint64_t *lost);

/* Commands; 0 or a negative errno. local->id must not be 0. */
int pm_create(struct pm *pm, uint32_t token, const struct pm_address *local,
              const struct pm_address *remote);
int pm_destroy(struct pm *pm, uint32_t token, const struct pm_address *local,
               const struct pm_address *remote);
int pm_announce(struct pm *pm, uint32_t token, const struct pm_address *local);
int pm_withdraw(struct pm *pm, uint32_t token, uint8_t id);

#endif
