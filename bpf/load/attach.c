// SPDX-License-Identifier: GPL-2.0-or-later
/* attach.c - see attach.h. */
#include "bpf/load/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/include/pin.h"
#include "bpf/load/cgroup.h"
#include "bpf/load/loaded.h"
#include "bpf/load/object.h"
#include "bpf/load/reason.h"
#include "wire/command.h"

static bool set_error(GError **error, int errnum, const char *what, const char *subject)
{
    g_autofree char *reason = bpf_error_reason(errnum);
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s %s: %s", what, subject, reason);
    return false;
}

static void set_error_loaded(GError **error, const char *instance, const char *cgroup)
{
    g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                "%s is loaded on %s already; to put this in its place: --replace", instance,
                cgroup);
}

/* Attaches and pins; the link that this process holds ends with the call either way. */
static bool attach_and_pin(struct bpf_program *bpf, const char *instance, const char *cgroup,
                           int cgroup_fd, uint64_t cgroup_id, GError **error)
{
    bool done = false;
    g_autofree char *group_dir = g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT, cgroup_id);
    g_autofree char *dir = g_strdup_printf("%s/%s", group_dir, instance);
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
            set_error_loaded(error, instance, cgroup);
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

/* The link of what is loaded under that name, -1 when nothing is. To be closed. */
static int open_link(const char *instance, uint64_t cgroup_id)
{
    g_autofree char *pin =
        g_strdup_printf(OPTRAIL_PIN_DIR "/%" G_GUINT64_FORMAT "/%s/link", cgroup_id, instance);
    return bpf_obj_get(pin);
}

/* The program behind a link, 0 when there is none. */
static uint32_t linked_program(int link_fd)
{
    struct bpf_link_info info = {0};
    uint32_t length = sizeof(info);

    if (bpf_obj_get_info_by_fd(link_fd, &info, &length) != 0)
        return 0;
    return info.prog_id;
}

bool loaded_attach(const struct program *program, const char *cgroup, const struct values *values,
                   const struct option_set *options, unsigned how, GError **error)
{
    bool done = false;
    struct bpf_object *object = NULL;
    int link_fd = -1;
    uint64_t cgroup_id;
    g_autofree char *instance = program_instance(program, values);

    int cgroup_fd = cgroup_open(cgroup, &cgroup_id, error);
    if (cgroup_fd < 0)
        return false;
    int lock = optrail_pin_dir_lock();
    if (lock < 0) {
        set_error(error, -lock, "cannot prepare", OPTRAIL_PIN_DIR);
        goto cleanup;
    }
    link_fd = open_link(instance, cgroup_id);
    if (link_fd >= 0 && !(how & LOAD_REPLACE)) {
        set_error_loaded(error, instance, cgroup);
        goto cleanup;
    }
    object = object_load(program, values, options, link_fd >= 0 ? linked_program(link_fd) : 0,
                         (how & LOAD_VERBOSE) != 0, error);
    if (object == NULL)
        goto cleanup;
    struct bpf_program *bpf = bpf_object__next_program(object, NULL);
    if (link_fd < 0) {
        done = attach_and_pin(bpf, instance, cgroup, cgroup_fd, cgroup_id, error);
    } else {
        /* One step for the kernel: no segment meets neither the old program nor the new. */
        done = bpf_link_update(link_fd, bpf_program__fd(bpf), NULL) == 0;
        if (!done)
            set_error(error, errno, "cannot replace", instance);
    }

cleanup:
    if (object != NULL)
        bpf_object__close(object);
    if (link_fd >= 0)
        close(link_fd);
    if (lock >= 0) {
        if (!done)
            loaded_tidy();
        close(lock);
    }
    close(cgroup_fd);
    return done;
}
