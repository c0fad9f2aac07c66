/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mapping.h - a file in memory, which another program may shorten without ending this one.
 *
 * Reading what is gone raises SIGBUS. For mappings made here the handler puts zeros in the place and
 * remembers it, so that the reading goes on to the next question whether the file is still whole. A
 * SIGBUS from elsewhere goes the way that it went before.
 */
#ifndef OPTRAIL_WIRE_MAPPING_H
#define OPTRAIL_WIRE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping;

/*
 * Maps the first `size` octets of an open file for reading; NULL when that cannot be done, or too
 * many files are mapped. Free with mapping_free(), which accepts NULL. The mapping stays valid when
 * the file is closed.
 */
struct mapping *mapping_new(int fd, size_t size);
void mapping_free(struct mapping *mapping);

const uint8_t *mapping_octets(const struct mapping *mapping);

/* Something that was read there was gone from the file: zeros were given instead. */
bool mapping_has_shrunk(const struct mapping *mapping);

#endif
