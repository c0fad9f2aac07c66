// SPDX-License-Identifier: GPL-2.0-or-later
/* pm_netlink.c - see pm_netlink.h. */
#include "bpf/load/pm_netlink.h"

#include <errno.h>
#include <glib.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECEIVE_BUFFER = 4 << 20,
    MESSAGE_MAX = 32768,
    ATTRIBUTES = 64, /* more than linux/mptcp.h has, in case it grows */
    PATIENCE_S = 2,
};

struct pm {
    int events, commands; /* sockets */
    uint16_t family;
    uint32_t sequence;
};

/* --- reading ----------------------------------------------------------------------------------- */

/* Finds the attributes in `length` octets. Values are not looked at. */
static void parse(const uint8_t *octets, size_t length, const struct nlattr *attributes[ATTRIBUTES])
{
    for (unsigned type = 0; type < ATTRIBUTES; type++)
        attributes[type] = NULL;
    for (size_t at = 0; at + NLA_HDRLEN <= length;) {
        const struct nlattr *attribute = (const struct nlattr *)(const void *)(octets + at);
        /* The socket filled them, which the analyzer cannot know.
           NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > length - at)
            return;
        unsigned type = attribute->nla_type & NLA_TYPE_MASK;
        if (type < ATTRIBUTES)
            attributes[type] = attribute;
        at += NLA_ALIGN(attribute->nla_len);
    }
}

/* Copies exactly `size` octets of a value, or leaves zeros. */
static bool value_of(const struct nlattr *attribute, void *value, size_t size)
{
    memset(value, 0, size);
    if (attribute == NULL || attribute->nla_len < NLA_HDRLEN + size)
        return false;
    memcpy(value, (const uint8_t *)attribute + NLA_HDRLEN, size);
    return true;
}

static const uint8_t *nested(const struct nlattr *attribute, size_t *length)
{
    *length = attribute->nla_len - NLA_HDRLEN;
    return (const uint8_t *)attribute + NLA_HDRLEN;
}

static void read_address(struct pm_address *address, const struct nlattr *v4,
                         const struct nlattr *v6, const struct nlattr *port,
                         const struct nlattr *id)
{
    uint16_t port_be;

    if (value_of(v4, address->address, 4)) {
        address->family = AF_INET;
    } else if (value_of(v6, address->address, 16)) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        address->family = AF_INET6;
        if (memcmp(address->address, mapped, sizeof(mapped)) == 0) {
            address->family = AF_INET;
            address->address[0] = address->address[3];
            memset(address->address + 1, 0, 12);
        }
    }
    value_of(port, &port_be, sizeof(port_be));
    address->port = GUINT16_FROM_BE(port_be);
    value_of(id, &address->id, sizeof(address->id));
}

static bool read_event(const struct pm *pm, const struct nlmsghdr *message, struct pm_event *event)
{
    const struct nlattr *a[ATTRIBUTES];
    uint8_t server;

    if (message->nlmsg_type != pm->family || message->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
        return false;
    const uint8_t *octets = (const uint8_t *)message + NLMSG_HDRLEN;
    parse(octets + GENL_HDRLEN, message->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, a);
    memset(event, 0, sizeof(*event));
    event->event = ((const struct genlmsghdr *)(const void *)octets)->cmd;
    value_of(a[MPTCP_ATTR_TOKEN], &event->token, sizeof(event->token));
    value_of(a[MPTCP_ATTR_SERVER_SIDE], &server, sizeof(server));
    event->server = server != 0;
    read_address(&event->local, a[MPTCP_ATTR_SADDR4], a[MPTCP_ATTR_SADDR6], a[MPTCP_ATTR_SPORT],
                 a[MPTCP_ATTR_LOC_ID]);
    read_address(&event->remote, a[MPTCP_ATTR_DADDR4], a[MPTCP_ATTR_DADDR6], a[MPTCP_ATTR_DPORT],
                 a[MPTCP_ATTR_REM_ID]);
    return true;
}

void pm_take(struct pm *pm, void (*take)(void *user, const struct pm_event *event), void *user,
             uint64_t *lost)
{
    _Alignas(struct nlmsghdr) uint8_t octets[MESSAGE_MAX];

    for (;;) {
        ssize_t n = recv(pm->events, octets, sizeof(octets), MSG_DONTWAIT);
        if (n < 0 && errno == ENOBUFS) {
            *lost += 1;
            continue;
        }
        if (n <= 0)
            return;
        size_t left = (size_t)n;
        for (const struct nlmsghdr *message = (const void *)octets;
             left >= NLMSG_HDRLEN && message->nlmsg_len >= NLMSG_HDRLEN &&
             message->nlmsg_len <= left;) {
            struct pm_event event;
            if (read_event(pm, message, &event))
                take(user, &event);
            size_t step = MIN(NLMSG_ALIGN(message->nlmsg_len), left);
            left -= step;
            message = (const void *)((const uint8_t *)message + step);
        }
    }
}

/* --- writing ----------------------------------------------------------------------------------- */

struct request {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    uint8_t attributes[256];
};

static struct nlattr *put(struct request *request, uint16_t type, const void *value, size_t size)
{
    size_t at = request->header.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
    g_assert(at + NLA_HDRLEN + NLA_ALIGN(size) <= sizeof(request->attributes));
    struct nlattr *attribute = (struct nlattr *)(void *)(request->attributes + at);
    attribute->nla_type = type;
    attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
    if (size > 0)
        memcpy(request->attributes + at + NLA_HDRLEN, value, size);
    request->header.nlmsg_len += (uint32_t)(NLA_HDRLEN + NLA_ALIGN(size));
    return attribute;
}

static void put_address(struct request *request, uint16_t type, const struct pm_address *address,
                        uint32_t flags)
{
    uint32_t before = request->header.nlmsg_len;
    struct nlattr *outer = put(request, type | NLA_F_NESTED, NULL, 0);

    put(request, MPTCP_PM_ADDR_ATTR_FAMILY, &address->family, sizeof(address->family));
    if (address->id != 0)
        put(request, MPTCP_PM_ADDR_ATTR_ID, &address->id, sizeof(address->id));
    if (address->family == AF_INET)
        put(request, MPTCP_PM_ADDR_ATTR_ADDR4, address->address, 4);
    else
        put(request, MPTCP_PM_ADDR_ATTR_ADDR6, address->address, 16);
    if (address->port != 0)
        put(request, MPTCP_PM_ADDR_ATTR_PORT, &address->port, sizeof(address->port));
    if (flags != 0)
        put(request, MPTCP_PM_ADDR_ATTR_FLAGS, &flags, sizeof(flags));
    outer->nla_len = (uint16_t)(request->header.nlmsg_len - before);
}

static void begin(struct pm *pm, struct request *request, uint16_t type, uint8_t command,
                  uint8_t version, uint16_t flags)
{
    memset(request, 0, sizeof(*request));
    request->header.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    request->header.nlmsg_seq = ++pm->sequence;
    request->generic.cmd = command;
    request->generic.version = version;
}

/* Sends, and waits for the answer to this very request. Its length, or a negative errno. */
static ssize_t ask(struct pm *pm, const struct request *request, uint8_t octets[MESSAGE_MAX])
{
    const struct nlmsghdr *answer = (const void *)octets;

    if (send(pm->commands, request, request->header.nlmsg_len, 0) < 0)
        return -errno;
    do {
        ssize_t n = recv(pm->commands, octets, MESSAGE_MAX, 0);
        if (n < 0)
            return -errno;
        if (n < NLMSG_HDRLEN || answer->nlmsg_len > (size_t)n)
            return -EBADMSG;
    } while (answer->nlmsg_seq != request->header.nlmsg_seq);
    if (answer->nlmsg_type == NLMSG_ERROR) {
        int error;
        memcpy(&error, octets + NLMSG_HDRLEN, sizeof(error));
        return error;
    }
    return answer->nlmsg_len;
}

static int tell(struct pm *pm, const struct request *request)
{
    _Alignas(struct nlmsghdr) uint8_t octets[MESSAGE_MAX];
    ssize_t result = ask(pm, request, octets);
    return result < 0 ? (int)result : 0;
}

static int tell_two(struct pm *pm, uint8_t command, uint32_t token, const struct pm_address *local,
                    const struct pm_address *remote)
{
    struct request request;
    begin(pm, &request, pm->family, command, MPTCP_PM_VER, NLM_F_ACK);
    put(&request, MPTCP_PM_ATTR_TOKEN, &token, sizeof(token));
    put_address(&request, MPTCP_PM_ATTR_ADDR, local, 0);
    put_address(&request, MPTCP_PM_ATTR_ADDR_REMOTE, remote, 0);
    return tell(pm, &request);
}

int pm_create(struct pm *pm, uint32_t token, const struct pm_address *local,
              const struct pm_address *remote)
{
    struct pm_address from = *local, to = *remote;
    from.port = 0; /* as chance has it */
    to.id = 0;
    return tell_two(pm, MPTCP_PM_CMD_SUBFLOW_CREATE, token, &from, &to);
}

int pm_destroy(struct pm *pm, uint32_t token, const struct pm_address *local,
               const struct pm_address *remote)
{
    struct pm_address from = *local, to = *remote;
    from.id = 0;
    to.id = 0;
    return tell_two(pm, MPTCP_PM_CMD_SUBFLOW_DESTROY, token, &from, &to);
}

int pm_announce(struct pm *pm, uint32_t token, const struct pm_address *local)
{
    struct request request;
    begin(pm, &request, pm->family, MPTCP_PM_CMD_ANNOUNCE, MPTCP_PM_VER, NLM_F_ACK);
    put(&request, MPTCP_PM_ATTR_TOKEN, &token, sizeof(token));
    put_address(&request, MPTCP_PM_ATTR_ADDR, local, MPTCP_PM_ADDR_FLAG_SIGNAL);
    return tell(pm, &request);
}

int pm_withdraw(struct pm *pm, uint32_t token, uint8_t id)
{
    struct request request;
    begin(pm, &request, pm->family, MPTCP_PM_CMD_REMOVE, MPTCP_PM_VER, NLM_F_ACK);
    put(&request, MPTCP_PM_ATTR_TOKEN, &token, sizeof(token));
    put(&request, MPTCP_PM_ATTR_LOC_ID, &id, sizeof(id));
    return tell(pm, &request);
}

/* --- opening ----------------------------------------------------------------------------------- */

/* What the answer about a family says: its number, and the number of the group of events. */
static int find_group(const uint8_t *octets, size_t length, uint16_t *family, uint32_t *group)
{
    const struct nlattr *a[ATTRIBUTES], *each[ATTRIBUTES], *of[ATTRIBUTES];
    size_t groups_length, group_length;

    parse(octets + NLMSG_HDRLEN + GENL_HDRLEN, length - NLMSG_HDRLEN - GENL_HDRLEN, a);
    if (!value_of(a[CTRL_ATTR_FAMILY_ID], family, sizeof(*family)) ||
        a[CTRL_ATTR_MCAST_GROUPS] == NULL)
        return -EBADMSG;
    const uint8_t *groups = nested(a[CTRL_ATTR_MCAST_GROUPS], &groups_length);
    parse(groups, groups_length, each);
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (each[i] == NULL)
            continue;
        const uint8_t *inside = nested(each[i], &group_length);
        parse(inside, group_length, of);
        char name[sizeof(MPTCP_PM_EV_GRP_NAME)];
        if (value_of(of[CTRL_ATTR_MCAST_GRP_NAME], name, sizeof(name)) &&
            memcmp(name, MPTCP_PM_EV_GRP_NAME, sizeof(name)) == 0 &&
            value_of(of[CTRL_ATTR_MCAST_GRP_ID], group, sizeof(*group)))
            return 0;
    }
    return -ENOENT;
}

static int ask_family(struct pm *pm, uint32_t *group)
{
    _Alignas(struct nlmsghdr) uint8_t octets[MESSAGE_MAX];
    struct request request;

    begin(pm, &request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
    put(&request, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME, sizeof(MPTCP_PM_NAME));
    ssize_t length = ask(pm, &request, octets);
    if (length < 0)
        return (int)length;
    if (length < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN))
        return -EBADMSG;
    return find_group(octets, (size_t)length, &pm->family, group);
}

struct pm *pm_open(void)
{
    const int size = RECEIVE_BUFFER;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    uint32_t group = 0;
    struct pm *pm = g_new0(struct pm, 1);

    pm->events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    pm->commands = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    /* Unbound, a socket has the number of who is left out of broadcasts: the kernel. */
    const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
    if (pm->events < 0 || pm->commands < 0 ||
        bind(pm->events, (const struct sockaddr *)&any, sizeof(any)) != 0)
        goto failed;
    setsockopt(pm->events, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(pm->commands, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    int result = ask_family(pm, &group);
    if (result != 0) {
        errno = -result;
        goto failed;
    }
    if (setsockopt(pm->events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0)
        return pm;

failed:
    pm_close(pm);
    return NULL;
}

void pm_close(struct pm *pm)
{
    int saved = errno;
    if (pm->events >= 0)
        close(pm->events);
    if (pm->commands >= 0)
        close(pm->commands);
    g_free(pm);
    errno = saved;
}

int pm_fd(const struct pm *pm)
{
    return pm->events;
}

bool pm_is_userspace(void)
{
    g_autofree char *name = NULL, *type = NULL;

    if (g_file_get_contents("/proc/sys/net/mptcp/path_manager", &name, NULL, NULL))
        return g_str_has_prefix(name, "userspace");
    return g_file_get_contents("/proc/sys/net/mptcp/pm_type", &type, NULL, NULL) && *type == '1';
}
