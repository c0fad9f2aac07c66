/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - what was seen lately. See memory.h. */
#include "analyze/memory.h"

#include "analyze/fingerprint.h"

enum { SEGMENTS = 1 << 14, OPTIONS = 1 << 14 };

/* A copy of one frame follows at once; the same octets later on are another sending. */
static const uint64_t COPY_NS = 100ull * 1000 * 1000;

struct remembered {    /* small: the processor's caches do not hold many */
    uint64_t identity; /* but for its lowest bits, which are those of the interface */
    uint64_t time_ns;
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

static const uint64_t LOW = SEGMENTS - 1; /* the bits that tell the slot */

uint64_t memory_recall(const struct memory *memory, const struct segment *s)
{
    uint64_t identity = fingerprint_segment(s);
    __builtin_prefetch(&memory->segments[identity & LOW], 1);
    return identity;
}

enum twin memory_segment(struct memory *memory, uint64_t identity, const struct segment *s,
                         uint32_t interface, bool cooked)
{
    struct remembered *slot = &memory->segments[identity & LOW];
    uint64_t was = slot->identity, is = (identity & ~LOW) | (interface & LOW);
    enum twin twin = TWIN_NONE;
    if (((was ^ is) & ~LOW) == 0 && s->time_ns - slot->time_ns < COPY_NS)
        twin = cooked || was != is ? TWIN_OTHER_INTERFACE : TWIN_SAME_INTERFACE;
    *slot = (struct remembered){is, s->time_ns};
    return twin;
}

static uint64_t option_key(const struct segment *s, unsigned direction, const uint8_t *octets,
                           unsigned length)
{
    uint64_t h = fingerprint_options(octets, length) ^ (uint64_t)s->connection->id << 2 ^
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
