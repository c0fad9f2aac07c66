// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source_fentry.c - return codes of helpers in programs that do not report them, by fentry and
 * fexit (tracer.bpf.c).
 *
 * Watched are the sock_ops programs that are attached to the watched cgroups, those above and those
 * below when the recording begins, and that do not report themselves. It gives no records of its
 * own: what it sees goes into the records of the observers, as actions.
 *
 * Not every kernel permits it: it needs BPF trampolines, ftrace with direct calls, BTF of the kernel
 * and of the program, and no policy against tracing. Attaching tells.
 */
#include "trace/source.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "bpf/include/report_abi.h"
#include "trace/error.h"
#include "tracer.skel.h"

enum { PROGRAMS_MAX = 64, MAPS_MAX = 64, CGROUPS_MAX = 10000, FUNCTION_INFO = 8 };

struct tracers {
    struct tracer_bpf *helpers;
    GPtrArray *programs; /* struct tracer_bpf, one for each watched program */
    uint64_t missed;     /* calls that were not traced, as far as that was told */
};

/* The program is one of the observers, or says itself what helpers returned. */
static bool reports_itself(int fd, __u32 report_map)
{
    __u32 maps[MAPS_MAX] = {0};
    struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (__u64)(uintptr_t)maps};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
        return true; /* it is gone */
    for (__u32 i = 0; i < MIN(info.nr_map_ids, MAPS_MAX); i++) {
        if (maps[i] == report_map)
            return true;
    }
    return false;
}

/* The full name of the program's function, which the name of the program may cut. NULL: no BTF. */
static char *function_name(int fd, char short_name[BPF_OBJ_NAME_LEN])
{
    struct bpf_func_info function = {0};
    struct bpf_prog_info info = {
        .nr_func_info = 1,
        .func_info_rec_size = sizeof(function),
        .func_info = (__u64)(uintptr_t)&function,
    };
    __u32 length = sizeof(info);
    char *name = NULL;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
        return NULL;
    memcpy(short_name, info.name, BPF_OBJ_NAME_LEN);
    struct btf *btf = info.btf_id != 0 ? btf__load_from_kernel_by_id(info.btf_id) : NULL;
    const struct btf_type *type = btf != NULL ? btf__type_by_id(btf, function.type_id) : NULL;
    if (type != NULL)
        name = g_strdup(btf__name_by_offset(btf, type->name_off));
    btf__free(btf);
    return name;
}

static int trace_helpers(struct tracers *all)
{
    LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = OPTRAIL_PIN_DIR);
    all->helpers = tracer_bpf__open_opts(&options);
    if (all->helpers == NULL)
        return -errno;
    bpf_program__set_autoload(all->helpers->progs.program_entry, false);
    bpf_program__set_autoload(all->helpers->progs.program_exit, false);
    int code = tracer_bpf__load(all->helpers);
    return code != 0 ? code : tracer_bpf__attach(all->helpers);
}

static int trace_program(struct tracers *all, int fd, const char *function, const char *name)
{
    LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = OPTRAIL_PIN_DIR);
    struct tracer_bpf *tracer = tracer_bpf__open_opts(&options);
    struct bpf_program *program;
    if (tracer == NULL)
        return -errno;
    bpf_object__for_each_program(program, tracer->obj)
    {
        if (program != tracer->progs.program_entry && program != tracer->progs.program_exit)
            bpf_program__set_autoload(program, false);
    }
    g_strlcpy((char *)tracer->rodata->program_name, name, sizeof(tracer->rodata->program_name));
    int code = bpf_map__reuse_fd(tracer->maps.running, bpf_map__fd(all->helpers->maps.running));
    if (code == 0)
        code = bpf_program__set_attach_target(tracer->progs.program_entry, fd, function);
    if (code == 0)
        code = bpf_program__set_attach_target(tracer->progs.program_exit, fd, function);
    if (code == 0)
        code = tracer_bpf__load(tracer);
    if (code == 0)
        code = tracer_bpf__attach(tracer);
    if (code == 0)
        g_ptr_array_add(all->programs, tracer);
    else
        tracer_bpf__destroy(tracer);
    return code;
}

/* Adds the ids of the programs of a cgroup, and of those above it when `effective`. */
static void collect_programs(const char *path, bool effective, GHashTable *ids)
{
    __u32 found[PROGRAMS_MAX], n = PROGRAMS_MAX, flags = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    int code = bpf_prog_query(fd, BPF_CGROUP_SOCK_OPS, effective ? BPF_F_QUERY_EFFECTIVE : 0,
                              &flags, found, &n);
    close(fd);
    for (__u32 i = 0; code == 0 && i < n; i++)
        g_hash_table_add(ids, GUINT_TO_POINTER(found[i]));
}

static void collect_below(const char *path, GHashTable *ids, unsigned *budget)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder != NULL && *budget > 0 && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        if (!g_file_test(below, G_FILE_TEST_IS_DIR) || g_file_test(below, G_FILE_TEST_IS_SYMLINK))
            continue;
        (*budget)--;
        collect_programs(below, false, ids);
        collect_below(below, ids, budget);
    }
    if (folder != NULL)
        g_dir_close(folder);
}

static __u32 report_map_id(const struct tracers *all)
{
    struct bpf_map_info info = {0};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(bpf_map__fd(all->helpers->maps.optrail_report), &info, &length) ==
                   0
               ? info.id
               : 0;
}

static void trace_programs(struct tracers *all, GHashTable *ids, GPtrArray *report)
{
    __u32 own = report_map_id(all);
    GString *traced = g_string_new(NULL);
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, ids);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        __u32 id = GPOINTER_TO_UINT(key);
        int fd = bpf_prog_get_fd_by_id(id);
        if (fd < 0)
            continue;
        char name[BPF_OBJ_NAME_LEN] = "";
        g_autofree char *function = NULL;
        if (!reports_itself(fd, own)) {
            function = function_name(fd, name);
            int code = function != NULL ? trace_program(all, fd, function, name) : -ENOENT;
            if (code == 0)
                g_string_append_printf(traced, "%s%u %s", traced->len > 0 ? ", " : "", id, name);
            else
                g_ptr_array_add(
                    report, g_strdup_printf(
                                "cannot see: what helpers returned to program %u "
                                "%s (%s)",
                                id, name, function == NULL ? "it has no BTF" : g_strerror(-code)));
        }
        close(fd);
    }
    g_ptr_array_add(report, g_strdup_printf("reports: fentry and fexit say what helpers returned "
                                            "to: %s",
                                            traced->len > 0 ? traced->str : "nobody else"));
    g_ptr_array_add(report, g_strdup("cannot see: what helpers return to programs without reports "
                                     "that are attached later"));
    g_string_free(traced, TRUE);
}

static void free_tracer(void *tracer)
{
    tracer_bpf__destroy(tracer);
}

static void fentry_detach(void *source)
{
    struct tracers *all = source;
    tracer_bpf__destroy(all->helpers);
    g_ptr_array_unref(all->programs);
    g_free(all);
}

static void *fentry_attach(const struct source_settings *settings, GPtrArray *report,
                           GError **error)
{
    struct tracers *all = g_new0(struct tracers, 1);
    all->programs = g_ptr_array_new_with_free_func(free_tracer);
    int code = trace_helpers(all);
    if (code != 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_INPUT, "%s",
                    code == -EPERM ? "this kernel does not permit it" : g_strerror(-code));
        fentry_detach(all);
        return NULL;
    }
    g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);
    unsigned budget = CGROUPS_MAX;
    for (size_t i = 0; settings->cgroups[i] != NULL; i++) {
        collect_programs(settings->cgroups[i], true, ids);
        collect_below(settings->cgroups[i], ids, &budget);
    }
    trace_programs(all, ids, report);
    return all;
}

static int fentry_fd(void *source)
{
    (void)source;
    return -1;
}

static int fentry_poll(void *source, const struct source_sink *sink)
{
    (void)source; /* what it sees comes with the observers' events */
    (void)sink;
    return 0;
}

/*
 * The kernel does not run a tracing program inside itself: when a hook interrupts one that is being
 * traced at that moment, a call may go unseen. It counts them.
 */
static uint64_t missed_calls(const struct tracer_bpf *tracer)
{
    struct bpf_program *program;
    uint64_t sum = 0;
    bpf_object__for_each_program(program, tracer->obj)
    {
        struct bpf_prog_info info = {0};
        __u32 length = sizeof(info);
        int fd = bpf_program__fd(program);
        if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &length) == 0)
            sum += info.recursion_misses;
    }
    return sum;
}

static char *fentry_tend(void *source)
{
    struct tracers *all = source;
    uint64_t missed = missed_calls(all->helpers);
    for (guint i = 0; i < all->programs->len; i++)
        missed += missed_calls(all->programs->pdata[i]);
    uint64_t more = missed - all->missed;
    all->missed = missed;
    return more > 0 ? g_strdup_printf("fentry missed %" PRIu64 " calls in interrupted hooks", more)
                    : NULL;
}

static void fentry_stop(void *source)
{
    (void)source;
}

static uint64_t fentry_lost(void *source)
{
    (void)source;
    return 0;
}

const struct source_ops source_fentry = {
    .name = "fentry",
    .blind = "return codes of helpers in programs that do not report them",
    .attach = fentry_attach,
    .fd = fentry_fd,
    .poll = fentry_poll,
    .tend = fentry_tend,
    .stop = fentry_stop,
    .lost = fentry_lost,
    .detach = fentry_detach,
};
