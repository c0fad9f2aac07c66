/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - the programs that can be loaded, and their parameters.
 *
 * A program is one program_NAME.c (its row: what it is called, what may be set, its compiled
 * image) and one line in programs.c. A parameter is a `const volatile __u32` of the same name in
 * the program's .bpf.c, or a `const volatile char [PARAMETER_TEXT_SIZE]` for text; the row says
 * what values it takes, so that parsing, `optrail programs`, and `optrail status` are written once
 * for all.
 */
#ifndef OPTRAIL_BPF_LOAD_PROGRAM_H
#define OPTRAIL_BPF_LOAD_PROGRAM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/program_abi.h"
#include "wire/option_set.h"

struct bpf_object;
struct variables;
struct follow;
struct map_list;

/* Errors of this folder: their codes are exit codes (wire/command.h). */
#define LOAD_ERROR (load_error_quark())
GQuark load_error_quark(void);

enum parameter_type {
    PARAMETER_NUMBER, /* min to max */
    PARAMETER_ENUM,   /* one of `values`, by name */
    PARAMETER_BOOL,   /* yes or no */
    PARAMETER_FIELD, /* what the option's field takes: a name of its enum, or a number in its range */
    PARAMETER_SEGMENTS, /* a set of segment classes, "ack;data", as SEGMENT_BIT()s */
    PARAMETER_TEXT,     /* any text that fits; the program's check() judges it */
};

struct parameter_value {
    const char *name; /* NULL ends the list */
    uint32_t number;
    const char *help;
};

struct parameter {
    const char *key; /* of --set KEY=VALUE, and the name of the program's variable */
    enum parameter_type type;
    const char *preset;                   /* the value when it is not set, as one would write it */
    const char *help;                     /* half a line */
    const char *unit;                     /* "s"; NULL for none */
    uint32_t min, max;                    /* PARAMETER_NUMBER */
    const struct parameter_value *values; /* PARAMETER_ENUM */
    const char *field;                    /* PARAMETER_FIELD: of the program's option */
};

enum { PROGRAM_PARAMETERS_MAX = 16 };

/* What the parameters of one program are set to. Zero it before use; values_clear() frees. */
struct values {
    uint32_t number[PROGRAM_PARAMETERS_MAX]; /* parallel to the program's parameters */
    char *text[PROGRAM_PARAMETERS_MAX];      /* PARAMETER_TEXT; else NULL */
    GPtrArray *fields; /* "FIELD=VALUE" for an option whose fields may be set; NULL: none */
};

void values_clear(struct values *values);
typedef struct values program_values;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(program_values, values_clear)

struct program {
    const char *name;    /* at most 15 characters: pins and reports carry it */
    const char *option;  /* the description that it sends and takes; NULL for none */
    const char *summary; /* half a line */
    const char *details; /* for `optrail programs NAME`, lines of text */
    const struct parameter *parameters;
    size_t n_parameters;
    const void *(*image)(size_t *size); /* the compiled program, an ELF object */

    /*
     * The parameter whose text tells several loads on one cgroup apart: they are then called
     * NAME-TEXT. NULL: the program is loaded once on a cgroup.
     */
    const char *instance_by;
    /* For kernels that are not patched, where those need another program; NULL: the same. */
    const void *(*image_stock)(size_t *size);

    /* What the functions that a family of rows has in common need: request.h, path.h. */
    const void *traits;

    bool for_mptcp;    /* of no use, and not taken by the kernel, without MPTCP */
    bool takes_fields; /* other KEY=VALUE are fields of the option that parameter `name` names */

    /* The rest may be NULL; each is given its own row. Refuses values, or combinations of them. */
    bool (*check)(const struct program *program, const struct values *values,
                  const struct option_set *options, GError **error);

    /* Sets variables of the program that are no parameters, before it is loaded. */
    bool (*configure)(const struct program *program, struct variables *variables,
                      const struct values *values, const struct option_set *options,
                      GError **error);

    /* Fills the maps of the loaded object. `options` holds the descriptions. */
    bool (*prepare)(const struct program *program, struct bpf_object *object,
                    const struct values *values, const struct option_set *options, GError **error);

    /* Which of several ways this kernel has it go, in a line for people. Free with g_free(). */
    char *(*way)(const struct program *program, const struct values *values);

    /* More lines of details, such as a table. Free with g_free(). */
    char *(*more)(void);

    /*
     * What goes on in the background while the program is loaded, in a process of its own: returns
     * when follow_ended() (bpf/load/follow.h). `values` as it was loaded with.
     */
    void (*follow)(const struct program *program, const struct follow *follow,
                   const struct values *values);

    /* For `optrail status`: what its maps say besides counters. Appends char * to `lines`. */
    void (*show)(const struct map_list *maps, GPtrArray *lines);
};

/* For check(): refuses a parameter `lower` above `upper`, where the program has both. */
bool values_check_limits(const struct program *program, const struct values *values,
                         GError **error);

/* The table, ended by NULL, in the order in which it is shown. */
extern const struct program *const programs[];

/* The program of that name, or NULL. */
const struct program *program_by_name(const char *name);

/* The program of a name as program_instance() makes it, or NULL. */
const struct program *program_by_instance(const char *instance);

/* What the program is called on a cgroup: its name, or NAME-TEXT. Free with g_free(). */
char *program_instance(const struct program *program, const struct values *values);

/* "cc, uto". Free with g_free(). */
char *program_names(void);

/* Parameters that programs have in common; see enum role and enum repeat of program_abi.h. */
extern const struct parameter_value role_values[];
extern const struct parameter_value repeat_values[];

/* Their rows in a program's table; `what` is the program's own half line of help. */
/* clang-format off */
#define PARAMETER_ROLE(what)                                                                       \
    {.key = "role", .type = PARAMETER_ENUM, .preset = "both", .help = (what), .values = role_values}
#define PARAMETER_ROLE_PATH(preset_)                                                               \
    {.key = "role", .type = PARAMETER_ENUM, .preset = (preset_),                                   \
     .help = "which connections it acts on", .values = role_values}
#define PARAMETER_REPEAT(what)                                                                     \
    {.key = "repeat", .type = PARAMETER_ENUM, .preset = "once", .help = (what),                    \
     .values = repeat_values}
/* clang-format on */

/*
 * Sets all of `values` (zeroed, or cleared): presets, then `settings`, a NULL-terminated list of
 * KEY=VALUE (NULL: none). False with an error that names key, value and what is allowed.
 */
bool parameters_parse(const struct program *program, const struct option_set *options,
                      const char *const *settings, struct values *values, GError **error);

/* The index of the parameter of that name, or -1. */
int parameter_index(const struct program *program, const char *key);

/* What the parameter takes: "a number from 0 to 65535 (s)", "one of vegas, reno". g_free(). */
char *parameter_allowed(const struct program *program, const struct parameter *parameter,
                        const struct option_set *options);

/* The value as one would write it: "reno", "34". Free with g_free(). */
char *parameter_text(const struct program *program, const struct parameter *parameter,
                     const struct option_set *options, const struct values *values);

#endif
