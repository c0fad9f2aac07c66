/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loaded.h - programs on their cgroups: finding them, taking them off; attach.h puts them there.
 *
 * A program is there as long as its bpf_link exists, and that is as long as it is pinned, as
 *   OPTRAIL_PIN_DIR/<cgroup id>/<program, or program-instance>/link
 * Nothing else is pinned: program, parameters and counters are found through the link. A loader
 * that dies before it pinned leaves nothing, since the kernel detaches a link that nobody holds.
 */
#ifndef OPTRAIL_BPF_LOAD_LOADED_H
#define OPTRAIL_BPF_LOAD_LOADED_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/program_abi.h"
#include "bpf/load/program.h"

struct loaded {
    const struct program *program; /* NULL: pinned by another version that had more programs */
    char *name;
    uint64_t cgroup_id;
    char *cgroup;         /* its folder; NULL: the cgroup is gone */
    uint32_t id;          /* of the program in the kernel; 0: nothing is behind the pin */
    uint32_t order;       /* its place among the cgroup's programs, from 1; 0 unknown */
    uint64_t runs;        /* 0 unless sysctl kernel.bpf_stats_enabled */
    uint64_t run_time_ns; /* of all runs */
    bool has_values, has_counters;
    struct values values;
    uint64_t counters[N_COUNTERS]; /* summed over CPUs */
    GPtrArray *shown;              /* what program->show() has to say, char *; may be empty */
};

void loaded_free(struct loaded *loaded);

/* The maps of a program that is loaded. */
struct map_list {
    const uint32_t *ids;
    uint32_t n;
};

/* The first of that name, -1 when there is none. To be closed. */
int map_list_open(const struct map_list *maps, const char *name);

/* The counters' names, as `optrail status` shows them. */
extern const char *const counter_names[N_COUNTERS];

/*
 * What is loaded, in the order of cgroup ids and names: on the cgroup at that path, or anywhere when
 * it is NULL. Array of struct loaded *, which it owns; NULL with an error, whose code is the exit code.
 */
GPtrArray *loaded_list(const char *cgroup, GError **error);

/* Detaches and unpins; when it was the last and no recorder runs, nothing of ours is left. */
bool loaded_remove(const struct loaded *loaded, GError **error);

/*
 * The program behind a pin, 0 when there is none; and one of its maps by name, to be closed, -1 when
 * there is none.
 */
uint32_t loaded_program(uint64_t cgroup_id, const char *instance);
int loaded_map_open(uint32_t program_id, const char *name);

/* What a loader that was killed may have left besides: nothing that does anything. */
void loaded_clean(void);

/* Unpins what programs and recorders share, when nobody needs it. With optrail_pin_dir_lock() held. */
void loaded_tidy(void);

#endif
