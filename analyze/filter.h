/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - which packets of a capture to look at: an expression as tcpdump takes it.
 *
 * libpcap compiles it for each link type that occurs in the files.
 */
#ifndef OPTRAIL_ANALYZE_FILTER_H
#define OPTRAIL_ANALYZE_FILTER_H

#include <glib.h>
#include <stdbool.h>

#include "wire/capture.h"

struct filter;

/* NULL with `error` set when the expression is none. Free with filter_free(), which accepts NULL. */
struct filter *filter_new(const char *expression, GError **error);
void filter_free(struct filter *filter);

/* True as well where the expression means nothing: a link type that libpcap has no answer for. */
bool filter_matches(struct filter *filter, const struct capture_record *record);

#endif
