// SPDX-License-Identifier: GPL-2.0-or-later
/* addresses.c - see addresses.h. */
#include "bpf/load/addresses.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/load/prefix.h"

static bool is_wanted(const struct path_address *address, const GArray *prefixes)
{
    uint8_t octets[16] = {[10] = 0xff, [11] = 0xff};

    if (address->family == AF_INET)
        memcpy(octets + 12, address->address, 4);
    else
        memcpy(octets, address->address, sizeof(octets));
    for (guint i = 0; i < prefixes->len; i++) {
        if (prefix_holds(&g_array_index(prefixes, struct prefix, i), octets))
            return true;
    }
    return prefixes->len == 0;
}

/*
 * The state of the carrier is looked at, and not IFF_RUNNING, which follows from it: the kernel works
 * that out up to a second later when the interface could send all the time. Too late costs a path. Too
 * early, with an interface that has yet to be let into its network, costs a SYN that is sent again.
 */
static bool can_send(unsigned flags)
{
    const unsigned up = IFF_UP | IFF_LOWER_UP;

    return (flags & up) == up && !(flags & (IFF_LOOPBACK | IFF_DORMANT));
}

static bool read_one(const struct ifaddrs *each, struct path_address *address)
{
    memset(address, 0, sizeof(*address));
    if (each->ifa_addr == NULL || !can_send(each->ifa_flags))
        return false;
    address->family = each->ifa_addr->sa_family;
    if (address->family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, each->ifa_addr, sizeof(in));
        address->address[0] = in.sin_addr.s_addr;
        return (ntohl(in.sin_addr.s_addr) >> 16) != 0xa9fe; /* 169.254.0.0/16 */
    }
    if (address->family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, each->ifa_addr, sizeof(in6));
        memcpy(address->address, &in6.sin6_addr, sizeof(address->address));
        return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
    }
    return false;
}

GArray *addresses_read(const GArray *prefixes)
{
    GArray *addresses = g_array_new(FALSE, TRUE, sizeof(struct path_address));
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) != 0)
        return addresses;
    for (struct ifaddrs *each = all; each != NULL; each = each->ifa_next) {
        struct path_address address;
        if (addresses->len < LOCAL_ADDRESSES_MAX && read_one(each, &address) &&
            is_wanted(&address, prefixes))
            g_array_append_val(addresses, address);
    }
    freeifaddrs(all);
    return addresses;
}

int addresses_store(int map_fd, const GArray *addresses)
{
    const struct path_address none = {0};

    for (uint32_t i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
        const struct path_address *address =
            i < addresses->len ? &g_array_index(addresses, struct path_address, i) : &none;
        if (bpf_map_update_elem(map_fd, &i, address, BPF_ANY) != 0)
            return -errno;
    }
    return 0;
}

int addresses_watch(void)
{
    const struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int result = -errno;
        close(fd);
        return result;
    }
    return fd;
}

bool addresses_changed(int watch_fd)
{
    char octets[8192]; /* what changed does not matter: all are read again */
    bool any = false;

    for (;;) {
        ssize_t n = recv(watch_fd, octets, sizeof(octets), MSG_TRUNC);
        if (n < 0 && errno != ENOBUFS) /* lost news is news */
            return any;
        any = true;
    }
}
