/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.h - cgroups of version 2, and the sock_ops programs on them. */
#ifndef OPTRAIL_BPF_LOAD_CGROUP_H
#define OPTRAIL_BPF_LOAD_CGROUP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Opens the cgroup folder `path`. The descriptor, to be closed by the caller, and the cgroup's id;
 * -1 with an error that says where cgroup v2 is when `path` is not in it.
 */
int cgroup_open(const char *path, uint64_t *id, GError **error);

/* The folder of the cgroup with that id, or NULL when there is none any more. Free with g_free(). */
char *cgroup_path_by_id(uint64_t id);

enum { CGROUP_PROGRAMS_MAX = 64 }; /* the kernel's own limit of programs on one cgroup */

/*
 * The sock_ops programs attached to a cgroup itself, in the order in which they run. Returns their
 * number (ids in `ids`) or a negative errno.
 */
int cgroup_programs(int cgroup_fd, uint32_t ids[CGROUP_PROGRAMS_MAX]);

/*
 * When a program was attached exclusively to the cgroup or one above it, so that no other may
 * join: a sentence that says which, where, and what to do. NULL when none is. Free with g_free().
 */
char *cgroup_exclusive(const char *path);

/* The name of a program by its id, "?" when it is gone. `out` is returned. */
const char *bpf_program_name(uint32_t id, char out[16]);

#endif
