/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share. Each is one function that libFuzzer calls with octets of its
 * invention, and returns 0; a sanitizer, or CHECK(), ends the process when a promise is broken.
 */
#ifndef OPTRAIL_TESTS_FUZZ_H
#define OPTRAIL_TESTS_FUZZ_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(promise)                                                                             \
    do {                                                                                           \
        if (!(promise)) {                                                                          \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A file in memory alone, and its name. Close the descriptor, free the name. */
static inline int fuzz_file(const void *data, size_t size, char **path)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    *path = g_strdup_printf("/proc/self/fd/%d", fd);
    return fd;
}

/* The octets in memory of their own, so that a read beside them is noticed. Free with g_free(). */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = g_malloc(MAX(size, 1));
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

/* Reads every octet, for a sanitizer to see. */
static inline void fuzz_read(const void *octets, size_t n)
{
    const volatile uint8_t *at = octets;
    for (size_t i = 0; i < n; i++)
        (void)at[i];
}

#endif
