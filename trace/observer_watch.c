// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_watch.c - see observer_watch.h. */
#include "trace/observer_watch.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "trace/error.h"

enum {
    PREORDER = 0x40, /* BPF_F_PREORDER of linux/bpf.h since 6.15 */
    PROGRAMS_MAX = 64,
    OVERLAP_US = 1000,
};

struct observer_watch {
    char *path;
    uint64_t id;
    int cgroup; /* descriptor */
    struct observer_object *object;
    int entry_link;      /* -1: none */
    bool entry_attached; /* without a link */
    int exit_link;       /* of the copy that is attached; -1: none */
    unsigned copy;       /* which copy that is */
    __u32 exit_id[2];    /* program ids of the copies */
    __u32 entry_id;
    GHashTable *settled; /* ids of programs behind the exit observer that were dealt with */
};

struct observer_watch *observer_watch_new(const char *path, GError **error)
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
    struct observer_watch *watch = g_new0(struct observer_watch, 1);
    watch->path = g_steal_pointer(&full);
    watch->id = status.st_ino;
    watch->cgroup = fd;
    watch->entry_link = watch->exit_link = -1;
    watch->settled = g_hash_table_new(NULL, NULL);
    return watch;
}

void observer_watch_stop(struct observer_watch *watch)
{
    if (watch->exit_link >= 0)
        close(watch->exit_link);
    if (watch->entry_link >= 0)
        close(watch->entry_link);
    watch->exit_link = watch->entry_link = -1;
}

void observer_watch_free(void *data)
{
    struct observer_watch *watch = data;
    observer_watch_stop(watch);
    if (watch->entry_attached)
        bpf_prog_detach2(observer_object_program(watch->object, OBSERVER_ENTRY_PROGRAM),
                         watch->cgroup, BPF_CGROUP_SOCK_OPS);
    observer_object_free(watch->object);
    close(watch->cgroup);
    g_hash_table_unref(watch->settled);
    g_free(watch->path);
    g_free(watch);
}

const char *observer_watch_path(const struct observer_watch *watch)
{
    return watch->path;
}

uint64_t observer_watch_id(const struct observer_watch *watch)
{
    return watch->id;
}

bool observer_watch_is_below(const struct observer_watch *watch, const struct observer_watch *above)
{
    size_t length = strlen(above->path);
    return strncmp(watch->path, above->path, length) == 0 &&
           (watch->path[length] == '\0' || watch->path[length] == '/');
}

void observer_watch_set_object(struct observer_watch *watch, struct observer_object *object)
{
    watch->object = object;
    watch->entry_id = observer_program_id(observer_object_program(object, OBSERVER_ENTRY_PROGRAM));
    watch->exit_id[0] = observer_program_id(observer_object_program(object, OBSERVER_EXIT_PROGRAM));
    watch->exit_id[1] =
        observer_program_id(observer_object_program(object, OBSERVER_EXIT_B_PROGRAM));
}

const struct observer_object *observer_watch_object(const struct observer_watch *watch)
{
    return watch->object;
}

/* --- programs on the cgroup ----------------------------------------------------------------- */

/* The ids of the programs of a cgroup, in the order in which they run when `effective`. */
static __u32 query_programs(const struct observer_watch *watch, bool effective,
                            __u32 ids[PROGRAMS_MAX])
{
    __u32 n = PROGRAMS_MAX, flags = 0;
    int code = bpf_prog_query(watch->cgroup, BPF_CGROUP_SOCK_OPS,
                              effective ? BPF_F_QUERY_EFFECTIVE : 0, &flags, ids, &n);
    return code == 0 || (code == -ENOSPC && n <= PROGRAMS_MAX) ? n : 0;
}

static bool is_own(const struct observer_watch *watch, __u32 id)
{
    return id == watch->entry_id || id == watch->exit_id[0] || id == watch->exit_id[1];
}

/* The name of a program; NULL when it is gone. */
static char *program_name(__u32 id)
{
    struct bpf_prog_info info = {0};
    __u32 length = sizeof(info);
    int fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0)
        return NULL;
    int code = bpf_obj_get_info_by_fd(fd, &info, &length);
    close(fd);
    return code == 0 ? g_strndup(info.name, sizeof(info.name)) : NULL;
}

char *observer_watch_programs(const struct observer_watch *watch)
{
    __u32 ids[PROGRAMS_MAX];
    __u32 n = query_programs(watch, true, ids);
    GString *list = g_string_new(NULL);
    for (__u32 i = 0; i < n; i++) {
        g_autofree char *name = is_own(watch, ids[i]) ? NULL : program_name(ids[i]);
        if (name != NULL && !g_str_has_prefix(name, "optrail_e"))
            g_string_append_printf(list, "%s%u %s", list->len > 0 ? ", " : "", ids[i], name);
    }
    if (list->len == 0)
        g_string_append(list, "none");
    return g_string_free(list, FALSE);
}

/* Takes away entry observers whose recorder was killed (those that hang on no link). */
static void clean_stale(const struct observer_watch *watch)
{
    __u32 ids[PROGRAMS_MAX];
    __u32 n = query_programs(watch, false, ids);
    for (__u32 i = 0; i < n; i++) {
        pid_t owner = observer_program_owner(ids[i]);
        if (owner <= 0 || kill(owner, 0) == 0 || errno != ESRCH)
            continue;
        int fd = bpf_prog_get_fd_by_id(ids[i]);
        if (fd >= 0) {
            bpf_prog_detach2(fd, watch->cgroup, BPF_CGROUP_SOCK_OPS);
            close(fd);
        }
    }
}

enum observer_behind observer_watch_look_behind(struct observer_watch *watch)
{
    __u32 effective[PROGRAMS_MAX], own[PROGRAMS_MAX];
    __u32 n = query_programs(watch, true, effective);
    __u32 n_own = query_programs(watch, false, own);
    enum observer_behind behind = OBSERVER_BEHIND_NOTHING;
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
        if (behind != OBSERVER_BEHIND_SAME)
            behind = same ? OBSERVER_BEHIND_SAME : OBSERVER_BEHIND_ABOVE;
    }
    return behind;
}

/* --- attaching ---------------------------------------------------------------------------------- */

static int link_program(const struct observer_watch *watch, enum observer_program which,
                        __u32 flags)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
    return bpf_link_create(observer_object_program(watch->object, which), watch->cgroup,
                           BPF_CGROUP_SOCK_OPS, &options);
}

bool observer_watch_attach_entry(struct observer_watch *watch, bool preorder)
{
    clean_stale(watch);
    if (!preorder)
        return false;
    watch->entry_link = link_program(watch, OBSERVER_ENTRY_PROGRAM, PREORDER);
    if (watch->entry_link >= 0)
        return true;
    watch->entry_link = -1;
    LIBBPF_OPTS(bpf_prog_attach_opts, options, .flags = BPF_F_ALLOW_MULTI | PREORDER);
    watch->entry_attached =
        bpf_prog_attach_opts(observer_object_program(watch->object, OBSERVER_ENTRY_PROGRAM),
                             watch->cgroup, BPF_CGROUP_SOCK_OPS, &options) == 0;
    return watch->entry_attached;
}

int observer_watch_attach_exit(struct observer_watch *watch, observer_overlap overlap, void *user)
{
    bool both = watch->exit_link >= 0;
    unsigned next = both ? 1 - watch->copy : watch->copy;
    if (both)
        overlap(user, true);
    int link = link_program(watch, next == 0 ? OBSERVER_EXIT_PROGRAM : OBSERVER_EXIT_B_PROGRAM, 0);
    int code = link >= 0 ? 0 : link;
    if (link >= 0) {
        if (both)
            close(watch->exit_link);
        watch->exit_link = link;
        watch->copy = next;
    }
    /* Invocations that began with both copies end within a moment. */
    if (both) {
        g_usleep(OVERLAP_US);
        overlap(user, false);
    }
    return code;
}
