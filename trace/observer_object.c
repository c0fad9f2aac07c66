// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_object.c - see observer_object.h. */
#include "trace/observer_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "trace/error.h"
#include "trace/observer.h"

/* After the types that stand in them. */
#include "observer.skel.h"
#include "observer_ringbuf.skel.h"

enum {
    MAPS_MAX = 16,
    SLOT_ROOM = 256, /* octets of the ring buffer for what a slot would hold */
    BUFFER_MOST = 64 << 20,
#ifdef __x86_64__
    STORES_IN_ORDER = true,
#else
    STORES_IN_ORDER = false,
#endif
};

struct observer_object {
    struct bpf_object *object;
    unsigned slots;
};

/* libbpf's own words, the verifier's log among them, only for who asks for them. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return g_getenv("OPTRAIL_BPF_LOG") != NULL ? vfprintf(stderr, format, arguments) : 0;
}

static struct bpf_map *map_of(const struct observer_object *object, const char *name)
{
    return bpf_object__find_map_by_name(object->object, name);
}

static struct bpf_object *open_object(bool rings)
{
    LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = OPTRAIL_PIN_DIR,
                .object_name = "observer");
    size_t size;
    const void *octets =
        rings ? observer_bpf__elf_bytes(&size) : observer_ringbuf_bpf__elf_bytes(&size);
    return bpf_object__open_mem(octets, size, &options);
}

/* Sizes the maps that all objects of a recorder share, or shares them. */
static int set_maps(const struct observer_object *object, const struct observer_object *first,
                    const struct observer_object_settings *settings, size_t buffer)
{
    struct bpf_map *rings = map_of(object, "rings"), *events = map_of(object, "events");
    int code;
    if (first != NULL) {
        code = bpf_map__reuse_fd(rings, observer_object_rings(first));
        return code != 0 ? code : bpf_map__reuse_fd(events, observer_object_events(first));
    }
    code = bpf_map__set_value_size(rings, (__u32)OBSERVER_RING_SIZE((size_t)object->slots));
    if (code == 0)
        code = bpf_map__set_max_entries(rings, settings->cpus);
    if (code == 0 && object->slots == 0)
        code = bpf_map__set_max_entries(events, (__u32)buffer);
    return code;
}

/* Octets of the ring buffer that takes the place of all rings: a power of two. */
static size_t buffer_size(const struct observer_object_settings *settings)
{
    size_t wanted = (size_t)settings->slots * SLOT_ROOM * settings->cpus, size = 1 << 16;
    while (size < wanted && size < BUFFER_MOST)
        size *= 2;
    return size;
}

struct observer_object *observer_object_load(const struct observer_object_settings *settings,
                                             const struct observer_object *first, GError **error)
{
    const struct observer_features *features = settings->features;
    size_t buffer = buffer_size(settings);
    libbpf_set_print(print_libbpf);
    struct observer_object *object = g_new0(struct observer_object, 1);
    object->slots = features->fetch_atomics ? settings->slots : 0;
    object->object = open_object(features->fetch_atomics);
    int code = object->object != NULL ? 0 : -errno;
    if (code == 0) {
        const struct observer_constants constants = {
            .recorder_pid = (__u32)getpid(),
            .cgroup_index = settings->cgroup_index,
            .slot_mask = settings->slots - 1,
            .wakeup = features->fetch_atomics ? settings->slots / 2 : (__u32)(buffer / 2),
            .netns_cookie = features->netns_cookie,
            .mptcp_token = features->mptcp_token,
            .kernel_context = features->kernel_context,
            .stores_in_order = STORES_IN_ORDER,
            .every_duration = settings->every_duration,
            .defers_time = features->fetch_atomics,
        };
        code = bpf_map__set_initial_value(map_of(object, ".rodata"), &constants, sizeof(constants));
    }
    if (code == 0)
        code = set_maps(object, first, settings, buffer);
    if (code == 0)
        code = bpf_object__load(object->object);
    if (code == 0)
        return object;
    observer_object_free(object);
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "loading the observers: %s%s",
                g_strerror(-code),
                code == -EPERM    ? "; it needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
                : code == -ENOMEM ? "; their rings take much memory at once, see --ring-size"
                                  : "; it needs kernel 5.10 with BTF (/sys/kernel/btf/vmlinux); "
                                    "OPTRAIL_BPF_LOG=1 shows what the kernel says");
    return NULL;
}

void observer_object_free(struct observer_object *object)
{
    if (object == NULL)
        return;
    bpf_object__close(object->object);
    g_free(object);
}

int observer_object_program(const struct observer_object *object, enum observer_program which)
{
    static const char *const names[] = {
        [OBSERVER_ENTRY_PROGRAM] = "optrail_entry",
        [OBSERVER_EXIT_PROGRAM] = "optrail_exit",
        [OBSERVER_EXIT_B_PROGRAM] = "optrail_exit_b",
    };
    return bpf_program__fd(bpf_object__find_program_by_name(object->object, names[which]));
}

int observer_object_rings(const struct observer_object *object)
{
    return bpf_map__fd(map_of(object, "rings"));
}

int observer_object_events(const struct observer_object *object)
{
    return bpf_map__fd(map_of(object, "events"));
}

int observer_object_control(const struct observer_object *object)
{
    return bpf_map__fd(map_of(object, REPORT_CONTROL_MAP));
}

unsigned observer_object_slots(const struct observer_object *object)
{
    return object->slots;
}

uint32_t observer_program_id(int program)
{
    struct bpf_prog_info info = {0};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(program, &info, &length) == 0 ? info.id : 0;
}

/* The constants in a map, if it is one of a loaded object's. */
static bool read_constants(__u32 map_id, struct observer_constants *constants)
{
    struct bpf_map_info map = {0};
    __u32 length = sizeof(map);
    const __u32 zero = 0;
    int fd = bpf_map_get_fd_by_id(map_id);
    if (fd < 0)
        return false;
    bool found = bpf_obj_get_info_by_fd(fd, &map, &length) == 0 &&
                 g_str_has_suffix(map.name, ".rodata") && map.value_size == sizeof(*constants) &&
                 bpf_map_lookup_elem(fd, &zero, constants) == 0;
    close(fd);
    return found;
}

pid_t observer_program_owner(uint32_t id)
{
    __u32 map_ids[MAPS_MAX] = {0}, length;
    struct bpf_prog_info info = {
        .nr_map_ids = MAPS_MAX,
        .map_ids = (__u64)(uintptr_t)map_ids,
    };
    struct observer_constants constants;
    pid_t owner = 0;
    int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0)
        return 0;
    length = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 &&
        strcmp(info.name, "optrail_entry") == 0) {
        for (__u32 i = 0; i < MIN(info.nr_map_ids, (__u32)MAPS_MAX) && owner == 0; i++) {
            if (read_constants(map_ids[i], &constants))
                owner = (pid_t)constants.recorder_pid;
        }
    }
    close(fd);
    return owner;
}
