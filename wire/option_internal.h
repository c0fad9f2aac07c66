/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_internal.h - what the files option*.c share and nobody else needs: the key-file reader
 * (option_text.c), taking keys (option_keys.c), and the checks that make a description of them
 * (option_file.c, option_field.c).
 */
#ifndef OPTRAIL_WIRE_OPTION_INTERNAL_H
#define OPTRAIL_WIRE_OPTION_INTERNAL_H

#include "wire/option.h"
#include "wire/option_set.h"

enum {
    OPTION_FILE_MAX = 64 * 1024, /* octets of a description; a sane one has some hundred */
    OPTION_VALUES_MAX = 256,     /* names of one enum, factors of one computed field */
    OPTION_NAME_MAX = 40,        /* characters in a name of an option, field or value */
};

/* --- faults of one file ---------------------------------------------------------------------- */

struct option_faults {
    GPtrArray *list; /* struct fault *, see option_text.c */
    unsigned count;  /* how many were found; more than are in the list when there were too many */
};

void option_faults_init(struct option_faults *faults);
void option_faults_clear(struct option_faults *faults);

/* Adds a fault. Lines count from 1. */
void option_fault(struct option_faults *faults, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Moves the faults, sorted by line, to `out` (may be NULL) as "FILE:LINE: what". */
void option_faults_report(struct option_faults *faults, const char *file, GPtrArray *out);

/* A text from a file made fit for a message: in quotes, short, printable. Free with g_free(). */
char *option_quote(const char *text);

/* --- the key-file ---------------------------------------------------------------------------- */

struct key_entry {
    char *key, *value; /* value without surrounding white space, escapes as they stand */
    unsigned line;
    bool used; /* set by whoever takes it; what is left at the end is an unknown key */
};

struct key_group {
    char *name;
    unsigned line;
    GPtrArray *entries; /* struct key_entry *, in file order */
};

/*
 * Reads a key-file (glib's syntax: groups in brackets, key=value, # comments) with the line of
 * everything. Returns groups (struct key_group *) in file order, never NULL; what is wrong with
 * the syntax, and every key or group that stands twice, goes to `faults`.
 */
GPtrArray *key_file_read(const char *text, size_t length, struct option_faults *faults);

/* The entry of that key, marked as used; NULL when there is none. */
struct key_entry *key_group_take(struct key_group *group, const char *key);

/* --- from file to description ---------------------------------------------------------------- */

/* Where things stood in the file, for faults that only the set can find. */
struct option_lines {
    unsigned name, id;
};

/* The description that `text` holds, or NULL with its faults. Free with option_desc_free(). */
struct option_desc *option_desc_parse(const char *text, size_t length, struct option_lines *lines,
                                      struct option_faults *faults);
void option_desc_free(struct option_desc *desc);

/* What the files that read one description share. */
struct option_parser {
    struct option_faults *faults;
    struct option_desc *desc;
    GPtrArray *groups;  /* struct key_group * */
    GArray *fields;     /* struct option_field */
    GPtrArray *origins; /* the struct key_group * of each field */
    unsigned length_line;
};

/* Reads a [field NAME] group and appends the field; computed ones are completed by the next. */
void option_read_field(struct option_parser *p, struct key_group *group);

/* The rest of a computed field, once all fields are known. */
void option_read_computed(struct option_parser *p, struct key_group *group,
                          struct option_field *field);

/* Gives every field its place and holds their widths against the length. */
void option_lay_out(struct option_parser *p);

/* --- taking keys ----------------------------------------------------------------------------- */

struct option_word {
    const char *name;
    int value;
};

/* "KEY = 'VALUE': what" */
void option_fault_at(struct option_parser *p, const struct key_entry *entry, const char *format,
                     ...) G_GNUC_PRINTF(3, 4);

/* The value behind the key's word; `fallback` when the key is not there or the word is unknown. */
int option_take_word(struct option_parser *p, struct key_group *group, const char *key,
                     const struct option_word *words, size_t n, int fallback);
#define TAKE_WORD(p, group, key, words, fallback)                                                  \
    option_take_word(p, group, key, words, G_N_ELEMENTS(words), fallback)

/* Text for people, glib's escapes resolved; line ends become spaces. "" when there is none. */
char *option_take_text(struct option_parser *p, struct key_group *group, const char *key);

/* False when the key is not there, or is no number, which is a fault. */
bool option_take_number(struct option_parser *p, struct key_group *group, const char *key,
                        uint64_t *number);

/* NULL, with a fault, when the key is not there. */
struct key_entry *option_take_required(struct option_parser *p, struct key_group *group,
                                       const char *key);

/* A fault for every key of the group that nobody took. */
void option_unknown_keys(struct option_parser *p, const struct key_group *group, const char *where);

/* The parts of a list separated by ';', an empty last one left out. Free with g_strfreev(). */
char **option_split_list(const char *text);

/* A name: a lower-case letter, then those, digits and `more`. */
bool option_is_name(const char *text, const char *more);
bool option_is_one_of(const char *name, const char *const *list, size_t n);

/* Decimal, or hexadecimal behind 0x; nothing around it. False when it is no number up to 2^64-1. */
bool option_number(const char *text, uint64_t *number);

#endif
