/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin.h - the bpffs folder in which programs and recorder meet, for user space.
 */
#ifndef OPTRAIL_BPF_PIN_H
#define OPTRAIL_BPF_PIN_H

#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

#endif
