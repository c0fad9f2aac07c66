/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer_watch.h - one watched cgroup: the observers on it, and what runs around them.
 *
 * The observers hang on bpf_links, which the kernel takes away when this process ends, however it
 * ends. Only kernels 6.15 and 6.16 know BPF_F_PREORDER but not for links: there the entry observer
 * is attached to the cgroup itself and would outlive a kill; the next recorder takes it away.
 *
 * The exit observer has to run after the programs. Those of the same cgroup run in the order in
 * which they were attached, before those of the cgroups above; so when a program appears behind
 * the exit observer, its other copy is attached and the first detached.
 */
#ifndef OPTRAIL_TRACE_OBSERVER_WATCH_H
#define OPTRAIL_TRACE_OBSERVER_WATCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/observer_object.h"

struct observer_watch;

/* What runs after the exit observer. */
enum observer_behind {
    OBSERVER_BEHIND_NOTHING,
    OBSERVER_BEHIND_SAME, /* programs of the same cgroup: attaching the exit observer again helps */
    OBSERVER_BEHIND_ABOVE, /* programs of cgroups above */
};

/* Told with true before both copies of the exit observer are attached, with false after it. */
typedef void (*observer_overlap)(void *user, bool both);

/* Opens a folder of cgroup2. NULL with `error` set. Free with observer_watch_free(). */
struct observer_watch *observer_watch_new(const char *path, GError **error);
void observer_watch_free(void *watch);

/* Its full path, and its id as bpf_get_current_cgroup_id() gives it. */
const char *observer_watch_path(const struct observer_watch *watch);
uint64_t observer_watch_id(const struct observer_watch *watch);

/* True when it is `above` or lies below it. */
bool observer_watch_is_below(const struct observer_watch *watch,
                             const struct observer_watch *above);

/* Gives it the loaded observers, which are then the watch's. */
void observer_watch_set_object(struct observer_watch *watch, struct observer_object *object);
const struct observer_object *observer_watch_object(const struct observer_watch *watch);

/*
 * Takes away what killed recorders left and attaches the entry observer: whether this kernel can
 * run it first (`preorder`: whether to try).
 */
bool observer_watch_attach_entry(struct observer_watch *watch, bool preorder);

/* Attaches the exit observer as the last of its cgroup, for the first time or anew: 0 or a negative errno. */
int observer_watch_attach_exit(struct observer_watch *watch, observer_overlap overlap, void *user);

/*
 * What runs after the exit observer, of what was not told before. Each program is looked at once:
 * two recorders on one cgroup would otherwise take turns in being the last.
 */
enum observer_behind observer_watch_look_behind(struct observer_watch *watch);

/* "12 cc, 13 uto" of the programs that are not observers; "none". Free with g_free(). */
char *observer_watch_programs(const struct observer_watch *watch);

/* Detaches what hangs on links. */
void observer_watch_stop(struct observer_watch *watch);

#endif
