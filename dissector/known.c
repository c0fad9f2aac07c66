/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * known.c - what Wireshark itself knows of TCP options: whose values it shows, what they are called
 * and which lengths they may have. Of these options we only speak when they are malformed.
 *
 * Lengths: RFC 9293 (kind 2), 7323 (3, 8), 2018 (4, 5), 2385 (19), 4782 (27), 5925 (29), 7413 (34);
 * Multipath TCP: RFC 8684, and RFC 6824 for what version 0 had otherwise.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"

/* RFC 8684 has the subtypes 0 to 8. */
enum { SUBTYPES = 9 };

#define LENGTH(n)       (UINT64_C(1) << (n))
#define LENGTHS_FROM(n) (~UINT64_C(0) << (n))

/* Kinds by their names in the registry of TCP options (IANA). A bit for each lawful length. */
static const struct {
    uint8_t kind;
    uint64_t lengths;
    const char *name;
} kinds[] = {
    {2, LENGTH(4), "mss"},
    {3, LENGTH(3), "window-scale"},
    {4, LENGTH(2), "sack-permitted"},
    {5, LENGTH(10) | LENGTH(18) | LENGTH(26) | LENGTH(34), "sack"},
    {8, LENGTH(10), "timestamps"},
    {19, LENGTH(18), "md5"},
    {27, LENGTH(8), "quick-start"},
    {28, LENGTH(4), "uto"},
    {29, LENGTHS_FROM(4), "tcp-ao"},
    {30, LENGTHS_FROM(3), "mptcp"},
    {34,
     LENGTH(2) | LENGTH(6) | LENGTH(8) | LENGTH(10) | LENGTH(12) | LENGTH(14) | LENGTH(16) |
         LENGTH(18),
     "fast-open"},
    {69, LENGTHS_FROM(2), "tcp-eno"},
    {172, LENGTHS_FROM(2), "accecn0"},
    {174, LENGTHS_FROM(2), "accecn1"},
};

static const uint64_t subtype_lengths[SUBTYPES] = {
    /* MP_CAPABLE */ LENGTH(4) | LENGTH(12) | LENGTH(20) | LENGTH(22) | LENGTH(24),
    /* MP_JOIN */ LENGTH(12) | LENGTH(16) | LENGTH(24),
    /* DSS */ LENGTHS_FROM(4),
    /* ADD_ADDR */ LENGTH(8) | LENGTH(10) | LENGTH(16) | LENGTH(18) | LENGTH(20) | LENGTH(22) |
        LENGTH(28) | LENGTH(30),
    /* REMOVE_ADDR */ LENGTHS_FROM(4),
    /* MP_PRIO */ LENGTH(3) | LENGTH(4),
    /* MP_FAIL */ LENGTH(12),
    /* MP_FASTCLOSE */ LENGTH(12),
    /* MP_TCPRST */ LENGTH(4),
};

static bool has_handler[256]; /* by kind */

void known_note_handler(uint8_t kind)
{
    has_handler[kind] = true;
}

bool known_shows_values(const struct option_desc *desc)
{
    /* ExIDs whose values Wireshark 4.0 and later show field by field. */
    static const uint32_t exids[] = {0x00AC, 0xACC0, 0xACC1, 0xF989};
    if (!desc->builtin || desc->carrier != CARRIER_EXID || desc->id_bits != 16)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(exids); i++)
        if (desc->id == exids[i])
            return true;
    return false;
}

bool known_is_left_to_stock(const uint8_t *octets, unsigned available)
{
    switch (octets[0]) {
    case TCP_KIND_EXP1:
    case TCP_KIND_EXP2:
        return false;
    case TCP_KIND_MPTCP:
        return available > 2 && octets[2] >> 4 < SUBTYPES;
    default:
        return has_handler[octets[0]];
    }
}

const char *known_name(uint8_t kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return NULL;
}

uint64_t known_lengths(uint8_t kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].lengths;
    return LENGTHS_FROM(2);
}

bool known_length_is_lawful(const uint8_t *octets, unsigned available)
{
    if (available < 2)
        return false;
    if (octets[1] > TCP_OPTION_SPACE || !(known_lengths(octets[0]) >> octets[1] & 1))
        return false;
    return octets[0] != TCP_KIND_MPTCP || available < 3 || octets[2] >> 4 >= SUBTYPES ||
           (subtype_lengths[octets[2] >> 4] >> octets[1] & 1);
}
