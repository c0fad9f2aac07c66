/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_set.h - sets of descriptions: read from files and the built-in ones, with a profile
 * chosen, and asked which of them some octets are.
 */
#ifndef OPTRAIL_WIRE_OPTION_SET_H
#define OPTRAIL_WIRE_OPTION_SET_H

#include "wire/option.h"

struct option_set;

/* An empty set. Never NULL. Free with option_set_free(). */
struct option_set *option_set_new(void);
void option_set_free(struct option_set *set);
typedef struct option_set option_set;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(option_set, option_set_free)

/* So many faults of one file are told, then one line says that there are more. */
enum { OPTION_FAULTS_MAX = 50 };

/*
 * Adding descriptions. Each returns the number of faults it found; a faulty file adds nothing and
 * its faults are appended to `faults` (GPtrArray of char *, freed by the array; may be NULL) as
 * "FILE:LINE: what is wrong", as far as OPTION_FAULTS_MAX permits.  What was right in other files is
 * added all the same.
 * A directory is read in the order of its file names; a missing one adds nothing and is no fault.
 */
unsigned option_set_add_builtin(struct option_set *set, GPtrArray *faults);
unsigned option_set_add_file(struct option_set *set, const char *path, GPtrArray *faults);
unsigned option_set_add_dir(struct option_set *set, const char *dir, GPtrArray *faults);
unsigned option_set_add_text(struct option_set *set, const char *file_name, const char *text,
                             size_t length, GPtrArray *faults);

/* The user's own folder: $XDG_CONFIG_HOME/optrail/options. Free with g_free(). */
char *option_user_dir(void);

/* Which profile is active; NULL or "" for none. False when no description names that profile. */
bool option_set_choose_profile(struct option_set *set, const char *profile);

size_t option_set_size(const struct option_set *set);
const struct option_desc *option_set_at(const struct option_set *set, size_t index);
const struct option_desc *option_set_by_name(const struct option_set *set, const char *name);

/* Whether a description is active under the set's present profile. */
bool option_set_is_active(const struct option_set *set, const struct option_desc *desc);

/*
 * The description of an option on the wire, or NULL when none covers it.
 *
 * `option` points at its kind, `length` octets of it are there (no more than its length octet
 * says). Among active descriptions with the same carrier and id the one whose length fits wins,
 * an alternative of the chosen profile before an everyday one, a 32-bit ExID before a 16-bit one;
 * when no length fits, the one whose id does (so that a malformed option still has its name).
 * Never "one of ours" for `1e 04 f0 ..` without a profile: ours have an experiment id.
 */
const struct option_desc *option_set_find(const struct option_set *set, const uint8_t *option,
                                          size_t length);

#endif
