/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - endpoints and keys of TCP connections.
 *
 * A key names a connection by its two endpoints in canonical order, so that both directions of a
 * connection hash alike; which of the two sent a segment is one bit beside it.  IPv4 addresses
 * stand in the first four octets of `address`, the rest is zero.
 */
#ifndef OPTRAIL_WIRE_FLOW_H
#define OPTRAIL_WIRE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct endpoint {
    uint8_t address[16]; /* network byte order */
    uint16_t port;       /* host byte order */
    uint8_t family;      /* 4 or 6 */
    uint8_t zero;        /* so that endpoints compare by memory */
};

struct flow_key {
    struct endpoint low, high; /* low < high in memory order */
};

enum { ENDPOINT_TEXT_MAX = 64 };

/*
 * The key of a connection between two endpoints. Returns true when `from` became `low`: the
 * direction bit of a segment that `from` sent.
 */
bool flow_key_make(struct flow_key *key, const struct endpoint *from, const struct endpoint *to);

uint64_t flow_key_hash(const struct flow_key *key);

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* "192.0.2.1:443", "[2001:db8::1]:443". Writes at most ENDPOINT_TEXT_MAX octets; returns `out`. */
const char *endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_MAX]);

#endif
