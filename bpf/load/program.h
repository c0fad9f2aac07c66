/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - the programs that can be loaded, and their parameters.
 *
 * A program is one program_NAME.c (its row: what it is called, what may be set, its compiled
 * image) and one line in programs.c. A parameter is a `const volatile __u32` of the same name in
 * the program's .bpf.c; the row says what values it takes, so that parsing, `optrail programs`,
 * and `optrail status` are written once for all.
 */
#ifndef OPTRAIL_BPF_LOAD_PROGRAM_H
#define OPTRAIL_BPF_LOAD_PROGRAM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/option.h"

struct bpf_object;

/* Errors of this folder: their codes are exit codes (wire/command.h). */
#define LOAD_ERROR (load_error_quark())
GQuark load_error_quark(void);

enum parameter_type {
    PARAMETER_NUMBER, /* min to max */
    PARAMETER_ENUM,   /* one of `values`, by name */
    PARAMETER_BOOL,   /* yes or no */
    PARAMETER_FIELD, /* what the option's field takes: a name of its enum, or a number in its range */
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

struct program {
    const char *name;    /* at most 15 characters: pins and reports carry it */
    const char *option;  /* the description that it sends and takes; NULL for none */
    const char *summary; /* half a line */
    const char *details; /* for `optrail programs NAME`, lines of text */
    const struct parameter *parameters;
    size_t n_parameters;
    const void *(*image)(size_t *size); /* the compiled program, an ELF object */

    /* May be NULL: refuses combinations of values. `values` is parallel to `parameters`. */
    bool (*check)(const uint32_t *values, GError **error);

    /* May be NULL: fills the maps of the loaded object. `options` holds the descriptions. */
    bool (*prepare)(struct bpf_object *object, const struct option_set *options, GError **error);
};

/* The table, ended by NULL, in the order in which it is shown. */
extern const struct program *const programs[];

/* The program of that name, or NULL. */
const struct program *program_by_name(const char *name);

/* "cc, uto". Free with g_free(). */
char *program_names(void);

/* Parameters that programs have in common; see enum role and enum repeat of program_abi.h. */
extern const struct parameter_value role_values[];
extern const struct parameter_value repeat_values[];

/*
 * Sets all of `values` (parallel to the program's parameters): presets, then `settings`, a
 * NULL-terminated list of KEY=VALUE (NULL: none). False with an error that names key, value and
 * what is allowed.
 */
bool parameters_parse(const struct program *program, const struct option_set *options,
                      const char *const *settings, uint32_t values[PROGRAM_PARAMETERS_MAX],
                      GError **error);

/* What the parameter takes: "a number from 0 to 65535 (s)", "one of vegas, reno". g_free(). */
char *parameter_allowed(const struct program *program, const struct parameter *parameter,
                        const struct option_set *options);

/* The value as one would write it: "reno", "34". Free with g_free(). */
char *parameter_text(const struct program *program, const struct parameter *parameter,
                     const struct option_set *options, uint32_t value);

#endif
