// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * manage.c - see manage.h.
 *
 * A connection is acted upon when two have told of it, in any order: the program that it is the
 * cgroup's, the kernel that subflows can be added. What the kernel could not deliver (netlink loses
 * events under load) is counted as no_space of the program; such a connection goes without.
 */
#include "bpf/load/manage.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/load/addresses.h"
#include "bpf/load/loaded.h"
#include "bpf/load/pm_netlink.h"
#include "bpf/load/prefix.h"

enum {
    LOOK_MS = 200,                  /* how soon an unloaded program's process ends */
    REMOTES = 8,                    /* addresses of a peer that are remembered */
    CONNECTIONS_MAX = 100000,       /* that only one of the two told of are forgotten beyond */
    PATIENCE_US = 10 * 1000 * 1000, /* with a subflow that was asked for */
};

struct subflow {
    struct pm_address local, remote;
};

struct asked { /* for a mesh */
    struct subflow pair;
    gint64 until_us; /* CLOCK_MONOTONIC */
};

struct connection {
    uint32_t token;
    bool mine;        /* the program told */
    bool established; /* the kernel did */
    bool begun;
    bool ready; /* a mesh may be made of it */
    struct subflow first;
    struct pm_address remotes[REMOTES]; /* family 0: free */
    GArray *subflows;                   /* struct subflow, established ones */
    GArray *asked;                      /* struct asked, those of a mesh that may still come */
    GArray *replaced;                   /* struct subflow, to be closed when a new one is there */
};

struct manager {
    const struct manage_policy *policy;
    struct pm *pm;
    GHashTable *connections; /* token to struct connection, which it owns */
    GArray *addresses;       /* struct path_address: this host's */
    GArray *ids; /* struct path_address: the one at i has the address id i + 1, for ever */
    GArray *prefixes;
    int counters; /* map */
};

static void connection_free(gpointer data)
{
    struct connection *connection = data;
    g_array_unref(connection->subflows);
    g_array_unref(connection->asked);
    g_array_unref(connection->replaced);
    g_free(connection);
}

static void count_one(struct manager *manager, uint32_t which, uint64_t more)
{
    int n_cpus = libbpf_num_possible_cpus();
    g_autofree uint64_t *per_cpu = g_new0(uint64_t, (gsize)MAX(n_cpus, 1));
    if (manager->counters < 0 || bpf_map_lookup_elem(manager->counters, &which, per_cpu) != 0)
        return;
    per_cpu[0] += more;
    bpf_map_update_elem(manager->counters, &which, per_cpu, BPF_ANY);
}

static void count_result(struct manager *manager, int result)
{
    count_one(manager, result == 0 ? COUNTER_APPLIED : COUNTER_FAILED, 1);
}

/* --- addresses --------------------------------------------------------------------------------- */

static bool same_address(const struct pm_address *a, const struct pm_address *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static struct pm_address to_pm(const struct path_address *from)
{
    struct pm_address address = {.family = from->family};
    memcpy(address.address, from->address, sizeof(address.address));
    return address;
}

/* The id of a local address: of its own, and the same as long as this process lives. */
static uint8_t id_of(struct manager *manager, const struct pm_address *address)
{
    struct path_address wanted = {.family = address->family};
    memcpy(wanted.address, address->address, sizeof(wanted.address));
    for (guint i = 0; i < manager->ids->len; i++) {
        if (memcmp(&g_array_index(manager->ids, struct path_address, i), &wanted, sizeof(wanted)) ==
            0)
            return (uint8_t)(i + 1);
    }
    if (manager->ids->len >= UINT8_MAX - 1)
        return 0; /* the kernel will say so */
    g_array_append_val(manager->ids, wanted);
    return (uint8_t)manager->ids->len;
}

/* --- subflows ---------------------------------------------------------------------------------- */

static int open_subflow(struct manager *manager, const struct connection *connection,
                        const struct pm_address *local, const struct pm_address *remote)
{
    struct pm_address from = *local, to = *remote;
    from.id = id_of(manager, local);
    if (to.port == 0)
        to.port = connection->first.remote.port;
    int result = pm_create(manager->pm, connection->token, &from, &to);
    count_result(manager, result);
    return result;
}

static void open_same(struct manager *manager, const struct connection *connection)
{
    for (uint32_t i = 0; i < manager->policy->same; i++)
        open_subflow(manager, connection, &connection->first.local, &connection->first.remote);
}

static bool has_subflow(const struct connection *connection, const struct pm_address *local,
                        const struct pm_address *remote)
{
    for (guint i = 0; i < connection->subflows->len; i++) {
        const struct subflow *subflow = &g_array_index(connection->subflows, struct subflow, i);
        if (same_address(&subflow->local, local) && same_address(&subflow->remote, remote))
            return true;
    }
    return false;
}

/* Between these two one was asked for, and is neither there nor given up. */
static bool is_asked(const struct connection *connection, const struct pm_address *local,
                     const struct pm_address *remote)
{
    for (guint i = 0; i < connection->asked->len; i++) {
        const struct asked *asked = &g_array_index(connection->asked, struct asked, i);
        if (same_address(&asked->pair.local, local) && same_address(&asked->pair.remote, remote))
            return g_get_monotonic_time() < asked->until_us;
    }
    return false;
}

/* It is there, or nobody waits for it any longer. `remote` NULL: whichever. */
static void forget_asked(struct connection *connection, const struct pm_address *local,
                         const struct pm_address *remote)
{
    for (guint i = connection->asked->len; i-- > 0;) {
        const struct asked *asked = &g_array_index(connection->asked, struct asked, i);
        if (same_address(&asked->pair.local, local) &&
            (remote == NULL || same_address(&asked->pair.remote, remote)))
            g_array_remove_index_fast(connection->asked, i);
    }
}

/*
 * From one of ours to one of the peer's, unless there is one or may be soon: an announcement comes
 * again until it is echoed, and a handshake takes its time. NULL stands for all.
 */
static void mesh(struct manager *manager, struct connection *connection,
                 const struct pm_address *only_local, const struct pm_address *only_remote)
{
    for (guint l = 0; l < manager->addresses->len; l++) {
        struct pm_address local = to_pm(&g_array_index(manager->addresses, struct path_address, l));
        if (only_local != NULL && !same_address(only_local, &local))
            continue;
        for (int r = 0; r < REMOTES; r++) {
            const struct pm_address *remote = &connection->remotes[r];
            if (remote->family != local.family ||
                (only_remote != NULL && !same_address(only_remote, remote)) ||
                has_subflow(connection, &local, remote) || is_asked(connection, &local, remote))
                continue;
            forget_asked(connection, &local, remote);
            const struct asked asked = {{local, *remote}, g_get_monotonic_time() + PATIENCE_US};
            if (open_subflow(manager, connection, &local, remote) == 0)
                g_array_append_val(connection->asked, asked);
        }
    }
}

static void announce(struct manager *manager, const struct connection *connection,
                     const struct pm_address *only)
{
    for (guint i = 0; i < manager->addresses->len; i++) {
        struct pm_address local = to_pm(&g_array_index(manager->addresses, struct path_address, i));
        if (same_address(&local, &connection->first.local) ||
            (only != NULL && !same_address(only, &local)))
            continue;
        local.id = id_of(manager, &local);
        count_result(manager, pm_announce(manager->pm, connection->token, &local));
    }
}

static void begin(struct manager *manager, struct connection *connection)
{
    if (connection->begun || !connection->mine || !connection->established)
        return;
    connection->begun = true;
    switch (manager->policy->kind) {
    case MANAGE_NDIFFPORTS:
        open_same(manager, connection);
        break;
    case MANAGE_FULLMESH:
        connection->ready = true;
        mesh(manager, connection, NULL, NULL);
        break;
    case MANAGE_ANNOUNCE:
        announce(manager, connection, NULL);
        break;
    case MANAGE_DELAYING:
    case MANAGE_REFRESH:
        break;
    }
}

/* --- what the kernel tells --------------------------------------------------------------------- */

static struct connection *connection_of(struct manager *manager, uint32_t token)
{
    struct connection *connection =
        g_hash_table_lookup(manager->connections, GUINT_TO_POINTER(token));
    if (connection != NULL)
        return connection;
    if (g_hash_table_size(manager->connections) >= CONNECTIONS_MAX) {
        GHashTableIter iter;
        gpointer value;
        g_hash_table_iter_init(&iter, manager->connections);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            if (!((struct connection *)value)->begun)
                g_hash_table_iter_remove(&iter);
        }
    }
    connection = g_new0(struct connection, 1);
    connection->token = token;
    connection->subflows = g_array_new(FALSE, TRUE, sizeof(struct subflow));
    connection->asked = g_array_new(FALSE, TRUE, sizeof(struct asked));
    connection->replaced = g_array_new(FALSE, TRUE, sizeof(struct subflow));
    g_hash_table_insert(manager->connections, GUINT_TO_POINTER(token), connection);
    return connection;
}

static void add_remote(struct connection *connection, const struct pm_address *remote)
{
    for (int i = 0; i < REMOTES; i++) {
        if (connection->remotes[i].family != 0 && connection->remotes[i].id != remote->id)
            continue;
        connection->remotes[i] = *remote;
        return;
    }
}

static void remove_remote(struct connection *connection, uint8_t id)
{
    for (int i = 0; i < REMOTES; i++) {
        if (connection->remotes[i].id == id)
            connection->remotes[i].family = 0;
    }
}

static void remove_subflow(struct connection *connection, const struct pm_event *event)
{
    for (guint i = 0; i < connection->subflows->len; i++) {
        const struct subflow *subflow = &g_array_index(connection->subflows, struct subflow, i);
        if (same_address(&subflow->local, &event->local) &&
            same_address(&subflow->remote, &event->remote) &&
            subflow->local.port == event->local.port) {
            g_array_remove_index_fast(connection->subflows, i);
            return;
        }
    }
}

static void close_replaced(struct manager *manager, struct connection *connection)
{
    for (guint i = 0; i < connection->replaced->len; i++) {
        const struct subflow *old = &g_array_index(connection->replaced, struct subflow, i);
        pm_destroy(manager->pm, connection->token, &old->local, &old->remote);
    }
    g_array_set_size(connection->replaced, 0);
}

static void take_event(void *user, const struct pm_event *event)
{
    struct manager *manager = user;
    const struct subflow subflow = {event->local, event->remote};

    if (event->event == MPTCP_EVENT_CLOSED) {
        g_hash_table_remove(manager->connections, GUINT_TO_POINTER(event->token));
        return;
    }
    if (event->event == MPTCP_EVENT_UNSPEC || event->token == 0)
        return;
    struct connection *connection = connection_of(manager, event->token);
    switch (event->event) {
    case MPTCP_EVENT_ESTABLISHED:
        connection->established = true;
        connection->first = subflow;
        add_remote(connection, &event->remote);
        g_array_append_val(connection->subflows, subflow);
        begin(manager, connection);
        break;
    case MPTCP_EVENT_ANNOUNCED:
        add_remote(connection, &event->remote);
        if (connection->ready)
            mesh(manager, connection, NULL, &event->remote);
        break;
    case MPTCP_EVENT_REMOVED:
        remove_remote(connection, event->remote.id);
        break;
    case MPTCP_EVENT_SUB_ESTABLISHED:
        forget_asked(connection, &subflow.local, &subflow.remote);
        g_array_append_val(connection->subflows, subflow);
        close_replaced(manager, connection);
        break;
    case MPTCP_EVENT_SUB_CLOSED:
        remove_subflow(connection, event);
        break;
    default:
        break;
    }
}

/* --- what the program tells -------------------------------------------------------------------- */

static int take_told(void *user, void *data, size_t size)
{
    struct manager *manager = user;
    struct path_event told;

    if (size < sizeof(told))
        return 0;
    memcpy(&told, data, sizeof(told));
    struct subflow subflow = {
        {.family = told.family, .port = told.local_port},
        {.family = told.family, .port = told.remote_port},
    };
    memcpy(subflow.local.address, told.local, sizeof(told.local));
    memcpy(subflow.remote.address, told.remote, sizeof(told.remote));
    struct connection *connection = connection_of(manager, told.token);
    switch (told.kind) {
    case PATH_MEMBER:
        connection->mine = true;
        begin(manager, connection);
        break;
    case PATH_WORTH:
        connection->ready = true;
        open_same(manager, connection);
        mesh(manager, connection, NULL, NULL);
        break;
    case PATH_LOST:
        open_subflow(manager, connection, &subflow.local, &subflow.remote);
        break;
    case PATH_OLD:
        g_array_append_val(connection->replaced, subflow);
        open_subflow(manager, connection, &subflow.local, &subflow.remote);
        break;
    default:
        break;
    }
    return 0;
}

/* --- what routing tells ------------------------------------------------------------------------ */

static bool holds(const GArray *addresses, const struct path_address *address)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (memcmp(&g_array_index(addresses, struct path_address, i), address, sizeof(*address)) ==
            0)
            return true;
    }
    return false;
}

static void local_came(struct manager *manager, struct connection *connection,
                       const struct pm_address *local)
{
    if (connection->ready)
        mesh(manager, connection, local, NULL);
    if (manager->policy->kind == MANAGE_ANNOUNCE && connection->begun)
        announce(manager, connection, local);
}

static void local_went(struct manager *manager, struct connection *connection,
                       const struct pm_address *local)
{
    if (connection->ready) {
        forget_asked(connection, local, NULL);
        for (guint i = 0; i < connection->subflows->len; i++) {
            const struct subflow *subflow = &g_array_index(connection->subflows, struct subflow, i);
            if (same_address(&subflow->local, local))
                pm_destroy(manager->pm, connection->token, &subflow->local, &subflow->remote);
        }
    }
    if (manager->policy->kind == MANAGE_ANNOUNCE && connection->begun &&
        !same_address(local, &connection->first.local))
        count_result(manager, pm_withdraw(manager->pm, connection->token, id_of(manager, local)));
}

static void for_each_connection(struct manager *manager, const struct path_address *changed,
                                void (*act)(struct manager *, struct connection *,
                                            const struct pm_address *))
{
    const struct pm_address address = to_pm(changed);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        act(manager, value, &address);
}

static void look_at_addresses(struct manager *manager)
{
    g_autoptr(GArray) before = manager->addresses;

    manager->addresses = addresses_read(manager->prefixes);
    for (guint i = 0; i < before->len; i++) {
        const struct path_address *each = &g_array_index(before, struct path_address, i);
        if (!holds(manager->addresses, each))
            for_each_connection(manager, each, local_went);
    }
    for (guint i = 0; i < manager->addresses->len; i++) {
        const struct path_address *each =
            &g_array_index(manager->addresses, struct path_address, i);
        if (!holds(before, each))
            for_each_connection(manager, each, local_came);
    }
}

/* --- together ---------------------------------------------------------------------------------- */

void manage_run(const struct follow *follow, const struct manage_policy *policy)
{
    int events = loaded_map_open(follow->program_id, PATH_EVENTS_MAP);
    int watch = addresses_watch();
    uint64_t lost = 0, lost_before = 0;
    struct manager manager = {
        .policy = policy,
        .pm = pm_open(),
        .connections = g_hash_table_new_full(NULL, NULL, NULL, connection_free),
        .ids = g_array_new(FALSE, TRUE, sizeof(struct path_address)),
        .prefixes = prefixes_parse(policy->local != NULL ? policy->local : "", NULL),
        .counters = loaded_map_open(follow->program_id, COUNTERS_MAP),
    };
    struct ring_buffer *ring =
        events >= 0 ? ring_buffer__new(events, take_told, &manager, NULL) : NULL;
    manager.addresses = addresses_read(manager.prefixes);

    while (ring != NULL && watch >= 0 && manager.pm != NULL && !follow_ended(follow)) {
        struct pollfd wait[] = {
            {.fd = pm_fd(manager.pm), .events = POLLIN},
            {.fd = ring_buffer__epoll_fd(ring), .events = POLLIN},
            {.fd = watch, .events = POLLIN},
        };
        poll(wait, G_N_ELEMENTS(wait), LOOK_MS);
        ring_buffer__consume(ring);
        pm_take(manager.pm, take_event, &manager, &lost);
        if (lost != lost_before)
            count_one(&manager, COUNTER_NO_SPACE, lost - lost_before);
        lost_before = lost;
        if (addresses_changed(watch))
            look_at_addresses(&manager);
    }

    ring_buffer__free(ring);
    if (manager.pm != NULL)
        pm_close(manager.pm);
    g_hash_table_unref(manager.connections);
    g_array_unref(manager.addresses);
    g_array_unref(manager.ids);
    g_array_unref(manager.prefixes);
    for (size_t i = 0; i < 3; i++) {
        const int fds[] = {events, watch, manager.counters};
        if (fds[i] >= 0)
            close(fds[i]);
    }
}
