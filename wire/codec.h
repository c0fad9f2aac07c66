/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec.h - one option's octets to field values and back, as its description says.
 *
 * Decoding is honest: whatever can be read is given, whatever is wrong is flagged, nothing is ever
 * refused.  No allocation; results point into the octets that were given.
 */
#ifndef OPTRAIL_WIRE_CODEC_H
#define OPTRAIL_WIRE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/option_set.h"

/* What can be wrong with an option, a bit each; the dissector's expert items bear these names. */
enum option_fault {
    FAULT_MALFORMED = 1 << 0, /* its length breaks the description, or runs past the header */
    FAULT_TRUNCATED = 1 << 1, /* the capture ends before the option does: not the sender's fault */
    FAULT_RANGE = 1 << 2,     /* a field outside min..max, or an enum value without a name */
    FAULT_MISPLACED = 1 << 3, /* on a segment, or from a side, where it may not stand */
    FAULT_DUPLICATE = 1 << 4, /* twice in one header with different octets */
    FAULT_UNKNOWN = 1 << 5,   /* an experimental option that no description covers */
};

struct codec_value {
    const struct option_field *field;
    bool present;          /* all of its octets were there; computed: it can be computed */
    bool out_of_range;     /* also of a computed field beyond 64 bits, which is not present */
    uint64_t number;       /* uint, enum, bool and computed fields, in host byte order */
    const uint8_t *octets; /* bytes, ipv4, ipv6, string: into the option */
    unsigned n_octets;     /* of a `rest` that was cut: what is there, though it is not present */
};

struct codec_option {
    const struct option_desc *desc;
    unsigned faults; /* option_fault bits; placement is not judged here */
    unsigned length; /* what its length octet says */
    bool echo;       /* mptcp-exp: the echo bit */
    size_t n_values; /* one per field of the description, same order */
    struct codec_value values[OPTION_FIELDS_MAX];
};

/*
 * Decodes one option. `option` points at its kind; `available` octets of it may be read (fewer
 * than its length octet says when the capture cut it). `desc` comes from option_set_find().
 *
 * With fewer octets than the length says, FAULT_TRUNCATED is set: whether the capture or the
 * header ended there only the caller knows, who adds FAULT_MALFORMED for the latter.
 */
void codec_decode(const struct option_desc *desc, const uint8_t *option, size_t available,
                  struct codec_option *out);

/* The value of the field of that name, or NULL when there is none or it was not there. */
const struct codec_value *codec_value_find(const struct codec_option *decoded, const char *field);

/* A value as a person reads it: "bbr (2)", "60 s", "0x0102". Returns `out`. */
const char *codec_value_text(const struct codec_value *value, char *out, size_t size);

/* FAULT_MISPLACED or 0. `from_client`: 1 sent by the client, 0 by the server, -1 not known. */
unsigned codec_placement(const struct option_desc *desc, enum segment_class segment,
                         int from_client);

/*
 * Encodes an option. `settings` are "field=value" strings (numbers in C notation, enum names,
 * addresses, hex octets, strings as they are), `n` of them; fields not named are zero. With the
 * setting "kind=253|254" an exid option takes that kind. Writes into `out` (TCP_OPTION_SPACE
 * octets) and returns the option's length, or 0 with `error` set (unknown field, out of range).
 * A computed field may be set: the granularity or exponent that represents it exactly is chosen,
 * the first in the description's order. "echo=1" sets the echo bit of an option that has one.
 */
size_t codec_encode(const struct option_desc *desc, const char *const *settings, size_t n,
                    uint8_t out[TCP_OPTION_SPACE], GError **error);

#endif
