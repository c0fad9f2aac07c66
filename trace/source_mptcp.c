// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source_mptcp.c - events of the kernel's MPTCP path manager, as it tells them by generic netlink.
 *
 * Takes what the group mptcp_pm_events says in one network namespace and gives hook_mptcp records.
 * Needs CAP_NET_ADMIN in that namespace, to join the group. Netlink neither stamps its events nor
 * counts those that it could not deliver: the time is that of receiving, and a loss is marked on
 * the event behind it.
 *
 * Specification: linux/mptcp.h, Documentation/netlink/specs/mptcp_pm.yaml of the kernel.
 */
#include "trace/source.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "trace/error.h"
#include "trace/netns.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* linux 5.14 */
#endif

enum {
    RECEIVE_BUFFER = 1 << 20,
    MESSAGE_MAX = 32768,
    POLL_MESSAGES = 1000,
    ATTRIBUTES = 64, /* more than linux/mptcp.h has, in case it grows */
};

struct mptcp_events {
    int socket;
    uint16_t family;
    uint64_t netns; /* cookie; 0 not known */
    uint64_t overruns;
    bool lost; /* since the last event */
};

/* What the answer about a family says: its number, and the number of the group of events. */
static int find_group(const struct nlmsghdr *message, uint16_t *family, uint32_t *group)
{
    struct nlattr *attributes[CTRL_ATTR_MAX + 1];
    if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)message, GENL_HDRLEN, attributes, CTRL_ATTR_MAX,
                    NULL) < 0 ||
        attributes[CTRL_ATTR_FAMILY_ID] == NULL || attributes[CTRL_ATTR_MCAST_GROUPS] == NULL)
        return -EBADMSG;
    *family = nla_get_u16(attributes[CTRL_ATTR_FAMILY_ID]);
    struct nlattr *each;
    int rest;
    nla_for_each_nested(each, attributes[CTRL_ATTR_MCAST_GROUPS], rest)
    {
        struct nlattr *of[CTRL_ATTR_MCAST_GRP_MAX + 1];
        if (nla_parse_nested(of, CTRL_ATTR_MCAST_GRP_MAX, each, NULL) < 0 ||
            of[CTRL_ATTR_MCAST_GRP_NAME] == NULL || of[CTRL_ATTR_MCAST_GRP_ID] == NULL)
            continue;
        if (strcmp(nla_get_string(of[CTRL_ATTR_MCAST_GRP_NAME]), MPTCP_PM_EV_GRP_NAME) == 0) {
            *group = nla_get_u32(of[CTRL_ATTR_MCAST_GRP_ID]);
            return 0;
        }
    }
    return -ENOENT;
}

/* Asks the kernel's controller for the family mptcp_pm. 0 or a negative errno. */
static int ask_family(int fd, uint16_t *family, uint32_t *group)
{
    struct {
        struct nlmsghdr header;
        struct genlmsghdr generic;
        struct nlattr attribute;
        char name[(sizeof(MPTCP_PM_NAME) + 3) / 4 * 4];
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = GENL_ID_CTRL,
                   .nlmsg_flags = NLM_F_REQUEST},
        .generic = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
        .attribute = {.nla_len = NLA_HDRLEN + sizeof(MPTCP_PM_NAME),
                      .nla_type = CTRL_ATTR_FAMILY_NAME},
        .name = MPTCP_PM_NAME,
    };
    g_autofree struct nlmsghdr *answer = g_malloc(MESSAGE_MAX);
    if (send(fd, &request, sizeof(request), 0) < 0)
        return -errno;
    ssize_t n = recv(fd, answer, MESSAGE_MAX, 0);
    if (n < 0)
        return -errno;
    if (!nlmsg_ok(answer, (int)n))
        return -EBADMSG;
    if (answer->nlmsg_type == NLMSG_ERROR)
        return ((const struct nlmsgerr *)nlmsg_data(answer))->error;
    return find_group(answer, family, group);
}

static int listen_to_events(struct mptcp_events *events, int netns)
{
    const int size = RECEIVE_BUFFER;
    const struct timeval patience = {.tv_sec = 1};
    socklen_t cookie_length = sizeof(events->netns);
    uint32_t group = 0;
    int saved;
    int code = netns_enter(netns, &saved);
    if (code != 0)
        return code;
    events->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    code = events->socket < 0 ? -errno : 0;
    netns_leave(saved);
    if (code != 0)
        return code;
    setsockopt(events->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(events->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (getsockopt(events->socket, SOL_SOCKET, SO_NETNS_COOKIE, &events->netns, &cookie_length) !=
        0)
        events->netns = 0;
    code = ask_family(events->socket, &events->family, &group);
    if (code != 0)
        return code;
    return setsockopt(events->socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ==
                   0
               ? 0
               : -errno;
}

static void mptcp_detach(void *source)
{
    struct mptcp_events *events = source;
    if (events->socket >= 0)
        close(events->socket);
    g_free(events);
}

static void *mptcp_attach(const struct source_settings *settings, GPtrArray *report, GError **error)
{
    struct mptcp_events *events = g_new0(struct mptcp_events, 1);
    events->socket = -1;
    int code = listen_to_events(events, settings->netns);
    if (code != 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "%s",
                    code == -ENOENT ? "kernel without MPTCP" : g_strerror(-code));
        mptcp_detach(events);
        return NULL;
    }
    g_ptr_array_add(report, g_strdup("mptcp: events of the path manager in one network namespace, "
                                     "by netlink; stamped when they are received"));
    return events;
}

static int mptcp_fd(void *source)
{
    return ((struct mptcp_events *)source)->socket;
}

static void read_address(struct endpoint *endpoint, const struct nlattr *v4,
                         const struct nlattr *v6, const struct nlattr *port)
{
    if (v4 != NULL && nla_len(v4) >= 4) {
        endpoint->family = 4;
        memcpy(endpoint->address, nla_data(v4), 4);
    } else if (v6 != NULL && nla_len(v6) >= 16) {
        endpoint->family = 6;
        memcpy(endpoint->address, nla_data(v6), 16);
    }
    if (port != NULL)
        endpoint->port = GUINT16_FROM_BE(nla_get_u16(port));
}

static uint8_t octet_of(const struct nlattr *attribute)
{
    return attribute != NULL ? nla_get_u8(attribute) : 0;
}

static uint32_t word_of(const struct nlattr *attribute)
{
    return attribute != NULL && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : 0;
}

static bool read_event(const struct mptcp_events *events, struct nlmsghdr *message,
                       struct hook_mptcp *event)
{
    struct nlattr *a[ATTRIBUTES + 1];
    if (message->nlmsg_type != events->family ||
        nlmsg_parse(message, GENL_HDRLEN, a, ATTRIBUTES, NULL) < 0)
        return false;
    const struct genlmsghdr *generic = nlmsg_data(message);
    *event = (struct hook_mptcp){
        .event = generic->cmd,
        .netns = events->netns,
        .token = word_of(a[MPTCP_ATTR_TOKEN]),
        .local_id = octet_of(a[MPTCP_ATTR_LOC_ID]),
        .remote_id = octet_of(a[MPTCP_ATTR_REM_ID]),
        .error = octet_of(a[MPTCP_ATTR_ERROR]),
        .reset_reason = word_of(a[MPTCP_ATTR_RESET_REASON]),
        .reset_flags = word_of(a[MPTCP_ATTR_RESET_FLAGS]),
        .interface = word_of(a[MPTCP_ATTR_IF_IDX]),
    };
    read_address(&event->local, a[MPTCP_ATTR_SADDR4], a[MPTCP_ATTR_SADDR6], a[MPTCP_ATTR_SPORT]);
    read_address(&event->remote, a[MPTCP_ATTR_DADDR4], a[MPTCP_ATTR_DADDR6], a[MPTCP_ATTR_DPORT]);
    if (octet_of(a[MPTCP_ATTR_SERVER_SIDE]) != 0)
        event->flags |= HOOK_MPTCP_SERVER;
    if (octet_of(a[MPTCP_ATTR_BACKUP]) != 0)
        event->flags |= HOOK_MPTCP_BACKUP;
    return true;
}

static int mptcp_poll(void *source, const struct source_sink *sink)
{
    struct mptcp_events *events = source;
    _Alignas(struct nlmsghdr) uint8_t octets[MESSAGE_MAX];
    int taken = 0;

    for (int i = 0; i < POLL_MESSAGES; i++) {
        ssize_t n = recv(events->socket, octets, sizeof(octets), MSG_DONTWAIT);
        if (n < 0 && errno == ENOBUFS) {
            events->overruns++;
            events->lost = true;
            continue;
        }
        if (n <= 0)
            break;
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int left = (int)n;
        for (struct nlmsghdr *message = (void *)octets; nlmsg_ok(message, left);
             message = nlmsg_next(message, &left)) {
            struct hook_mptcp event;
            if (!read_event(events, message, &event))
                continue;
            event.monotonic_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
            if (events->lost)
                event.flags |= HOOK_MPTCP_LOST;
            events->lost = false;
            sink->mptcp(sink->user, &event);
            taken++;
        }
    }
    return taken;
}

static char *mptcp_tend(void *source)
{
    struct mptcp_events *events = source;
    if (events->overruns == 0)
        return NULL;
    events->overruns = 0;
    return g_strdup("events of MPTCP's path manager were lost; the one behind the loss is marked");
}

static void mptcp_stop(void *source)
{
    (void)source; /* what was sent before stays in the socket's buffer */
}

static uint64_t mptcp_lost(void *source)
{
    (void)source; /* invocations: none is seen here */
    return 0;
}

const struct source_ops source_mptcp = {
    .name = "mptcp netlink",
    .blind = "events of MPTCP's path manager",
    .attach = mptcp_attach,
    .fd = mptcp_fd,
    .poll = mptcp_poll,
    .tend = mptcp_tend,
    .stop = mptcp_stop,
    .lost = mptcp_lost,
    .detach = mptcp_detach,
};
