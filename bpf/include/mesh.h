/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mesh.h - all paths between the host's addresses and those that the peer has or announced, of both
 * families, followed while they change. For path managers; local_addresses holds the host's.
 *
 * A process of the loader fills that map, somewhat after the fact: it has to be told, and to run. So
 * that what a peer announces in the meantime lacks no subflow, the program enters what the kernel
 * tells of local addresses as well. Both mean the same and come to the same, in either order.
 *
 * What is known of a connection stands in a map by its token. A subflow goes between every two
 * addresses of one family, once. When a local address goes, the subflows from it are closed; when
 * the peer withdraws one of its own, the kernel closes those to it. That both may happen on two
 * CPUs at once can cost a subflow too many or too few, never more.
 */
#ifndef OPTRAIL_BPF_MESH_H
#define OPTRAIL_BPF_MESH_H

#include "bpf/include/path.h"
#include "bpf/include/prefixes.h"

const volatile char local[PARAMETER_TEXT_SIZE] = ""; /* as it was given, for optrail status */

#define MESH_REMOTES  8
#define MESH_SUBFLOWS 32
#define MESH_MAX      4096 /* connections */

struct mesh_remote {
    __u16 family; /* 0: free */
    __be16 port;  /* 0: the first subflow's */
    __u32 id;
    __u32 address[4];
};

struct mesh_subflow {
    __u32 id; /* 0: free */
    __u32 family;
    __u32 local[4];
    __u32 remote[4];
};

struct mesh {
    __u32 ready; /* subflows may be opened */
    __u32 server;
    __u64 since_ns; /* MONOTONIC, when it was established */
    __u64 octets;   /* that were received by then when it was looked at last */
    struct mesh_remote remotes[MESH_REMOTES];
    struct mesh_subflow subflows[MESH_SUBFLOWS];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, LOCAL_ADDRESSES_MAX);
    __type(key, __u32);
    __type(value, struct path_address);
} local_addresses SEC(".maps");

PREFIXES(local_prefixes, LOCAL_PREFIXES_MAX);

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MESH_MAX);
    __type(key, __u32); /* token */
    __type(value, struct mesh);
} meshes SEC(".maps");

struct { /* one empty mesh: it is too large for the stack */
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct mesh);
} blank_mesh SEC(".maps");

static __always_inline bool mesh_same(const __u32 a[4], const __u32 b[4])
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/*
 * Whether a local address that came is one to use, as bpf/load/addresses.c has it: in one of the
 * prefixes, not link-local (the kernel tells of none of IPv6), not the loopback device's.
 */
#define LOOPBACK_IFINDEX 1
static __always_inline bool mesh_local_wanted(const struct bpf_mptcp_info *info)
{
    struct address address = {};

    if (info->ifindex == LOOPBACK_IFINDEX)
        return false;
    if (info->family == AF_INET) {
        if (bpf_ntohl(info->local_addr[0]) >> 16 == 0xa9fe) /* 169.254.0.0/16 */
            return false;
        address.words[2] = bpf_htonl(0xffff);
        address.words[3] = info->local_addr[0];
    } else {
        __builtin_memcpy(address.words, info->local_addr, sizeof(address.words));
    }
    return prefixes_hold(&local_prefixes, &address);
}

/* Enters a local address, once; without room the process would not either. */
__noinline int mesh_local_enter(const struct path_address *came)
{
    __u32 place = LOCAL_ADDRESSES_MAX;

    if (!came)
        return 0;
    for (__u32 i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
        __u32 key = LOCAL_ADDRESSES_MAX - 1 - i;
        const struct path_address *each = bpf_map_lookup_elem(&local_addresses, &key);
        if (!each)
            return 0;
        if (each->family == came->family && mesh_same(each->address, came->address))
            return 0;
        if (each->family == 0)
            place = key;
    }
    if (place < LOCAL_ADDRESSES_MAX)
        bpf_map_update_elem(&local_addresses, &place, came, BPF_ANY);
    return 0;
}

__noinline int mesh_local_strike(const struct path_address *went)
{
    const struct path_address none = {};

    if (!went)
        return 0;
    for (__u32 i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
        __u32 key = i;
        const struct path_address *each = bpf_map_lookup_elem(&local_addresses, &key);
        if (each && each->family == went->family && mesh_same(each->address, went->address))
            bpf_map_update_elem(&local_addresses, &key, &none, BPF_ANY);
    }
    return 0;
}

/*
 * What the kernel tells of a local address, MPTCP_LOCAL_ADDED or MPTCP_LOCAL_REMOVED, to each
 * connection that watches. False for one that came and is not to be used.
 */
static __always_inline bool mesh_local_changed(const struct bpf_sock_ops *context,
                                               const struct bpf_mptcp_info *info)
{
    struct path_address address = {.family = info->family};

    __builtin_memcpy(address.address, info->local_addr, sizeof(address.address));
    if (context->args[0] == MPTCP_LOCAL_REMOVED)
        mesh_local_strike(&address);
    else if (mesh_local_wanted(info))
        mesh_local_enter(&address);
    else
        return false;
    return true;
}

/* One between the two, unless there is one or they are of two families. */
__noinline int mesh_open(struct bpf_sock_ops *context, const struct path_address *from,
                         const struct mesh_remote *to)
{
    __u32 token = context->args[1];
    struct mesh *mesh = bpf_map_lookup_elem(&meshes, &token);

    if (!mesh || !from || !to || from->family == 0 || from->family != to->family)
        return 0;
    for (int i = 0; i < MESH_SUBFLOWS; i++) {
        const struct mesh_subflow *subflow = &mesh->subflows[i];
        if (subflow->id && subflow->family == from->family &&
            mesh_same(subflow->local, from->address) && mesh_same(subflow->remote, to->address))
            return 0;
    }
    struct bpf_mptcp_path path = {
        .family = from->family,
        .remote_id = to->id,
        .remote_port = to->port,
    };
    __builtin_memcpy(path.local_addr, from->address, sizeof(path.local_addr));
    __builtin_memcpy(path.remote_addr, to->address, sizeof(path.remote_addr));
    path_open(context, &path);
    return 0;
}

/* From all of ours to that address of the peer. */
static __always_inline void mesh_to(struct bpf_sock_ops *context, const struct mesh_remote *to)
{
    for (__u32 i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
        __u32 key = i;
        const struct path_address *from = bpf_map_lookup_elem(&local_addresses, &key);
        if (from)
            mesh_open(context, from, to);
    }
}

/* From that address of ours to all of the peer's. */
static __always_inline void mesh_from(struct bpf_sock_ops *context, struct mesh *mesh,
                                      const struct path_address *from)
{
    for (int i = 0; i < MESH_REMOTES; i++) {
        if (mesh->remotes[i].family)
            mesh_open(context, from, &mesh->remotes[i]);
    }
}

/* All that is missing. */
__noinline int mesh_open_all(struct bpf_sock_ops *context)
{
    __u32 token = context->args[1];
    struct mesh *mesh = bpf_map_lookup_elem(&meshes, &token);
    if (!mesh)
        return 0;
    for (__u32 i = 0; i < LOCAL_ADDRESSES_MAX; i++) {
        __u32 key = i;
        const struct path_address *from = bpf_map_lookup_elem(&local_addresses, &key);
        if (from)
            mesh_from(context, mesh, from);
    }
    return 0;
}

static __always_inline void mesh_add_subflow(struct mesh *mesh, const struct bpf_mptcp_info *info)
{
    for (int i = 0; i < MESH_SUBFLOWS; i++) {
        struct mesh_subflow *subflow = &mesh->subflows[i];
        if (subflow->id)
            continue;
        subflow->id = info->subflow_id;
        __builtin_memcpy(subflow->local, info->local_addr, sizeof(subflow->local));
        __builtin_memcpy(subflow->remote, info->remote_addr, sizeof(subflow->remote));
        subflow->family = path_normalise(info->family, subflow->local);
        path_normalise(info->family, subflow->remote);
        return;
    }
}

static __always_inline void mesh_remove_subflow(struct mesh *mesh, __u32 id)
{
    for (int i = 0; i < MESH_SUBFLOWS; i++) {
        if (mesh->subflows[i].id == id)
            mesh->subflows[i].id = 0;
    }
}

/* Remembers an address of the peer; NULL when there is no room. */
static __always_inline struct mesh_remote *
mesh_add_remote(struct mesh *mesh, const struct bpf_mptcp_info *info, __u32 id, __be16 port)
{
    for (int i = 0; i < MESH_REMOTES; i++) {
        struct mesh_remote *remote = &mesh->remotes[i];
        if (remote->family && remote->id != id)
            continue;
        remote->id = id;
        remote->port = port;
        __builtin_memcpy(remote->address, info->remote_addr, sizeof(remote->address));
        remote->family = path_normalise(info->family, remote->address);
        return remote;
    }
    return NULL;
}

static __always_inline void mesh_begin(struct bpf_sock_ops *context,
                                       const struct bpf_mptcp_info *info, bool ready)
{
    __u32 zero = 0, token = info->token;
    const struct mesh *blank = bpf_map_lookup_elem(&blank_mesh, &zero);
    if (!blank || bpf_map_update_elem(&meshes, &token, blank, BPF_ANY) != 0)
        return;
    struct mesh *mesh = bpf_map_lookup_elem(&meshes, &token);
    if (!mesh)
        return;
    mesh->ready = ready;
    mesh->since_ns = bpf_ktime_get_ns();
    mesh_add_subflow(mesh, info);
    if (!(info->flags & MPTCP_F_DENY_JOIN_ID0))
        mesh_add_remote(mesh, info, 0, 0);
    bpf_mptcp_watch_addresses(bpf_cast_to_kern_ctx(context), true);
}

static __always_inline void mesh_local_removed(struct bpf_sock_ops *context, struct mesh *mesh,
                                               const struct bpf_mptcp_info *info)
{
    for (int i = 0; i < MESH_SUBFLOWS; i++) {
        struct mesh_subflow *subflow = &mesh->subflows[i];
        if (subflow->id && subflow->family == info->family &&
            mesh_same(subflow->local, info->local_addr))
            path_close(context, subflow->id);
    }
}

/* One of the events of MPTCP, from MPTCP_ESTABLISHED's mesh_begin() on. */
static __always_inline void mesh_event(struct bpf_sock_ops *context,
                                       const struct bpf_mptcp_info *info)
{
    __u32 token = info->token, event = context->args[0];
    struct mesh *mesh = bpf_map_lookup_elem(&meshes, &token);
    struct path_address from = {.family = info->family};
    struct mesh_remote *to;

    if (!mesh)
        return;
    switch (event) {
    case MPTCP_CLOSED:
        bpf_map_delete_elem(&meshes, &token);
        break;
    case MPTCP_ANNOUNCED:
        to = mesh_add_remote(mesh, info, info->remote_id, info->remote_port);
        if (to && mesh->ready)
            mesh_to(context, to);
        break;
    case MPTCP_REMOVED:
        for (int i = 0; i < MESH_REMOTES; i++) {
            if (mesh->remotes[i].id == info->remote_id)
                mesh->remotes[i].family = 0;
        }
        break;
    case MPTCP_SUB_ESTABLISHED:
        mesh_add_subflow(mesh, info);
        break;
    case MPTCP_SUB_CLOSED:
        mesh_remove_subflow(mesh, info->subflow_id);
        break;
    case MPTCP_LOCAL_ADDED:
        __builtin_memcpy(from.address, info->local_addr, sizeof(from.address));
        if (mesh_local_changed(context, info) && mesh->ready)
            mesh_from(context, mesh, &from);
        break;
    case MPTCP_LOCAL_REMOVED:
        mesh_local_changed(context, info);
        mesh_local_removed(context, mesh, info);
        break;
    }
}

#endif
