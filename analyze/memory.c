/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - what was seen lately. See memory.h. */
#include "analyze/memory.h"

#include "analyze/fingerprint.h"

enum { SEGMENTS = 1 << 16, OPTIONS = 1 << 14 };

/* A copy of one frame follows at once; the same octets later on are another sending. */
static const uint64_t COPY_NS = 100ull * 1000 * 1000;

struct remembered {
    uint64_t identity, time_ns;
    uint32_t interface;
};

struct memory {
    struct remembered segments[SEGMENTS];
    uint64_t options[OPTIONS];
};

struct memory *memory_new(void)
{
    return g_new0(struct memory, 1);
}

void memory_free(struct memory *memory)
{
    g_free(memory);
}

enum twin memory_segment(struct memory *memory, const struct segment *s, uint32_t interface,
                         bool cooked)
{
    uint64_t identity = fingerprint_segment(s);
    struct remembered *slot = &memory->segments[identity >> 40 & (SEGMENTS - 1)];
    enum twin twin = TWIN_NONE;
    if (slot->identity == identity && s->time_ns - slot->time_ns < COPY_NS)
        twin = cooked || slot->interface != interface ? TWIN_OTHER_INTERFACE : TWIN_SAME_INTERFACE;
    *slot = (struct remembered){identity, s->time_ns, interface};
    return twin;
}

static uint64_t option_key(const struct segment *s, unsigned direction, const uint8_t *octets,
                           unsigned length)
{
    uint64_t h = fingerprint(octets, length) ^ (uint64_t)s->connection->id << 2 ^
                 (uint64_t)s->vantage << 1 ^ direction;
    h *= 0xff51afd7ed558ccdull;
    return (h ^ h >> 29) | 1; /* never 0: that is an empty slot */
}

void memory_option(struct memory *memory, const struct segment *s, const uint8_t *octets,
                   unsigned length)
{
    uint64_t key = option_key(s, s->direction, octets, length);
    memory->options[key >> 32 & (OPTIONS - 1)] = key;
}

bool memory_option_came(const struct memory *memory, const struct segment *s, const uint8_t *octets,
                        unsigned length)
{
    uint64_t key = option_key(s, !s->direction, octets, length);
    return memory->options[key >> 32 & (OPTIONS - 1)] == key;
}
