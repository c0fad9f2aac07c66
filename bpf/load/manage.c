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
#include "bpf/load/managed.h"
#include "bpf/load/pm_netlink.h"
#include "bpf/load/prefix.h"

enum {
    LOOK_MS = 200, /* how often is looked for what is due; how soon an unloaded one ends */
    BETWEEN_US = 200 * 1000,  /* two withdrawals */
    CONNECTIONS_MAX = 100000, /* that only one of the two told of are forgotten beyond */
};

struct manager {
    const struct manage_policy *policy;
    struct pm *pm;
    GHashTable *connections; /* token to struct managed, which it owns */
    GArray *addresses;       /* struct path_address: this host's */
    GArray *ids; /* struct path_address: the one at i has the address id i + 1, for ever */
    GArray *prefixes;
    gint64 look_us; /* CLOCK_MONOTONIC, when is looked for what is due */
    int counters;   /* map */
};

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

/* A managed_open, whose user is the manager. */
static bool open_subflow(void *user, const struct managed *managed, const struct pm_address *local,
                         const struct pm_address *remote)
{
    struct manager *manager = user;
    struct pm_address from = *local, to = *remote;

    from.id = id_of(manager, local);
    if (to.port == 0)
        to.port = managed->first.remote.port;
    int result = pm_create(manager->pm, managed->token, &from, &to);
    count_result(manager, result);
    return result == 0;
}

static void open_same(struct manager *manager, struct managed *managed)
{
    for (uint32_t i = 0; i < manager->policy->same; i++)
        managed_ask(managed, &managed->first.local, &managed->first.remote, open_subflow, manager);
}

/*
 * From one of ours to one of the peer's, unless there is one or may be soon: an announcement comes
 * again until it is echoed, and a handshake takes its time. `only_remote` NULL: to all.
 */
static void mesh(struct manager *manager, struct managed *managed,
                 const struct pm_address *only_remote)
{
    for (guint l = 0; l < manager->addresses->len; l++) {
        struct pm_address local = to_pm(&g_array_index(manager->addresses, struct path_address, l));
        for (int r = 0; r < MANAGED_REMOTES; r++) {
            const struct pm_address *remote = &managed->remotes[r];
            if (remote->family != local.family ||
                (only_remote != NULL && !managed_same(only_remote, remote)) ||
                managed_has(managed, &local, remote))
                continue;
            managed_ask(managed, &local, remote, open_subflow, manager);
        }
    }
}

static void announce(struct manager *manager, struct managed *managed,
                     const struct pm_address *only)
{
    for (guint i = 0; i < manager->addresses->len; i++) {
        struct pm_address local = to_pm(&g_array_index(manager->addresses, struct path_address, i));
        if (managed_same(&local, &managed->first.local) ||
            (only != NULL && !managed_same(only, &local)) || managed_keep(managed, &local))
            continue;
        local.id = id_of(manager, &local);
        count_result(manager, pm_announce(manager->pm, managed->token, &local));
    }
}

/*
 * A peer drops a withdrawal that comes while it deals with another, and nobody repeats it: one at a
 * time, and room between them.
 */
static void withdraw(struct manager *manager, struct managed *managed, gint64 now_us)
{
    if (managed->withdrawn->len == 0 || now_us < managed->withdraw_us)
        return;
    uint8_t id = id_of(manager, &g_array_index(managed->withdrawn, struct pm_address, 0));
    count_result(manager, pm_withdraw(manager->pm, managed->token, id));
    g_array_remove_index(managed->withdrawn, 0);
    managed->withdraw_us = now_us + BETWEEN_US;
}

/* What is due: withdrawals, subflows that have not come. */
static void look(struct manager *manager)
{
    gint64 now_us = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer value;

    if (now_us < manager->look_us)
        return;
    manager->look_us = now_us + LOOK_MS * 1000;
    g_hash_table_iter_init(&iter, manager->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        withdraw(manager, value, now_us);
        managed_retry(value, open_subflow, manager);
    }
}

static void begin(struct manager *manager, struct managed *managed)
{
    if (managed->begun || !managed->mine || !managed->established)
        return;
    managed->begun = true;
    switch (manager->policy->kind) {
    case MANAGE_NDIFFPORTS:
        open_same(manager, managed);
        break;
    case MANAGE_FULLMESH:
        managed->ready = true;
        mesh(manager, managed, NULL);
        break;
    case MANAGE_ANNOUNCE:
        announce(manager, managed, NULL);
        break;
    case MANAGE_DELAYING:
    case MANAGE_REFRESH:
        break;
    }
}

/* --- what the kernel tells --------------------------------------------------------------------- */

static struct managed *managed_of(struct manager *manager, uint32_t token)
{
    struct managed *managed = g_hash_table_lookup(manager->connections, GUINT_TO_POINTER(token));
    if (managed != NULL)
        return managed;
    if (g_hash_table_size(manager->connections) >= CONNECTIONS_MAX) {
        GHashTableIter iter;
        gpointer value;
        g_hash_table_iter_init(&iter, manager->connections);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            if (!((struct managed *)value)->begun)
                g_hash_table_iter_remove(&iter);
        }
    }
    managed = managed_new(token);
    g_hash_table_insert(manager->connections, GUINT_TO_POINTER(token), managed);
    return managed;
}

static void close_replaced(struct manager *manager, struct managed *managed)
{
    for (guint i = 0; i < managed->replaced->len; i++) {
        const struct subflow *old = &g_array_index(managed->replaced, struct subflow, i);
        pm_destroy(manager->pm, managed->token, &old->local, &old->remote);
    }
    g_array_set_size(managed->replaced, 0);
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
    struct managed *managed = managed_of(manager, event->token);
    switch (event->event) {
    case MPTCP_EVENT_ESTABLISHED:
        managed->established = true;
        managed->first = subflow;
        managed_add_remote(managed, &event->remote);
        managed_add_subflow(managed, &subflow);
        begin(manager, managed);
        break;
    case MPTCP_EVENT_ANNOUNCED:
        managed_add_remote(managed, &event->remote);
        if (managed->ready)
            mesh(manager, managed, &event->remote);
        break;
    case MPTCP_EVENT_REMOVED:
        managed_remove_remote(managed, event->remote.id);
        break;
    case MPTCP_EVENT_SUB_ESTABLISHED:
        managed_add_subflow(managed, &subflow);
        close_replaced(manager, managed);
        break;
    case MPTCP_EVENT_SUB_CLOSED:
        managed_remove_subflow(managed, &subflow);
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
    struct managed *managed = managed_of(manager, told.token);
    switch (told.kind) {
    case PATH_MEMBER:
        managed->mine = true;
        begin(manager, managed);
        break;
    case PATH_WORTH:
        managed->ready = true;
        open_same(manager, managed);
        mesh(manager, managed, NULL);
        break;
    case PATH_LOST:
        managed_ask(managed, &subflow.local, &subflow.remote, open_subflow, manager);
        break;
    case PATH_OLD:
        g_array_append_val(managed->replaced, subflow);
        managed_ask(managed, &subflow.local, &subflow.remote, open_subflow, manager);
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

static void local_came(struct manager *manager, struct managed *managed,
                       const struct pm_address *local)
{
    managed_hurry(managed); /* with an address comes a route, for others too */
    if (managed->ready)
        mesh(manager, managed, NULL);
    if (manager->policy->kind == MANAGE_ANNOUNCE && managed->begun)
        announce(manager, managed, local);
}

static void local_went(struct manager *manager, struct managed *managed,
                       const struct pm_address *local)
{
    if (managed->ready) {
        managed_forget_local(managed, local);
        for (guint i = 0; i < managed->subflows->len; i++) {
            const struct subflow *subflow = &g_array_index(managed->subflows, struct subflow, i);
            if (managed_same(&subflow->local, local))
                pm_destroy(manager->pm, managed->token, &subflow->local, &subflow->remote);
        }
    }
    if (manager->policy->kind == MANAGE_ANNOUNCE && managed->begun &&
        !managed_same(local, &managed->first.local))
        g_array_append_val(managed->withdrawn, *local);
}

static void for_each_connection(struct manager *manager, const struct path_address *changed,
                                void (*act)(struct manager *, struct managed *,
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
        .connections = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)managed_free),
        .ids = g_array_new(FALSE, TRUE, sizeof(struct path_address)),
        .prefixes = prefixes_parse(policy->local != NULL ? policy->local : "", NULL),
        .counters = loaded_map_open(follow->program_id, COUNTERS_MAP),
    };
    struct ring_buffer *ring =
        events >= 0 ? ring_buffer__new(events, take_told, &manager, NULL) : NULL;
    manager.addresses = addresses_read(manager.prefixes);

    follow_listens(follow);
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
        look(&manager);
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
