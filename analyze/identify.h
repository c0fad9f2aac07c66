/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identify.h - which option is this? A cached answer, and the options of a header as a list.
 *
 * Options are told apart by the name that reports use: a description's, or "exid-0xBEE5",
 * "mptcp-3", "kind-2". Each name is one identity, so that identities compare by address.
 */
#ifndef OPTRAIL_ANALYZE_IDENTIFY_H
#define OPTRAIL_ANALYZE_IDENTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/option_set.h"
#include "wire/packet.h"

struct identity {
    char *name;
    const struct option_desc *desc; /* NULL: no description covers it */
    uint8_t kind;
    bool everyday; /* MSS, window scale, SACK, timestamps: on nearly every connection */
};

struct identities; /* the cache; one per analysis */

/* `options` outlives the cache. */
struct identities *identities_new(const struct option_set *options);
void identities_free(struct identities *identities);

/*
 * The identity of the option that starts at `octets` (its kind), of which `available` octets may
 * be read. Never NULL; owned by the cache. Not for NOP and EOL.
 */
const struct identity *identify(struct identities *identities, const uint8_t *octets,
                                unsigned available);

/*
 * Stands for options that nobody describes, where there are so many different ones that they are
 * not told apart: "others".
 */
const struct identity *identities_others(const struct identities *identities);

/*
 * Whether a whole option keeps to its description's form and ranges. The answer is remembered: most
 * options say the same again and again.
 */
bool option_well_formed(struct identities *identities, const struct option_desc *desc,
                        const uint8_t *octets, unsigned length);

enum { OPTIONS_PER_HEADER = 20 }; /* 40 octets, at least two each, NOP and EOL not counted */

struct option_at {
    const struct identity *identity;
    uint8_t offset;    /* of its kind, from the first option octet */
    uint8_t length;    /* as it says itself */
    uint8_t available; /* octets that the capture holds */
    bool malformed;
};

struct option_list {
    const uint8_t *octets; /* all options of the header, NOPs included */
    uint8_t captured, declared;
    unsigned n;
    struct option_at at[OPTIONS_PER_HEADER];
};

/* Lists the options of a header. `octets` stays referenced. */
void option_list_read(struct identities *identities, const uint8_t *octets, uint8_t captured,
                      uint8_t declared, struct option_list *out);

/* The `nth` (from 0) option of that identity, or NULL. */
const struct option_at *option_list_find(const struct option_list *list,
                                         const struct identity *identity, unsigned nth);

/* What most of the analyzer wants to know of a header's options, in one walk along them. */
struct options_glance {
    bool everyday;       /* nothing but everyday options and padding, none malformed, nothing cut */
    bool has_mptcp;      /* an option of kind 30, in whatever form */
    bool has_timestamps; /* the first whole Timestamps option says: */
    uint32_t tsval, tsecr;
};

struct options_glance options_glance(struct tcp_options list);

#endif
