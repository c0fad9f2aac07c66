/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.h - from a program of the table to one in the kernel, not attached yet. */
#ifndef OPTRAIL_BPF_LOAD_OBJECT_H
#define OPTRAIL_BPF_LOAD_OBJECT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/load/program.h"

/*
 * Loads the program with these values and fills its maps. When it takes the place of `old_id` (0:
 * of none), it goes on with that one's connections, counters and live settings. To be closed with
 * bpf_object__close(); NULL with an error that names what the kernel lacks.
 */
struct bpf_object *object_load(const struct program *program, const struct values *values,
                               const struct option_set *options, uint32_t old_id, bool verbose,
                               GError **error);

#endif
