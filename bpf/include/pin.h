/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin.h - the bpffs folder in which programs and recorder meet, for user space.
 */
#ifndef OPTRAIL_BPF_PIN_H
#define OPTRAIL_BPF_PIN_H

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpf/include/report_abi.h"

#define OPTRAIL_BPFFS "/sys/fs/bpf"

/*
 * Mounts a bpffs at OPTRAIL_BPFFS where there is none and makes OPTRAIL_PIN_DIR, for root alone.
 * 0 or a negative errno.
 */
static inline int optrail_pin_dir_prepare(void)
{
    struct statfs fs;
    if (statfs(OPTRAIL_BPFFS, &fs) != 0)
        return -errno;
    if ((unsigned long)fs.f_type != BPF_FS_MAGIC &&
        mount("bpf", OPTRAIL_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
        return -errno;
    if (mkdir(OPTRAIL_PIN_DIR, 0700) != 0 && errno != EEXIST)
        return -errno;
    return 0;
}

/*
 * Prepares the folder and keeps everybody else from adding to it or tidying it up until the
 * descriptor that is returned is closed; waits for others. A negative errno. Whoever unloads the
 * last program removes the maps that nobody uses: hold the lock from opening a map by its pin
 * until a program is pinned, or the recorder counted.
 */
static inline int optrail_pin_dir_lock(void)
{
    int result = optrail_pin_dir_prepare();
    if (result != 0)
        return result;
    int fd = open(OPTRAIL_BPFFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX) != 0) {
        result = -errno;
        close(fd);
        return result;
    }
    /* The folder may have been tidied away while we waited. */
    result = optrail_pin_dir_prepare();
    if (result != 0) {
        close(fd);
        return result;
    }
    return fd;
}

#endif
