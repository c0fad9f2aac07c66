/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option.h - descriptions of TCP options, and sets of them.
 *
 * An option is described once, in a key-file `NAME.opt` (docs/options.md has the language).  The
 * dissector's fields, the analyzer's decoding, the C header that BPF programs include and the
 * command line all come from the structs below; nothing in the project knows an option otherwise.
 *
 * Descriptions are immutable once they are in a set, and live as long as the set.
 */
#ifndef OPTRAIL_WIRE_OPTION_H
#define OPTRAIL_WIRE_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/segment.h"

enum {
    TCP_OPTION_SPACE = 40,     /* octets of options that a TCP header can hold (RFC 9293, 3.1) */
    TCP_KIND_EOL = 0,
    TCP_KIND_NOP = 1,
    TCP_KIND_MSS = 2,
    TCP_KIND_TIMESTAMPS = 8,
    TCP_KIND_UTO = 28,
    TCP_KIND_MPTCP = 30,
    TCP_KIND_EXP1 = 253,       /* RFC 4727, shared by ExID: RFC 6994 */
    TCP_KIND_EXP2 = 254,
    MPTCP_SUBTYPE_PRIVATE = 15, /* RFC 8684 section 8: private use */
    OPTION_FIELDS_MAX = 64,
    OPTION_LABEL_MAX = 64,     /* longest option name or label, with its terminating NUL */
};

enum option_carrier {
    CARRIER_KIND,      /* kind, length, fields */
    CARRIER_EXID,      /* kind 253 or 254, length, ExID of 16 or 32 bits, fields (RFC 6994) */
    CARRIER_MPTCP,     /* kind 30, length, subtype in the high four bits of octet 2, fields from its low four */
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
    bool hex;          /* shown in base 16 */
    bool rest;         /* takes all octets to the end of the option */
    bool has_min, has_max;
    uint64_t min, max; /* rules: a breach is decoded and flagged */
    unsigned bits;     /* width; 0 for a computed field and for `rest` */
    unsigned offset_bits; /* from the option's first octet (its kind), most significant bit first */
    struct field_value *values; /* enum names, in file order */
    size_t n_values;

    enum field_transform transform; /* computed fields only from here on */
    size_t of;                      /* index of the field it is computed from */
    uint64_t factor;
    size_t factor_by;               /* index of the selecting field */
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
    unsigned segments;         /* SEGMENT_BIT()s of where it may stand */
    enum option_sender sender;    /* `direction` in the file */
    enum option_answer answer;
    char **profiles;           /* NULL-terminated; empty: always active */
    struct option_field *fields;
    size_t n_fields;
    size_t index;              /* position in its set: a dense id for tables */
    bool builtin;
    char *file;                /* where it was read from, for messages */
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

/* --- sets --------------------------------------------------------------------------------- */

struct option_set;

/* An empty set. Never NULL. Free with option_set_free(). */
struct option_set *option_set_new(void);
void option_set_free(struct option_set *set);
typedef struct option_set option_set;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(option_set, option_set_free)

/*
 * Adding descriptions. Each returns the number of faults it found; a faulty file adds nothing and
 * its faults are appended to `faults` (GPtrArray of char *, freed by the array; may be NULL) as
 * "FILE:LINE: what is wrong".  What was right in other files is added all the same.
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

/*
 * What to call an option: its description's name, else "exid-0xBEE5", "mptcp-N" or "kind-N".
 * `desc` as option_set_find() returned it. Writes at most OPTION_LABEL_MAX octets; returns `out`.
 */
const char *option_label(const struct option_desc *desc, const uint8_t *option, size_t length,
                         char out[OPTION_LABEL_MAX]);

/* Every active description as a C header for BPF programs: constants, and a packed struct each. */
char *option_set_c_header(const struct option_set *set);

/* The same for `n` descriptions of one's choice. Free with g_free(). */
char *option_c_header(const struct option_desc *const *descs, size_t n);

#endif
