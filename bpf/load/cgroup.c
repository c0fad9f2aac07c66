// SPDX-License-Identifier: GPL-2.0-or-later
/* cgroup.c - see cgroup.h. */
#include "bpf/load/cgroup.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf/load/program.h"
#include "wire/command.h"

/* Where cgroup v2 is mounted, or NULL. The fields of mountinfo: proc(5). */
static char *cgroup_mount(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *type = strstr(lines[i], " - ");
        if (type == NULL || !g_str_has_prefix(type, " - cgroup2 "))
            continue;
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", 6);
        if (g_strv_length(fields) >= 5)
            return g_strcompress(fields[4]); /* blanks stand there as \040 */
    }
    return NULL;
}

int cgroup_open(const char *path, uint64_t *id, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s: %s", path, g_strerror(errno));
        return -1;
    }
    struct statfs fs;
    struct stat status;
    if (fstatfs(fd, &fs) != 0 || fstat(fd, &status) != 0) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s: %s", path, g_strerror(errno));
        close(fd);
        return -1;
    }
    if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC) {
        g_autofree char *mount = cgroup_mount();
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s: not a cgroup of version 2; %s%s", path,
                    mount != NULL ? "they are below " : "no cgroup2 is mounted here",
                    mount != NULL ? mount : "");
        close(fd);
        return -1;
    }
    *id = status.st_ino; /* kernfs: the inode number is the id, since 5.5 */
    return fd;
}

char *cgroup_path_by_id(uint64_t id)
{
    g_autofree char *mount = cgroup_mount();
    if (mount == NULL)
        return NULL;
    int mount_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mount_fd < 0)
        return NULL;

    /* A file handle of kernfs is the id, which saves walking the tree. */
    enum { FILEID_KERNFS = 0xfe };
    char *path = NULL;
    g_autofree struct file_handle *handle = g_malloc0(sizeof(*handle) + sizeof(id));
    handle->handle_bytes = sizeof(id);
    handle->handle_type = FILEID_KERNFS;
    memcpy(handle->f_handle, &id, sizeof(id));
    int fd = open_by_handle_at(mount_fd, handle, O_PATH | O_CLOEXEC);
    if (fd >= 0) {
        g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
        path = g_file_read_link(link, NULL);
        close(fd);
    }
    close(mount_fd);
    return path;
}

static int query(int cgroup_fd, uint32_t ids[CGROUP_PROGRAMS_MAX], uint32_t *flags)
{
    uint32_t n = CGROUP_PROGRAMS_MAX;
    if (bpf_prog_query(cgroup_fd, BPF_CGROUP_SOCK_OPS, 0, flags, ids, &n) != 0)
        return -errno;
    return (int)n;
}

int cgroup_programs(int cgroup_fd, uint32_t ids[CGROUP_PROGRAMS_MAX])
{
    uint32_t flags = 0;
    return query(cgroup_fd, ids, &flags);
}

char *cgroup_exclusive(const char *path)
{
    g_autofree char *folder = realpath(path, NULL);
    bool own = true;

    while (folder != NULL) {
        uint64_t id;
        int fd = cgroup_open(folder, &id, NULL);
        if (fd < 0)
            return NULL;
        uint32_t ids[CGROUP_PROGRAMS_MAX], flags = 0;
        int n = query(fd, ids, &flags);
        close(fd);
        /* One with "override" gives way to those of cgroups below it, not to another beside it. */
        bool blocks = !(flags & BPF_F_ALLOW_MULTI) && (own || !(flags & BPF_F_ALLOW_OVERRIDE));
        if (n > 0 && blocks) {
            char name[16];
            return g_strdup_printf(
                "program %s (id %u) is attached exclusively to %s; detach it with: "
                "bpftool cgroup detach %s sock_ops id %u",
                bpf_program_name(ids[0], name), ids[0], folder, folder, ids[0]);
        }
        own = false;
        char *parent = g_path_get_dirname(folder);
        g_free(folder);
        folder = parent;
    }
    return NULL;
}

const char *bpf_program_name(uint32_t id, char out[16])
{
    struct bpf_prog_info info = {0};
    uint32_t length = sizeof(info);
    int fd = bpf_prog_get_fd_by_id(id);

    g_strlcpy(out, "?", 16);
    if (fd < 0)
        return out;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.name[0] != '\0')
        g_strlcpy(out, info.name, 16);
    close(fd);
    return out;
}
