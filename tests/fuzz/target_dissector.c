// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_dissector.c - the Wireshark plugin, within a whole Wireshark: TCP segments and hook records
 * of a few connections, in one or two passes. Input: an octet of settings, then records:
 *
 *   segment   0iiirvtt  FLAGS  OPTIONS  PAYLOAD  CUT  SEQ  octets of options
 *             i: 0-3 plain, 4 in an ICMP error, 5 in GRE, others as plain; r: from the server;
 *             v: IPv6; t: connection. OPTIONS: octets, filled up to whole words; CUT: octets of the
 *             frame's end that were not captured
 *   record    1kk.....  LENGTH LENGTH  octets: a hook, clock, MPTCP or unknown record, behind tags
 *
 * Everything below TCP's options is sound, so that what fails is the dissector's and not another's.
 */
#include "tests/fuzz/dissect.h"
#include "tests/fuzz/fuzz.h"
#include "wire/bytes.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum { FRAMES_MAX = 64, FRAME_MAX = 2048, TCP = 6, GRE = 47 };

struct builder {
    uint8_t *octets;
    unsigned used;
};

static void put(struct builder *out, const void *octets, unsigned n)
{
    memcpy(out->octets + out->used, octets, n);
    out->used += n;
}

static void put_be(struct builder *out, uint32_t number, unsigned n)
{
    while (n-- > 0)
        out->octets[out->used++] = (uint8_t)(number >> 8 * n);
}

static void put_addresses(struct builder *out, bool ipv6, bool server)
{
    for (unsigned end = 0; end < 2; end++) {
        uint8_t last = (end == 0) == server ? 2 : 1;
        if (ipv6)
            put(out, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
        else
            put(out, "\xc0\0\2", 3);
        put_be(out, last, 1);
    }
}

/* A header of IP before `length` octets. */
static void put_ip(struct builder *out, bool ipv6, bool server, uint8_t protocol, unsigned length)
{
    if (ipv6) {
        put_be(out, 6u << 28, 4);
        put_be(out, length, 2);
        put_be(out, protocol, 1);
        put_be(out, 64, 1);
    } else {
        put_be(out, 0x4500, 2);
        put_be(out, length + 20, 2);
        put_be(out, 1, 4);
        put_be(out, 64, 1);
        put_be(out, protocol, 1);
        put_be(out, 0, 2);
    }
    put_addresses(out, ipv6, server);
}

static void put_around(struct builder *out, unsigned inside, bool ipv6, bool server,
                       unsigned length)
{
    unsigned whole = length + (ipv6 ? 40u : 20u);
    put(out, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
    put_be(out, ipv6 ? 0x86dd : 0x0800, 2);
    if (inside == 4) { /* port unreachable */
        put_ip(out, ipv6, !server, ipv6 ? 58 : 1, whole + 8);
        put_be(out, ipv6 ? 0x0104 : 0x0303, 2);
        put(out, "\0\0\0\0\0\0", 6);
    } else if (inside == 5) {
        put_ip(out, ipv6, server, GRE, whole + 4);
        put_be(out, ipv6 ? 0x86dd : 0x0800, 4);
    }
    put_ip(out, ipv6, server, TCP, length);
}

static void put_segment(struct builder *out, uint8_t head, struct bytes *input, unsigned *cut)
{
    bool server = head & 8, ipv6 = head & 4;
    uint8_t flags = bytes_u8(input), options = bytes_u8(input), payload = bytes_u8(input);
    *cut = bytes_u8(input);
    uint8_t seq = bytes_u8(input);
    struct bytes octets = bytes_sub(input, MIN(options % 41u, bytes_left(input)));
    unsigned n = (unsigned)bytes_left(&octets), words = (n + 3) / 4;
    uint16_t ports[] = {(uint16_t)(40000 + (head & 3)), 50007};
    put_around(out, (head >> 4) & 7, ipv6, server, 20 + 4 * words + payload);
    put_be(out, ports[server], 2);
    put_be(out, ports[!server], 2);
    put_be(out, 1000u + seq, 4);
    put_be(out, 5000, 4);
    put_be(out, (5 + words) << 4, 1);
    put_be(out, flags, 1);
    put_be(out, 1024u << 16, 4);
    put_be(out, 0, 2);
    if (n > 0)
        put(out, octets.at, n);
    while (n++ < 4 * words)
        put_be(out, TCP_KIND_NOP, 1);
    memset(out->octets + out->used, 0x80, payload);
    out->used += payload;
}

static void put_record(struct builder *out, uint8_t head, struct bytes *input)
{
    static const char *const names[] = {HOOK_DISSECTOR, HOOK_CLOCK_DISSECTOR, HOOK_MPTCP_DISSECTOR,
                                        HOOK_DISSECTOR};
    const char *name = names[head >> 5 & 3];
    unsigned length = (unsigned)strlen(name);
    put_be(out, 12, 2); /* the dissector's name */
    put_be(out, (length + 3) / 4 * 4, 2);
    put(out, name, length);
    put_be(out, 0, (4 - length % 4) % 4);
    put_be(out, 0, 4);
    struct bytes octets = bytes_sub(input, MIN(bytes_be16(input) % 1024u, bytes_left(input)));
    if (bytes_left(&octets) > 0)
        put(out, octets.at, (unsigned)bytes_left(&octets));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dissect_start(false);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[FRAMES_MAX][FRAME_MAX];
    struct dissect_frame frames[FRAMES_MAX];
    struct bytes input = bytes_of(data, size);
    uint8_t settings = bytes_u8(&input);
    size_t n = 0;
    for (; n < FRAMES_MAX && bytes_left(&input) > 0; n++) {
        struct builder out = {space[n], 0};
        unsigned cut = 0;
        uint8_t head = bytes_u8(&input);
        if (head & 0x80)
            put_record(&out, head, &input);
        else
            put_segment(&out, head, &input, &cut);
        frames[n] = (struct dissect_frame){
            .linktype = head & 0x80 ? LINKTYPE_WIRESHARK_UPPER_PDU : LINKTYPE_ETHERNET,
            .octets = space[n],
            .captured = out.used - MIN(cut, out.used),
            .length = out.used,
        };
    }
    dissect_choose_profile(settings & 7);
    dissect_capture(frames, n, settings & 8);
    return 0;
}
