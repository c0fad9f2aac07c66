/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - which packets of a capture to look at: an expression as tcpdump takes it; and what the
 * filter that a capture was made with would have let through.
 *
 * libpcap compiles it for each link type that occurs in the files. See pcap-filter(7).
 */
#ifndef OPTRAIL_ANALYZE_FILTER_H
#define OPTRAIL_ANALYZE_FILTER_H

#include <glib.h>
#include <stdbool.h>

#include "wire/capture.h"
#include "wire/flow.h"

struct filter;

/* NULL with `error` set when the expression is none. Free with filter_free(), which accepts NULL. */
struct filter *filter_new(const char *expression, GError **error);
void filter_free(struct filter *filter);

/* True as well where the expression means nothing: a link type that libpcap has no answer for. */
bool filter_matches(struct filter *filter, const struct capture_record *record);

/*
 * The filter that a capture says it was made with (pcapng, if_filter). NULL for one that cannot be
 * followed: no expression, one about the link layer or the interface, or one with names, which a
 * file must not make us look up. Free with filter_free().
 */
struct filter *filter_of_capture(const char *expression);

/*
 * True when that filter lets every TCP segment through that has these endpoints, flags and length of
 * payload, whatever its options, TTL and numbers are. False for NULL: then nobody knows.
 */
bool filter_admits(struct filter *filter, const struct endpoint *source,
                   const struct endpoint *destination, uint8_t flags, uint32_t payload_length);

#endif
