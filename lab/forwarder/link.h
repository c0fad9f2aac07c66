/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - frames from and to a network interface, with what they still want to have offloaded.
 */
#ifndef OPTRAIL_LAB_LINK_H
#define OPTRAIL_LAB_LINK_H

#include "lab/forwarder/frame.h"

struct link {
    const char *name;
    int fd;        /* readable when frames wait */
    size_t mtu;    /* octets of IP */
    uint64_t lost; /* frames that did not get through here: truncated, or refused by the kernel */
};

/* Opens an interface of this network namespace. Returns 0 or a negative errno. */
int link_open(struct link *link, const char *name);

/*
 * The next frame that arrived, into frame->octets (of frame->room octets); sets length and offload.
 * Returns 1, or 0 when none waits, or a negative errno: -ENETDOWN when the interface is gone.
 */
int link_receive(struct link *link, struct frame *frame);

/* Sends a finished frame; what the kernel refuses is counted. */
void link_send(struct link *link, const struct frame *frame);

/* Closes it, and counts what the kernel could not keep for us. */
void link_close(struct link *link);

#endif
