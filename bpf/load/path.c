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

/* The text of that parameter, NULL where the row has none. */
static const char *local_of(const struct program *program, const struct values *values)
{
    int local = parameter_index(program, PATH_LOCAL);
    return local >= 0 ? values->text[local] : NULL;
}

bool path_check(const struct program *program, const struct values *values,
                const struct option_set *options, GError **error)
{
    const char *local = local_of(program, values);
    g_autoptr(GArray) prefixes = prefixes_parse(local != NULL ? local : "", error);

    (void)options;

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

bool path_prepare(const struct program *program, struct bpf_object *object,
                  const struct values *values, const struct option_set *options, GError **error)
{
    const char *local = local_of(program, values);
    struct bpf_map *map = bpf_object__find_map_by_name(object, LOCAL_ADDRESSES_MAP);

    (void)options;
    if (map == NULL || local == NULL) /* the stock kernel's way, or one that needs none */
        return true;
    if (!prefixes_fill(bpf_object__find_map_by_name(object, LOCAL_PREFIXES_MAP),
                       *local != '\0' ? local : "::/0", error))
        return false;
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

    follow_listens(follow);
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

void path_follow(const struct program *program, const struct follow *follow,
                 const struct values *values)
{
    const struct path_traits *traits = program->traits;
    struct manage_policy policy = {.kind = traits->kind, .local = local_of(program, values)};

    if (traits->same != NULL)
        policy.same = values->number[parameter_index(program, traits->same)] - traits->same_less;
    if (!kernel_is_patched())
        manage_run(follow, &policy);
    else if (policy.local != NULL)
        keep_addresses(follow, policy.local);
}

char *path_way(const struct program *program, const struct values *values)
{
    (void)program;
    (void)values;
    return g_strdup(
        kernel_is_patched()
            ? "in the kernel, by functions of the patched kernel"
            : "by netlink, from a process in the background: this kernel is not patched");
}
