/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.c - keys of TCP connections: canonical order, hash, text.
 *
 * Takes endpoints as packet.c and the hook record give them. The hash multiplies 64 by 64 bits into
 * 128 and folds, each word with a constant of its own: ports and addresses that count upwards, or
 * that are exchanged, do not meet in the same bucket.
 */
#include "wire/flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

_Static_assert(sizeof(struct endpoint) == 20, "endpoints compare by memory: no padding");
_Static_assert(sizeof(struct flow_key) == 40, "keys are hashed as five words");

bool flow_key_make(struct flow_key *key, const struct endpoint *from, const struct endpoint *to)
{
    bool from_is_low = memcmp(from, to, sizeof(*from)) <= 0;
    key->low = from_is_low ? *from : *to;
    key->high = from_is_low ? *to : *from;
    return from_is_low;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t flow_key_hash(const struct flow_key *key)
{
    /* Odd constants from the binary digits of the square roots of 2, 3, 5, 7 and 11. */
    static const uint64_t salt[5] = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                     0xa54ff53a5f1d36f1, 0x510e527fade682d1};
    uint64_t word[5];

    memcpy(word, key, sizeof(word));
    uint64_t a = fold(word[0] ^ salt[0], word[1] ^ salt[1]);
    uint64_t b = fold(word[2] ^ salt[2], word[3] ^ salt[3]);
    return fold(a ^ word[4] ^ salt[4], b ^ (a << 32 | a >> 32) ^ salt[0]);
}

const char *endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT_MAX])
{
    char address[INET6_ADDRSTRLEN] = "?";

    if (endpoint->family == 4)
        inet_ntop(AF_INET, endpoint->address, address, sizeof(address));
    else if (endpoint->family == 6)
        inet_ntop(AF_INET6, endpoint->address, address, sizeof(address));
    snprintf(out, ENDPOINT_TEXT_MAX, endpoint->family == 6 ? "[%s]:%u" : "%s:%u", address,
             (unsigned)endpoint->port);
    return out;
}
