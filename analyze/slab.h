/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab.h - objects of one size, taken and given back in constant time.
 *
 * What the analyzer keeps per connection and per unmatched segment comes from slabs: no call into
 * the allocator per packet, objects next to each other in memory, and all of them freed at once.
 */
#ifndef OPTRAIL_ANALYZE_SLAB_H
#define OPTRAIL_ANALYZE_SLAB_H

#include <stddef.h>

struct slab {
    size_t size;     /* of one object, in octets, rounded up to a pointer */
    size_t per_page; /* objects in one page */
    void *free;      /* list of free objects, linked through their first octets */
    void *pages;     /* list of pages */
    size_t in_use;   /* objects that were taken and not given back */
};

void slab_init(struct slab *slab, size_t object_size);
/* Frees every object, given back or not. */
void slab_clear(struct slab *slab);
/* A zeroed object. Never NULL. */
void *slab_take(struct slab *slab);
/* An object of undefined content, for callers that fill all of it. Never NULL. */
void *slab_take_raw(struct slab *slab);
void slab_give(struct slab *slab, void *object);

#endif
