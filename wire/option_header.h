/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_header.h - descriptions as a C header for BPF programs: constants, accessors, and a packed
 * struct for each.
 */
#ifndef OPTRAIL_WIRE_OPTION_HEADER_H
#define OPTRAIL_WIRE_OPTION_HEADER_H

#include "wire/option_set.h"

/* The active descriptions of a set. Free with g_free(). */
char *option_set_c_header(const struct option_set *set);

/* `n` descriptions of one's choice. Free with g_free(). */
char *option_c_header(const struct option_desc *const *descs, size_t n);

#endif
