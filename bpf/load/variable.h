/* SPDX-License-Identifier: GPL-2.0-or-later */
/* variable.h - where a program's parameter stands, from its BTF. */
#ifndef OPTRAIL_BPF_LOAD_VARIABLE_H
#define OPTRAIL_BPF_LOAD_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARIABLE_SECTION ".rodata"

struct btf;

/* The read-only data of a program that is not loaded yet. */
struct variables {
    const struct btf *btf;
    unsigned char *data;
    size_t size;
};

/* Offset and size, in octets, of a variable in VARIABLE_SECTION. False when it is not there. */
bool variable_find(const struct btf *btf, const char *name, size_t *offset, size_t *size);

/* Sets a variable of exactly `size` octets. False when there is none of that name and size. */
bool variables_set(struct variables *variables, const char *name, const void *value, size_t size);

#endif
