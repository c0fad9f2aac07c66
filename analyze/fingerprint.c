/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.c - payload and whole segments as numbers. See fingerprint.h.
 *
 * H(b[0..n)) = sum of (b[i] + 1) * BASE^(n - 1 - i): one added, so that leading zeros count.
 */
#include "analyze/fingerprint.h"

#include <string.h>

#include "analyze/model.h"

static const uint64_t BASE = 0x9e3779b97f4a7c15ull; /* odd, so that no octet is shifted out */

static uint64_t power(uint64_t exponent)
{
    uint64_t result = 1;
    for (uint64_t square = BASE; exponent; exponent >>= 1, square *= square)
        if (exponent & 1)
            result *= square;
    return result;
}

uint64_t fingerprint(const uint8_t *octets, size_t length)
{
    const uint64_t p1 = BASE, p2 = p1 * p1, p3 = p2 * p1, p4 = p2 * p2;
    const uint64_t p5 = p4 * p1, p6 = p4 * p2, p7 = p4 * p3, p8 = p4 * p4;
    const uint64_t ones = 1 + p1 + p2 + p3 + p4 + p5 + p6 + p7;
    uint64_t h = 0;
    /* Eight at a time: their products do not wait for each other. */
    for (; length >= 8; octets += 8, length -= 8)
        h = h * p8 + ones + octets[0] * p7 + octets[1] * p6 + octets[2] * p5 + octets[3] * p4 +
            octets[4] * p3 + octets[5] * p2 + octets[6] * p1 + octets[7];
    while (length-- > 0)
        h = h * BASE + *octets++ + 1;
    return h;
}

uint64_t fingerprint_shift(uint64_t fingerprint, uint64_t behind)
{
    return fingerprint * power(behind);
}

uint64_t fingerprint_options(const uint8_t *octets, unsigned length)
{
    uint64_t h = length, word = 0;
    uint32_t half;
    for (unsigned i = 0; i + sizeof(word) <= length; i += sizeof(word)) {
        memcpy(&word, octets + i, sizeof(word));
        h = (h ^ word) * BASE;
        h ^= h >> 32;
    }
    /* The last ones, some of them once more. */
    if (length >= sizeof(word)) {
        memcpy(&word, octets + length - sizeof(word), sizeof(word));
    } else if (length >= sizeof(half)) {
        memcpy(&half, octets, sizeof(half));
        word = (uint64_t)half << 32;
        memcpy(&half, octets + length - sizeof(half), sizeof(half));
        word = (word | half) * BASE;
    } else {
        word = fingerprint(octets, length);
    }
    return h ^ word;
}

uint64_t fingerprint_segment(const struct segment *s)
{
    uint64_t h = (uint64_t)s->connection->id << 32 | s->seq_wire;
    const uint64_t parts[] = {
        (uint64_t)s->ack_wire << 32 | s->length,
        (uint64_t)s->window << 32 | (uint64_t)s->ip_id << 16 | (uint64_t)s->flags << 8 |
            (uint64_t)s->vantage << 1 | s->direction,
        fingerprint_options(s->options, s->options_captured),
        s->payload,
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        h = (h ^ parts[i]) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    return h;
}
