/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - packet sockets, see packet(7). Each frame comes with a virtio header
 * (PACKET_VNET_HDR), so that super-segments and unfinished checksums go through as they are.
 */
#include "lab/forwarder/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINK_BUFFER = 32 << 20 }; /* octets that wait for us when we are late */

static int set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static int prepare(struct link *link)
{
    struct ifreq request = {0};
    int error;

    strncpy(request.ifr_name, link->name, IFNAMSIZ - 1);
    if (ioctl(link->fd, SIOCGIFMTU, &request) != 0)
        return -errno;
    link->mtu = (size_t)request.ifr_mtu;

    /* Without CAP_NET_ADMIN the plain limit has to do. */
    if (set(link->fd, SOL_SOCKET, SO_RCVBUFFORCE, LINK_BUFFER) != 0)
        set(link->fd, SOL_SOCKET, SO_RCVBUF, LINK_BUFFER);
    if ((error = set(link->fd, SOL_PACKET, PACKET_VNET_HDR, 1)) != 0 ||
        (error = set(link->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) != 0)
        return error;

    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex(link->name),
    };
    if (bind(link->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    /* The frames are addressed to others. */
    struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(link->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0)
        return -errno;
    return 0;
}

int link_open(struct link *link, const char *name)
{
    *link = (struct link){.name = name};
    /* Protocol 0: nothing arrives before all is set. */
    link->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return -errno;

    int error = prepare(link);
    if (error != 0) {
        close(link->fd);
        link->fd = -1;
    }
    return error;
}

int link_receive(struct link *link, struct frame *frame)
{
    struct iovec parts[] = {{&frame->offload, sizeof(frame->offload)},
                            {frame->octets, frame->room}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    for (;;) {
        ssize_t n = recvmsg(link->fd, &message, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        if ((message.msg_flags & MSG_TRUNC) || (size_t)n < sizeof(frame->offload)) {
            link->lost++;
            continue;
        }
        frame->length = (size_t)n - sizeof(frame->offload);
        return 1;
    }
}

void link_send(struct link *link, const struct frame *frame)
{
    struct virtio_net_hdr offload = frame->offload;
    struct iovec parts[] = {{&offload, sizeof(offload)}, {frame->octets, frame->length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n;

    offload.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM; /* the others are for receivers */
    do
        n = sendmsg(link->fd, &message, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        link->lost++;
}

void link_close(struct link *link)
{
    struct tpacket_stats kernel;
    socklen_t size = sizeof(kernel);

    if (link->fd < 0)
        return;
    if (getsockopt(link->fd, SOL_PACKET, PACKET_STATISTICS, &kernel, &size) == 0)
        link->lost += kernel.tp_drops;
    close(link->fd);
    link->fd = -1;
}
