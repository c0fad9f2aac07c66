/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.h - what a loaded program needs done outside of the kernel: a process in the background,
 * in the network namespace of the command that loaded it, which ends with the program.
 */
#ifndef OPTRAIL_BPF_LOAD_FOLLOW_H
#define OPTRAIL_BPF_LOAD_FOLLOW_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/load/program.h"

struct follow {
    uint64_t cgroup_id;
    const char *instance;
    uint32_t program_id; /* in the kernel */
};

/* Starts program->follow() for what is loaded. False with an error. */
bool follow_start(const struct program *program, const char *cgroup, const struct values *values,
                  GError **error);

/* True when the program was unloaded, or replaced, or its cgroup is gone. */
bool follow_ended(const struct follow *follow);

#endif
