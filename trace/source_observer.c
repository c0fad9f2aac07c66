// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source_observer.c - hook records from the two observer programs (observer.bpf.c).
 *
 * One pair of observers is loaded per watched cgroup; they share the rings. They hang on bpf_links,
 * which the kernel takes away when this process ends, however it ends. Only kernels 6.15 and 6.16
 * know BPF_F_PREORDER but not for links: there the entry observer is attached to the cgroup itself
 * and would outlive a kill; the next recorder takes it away.
 *
 * The exit observer has to run after the programs. Those of the same cgroup run in the order in
 * which they were attached, before those of the cgroups above; so when a program appears behind
 * the exit observer, its other copy is attached and the first detached.
 */
#include "trace/source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "observer.skel.h"
#include "trace/error.h"
#include "trace/observer_kernel.h"
#include "trace/observer_event.h"
#include "trace/observer_ring.h"

enum {
    PREORDER = 0x40, /* BPF_F_PREORDER of linux/bpf.h since 6.15 */
    PROGRAMS_MAX = 64,
    POLL_EVENTS = 20000, /* of a CPU: then it is time to write and to look for signals */
    SLOT_ROOM = 256,     /* reckoned for a slot: rings have powers of two of them */
    SLOTS_ALL = (64 << 20) / SLOT_ROOM,
    SLOTS_LEAST = (256 << 10) / SLOT_ROOM,
    SLOTS_MOST = (2 << 20) / SLOT_ROOM,
#ifdef __x86_64__
    STORES_IN_ORDER = true,
#else
    STORES_IN_ORDER = false,
#endif
};

struct watch { /* one cgroup */
    struct observers *all;
    char *path;
    uint64_t id;
    int cgroup; /* descriptor */
    struct observer_bpf *bpf;
    int entry_link;      /* -1: none */
    bool entry_attached; /* without a link */
    int exit_link;       /* of the copy that is attached; -1: none */
    unsigned copy;       /* which copy that is */
    __u32 exit_id[2];    /* program ids of the copies */
    __u32 entry_id;
    GHashTable *settled; /* ids of programs behind the exit observer that were dealt with */
};

struct observers {
    GPtrArray *watches; /* struct watch */
    struct ring_buffer *wake;
    struct observer_rings *rings;
    void *memory; /* of the rings; NULL: not mapped */
    size_t size;
    int control_map;
    unsigned cpus, slots; /* CPUs there may be, and slots of the ring of each */
    uint32_t *lost;       /* per CPU, as the last event from there said */
    bool registered;
    const struct source_sink *sink; /* during poll */
};

/* --- programs on a cgroup ------------------------------------------------------------------- */

/* The ids of the programs of a cgroup, in the order in which they run when `effective`. */
static __u32 query_programs(const struct watch *watch, bool effective, __u32 ids[PROGRAMS_MAX])
{
    __u32 n = PROGRAMS_MAX, flags = 0;
    int code = bpf_prog_query(watch->cgroup, BPF_CGROUP_SOCK_OPS,
                              effective ? BPF_F_QUERY_EFFECTIVE : 0, &flags, ids, &n);
    return code == 0 || (code == -ENOSPC && n <= PROGRAMS_MAX) ? n : 0;
}

static bool is_own(const struct watch *watch, __u32 id)
{
    return id == watch->entry_id || id == watch->exit_id[0] || id == watch->exit_id[1];
}

/* The name of a program; false when it is gone. */
static bool program_name(__u32 id, char name[BPF_OBJ_NAME_LEN + 1], struct bpf_prog_info *info,
                         int *fd)
{
    __u32 length = sizeof(*info);
    *fd = bpf_prog_get_fd_by_id(id);
    if (*fd < 0)
        return false;
    if (bpf_obj_get_info_by_fd(*fd, info, &length) != 0) {
        close(*fd);
        return false;
    }
    g_strlcpy(name, info->name, BPF_OBJ_NAME_LEN + 1);
    return true;
}

/* "12 cc, 13 uto" of the programs that are not observers; "none". */
static char *list_programs(const struct watch *watch)
{
    __u32 ids[PROGRAMS_MAX];
    __u32 n = query_programs(watch, true, ids);
    GString *list = g_string_new(NULL);
    for (__u32 i = 0; i < n; i++) {
        char name[BPF_OBJ_NAME_LEN + 1] = "";
        struct bpf_prog_info info = {0};
        int fd;
        if (is_own(watch, ids[i]) || !program_name(ids[i], name, &info, &fd))
            continue;
        close(fd);
        if (!g_str_has_prefix(name, "optrail_e"))
            g_string_append_printf(list, "%s%u %s", list->len > 0 ? ", " : "", ids[i], name);
    }
    if (list->len == 0)
        g_string_append(list, "none");
    return g_string_free(list, FALSE);
}

/* The pid in the read-only data of an entry observer that is attached; 0 when it is none. */
static pid_t entry_observer_owner(__u32 id)
{
    char name[BPF_OBJ_NAME_LEN + 1] = "";
    struct bpf_prog_info info = {0};
    __u32 map_ids[16] = {0};
    pid_t owner = 0;
    int fd;
    if (!program_name(id, name, &info, &fd))
        return 0;
    if (strcmp(name, "optrail_entry") == 0) {
        struct bpf_prog_info with_maps = {
            .nr_map_ids = G_N_ELEMENTS(map_ids),
            .map_ids = (__u64)(uintptr_t)map_ids,
        };
        __u32 length = sizeof(with_maps);
        struct observer_bpf__rodata rodata;
        if (bpf_obj_get_info_by_fd(fd, &with_maps, &length) == 0) {
            for (__u32 i = 0; i < MIN(with_maps.nr_map_ids, G_N_ELEMENTS(map_ids)); i++) {
                struct bpf_map_info map = {0};
                __u32 map_length = sizeof(map);
                const __u32 zero = 0;
                int map_fd = bpf_map_get_fd_by_id(map_ids[i]);
                if (map_fd < 0)
                    continue;
                if (bpf_obj_get_info_by_fd(map_fd, &map, &map_length) == 0 &&
                    g_str_has_suffix(map.name, ".rodata") && map.value_size == sizeof(rodata) &&
                    bpf_map_lookup_elem(map_fd, &zero, &rodata) == 0)
                    owner = (pid_t)rodata.recorder_pid;
                close(map_fd);
            }
        }
    }
    close(fd);
    return owner;
}

/* Takes away entry observers whose recorder was killed (those that hang on no link). */
static void clean_stale(const struct watch *watch)
{
    __u32 ids[PROGRAMS_MAX];
    __u32 n = query_programs(watch, false, ids);
    for (__u32 i = 0; i < n; i++) {
        pid_t owner = entry_observer_owner(ids[i]);
        if (owner <= 0 || kill(owner, 0) == 0 || errno != ESRCH)
            continue;
        int fd = bpf_prog_get_fd_by_id(ids[i]);
        if (fd >= 0) {
            bpf_prog_detach2(fd, watch->cgroup, BPF_CGROUP_SOCK_OPS);
            close(fd);
        }
    }
}

/* --- attaching ---------------------------------------------------------------------------------- */

static struct bpf_program *exit_program(const struct watch *watch, unsigned copy)
{
    return copy == 0 ? watch->bpf->progs.optrail_exit : watch->bpf->progs.optrail_exit_b;
}

static __u32 program_id(const struct bpf_program *program)
{
    struct bpf_prog_info info = {0};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) == 0 ? info.id : 0;
}

static int link_program(const struct watch *watch, const struct bpf_program *program, __u32 flags)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    return bpf_link_create(bpf_program__fd(program), watch->cgroup, BPF_CGROUP_SOCK_OPS, &options);
}

/* Attaches the entry observer if this kernel can run it first. */
static void attach_entry(struct watch *watch)
{
    const struct bpf_program *program = watch->bpf->progs.optrail_entry;
    watch->entry_link = link_program(watch, program, PREORDER);
    if (watch->entry_link >= 0)
        return;
    watch->entry_link = -1;
    LIBBPF_OPTS(bpf_prog_attach_opts, options, .flags = BPF_F_ALLOW_MULTI | PREORDER);
    watch->entry_attached = bpf_prog_attach_opts(bpf_program__fd(program), watch->cgroup,
                                                 BPF_CGROUP_SOCK_OPS, &options) == 0;
}

enum behind {
    BEHIND_NOTHING,
    BEHIND_SAME,  /* programs of the same cgroup: attaching the exit observer again helps */
    BEHIND_ABOVE, /* programs of cgroups above */
};

/*
 * What runs after the exit observer, of what was not dealt with before. Each program is looked at
 * once: two recorders on one cgroup would otherwise take turns in being the last.
 */
static enum behind look_behind(struct watch *watch)
{
    __u32 effective[PROGRAMS_MAX], own[PROGRAMS_MAX];
    __u32 n = query_programs(watch, true, effective);
    __u32 n_own = query_programs(watch, false, own);
    enum behind behind = BEHIND_NOTHING;
    bool seen = false;
    for (__u32 i = 0; i < n; i++) {
        if (effective[i] == watch->exit_id[watch->copy]) {
            seen = true;
            continue;
        }
        if (!seen || is_own(watch, effective[i]) ||
            !g_hash_table_add(watch->settled, GUINT_TO_POINTER(effective[i])))
            continue;
        bool same = false;
        for (__u32 k = 0; k < n_own; k++)
            same = same || own[k] == effective[i];
        if (behind != BEHIND_SAME)
            behind = same ? BEHIND_SAME : BEHIND_ABOVE;
    }
    return behind;
}

static int attach_exit_last(struct watch *watch)
{
    unsigned next = watch->exit_link >= 0 ? 1 - watch->copy : watch->copy;
    watch->bpf->bss->overlap = watch->exit_link >= 0;
    int link = link_program(watch, exit_program(watch, next), 0);
    if (link >= 0) {
        if (watch->exit_link >= 0)
            close(watch->exit_link);
        watch->exit_link = link;
        watch->copy = next;
    }
    /* Invocations that began with both copies end within a moment. */
    if (watch->bpf->bss->overlap) {
        g_usleep(1000);
        watch->bpf->bss->overlap = 0;
    }
    return link >= 0 ? 0 : -errno;
}

static void watch_free(void *data)
{
    struct watch *watch = data;
    if (watch->exit_link >= 0)
        close(watch->exit_link);
    if (watch->entry_link >= 0)
        close(watch->entry_link);
    if (watch->entry_attached)
        bpf_prog_detach2(bpf_program__fd(watch->bpf->progs.optrail_entry), watch->cgroup,
                         BPF_CGROUP_SOCK_OPS);
    observer_bpf__destroy(watch->bpf);
    if (watch->cgroup >= 0)
        close(watch->cgroup);
    g_hash_table_unref(watch->settled);
    g_free(watch->path);
    g_free(watch);
}

static void on_event(void *user, unsigned cpu, const struct observer_event *event, size_t size)
{
    struct observers *all = user;
    struct hook_record record;
    uint64_t dropped = 0;
    if (!observer_event_record(event, size, &record))
        return;
    if (event->cgroup < all->watches->len)
        record.cgroup_id = ((struct watch *)all->watches->pdata[event->cgroup])->id;
    record.cpu = (uint16_t)cpu;
    /* An invocation that was interrupted may say less than the one behind it. */
    uint32_t more = event->lost - all->lost[cpu];
    if (more > 0 && more < UINT32_MAX / 2) {
        dropped = more;
        all->lost[cpu] = event->lost;
    }
    all->sink->hook(all->sink->user, &record, dropped);
}

/* What wakes the recorder carries nothing. */
static int on_wake(void *user, void *data, size_t size)
{
    (void)user;
    (void)data;
    (void)size;
    return 0;
}

/* libbpf's own words, the verifier's log among them, only for who asks for them. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return g_getenv("OPTRAIL_BPF_LOG") != NULL ? vfprintf(stderr, format, arguments) : 0;
}

/* Opens a folder of cgroup2, by its full path. */
static struct watch *watch_new(const char *path, GError **error)
{
    struct statfs fs;
    struct stat status;
    g_autofree char *full = realpath(path, NULL);
    int fd = full != NULL ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "--cgroup %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    if (fstatfs(fd, &fs) != 0 || (unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC ||
        fstat(fd, &status) != 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT,
                    "--cgroup %s: not a folder of cgroup v2; `mount -t cgroup2` shows where it is",
                    path);
        close(fd);
        return NULL;
    }
    struct watch *watch = g_new0(struct watch, 1);
    watch->path = g_steal_pointer(&full);
    watch->id = status.st_ino; /* the cgroup id, as bpf_get_current_cgroup_id() gives it */
    watch->cgroup = fd;
    watch->entry_link = watch->exit_link = -1;
    watch->settled = g_hash_table_new(NULL, NULL);
    return watch;
}

/* Sizes the maps that all watches share, or shares them. */
static int set_maps(const struct watch *watch, const struct watch *first)
{
    const struct observers *all = watch->all;
    if (first == NULL) {
        int code =
            bpf_map__set_value_size(watch->bpf->maps.rings, (__u32)observer_ring_size(all->slots));
        return code != 0 ? code : bpf_map__set_max_entries(watch->bpf->maps.rings, all->cpus);
    }
    int code = bpf_map__reuse_fd(watch->bpf->maps.rings, bpf_map__fd(first->bpf->maps.rings));
    return code != 0 ? code
                     : bpf_map__reuse_fd(watch->bpf->maps.wake, bpf_map__fd(first->bpf->maps.wake));
}

static bool load(struct watch *watch, const struct watch *first, uint32_t index,
                 const struct source_settings *settings, const struct observer_features *features,
                 GError **error)
{
    unsigned slots = watch->all->slots;
    int code;
    LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = OPTRAIL_PIN_DIR);
    watch->bpf = observer_bpf__open_opts(&options);
    if (watch->bpf == NULL) {
        code = -errno;
        goto fail;
    }
    watch->bpf->rodata->cgroup_index = index;
    watch->bpf->rodata->recorder_pid = (__u32)getpid();
    watch->bpf->rodata->has_netns_cookie = features->netns_cookie;
    watch->bpf->rodata->has_mptcp_token = features->mptcp_token;
    watch->bpf->rodata->has_kernel_context = features->kernel_context;
    watch->bpf->rodata->stores_in_order = STORES_IN_ORDER;
    watch->bpf->rodata->every_duration = settings->every_duration;
    watch->bpf->rodata->slot_mask = slots - 1;
    watch->bpf->rodata->wakeup_slots = slots / 2;
    code = set_maps(watch, first);
    if (code == 0)
        code = observer_bpf__load(watch->bpf);
    if (code == 0) {
        watch->entry_id = program_id(watch->bpf->progs.optrail_entry);
        watch->exit_id[0] = program_id(watch->bpf->progs.optrail_exit);
        watch->exit_id[1] = program_id(watch->bpf->progs.optrail_exit_b);
        return true;
    }
fail:
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "loading the observers: %s%s",
                g_strerror(-code),
                code == -EPERM ? "; it needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
                               : "; it needs kernel 5.12 with BTF (/sys/kernel/btf/vmlinux); "
                                 "OPTRAIL_BPF_LOG=1 shows what the kernel says");
    return false;
}

/* True when `path` is `above` or lies below it. */
static bool lies_below(const char *path, const char *above)
{
    size_t length = strlen(above);
    return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* Leaves out cgroups that lie below another watched one, so that an invocation is seen once. */
static void drop_covered(GPtrArray *watches, GPtrArray *report)
{
    for (guint i = 0; i < watches->len;) {
        struct watch *watch = watches->pdata[i];
        bool covered = false;
        for (guint k = 0; k < watches->len && !covered; k++) {
            struct watch *other = watches->pdata[k];
            if (k != i && lies_below(watch->path, other->path) &&
                (k < i || watch->id != other->id)) {
                g_ptr_array_add(report, g_strdup_printf("hooks: %s lies in %s and is seen there",
                                                        watch->path, other->path));
                covered = true;
            }
        }
        if (covered)
            g_ptr_array_remove_index(watches, i);
        else
            i++;
    }
}

static void observer_detach(void *source)
{
    struct observers *all = source;
    if (all == NULL)
        return;
    if (all->registered)
        observer_lease(all->control_map, -1);
    ring_buffer__free(all->wake);
    if (all->memory != NULL)
        munmap(all->memory, all->size);
    g_free(all->rings);
    g_ptr_array_unref(all->watches);
    g_free(all->lost);
    g_free(all);
}

static void say_what_is_used(const struct observers *all, const struct observer_features *features,
                             GPtrArray *report)
{
    bool entry = true;
    for (guint i = 0; i < all->watches->len; i++) {
        struct watch *watch = all->watches->pdata[i];
        g_autofree char *programs = list_programs(watch);
        entry = entry && (watch->entry_link >= 0 || watch->entry_attached);
        g_ptr_array_add(report, g_strdup_printf("hooks: observers in cgroup %s (id %" PRIu64
                                                "), around the programs: %s",
                                                watch->path, watch->id, programs));
        if (look_behind(watch) == BEHIND_ABOVE)
            g_ptr_array_add(report, g_strdup_printf("cannot see: what programs of cgroups above "
                                                    "%s do after the observers",
                                                    watch->path));
    }
    if (!entry)
        g_ptr_array_add(report, g_strdup("cannot see: options before the programs ran, durations, "
                                         "arguments that a reply overwrote (kernel without "
                                         "BPF_F_PREORDER)"));
    if (!features->kernel_context)
        g_ptr_array_add(report, g_strdup("cannot see: reserved octets, unless the program says "
                                         "(kernel without bpf_cast_to_kern_ctx)"));
    if (!features->mptcp_token)
        g_ptr_array_add(report, g_strdup("cannot see: MPTCP tokens (kernel without "
                                         "bpf_skc_to_mptcp_sock)"));
    if (!features->netns_cookie)
        g_ptr_array_add(report, g_strdup("cannot see: network namespaces of hooks (kernel without "
                                         "bpf_get_netns_cookie for sock_ops)"));
    g_ptr_array_add(report, g_strdup("reports: programs of optrail say what they did"));
}

/* 64 MiB for all CPUs, but 256 KiB at least and 2 MiB at most for each. */
static unsigned usual_slots(unsigned cpus)
{
    unsigned slots = SLOTS_MOST;
    while (slots > SLOTS_LEAST && slots > SLOTS_ALL / cpus)
        slots /= 2;
    return slots;
}

/* Loads the observers of all watches, maps their rings, and makes this recorder known. */
static bool load_all(struct observers *all, const struct source_settings *settings,
                     const struct observer_features *features, GError **error)
{
    const struct watch *first = all->watches->pdata[0];
    all->cpus = (unsigned)MAX(libbpf_num_possible_cpus(), 1);
    all->slots = settings->ring != 0 ? settings->ring / SLOT_ROOM : usual_slots(all->cpus);
    all->lost = g_new0(uint32_t, all->cpus);
    for (guint i = 0; i < all->watches->len; i++) {
        if (!load(all->watches->pdata[i], i > 0 ? first : NULL, i, settings, features, error))
            return false;
    }
    all->size = observer_ring_size(all->slots) * all->cpus;
    void *memory = mmap(NULL, all->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                        bpf_map__fd(first->bpf->maps.rings), 0);
    if (memory != MAP_FAILED)
        all->wake = ring_buffer__new(bpf_map__fd(first->bpf->maps.wake), on_wake, NULL, NULL);
    if (all->wake == NULL) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "rings of events: %s",
                    g_strerror(errno));
        if (memory != MAP_FAILED)
            munmap(memory, all->size);
        return false;
    }
    all->memory = memory;
    all->rings = observer_rings_new(memory, all->cpus, all->slots);
    all->control_map = bpf_map__fd(first->bpf->maps.optrail_control);
    observer_lease(all->control_map, 1);
    all->registered = true;
    return true;
}

static void *observer_attach(const struct source_settings *settings, GPtrArray *report,
                             GError **error)
{
    libbpf_set_print(print_libbpf);
    struct observers *all = g_new0(struct observers, 1);
    all->watches = g_ptr_array_new_with_free_func(watch_free);
    for (size_t i = 0; settings->cgroups[i] != NULL; i++) {
        struct watch *watch = watch_new(settings->cgroups[i], error);
        if (watch == NULL)
            goto fail;
        watch->all = all;
        g_ptr_array_add(all->watches, watch);
    }
    drop_covered(all->watches, report);
    if (all->watches->len == 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "no cgroup to watch");
        goto fail;
    }

    struct observer_features features = observer_features_probe();
    /* Until this recorder is counted, who unloads a program could tidy away the maps it found. */
    int lock = optrail_pin_dir_lock();
    if (lock < 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "%s: %s%s", OPTRAIL_PIN_DIR,
                    g_strerror(-lock),
                    lock == -EPERM || lock == -EACCES
                        ? "; watching cgroups needs root (or --no-packets and -i are not needed)"
                        : "; the BPF file system has to be there");
        goto fail;
    }
    bool loaded = load_all(all, settings, &features, error);
    close(lock);
    if (!loaded)
        goto fail;
    int code;
    for (guint i = 0; i < all->watches->len; i++) {
        struct watch *watch = all->watches->pdata[i];
        clean_stale(watch);
        attach_entry(watch);
        code = attach_exit_last(watch);
        if (code != 0) {
            g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "--cgroup %s: %s%s", watch->path,
                        g_strerror(-code),
                        code == -EPERM ? "; a program above it may forbid others "
                                         "(bpftool cgroup tree shows it)"
                                       : "");
            goto fail;
        }
    }
    say_what_is_used(all, &features, report);
    return all;
fail:
    observer_detach(all);
    return NULL;
}

static int observer_fd(void *source)
{
    struct observers *all = source;
    return ring_buffer__epoll_fd(all->wake);
}

static int observer_poll(void *source, const struct source_sink *sink)
{
    struct observers *all = source;
    all->sink = sink;
    ring_buffer__consume(all->wake);
    return (int)observer_rings_fetch(all->rings, POLL_EVENTS, on_event, all);
}

static uint64_t observer_complete_ns(void *source)
{
    const struct observers *all = source;
    return observer_rings_complete_ns(all->rings);
}

static char *observer_tend(void *source)
{
    struct observers *all = source;
    char *said = NULL;
    observer_lease(all->control_map, 0);
    for (guint i = 0; i < all->watches->len; i++) {
        struct watch *watch = all->watches->pdata[i];
        enum behind behind = look_behind(watch);
        if (behind == BEHIND_NOTHING)
            continue;
        g_free(said);
        if (behind == BEHIND_ABOVE)
            said = g_strdup_printf("a program of a cgroup above %s runs after the observers",
                                   watch->path);
        else if (attach_exit_last(watch) == 0)
            said = g_strdup_printf("a program was attached to %s; observing after it from now on",
                                   watch->path);
        else
            said = g_strdup_printf("a program was attached to %s; what it does is not seen",
                                   watch->path);
    }
    return said;
}

static void observer_stop(void *source)
{
    struct observers *all = source;
    for (guint i = 0; i < all->watches->len; i++) {
        struct watch *watch = all->watches->pdata[i];
        if (watch->exit_link >= 0)
            close(watch->exit_link);
        watch->exit_link = -1;
        if (watch->entry_link >= 0)
            close(watch->entry_link);
        watch->entry_link = -1;
    }
}

static uint64_t observer_lost(void *source)
{
    const struct observers *all = source;
    return observer_rings_lost(all->rings);
}

const struct source_ops source_observer = {
    .name = "observers",
    .attach = observer_attach,
    .fd = observer_fd,
    .poll = observer_poll,
    .complete_ns = observer_complete_ns,
    .tend = observer_tend,
    .stop = observer_stop,
    .lost = observer_lost,
    .detach = observer_detach,
};
