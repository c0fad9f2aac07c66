// SPDX-License-Identifier: GPL-2.0-or-later
/* path.c - see path.h. */
#include "bpf/load/path.h"

#include <bpf/libbpf.h>
#include <poll.h>
#include <unistd.h>

#include "bpf/load/addresses.h"
#include "bpf/load/follow.h"
#include "bpf/load/kernel.h"
#include "bpf/load/loaded.h"
#include "bpf/load/pm_netlink.h"
#include "bpf/load/prefix.h"
#include "member.skel.h"
#include "wire/command.h"

enum { LOOK_MS = 200 }; /* how soon an unloaded program's process ends */

const void *path_image_stock(size_t *size)
{
    return member_bpf__elf_bytes(size);
}

bool path_check(const char *local, GError **error)
{
    g_autoptr(GArray) prefixes = prefixes_parse(local != NULL ? local : "", error);

    if (prefixes == NULL) {
        g_prefix_error(error, "--set " PATH_LOCAL ": ");
        return false;
    }
    if (kernel_is_patched() || pm_is_userspace())
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                "this kernel is not patched, and its MPTCP connections are not for user space to "
                "manage: sysctl -w net.mptcp.pm_type=1 (for all that begin in this network "
                "namespace from then on)");
    return false;
}

static GArray *read_local(const char *local)
{
    g_autoptr(GArray) prefixes = prefixes_parse(local, NULL);
    return addresses_read(prefixes);
}

bool path_prepare(struct bpf_object *object, const char *local, GError **error)
{
    struct bpf_map *map = bpf_object__find_map_by_name(object, LOCAL_ADDRESSES_MAP);
    if (map == NULL) /* the stock kernel's way */
        return true;
    g_autoptr(GArray) addresses = read_local(local);
    int result = addresses_store(bpf_map__fd(map), addresses);

    if (result != 0)
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot fill the map of local addresses: %s",
                    g_strerror(-result));
    return result == 0;
}

static void keep_addresses(const struct follow *follow, const char *local)
{
    int map = loaded_map_open(follow->program_id, LOCAL_ADDRESSES_MAP);
    int watch = addresses_watch();

    /* What changed between filling the map and watching is seen now. */
    for (bool look = true; map >= 0 && watch >= 0 && !follow_ended(follow);
         look = addresses_changed(watch)) {
        struct pollfd wait = {.fd = watch, .events = POLLIN};
        if (look) {
            g_autoptr(GArray) addresses = read_local(local);
            addresses_store(map, addresses);
        }
        poll(&wait, 1, LOOK_MS);
    }
    if (map >= 0)
        close(map);
    if (watch >= 0)
        close(watch);
}

void path_follow(const struct follow *follow, const struct manage_policy *policy)
{
    if (!kernel_is_patched())
        manage_run(follow, policy);
    else if (policy->local != NULL)
        keep_addresses(follow, policy->local);
}

char *path_way(void)
{
    return g_strdup(
        kernel_is_patched()
            ? "in the kernel, by functions of the patched kernel"
            : "by netlink, from a process in the background: this kernel is not patched");
}
