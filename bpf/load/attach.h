/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.h - putting a program onto a cgroup, or into the place of another. */
#ifndef OPTRAIL_BPF_LOAD_ATTACH_H
#define OPTRAIL_BPF_LOAD_ATTACH_H

#include "bpf/load/program.h"

enum load_how {
    LOAD_VERBOSE = 1, /* what libbpf and the verifier say goes to stderr */
    LOAD_REPLACE = 2, /* take the place of what is loaded under the same name, if something is */
};

/*
 * Loads the program with these values, attaches it to the cgroup and pins it; or, replacing, puts
 * it in the place of the one that is there without a moment in which none is. `how`: enum load_how.
 */
bool loaded_attach(const struct program *program, const char *cgroup, const struct values *values,
                   const struct option_set *options, unsigned how, GError **error);

#endif
