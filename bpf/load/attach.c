// SPDX-License-Identifier: GPL-2.0-or-later
/* attach.c - loading, attaching and pinning a program; see loaded.h. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "bpf/load/variable.h"
#include "wire/command.h"

static int print_all(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return vfprintf(stderr, format, arguments);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

char *bpf_error_reason(int errnum)
{
    if (errnum == EPERM || errnum == EACCES) {
        bool all = capng_get_caps_process() == 0 &&
                   (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ||
                    (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
                     capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN)));
        if (!all)
            return g_strdup("needs the capabilities CAP_BPF and CAP_NET_ADMIN (run it as root)");
        return g_strdup_printf(
            "%s, though the capabilities are there: the kernel's lockdown or the "
            "container's policy forbids bpf()",
            g_strerror(errnum));
    }
    if (errnum == ENOSYS)
        return g_strdup("this kernel has no bpf() (CONFIG_BPF_SYSCALL)");
    return g_strdup(g_strerror(errnum));
}

static bool set_error(GError **error, int errnum, const char *what, const char *subject)
{
    g_autofree char *reason = bpf_error_reason(errnum);
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s %s: %s", what, subject, reason);
    return false;
}

static void set_error_loaded(GError **error, const struct program *program, const char *cgroup)
{
    g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                "%s is loaded on %s already; first: optrail unload %s --cgroup %s", program->name,
                cgroup, program->name, cgroup);
}

/* Writes the parameters into what will be the program's read-only data. */
static bool set_values(struct bpf_object *object, const struct program *program,
                       const uint32_t *values)
{
    struct bpf_map *map, *section = NULL;
    size_t map_size;

    bpf_object__for_each_map(map, object)
    {
        if (g_str_has_suffix(bpf_map__name(map), VARIABLE_SECTION))
            section = map;
    }
    const void *initial = section != NULL ? bpf_map__initial_value(section, &map_size) : NULL;
    if (initial == NULL)
        return false;
    g_autofree uint8_t *data = g_memdup2(initial, map_size);
    for (size_t i = 0; i < program->n_parameters; i++) {
        size_t size, offset;
        if (!variable_find(bpf_object__btf(object), program->parameters[i].key, &offset, &size) ||
            size != sizeof(values[i]) || offset + size > map_size)
            return false;
        memcpy(data + offset, &values[i], size);
    }
    return bpf_map__set_initial_value(section, data, map_size) == 0;
}

/* Attaches and pins; the link that this process holds ends with the call either way. */
static bool attach_and_pin(struct bpf_program *bpf, const struct program *program,
                           const char *cgroup, int cgroup_fd, uint64_t cgroup_id, GError **error)
{
    bool done = false;
    g_autofree char *group_dir = g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT, cgroup_id);
    g_autofree char *dir = g_strdup_printf("%s/%s", group_dir, program->name);
    g_autofree char *pin = g_strdup_printf("%s/link", dir);

    struct bpf_link *link = bpf_program__attach_cgroup(bpf, cgroup_fd);
    if (link == NULL) {
        int errnum = errno;
        g_autofree char *exclusive = errnum == EPERM ? cgroup_exclusive(cgroup) : NULL;
        if (exclusive != NULL) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "cannot attach to %s: %s", cgroup,
                        exclusive);
        } else if (errnum == EINVAL) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                        "cannot attach to %s: this kernel has no bpf_link for cgroups (5.7 has)",
                        cgroup);
        } else {
            set_error(error, errnum, "cannot attach to", cgroup);
        }
        return false;
    }
    if ((mkdir(group_dir, 0700) != 0 && errno != EEXIST) ||
        (mkdir(dir, 0700) != 0 && errno != EEXIST)) {
        set_error(error, errno, "cannot make", dir);
        goto cleanup;
    }
    int result = bpf_obj_pin(bpf_link__fd(link), pin);
    if (result != 0) {
        if (errno == EEXIST)
            set_error_loaded(error, program, cgroup);
        else
            set_error(error, errno, "cannot pin", pin);
        goto cleanup;
    }
    done = true;

cleanup:
    if (!done) { /* of use only when empty */
        rmdir(dir);
        rmdir(group_dir);
    }
    bpf_link__destroy(link);
    return done;
}

/* Makes the kernel's object of the program, with its values; to be closed by the caller. */
static struct bpf_object *load_object(const struct program *program, const uint32_t *values,
                                      bool verbose, GError **error)
{
    size_t size;
    const void *image = program->image(&size);
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = program->name,
                .pin_root_path = OPTRAIL_PIN_DIR);
    struct bpf_object *object = bpf_object__open_mem(image, size, &opts);

    if (object == NULL) {
        set_error(error, errno, "cannot open program", program->name);
        return NULL;
    }
    if (!set_values(object, program, values)) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                    "program %s was built without its parameters; build optrail anew",
                    program->name);
        bpf_object__close(object);
        return NULL;
    }
    int result = bpf_object__load(object);
    if (result != 0) {
        g_autofree char *reason = bpf_error_reason(-result);
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "the kernel does not take program %s: %s%s",
                    program->name, reason,
                    verbose || result == -EPERM ? "" : " (--verbose shows its log)");
        bpf_object__close(object);
        return NULL;
    }
    return object;
}

static bool is_loaded(const struct program *program, uint64_t cgroup_id)
{
    g_autofree char *pin =
        g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT "/%s/link", cgroup_id, program->name);
    return access(pin, F_OK) == 0;
}

bool loaded_attach(const struct program *program, const char *cgroup, const uint32_t *values,
                   const struct option_set *options, bool verbose, GError **error)
{
    bool done = false;
    struct bpf_object *object = NULL;
    uint64_t cgroup_id;

    libbpf_set_print(verbose ? print_all : print_nothing);
    int cgroup_fd = cgroup_open(cgroup, &cgroup_id, error);
    if (cgroup_fd < 0)
        return false;
    int lock = optrail_pin_dir_lock();
    if (lock < 0) {
        set_error(error, -lock, "cannot prepare", OPTRAIL_PIN_DIR);
        goto cleanup;
    }
    if (is_loaded(program, cgroup_id)) {
        set_error_loaded(error, program, cgroup);
        goto cleanup;
    }
    object = load_object(program, values, verbose, error);
    if (object == NULL || (program->prepare != NULL && !program->prepare(object, options, error)))
        goto cleanup;
    done = attach_and_pin(bpf_object__next_program(object, NULL), program, cgroup, cgroup_fd,
                          cgroup_id, error);

cleanup:
    if (object != NULL)
        bpf_object__close(object);
    if (lock >= 0) {
        if (!done)
            loaded_tidy();
        close(lock);
    }
    close(cgroup_fd);
    return done;
}
