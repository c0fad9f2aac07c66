/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.h - what a loaded program needs done outside of the kernel: a process in the background,
 * in the network namespace of the command that loaded it, which ends with the program. When it is
 * killed another takes its place.
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
    int ready;           /* of struct follower, the other end; -1: nobody waits */
};

/* A process that was begun and waits; both are ends of pipes. */
struct follower {
    int go;    /* to be closed when it may go on */
    int ready; /* a byte comes when it listens, the end when it is gone */
};

/*
 * Begins a process for a program that is about to be loaded. It waits for follow_go(), or for the
 * end of the caller, and calls program->follow() if the program is there by then: so a loader that
 * is killed leaves program and process, or neither. False with an error.
 */
bool follow_begin(const struct program *program, const char *cgroup, const struct values *values,
                  struct follower *follower, GError **error);

/* Lets it go on; where the program is there (`loaded`), waits a while until it listens. */
void follow_go(const struct follower *follower, bool loaded);

/* For program->follow(): from now on nothing is missed. */
void follow_listens(const struct follow *follow);

/* True when the program was unloaded, or replaced, or its cgroup is gone. */
bool follow_ended(const struct follow *follow);

#endif
