// SPDX-License-Identifier: GPL-2.0-or-later
/* loaded.c - finding what is loaded, and taking it off; see loaded.h. */
#include "bpf/load/loaded.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "bpf/load/cgroup.h"
#include "bpf/load/reason.h"
#include "bpf/load/variable.h"
#include "wire/command.h"

enum { MAPS_MAX = 32 };

const char *const counter_names[N_COUNTERS] = {
    [COUNTER_WRITTEN] = "written",   [COUNTER_NO_SPACE] = "no_space",
    [COUNTER_REFUSED] = "refused",   [COUNTER_RECEIVED] = "received",
    [COUNTER_APPLIED] = "applied",   [COUNTER_UNCHANGED] = "unchanged",
    [COUNTER_DECLINED] = "declined", [COUNTER_FAILED] = "failed",
    [COUNTER_ECHOED] = "echoed",
};

void loaded_free(struct loaded *loaded)
{
    if (loaded == NULL)
        return;
    g_free(loaded->name);
    g_free(loaded->cgroup);
    values_clear(&loaded->values);
    g_ptr_array_unref(loaded->shown);
    g_free(loaded);
}

static char *pin_path(const struct loaded *loaded, const char *leaf)
{
    return g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT "/%s%s", loaded->cgroup_id,
                           loaded->name, leaf);
}

int map_list_open(const struct map_list *maps, const char *name)
{
    for (uint32_t i = 0; i < maps->n; i++) {
        struct bpf_map_info info = {0};
        uint32_t length = sizeof(info);
        int fd = bpf_map_get_fd_by_id(maps->ids[i]);
        if (fd < 0)
            continue;
        /* The kernel keeps 15 characters of a name. */
        if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 &&
            strncmp(info.name, name, sizeof(info.name) - 1) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

static void read_counters(struct loaded *loaded, int map_fd)
{
    int n_cpus = libbpf_num_possible_cpus();
    if (n_cpus <= 0)
        return;
    g_autofree uint64_t *per_cpu = g_new0(uint64_t, (gsize)n_cpus);
    for (uint32_t i = 0; i < N_COUNTERS; i++) {
        if (bpf_map_lookup_elem(map_fd, &i, per_cpu) != 0)
            return;
        for (int cpu = 0; cpu < n_cpus; cpu++)
            loaded->counters[i] += per_cpu[cpu];
    }
    loaded->has_counters = true;
}

/* The parameters stand in the program's read-only data, where its BTF says. */
static void read_values(struct loaded *loaded, int map_fd, uint32_t value_size, uint32_t btf_id)
{
    struct btf *btf = btf__load_from_kernel_by_id(btf_id);
    g_autofree uint8_t *data = g_malloc0(value_size);
    uint32_t zero = 0;

    if (btf == NULL || bpf_map_lookup_elem(map_fd, &zero, data) != 0)
        goto cleanup;
    for (size_t i = 0; i < loaded->program->n_parameters; i++) {
        bool is_text = loaded->program->parameters[i].type == PARAMETER_TEXT;
        size_t offset, size;
        if (!variable_find(btf, loaded->program->parameters[i].key, &offset, &size) ||
            size != (is_text ? PARAMETER_TEXT_SIZE : sizeof(loaded->values.number[i])) ||
            offset + size > value_size)
            goto cleanup;
        if (is_text)
            loaded->values.text[i] = g_strndup((const char *)data + offset, size - 1);
        else
            memcpy(&loaded->values.number[i], data + offset, size);
    }
    loaded->has_values = true;

cleanup:
    btf__free(btf);
}

static void read_maps(struct loaded *loaded, const uint32_t *map_ids, uint32_t n, uint32_t btf_id)
{
    for (uint32_t i = 0; i < n; i++) {
        struct bpf_map_info info = {0};
        uint32_t length = sizeof(info);
        int fd = bpf_map_get_fd_by_id(map_ids[i]);
        if (fd < 0)
            continue;
        if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0) {
            if (strcmp(info.name, COUNTERS_MAP) == 0 && info.max_entries == N_COUNTERS)
                read_counters(loaded, fd);
            else if (g_str_has_suffix(info.name, VARIABLE_SECTION) && loaded->program != NULL)
                read_values(loaded, fd, info.value_size, btf_id);
        }
        close(fd);
    }
}

static void read_program(struct loaded *loaded)
{
    struct bpf_prog_info info = {0};
    uint32_t map_ids[MAPS_MAX];
    uint32_t length = sizeof(info);
    int fd = bpf_prog_get_fd_by_id(loaded->id);

    if (fd < 0)
        return;
    info.nr_map_ids = MAPS_MAX;
    info.map_ids = (uint64_t)(uintptr_t)map_ids;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0) {
        loaded->runs = info.run_cnt;
        loaded->run_time_ns = info.run_time_ns;
        struct map_list maps = {map_ids, MIN(info.nr_map_ids, MAPS_MAX)};
        read_maps(loaded, maps.ids, maps.n, info.btf_id);
        if (loaded->program != NULL && loaded->program->show != NULL)
            loaded->program->show(&maps, loaded->shown);
    }
    close(fd);
}

uint32_t loaded_program(uint64_t cgroup_id, const char *instance)
{
    g_autofree char *pin =
        g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT "/%s/link", cgroup_id, instance);
    struct bpf_link_info info = {0};
    uint32_t length = sizeof(info), id = 0;
    int fd = bpf_obj_get(pin);

    if (fd < 0)
        return 0;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.cgroup.cgroup_id != 0)
        id = info.prog_id;
    close(fd);
    return id;
}

int loaded_map_open(uint32_t program_id, const char *name)
{
    struct bpf_prog_info info = {0};
    uint32_t map_ids[MAPS_MAX];
    uint32_t length = sizeof(info);
    int map = -1;
    int fd = bpf_prog_get_fd_by_id(program_id);

    if (fd < 0)
        return -1;
    info.nr_map_ids = MAPS_MAX;
    info.map_ids = (uint64_t)(uintptr_t)map_ids;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0) {
        struct map_list maps = {map_ids, MIN(info.nr_map_ids, MAPS_MAX)};
        map = map_list_open(&maps, name);
    }
    close(fd);
    return map;
}

static void read_link(struct loaded *loaded)
{
    g_autofree char *pin = pin_path(loaded, "/link");
    struct bpf_link_info info = {0};
    uint32_t length = sizeof(info);
    int fd = bpf_obj_get(pin);

    if (fd < 0)
        return;
    /* A link whose cgroup went away says cgroup 0: the program does not run any more. */
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.cgroup.cgroup_id != 0) {
        loaded->id = info.prog_id;
        read_program(loaded);
    }
    close(fd);
}

static void read_order(struct loaded *loaded)
{
    uint64_t id;
    uint32_t ids[CGROUP_PROGRAMS_MAX];
    int fd = loaded->cgroup != NULL ? cgroup_open(loaded->cgroup, &id, NULL) : -1;

    if (fd < 0)
        return;
    int n = cgroup_programs(fd, ids);
    close(fd);
    for (int i = 0; i < n; i++) {
        if (ids[i] == loaded->id)
            loaded->order = (uint32_t)i + 1;
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    const struct loaded *left = *(struct loaded *const *)a;
    const struct loaded *right = *(struct loaded *const *)b;

    if (left->cgroup_id != right->cgroup_id)
        return left->cgroup_id < right->cgroup_id ? -1 : 1;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void list_group(GPtrArray *list, uint64_t cgroup_id)
{
    g_autofree char *path = g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT, cgroup_id);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    if (dir == NULL)
        return;
    g_autofree char *cgroup = cgroup_path_by_id(cgroup_id);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        struct loaded *loaded = g_new0(struct loaded, 1);
        loaded->name = g_strdup(name);
        loaded->program = program_by_instance(name);
        loaded->shown = g_ptr_array_new_with_free_func(g_free);
        loaded->cgroup_id = cgroup_id;
        loaded->cgroup = g_strdup(cgroup);
        read_link(loaded);
        read_order(loaded);
        g_ptr_array_add(list, loaded);
    }
}

/* On that cgroup, or anywhere (NULL). */
static GPtrArray *list_pinned(const uint64_t *cgroup_id, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)loaded_free);

    if (cgroup_id != NULL) {
        list_group(list, *cgroup_id);
    } else {
        g_autoptr(GDir) dir = g_dir_open(OPTRAIL_PIN_DIR, 0, &why);
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            guint64 id;
            if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT64, &id, NULL))
                list_group(list, id);
        }
        if (why != NULL && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            g_autofree char *reason = bpf_error_reason(
                g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? EACCES : EIO);
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot read " OPTRAIL_PIN_DIR ": %s",
                        reason);
            return NULL;
        }
    }
    g_ptr_array_sort(list, compare);
    return g_steal_pointer(&list);
}

GPtrArray *loaded_list(const char *cgroup, GError **error)
{
    uint64_t cgroup_id;

    if (cgroup == NULL)
        return list_pinned(NULL, error);
    int fd = cgroup_open(cgroup, &cgroup_id, error);
    if (fd < 0)
        return NULL;
    close(fd);
    return list_pinned(&cgroup_id, error);
}

/* True when a recorder waits for reports. */
static bool recorder_runs(void)
{
    struct report_control control = {0};
    struct timespec now;
    uint32_t zero = 0;
    int fd = bpf_obj_get(OPTRAIL_PIN_DIR "/" REPORT_CONTROL_MAP);

    if (fd < 0)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    bool runs = bpf_map_lookup_elem(fd, &zero, &control) == 0 && control.recorders != 0 &&
                now_ns < control.lease_ns;
    close(fd);
    return runs;
}

/* The folders of cgroups that are empty: a loader may have been killed before it pinned. */
static void remove_empty(void)
{
    g_autoptr(GDir) dir = g_dir_open(OPTRAIL_PIN_DIR, 0, NULL);

    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_strdup_printf(OPTRAIL_PIN_DIR "/%s", name);
        rmdir(path);
    }
}

void loaded_clean(void)
{
    if (access(OPTRAIL_PIN_DIR, F_OK) != 0)
        return;
    int lock = optrail_pin_dir_lock();
    if (lock < 0)
        return;
    loaded_tidy();
    close(lock);
}

void loaded_tidy(void)
{
    remove_empty();
    g_autoptr(GPtrArray) left = list_pinned(NULL, NULL);
    if (left == NULL || left->len > 0 || recorder_runs())
        return;
    unlink(OPTRAIL_PIN_DIR "/" REPORT_MAP);
    unlink(OPTRAIL_PIN_DIR "/" REPORT_CONTROL_MAP);
    rmdir(OPTRAIL_PIN_DIR);
}

bool loaded_remove(const struct loaded *loaded, GError **error)
{
    g_autofree char *pin = pin_path(loaded, "/link");
    g_autofree char *dir = pin_path(loaded, "");
    g_autofree char *group_dir = g_path_get_dirname(dir);

    int lock = optrail_pin_dir_lock();
    if (lock < 0) {
        g_autofree char *reason = bpf_error_reason(-lock);
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot lock " OPTRAIL_PIN_DIR ": %s", reason);
        return false;
    }
    int fd = bpf_obj_get(pin);
    if (fd >= 0) {
        /* At once, even where somebody else holds the link too (5.9; else with the last holder). */
        bpf_link_detach(fd);
        close(fd);
    }
    if (unlink(pin) != 0 && errno != ENOENT) {
        g_autofree char *reason = bpf_error_reason(errno);
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot remove %s: %s", pin, reason);
        close(lock);
        return false;
    }
    rmdir(dir);
    rmdir(group_dir); /* stays while another program is in it */
    loaded_tidy();
    close(lock);
    return true;
}
