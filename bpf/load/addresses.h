/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addresses.h - the addresses of this network namespace that path managers use, and their changes. */
#ifndef OPTRAIL_BPF_LOAD_ADDRESSES_H
#define OPTRAIL_BPF_LOAD_ADDRESSES_H

#include <glib.h>
#include <stdbool.h>

#include "bpf/include/program_abi.h"

/*
 * Addresses of interfaces that are up; not the loopback's, not link-local ones. `prefixes`: array of
 * struct prefix in one of which they stand, or empty for all. Array of struct path_address, at most
 * LOCAL_ADDRESSES_MAX. Free with g_array_unref().
 */
GArray *addresses_read(const GArray *prefixes);

/* Puts them into a map LOCAL_ADDRESSES_MAP. 0 or a negative errno. */
int addresses_store(int map_fd, const GArray *addresses);

/*
 * A socket that gets readable when an address or a link changes; addresses_changed() empties it and
 * says whether there was news. A negative errno.
 */
int addresses_watch(void);
bool addresses_changed(int watch_fd);

#endif
