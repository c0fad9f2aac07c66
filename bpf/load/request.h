/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - what the rows of the Multipath TCP requests share (bpf/include/asking.h). */
#ifndef OPTRAIL_BPF_LOAD_REQUEST_H
#define OPTRAIL_BPF_LOAD_REQUEST_H

#include "bpf/load/program.h"

extern const struct parameter_value carrier_values[];
extern const struct parameter_value subflows_values[];

#define REQUEST_LOCAL "local"

/* The parameters that all of them have; `on` is the preset of subflows. */
#define REQUEST_PARAMETERS(on)                                                                     \
    {.key = "subflows",                                                                            \
     .type = PARAMETER_ENUM,                                                                       \
     .preset = (on),                                                                               \
     .help = "on which of a connection's subflows it is asked",                                    \
     .values = subflows_values},                                                                   \
        {.key = REQUEST_LOCAL,                                                                     \
         .type = PARAMETER_TEXT,                                                                   \
         .preset = "",                                                                             \
         .help = "of those, on which local addresses; none: on any",                               \
         .unit = "prefixes such as 192.0.2.0/24,2001:db8::/32"},                                   \
        {.key = "tries",                                                                           \
         .type = PARAMETER_NUMBER,                                                                 \
         .preset = "10",                                                                           \
         .help = "send it at most so often, while the peer does not echo it",                      \
         .min = 1,                                                                                 \
         .max = 255},                                                                              \
        {.key = "carrier",                                                                         \
         .type = PARAMETER_ENUM,                                                                   \
         .preset = "auto",                                                                         \
         .help = "how it is written",                                                              \
         .values = carrier_values},                                                                \
        PARAMETER_ROLE("which connections it acts on")

/* What is asked for, where that is one number of 16 bits. */
#define REQUEST_VALUE(what, of)                                                                    \
    {                                                                                              \
        .key = (what), .type = PARAMETER_NUMBER, .preset = "0",                                    \
        .help = "what to ask the peer for; 0: do not ask", .unit = (of), .min = 0,                 \
        .max = UINT16_MAX                                                                          \
    }

/* Whether a connection's own end does at once what it asks of the peer. */
#define REQUEST_OWN(yes_or_no)                                                                     \
    {                                                                                              \
        .key = "own", .type = PARAMETER_BOOL, .preset = (yes_or_no),                               \
        .help = "yes: this end does too what it asks of the peer"                                  \
    }

/* Between which limits a peer brings this end; `most` is the preset of the upper one. */
#define REQUEST_LIMITS(of, most)                                                                   \
    {.key = "lower",                                                                               \
     .type = PARAMETER_NUMBER,                                                                     \
     .preset = "1",                                                                                \
     .help = "the least that a peer brings this end to",                                           \
     .unit = (of),                                                                                 \
     .min = 1,                                                                                     \
     .max = UINT16_MAX},                                                                           \
    {                                                                                              \
        .key = "upper", .type = PARAMETER_NUMBER, .preset = (most),                                \
        .help = "the most that a peer brings this end to", .unit = (of), .min = 1,                 \
        .max = UINT16_MAX                                                                          \
    }

/* The `traits` of a row that asks. */
struct request_traits {
    const char *value;        /* the parameter that is asked for, where 0 stands for: do not ask */
    const char *not_on_stock; /* what a stock kernel cannot do, for way() */
};

/* For check(): refuses a faulty `local`, and limits the wrong way round. */
bool request_check(const struct program *program, const struct values *values,
                   const struct option_set *options, GError **error);

/* For configure(): asks for the parameter that the traits name. */
bool request_configure(const struct program *program, struct variables *variables,
                       const struct values *values, const struct option_set *options,
                       GError **error);

/* The same for a row that makes the value of something else (`ask` false: asks for nothing). */
bool request_ask(const struct program *program, struct variables *variables,
                 const struct values *values, bool ask, uint32_t value, GError **error);

/* For prepare(): fills the map of `local`. */
bool request_prepare(const struct program *program, struct bpf_object *object,
                     const struct values *values, const struct option_set *options, GError **error);

/* For way(): how requests go out here, and what a stock kernel cannot do. */
char *request_way(const struct program *program, const struct values *values);

/* What the row of a plain request has, beside its words. */
#define REQUEST_ROW                                                                                \
    .parameters = parameters, .n_parameters = G_N_ELEMENTS(parameters), .traits = &traits,         \
    .for_mptcp = true, .check = request_check, .configure = request_configure,                     \
    .prepare = request_prepare, .way = request_way

#endif
