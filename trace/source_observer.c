// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source_observer.c - hook records from the observers: one pair of programs for each watched cgroup
 * (observer_watch.h), whose events come through shared rings (observer_ring.h), or through a ring
 * buffer of the kernel's where it is too old for those (observer_object.h).
 */
#include "trace/source.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "trace/error.h"
#include "trace/observer_event.h"
#include "trace/observer_kernel.h"
#include "trace/observer_ring.h"
#include "trace/observer_watch.h"

enum {
    POLL_EVENTS = 20000, /* of a CPU: then it is time to write and to look for signals */
    SLOT_ROOM = 256,     /* reckoned for a slot: rings have powers of two of them */
    SLOTS_ALL = (128 << 20) / SLOT_ROOM,
    SLOTS_LEAST = (256 << 10) / SLOT_ROOM,
    SLOTS_MOST = (16 << 20) / SLOT_ROOM, /* a million a second for 65 ms */
};

struct observers {
    GPtrArray *watches; /* struct observer_watch */
    struct observer_features features;
    struct ring_buffer *buffer; /* of the kernel: wakes, or carries events */
    struct observer_rings *rings;
    void *memory; /* of the rings; NULL: not mapped */
    size_t size;
    int control_map;
    unsigned cpus, slots; /* CPUs there may be, and slots of the ring of each */
    uint32_t *lost;       /* per CPU, as the last event from there said */
    bool registered;
    const struct source_sink *sink; /* during poll */
    unsigned from_buffer;           /* events that came through the buffer during poll */
    uint64_t last_ns;               /* of the last of them */
};

static void on_event(void *user, unsigned cpu, const struct observer_event *event, size_t size)
{
    struct observers *all = user;
    struct hook_record record;
    uint64_t dropped = 0;
    if (!observer_event_record(event, size, &record) || cpu >= all->cpus)
        return;
    if (event->cgroup < all->watches->len)
        record.cgroup_id = observer_watch_id(all->watches->pdata[event->cgroup]);
    record.cpu = (uint16_t)cpu;
    /* An invocation that was interrupted may say less than the one behind it. */
    uint32_t more = event->lost - all->lost[cpu];
    if (more > 0 && more < UINT32_MAX / 2) {
        dropped = more;
        all->lost[cpu] = event->lost;
    }
    all->sink->hook(all->sink->user, &record, dropped);
}

/* An event, or what wakes the recorder and carries nothing. */
static int on_buffer(void *user, void *data, size_t size)
{
    struct observers *all = user;
    const struct observer_event *event = data;
    if (size < sizeof(*event))
        return 0;
    on_event(all, event->cpu, event, size);
    all->last_ns = event->time_ns;
    return ++all->from_buffer < POLL_EVENTS ? 0 : -EAGAIN;
}

static void on_overlap(void *user, bool both)
{
    struct observers *all = user;
    observer_rings_set_overlap(all->rings, both);
}

/* Leaves out cgroups that lie below another watched one, so that an invocation is seen once. */
static void drop_covered(GPtrArray *watches, GPtrArray *report)
{
    for (guint i = 0; i < watches->len;) {
        struct observer_watch *watch = watches->pdata[i];
        bool covered = false;
        for (guint k = 0; k < watches->len && !covered; k++) {
            struct observer_watch *other = watches->pdata[k];
            if (k != i && observer_watch_is_below(watch, other) &&
                (k < i || observer_watch_id(watch) != observer_watch_id(other))) {
                g_ptr_array_add(report, g_strdup_printf("hooks: %s lies in %s and is seen there",
                                                        observer_watch_path(watch),
                                                        observer_watch_path(other)));
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
    ring_buffer__free(all->buffer);
    if (all->memory != NULL)
        munmap(all->memory, all->size);
    g_free(all->rings);
    g_ptr_array_unref(all->watches);
    g_free(all->lost);
    g_free(all);
}

static void say_what_is_used(const struct observers *all, bool entry, GPtrArray *report)
{
    const struct observer_features *features = &all->features;
    for (guint i = 0; i < all->watches->len; i++) {
        struct observer_watch *watch = all->watches->pdata[i];
        g_autofree char *programs = observer_watch_programs(watch);
        g_ptr_array_add(report, g_strdup_printf("hooks: observers in cgroup %s (id %" PRIu64
                                                "), around the programs: %s",
                                                observer_watch_path(watch),
                                                observer_watch_id(watch), programs));
        if (observer_watch_look_behind(watch) == OBSERVER_BEHIND_ABOVE)
            g_ptr_array_add(report, g_strdup_printf("cannot see: what programs of cgroups above "
                                                    "%s do after the observers",
                                                    observer_watch_path(watch)));
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
    if (!features->fetch_atomics)
        g_ptr_array_add(report, g_strdup("hooks: through one ring buffer of the kernel's (kernel "
                                         "without atomic operations that return a value)"));
    g_ptr_array_add(report, g_strdup("reports: programs of optrail say what they did"));
}

/* 128 MiB for all CPUs, but 256 KiB at least and 16 MiB at most for each. */
static unsigned usual_slots(unsigned cpus)
{
    unsigned slots = SLOTS_MOST;
    while (slots > SLOTS_LEAST && slots > SLOTS_ALL / cpus)
        slots /= 2;
    return slots;
}

/* Loads the observers of all watches, maps their rings, and makes this recorder known. */
static bool load_all(struct observers *all, const struct source_settings *settings, GError **error)
{
    const struct observer_object *first = NULL;
    all->cpus = (unsigned)MAX(libbpf_num_possible_cpus(), 1);
    all->slots = settings->ring != 0 ? settings->ring / SLOT_ROOM : usual_slots(all->cpus);
    all->lost = g_new0(uint32_t, all->cpus);
    for (guint i = 0; i < all->watches->len; i++) {
        const struct observer_object_settings object_settings = {
            .features = &all->features,
            .cgroup_index = i,
            .cpus = all->cpus,
            .slots = all->slots,
            .every_duration = settings->every_duration,
        };
        struct observer_object *object = observer_object_load(&object_settings, first, error);
        if (object == NULL)
            return false;
        observer_watch_set_object(all->watches->pdata[i], object);
        first = first != NULL ? first : object;
    }
    all->slots = observer_object_slots(first);
    all->size = observer_ring_size(all->slots) * all->cpus;
    void *memory =
        mmap(NULL, all->size, PROT_READ | PROT_WRITE, MAP_SHARED, observer_object_rings(first), 0);
    if (memory != MAP_FAILED)
        all->buffer = ring_buffer__new(observer_object_events(first), on_buffer, all, NULL);
    if (all->buffer == NULL) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "rings of events: %s",
                    g_strerror(errno));
        if (memory != MAP_FAILED)
            munmap(memory, all->size);
        return false;
    }
    all->memory = memory;
    all->rings = observer_rings_new(memory, all->cpus, all->slots);
    all->control_map = observer_object_control(first);
    observer_lease(all->control_map, 1);
    all->registered = true;
    return true;
}

/* Opens the watched cgroups, each once. */
static bool open_watches(struct observers *all, const struct source_settings *settings,
                         GPtrArray *report, GError **error)
{
    for (size_t i = 0; settings->cgroups[i] != NULL; i++) {
        struct observer_watch *watch = observer_watch_new(settings->cgroups[i], error);
        if (watch == NULL)
            return false;
        g_ptr_array_add(all->watches, watch);
    }
    drop_covered(all->watches, report);
    if (all->watches->len > 0)
        return true;
    g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "no cgroup to watch");
    return false;
}

/* Loads while nobody else can tidy away the maps that are found. */
static bool load_locked(struct observers *all, const struct source_settings *settings,
                        GError **error)
{
    int lock = optrail_pin_dir_lock();
    if (lock < 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "%s: %s%s", OPTRAIL_PIN_DIR,
                    g_strerror(-lock),
                    lock == -EPERM || lock == -EACCES
                        ? "; watching cgroups needs root (or --no-packets and -i are not needed)"
                        : "; the BPF file system has to be there");
        return false;
    }
    bool loaded = load_all(all, settings, error);
    close(lock);
    return loaded;
}

static bool attach_all(struct observers *all, bool *entry, GError **error)
{
    *entry = true;
    for (guint i = 0; i < all->watches->len; i++)
        *entry =
            observer_watch_attach_entry(all->watches->pdata[i], all->features.preorder) && *entry;
    observer_rings_set_entry(all->rings, *entry);
    for (guint i = 0; i < all->watches->len; i++) {
        struct observer_watch *watch = all->watches->pdata[i];
        int code = observer_watch_attach_exit(watch, on_overlap, all);
        if (code == 0)
            continue;
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "--cgroup %s: %s%s",
                    observer_watch_path(watch), g_strerror(-code),
                    code == -EPERM ? "; a program above it may forbid others "
                                     "(bpftool cgroup tree shows it)"
                                   : "");
        return false;
    }
    return true;
}

static void *observer_attach(const struct source_settings *settings, GPtrArray *report,
                             GError **error)
{
    struct observers *all = g_new0(struct observers, 1);
    bool entry;
    all->watches = g_ptr_array_new_with_free_func(observer_watch_free);
    if (open_watches(all, settings, report, error)) {
        all->features = observer_features_probe();
        if (load_locked(all, settings, error) && attach_all(all, &entry, error)) {
            say_what_is_used(all, entry, report);
            return all;
        }
    }
    observer_detach(all);
    return NULL;
}

static int observer_fd(void *source)
{
    struct observers *all = source;
    return ring_buffer__epoll_fd(all->buffer);
}

static int observer_poll(void *source, const struct source_sink *sink)
{
    struct observers *all = source;
    all->sink = sink;
    all->from_buffer = 0;
    ring_buffer__consume(all->buffer);
    return (int)(all->from_buffer + observer_rings_fetch(all->rings, POLL_EVENTS, on_event, all));
}

static uint64_t observer_complete_ns(void *source)
{
    const struct observers *all = source;
    if (all->from_buffer >= POLL_EVENTS)
        return all->last_ns;
    return observer_rings_complete_ns(all->rings);
}

static char *observer_tend(void *source)
{
    struct observers *all = source;
    char *said = NULL;
    observer_lease(all->control_map, 0);
    for (guint i = 0; i < all->watches->len; i++) {
        struct observer_watch *watch = all->watches->pdata[i];
        const char *path = observer_watch_path(watch);
        enum observer_behind behind = observer_watch_look_behind(watch);
        if (behind == OBSERVER_BEHIND_NOTHING)
            continue;
        g_free(said);
        if (behind == OBSERVER_BEHIND_ABOVE)
            said = g_strdup_printf("a program of a cgroup above %s runs after the observers", path);
        else if (observer_watch_attach_exit(watch, on_overlap, all) == 0)
            said = g_strdup_printf("a program was attached to %s; observing after it from now on",
                                   path);
        else
            said = g_strdup_printf("a program was attached to %s; what it does is not seen", path);
    }
    return said;
}

static void observer_stop(void *source)
{
    struct observers *all = source;
    for (guint i = 0; i < all->watches->len; i++)
        observer_watch_stop(all->watches->pdata[i]);
    observer_rings_end(all->rings);
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
