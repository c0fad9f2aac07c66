/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option.h - descriptions of TCP options.
 *
 * An option is described once, in a key-file `NAME.opt` (docs/options.md has the language).  The
 * dissector's fields, the analyzer's decoding, the C header that BPF programs include and the
 * command line all come from the structs below; nothing in the project knows an option otherwise.
 *
 * Descriptions are made and owned by a set (wire/option_set.h): immutable, and gone with it.
 */
#ifndef OPTRAIL_WIRE_OPTION_H
#define OPTRAIL_WIRE_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/segment.h"

enum {
    TCP_OPTION_SPACE = 40, /* octets of options that a TCP header can hold (RFC 9293, 3.1) */
    TCP_KIND_EOL = 0,
    TCP_KIND_NOP = 1,
    TCP_KIND_MSS = 2,
    TCP_KIND_TIMESTAMPS = 8,
    TCP_KIND_UTO = 28,
    TCP_KIND_MPTCP = 30,
    TCP_KIND_EXP1 = 253, /* RFC 4727, shared by ExID: RFC 6994 */
    TCP_KIND_EXP2 = 254,
    MPTCP_SUBTYPE_PRIVATE = 15, /* RFC 8684 section 8: private use */
    OPTION_FIELDS_MAX = 64,
    OPTION_LABEL_MAX = 64, /* longest option name or label, with its terminating NUL */
};

enum option_carrier {
    CARRIER_KIND, /* kind, length, fields */
    CARRIER_EXID, /* kind 253 or 254, length, ExID of 16 or 32 bits, fields (RFC 6994) */
    CARRIER_MPTCP, /* kind 30, length, subtype in the high four bits of octet 2, fields from its low four */
    CARRIER_MPTCP_EXP, /* kind 30, length, 0xF + zero bits + echo bit, experiment id, fields */
};

enum field_type {
    FIELD_UINT,
    FIELD_ENUM,
    FIELD_BOOL,
    FIELD_BYTES,
    FIELD_IPV4,
    FIELD_IPV6,
    FIELD_STRING,
    FIELD_RESERVED, /* takes room, is never shown */
};

enum field_transform {
    TRANSFORM_NONE,      /* on the wire, not computed */
    TRANSFORM_FACTOR,    /* of * factor */
    TRANSFORM_FACTOR_BY, /* of * the factor that another field's value selects */
    TRANSFORM_EXP2,      /* 2 to the power of it */
};

enum option_sender { SENDER_BOTH, SENDER_CLIENT, SENDER_SERVER };

enum option_answer {
    ANSWER_NONE,
    ANSWER_SAME, /* the peer is expected to send the option too */
    ANSWER_ECHO, /* the peer repeats it once with the echo bit set (mptcp-exp only) */
};

struct field_value { /* one name of an enum, or one factor of `factor-by` */
    uint64_t number;
    char *name;      /* NULL in a list of factors */
    uint64_t factor; /* only in a list of factors */
};

struct option_field {
    char *name;        /* [a-z][a-z0-9_]* : the filter field is optrail.OPTION.NAME */
    char *description; /* "" when not given */
    char *unit;        /* "" when not given */
    enum field_type type;
    bool hex;  /* shown in base 16 */
    bool rest; /* takes all octets to the end of the option */
    bool has_min, has_max;
    uint64_t min, max;    /* rules: a breach is decoded and flagged */
    unsigned bits;        /* width; 0 for a computed field and for `rest` */
    unsigned offset_bits; /* from the option's first octet (its kind), most significant bit first */
    struct field_value *values; /* enum names, in file order */
    size_t n_values;

    enum field_transform transform; /* computed fields only from here on */
    size_t of;                      /* index of the field it is computed from */
    uint64_t factor;
    size_t factor_by; /* index of the selecting field */
    struct field_value *factors;
    size_t n_factors;
};

struct option_desc {
    char *name; /* [a-z][a-z0-9_-]* */
    char *title;
    char *reference;
    enum option_carrier carrier;
    bool kinds_253, kinds_254; /* exid: which of the two kinds it may use */
    uint32_t id;               /* kind number, ExID, MPTCP subtype or experiment id */
    unsigned id_bits;          /* exid: 16 or 32; 0 otherwise */
    unsigned header_bits;      /* what stands before the first field: 16, 32 or 48; 20 for mptcp */
    unsigned length_min, length_max; /* whole option in octets */
    unsigned segments;               /* SEGMENT_BIT()s of where it may stand */
    enum option_sender sender;       /* `direction` in the file */
    enum option_answer answer;
    char **profiles; /* NULL-terminated; empty: always active */
    struct option_field *fields;
    size_t n_fields;
    size_t index; /* position in its set: a dense id for tables */
    bool builtin;
    char *file; /* where it was read from, for messages */
};

/* True when the option is one of those with an echo bit: it then has the filter field `.echo`. */
static inline bool option_has_echo(const struct option_desc *desc)
{
    return desc->carrier == CARRIER_MPTCP_EXP;
}

/* The field of that name, or NULL. */
const struct option_field *option_field_find(const struct option_desc *desc, const char *name);

/* The name of an enum's value, or NULL when the description has none for it. */
const char *option_field_value_name(const struct option_field *field, uint64_t number);

/* The value behind an enum's name. False when there is none of that name. */
bool option_field_value_by_name(const struct option_field *field, const char *name,
                                uint64_t *number);

/*
 * What to call an option: its description's name, else "exid-0xBEE5", "mptcp-N" or "kind-N".
 * `desc` as option_set_find() returned it. Writes at most OPTION_LABEL_MAX octets; returns `out`.
 */
const char *option_label(const struct option_desc *desc, const uint8_t *option, size_t length,
                         char out[OPTION_LABEL_MAX]);

#endif
