/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mapping.c - a file in memory, which another program may shorten. See mapping.h.
 *
 * A signal handler finds its mapping in a table of fixed size; nothing else than mmap() is called
 * there, which is a system call and keeps no state of its own. A slot is taken and given back by its
 * address: that is written last and cleared first.
 */
#include "wire/mapping.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAPPINGS_MAX = 256 };

struct mapping {
    atomic_bool taken, shrunk;
    atomic_uintptr_t from; /* 0: not in use */
    atomic_size_t size;
};

/* The handler is the process's own, and so must be what it looks at. */
static struct mapping mappings[MAPPINGS_MAX];
static struct sigaction before;
static atomic_bool installed;

static void give_zeros(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)context;
    for (unsigned i = 0; i < MAPPINGS_MAX; i++) {
        struct mapping *mapping = &mappings[i];
        uintptr_t from = atomic_load(&mapping->from);
        if (from == 0 || at < from || at - from >= mapping->size)
            continue;
        uintptr_t gone = at / page * page;
        /* MAP_ANONYMOUS wants -1, whatever cppcheck's library says. */
        void *zeros = mmap((void *)gone, mapping->size - (gone - from), PROT_READ,
                           /* cppcheck-suppress invalidFunctionArg */
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (zeros == MAP_FAILED)
            break;
        atomic_store(&mapping->shrunk, true);
        return;
    }
    /* None of ours: who returns from here meets it again, and whoever was there before. */
    sigaction(number, &before, NULL);
}

static void install(void)
{
    struct sigaction action;
    if (atomic_exchange(&installed, true))
        return;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = give_zeros;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
}

static struct mapping *take_slot(void)
{
    for (unsigned i = 0; i < MAPPINGS_MAX; i++)
        if (!atomic_exchange(&mappings[i].taken, true))
            return &mappings[i];
    return NULL;
}

struct mapping *mapping_new(int fd, size_t size)
{
    struct mapping *mapping = take_slot();
    if (mapping == NULL)
        return NULL;
    void *from = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (from == MAP_FAILED) {
        atomic_store(&mapping->taken, false);
        return NULL;
    }
    install();
    madvise(from, size, MADV_SEQUENTIAL);
    atomic_store(&mapping->shrunk, false);
    atomic_store(&mapping->size, size);
    atomic_store(&mapping->from, (uintptr_t)from);
    return mapping;
}

void mapping_free(struct mapping *mapping)
{
    if (mapping == NULL)
        return;
    uintptr_t from = atomic_exchange(&mapping->from, 0);
    munmap((void *)from, mapping->size);
    atomic_store(&mapping->taken, false);
}

const uint8_t *mapping_octets(const struct mapping *mapping)
{
    return (const uint8_t *)atomic_load(&mapping->from);
}

bool mapping_has_shrunk(const struct mapping *mapping)
{
    return atomic_load_explicit(&mapping->shrunk, memory_order_relaxed);
}
