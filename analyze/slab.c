/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slab.c - objects of one size, taken and given back in constant time.
 */
#include "analyze/slab.h"

#include <glib.h>
#include <string.h>

enum { PAGE_OCTETS = 64 * 1024 };

void slab_init(struct slab *slab, size_t object_size)
{
    size_t align = sizeof(void *);
    memset(slab, 0, sizeof(*slab));
    slab->size = (object_size + align - 1) / align * align;
    slab->per_page = (PAGE_OCTETS - align) / slab->size;
    if (slab->per_page == 0)
        slab->per_page = 1;
}

void slab_clear(struct slab *slab)
{
    void *page = slab->pages;
    while (page) {
        void *next = *(void **)page;
        g_free(page);
        page = next;
    }
    slab->pages = slab->free = NULL;
    slab->in_use = 0;
}

static void add_page(struct slab *slab)
{
    char *page = g_malloc(sizeof(void *) + slab->per_page * slab->size);
    *(void **)(void *)page = slab->pages;
    slab->pages = page;
    /* Linked so that objects are taken in the order of their addresses. */
    for (size_t i = slab->per_page; i-- > 0;) {
        void *object = page + sizeof(void *) + i * slab->size;
        *(void **)object = slab->free;
        slab->free = object;
    }
}

void *slab_take_raw(struct slab *slab)
{
    if (slab->free == NULL)
        add_page(slab);
    void *object = slab->free;
    g_assert(object != NULL); /* a page holds one at least */
    slab->free = *(void **)object;
    slab->in_use++;
    return object;
}

void *slab_take(struct slab *slab)
{
    return memset(slab_take_raw(slab), 0, slab->size);
}

void slab_give(struct slab *slab, void *object)
{
    *(void **)object = slab->free;
    slab->free = object;
    slab->in_use--;
}
