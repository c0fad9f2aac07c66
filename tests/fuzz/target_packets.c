// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_packets.c - a packet, from its link layer down to its TCP options (wire/packet.h).
 * Input: an octet for the link type, one for octets that were not captured, then the packet.
 */
#include "tests/fuzz/fuzz.h"
#include "wire/packet.h"

/* Everything that the packet says may be read is read. */
static void read_all(const struct packet *packet)
{
    struct tcp_options list = tcp_options_of(packet);
    struct tcp_option option;
    uint32_t tsval, tsecr;
    unsigned n = 0;
    while (tcp_options_next(&list, &option)) {
        CHECK(++n <= 40);
        /* A kind whose length octet was not captured has no length. */
        CHECK(option.available <= MAX(option.length, 1) || option.malformed);
        fuzz_read(option.octets, option.available);
    }
    tcp_options_timestamps(tcp_options_of(packet), &tsval, &tsecr);
    fuzz_read(packet->payload, packet->payload_captured);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t linktypes[] = {
        LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL,  LINKTYPE_LINUX_SLL2, LINKTYPE_RAW,
        LINKTYPE_NULL,     LINKTYPE_LOOP,       LINKTYPE_IPV4,       LINKTYPE_IPV6,
        LINKTYPE_RAW_BSD,  LINKTYPE_RAW_OPENBSD};
    struct packet packet;
    if (size < 2)
        return 0;
    size_t captured = size - 2, length = captured + data[1] * 16u;
    g_autofree uint8_t *octets = fuzz_copy(data + 2, captured);
    enum packet_status status = packet_dissect(linktypes[data[0] % G_N_ELEMENTS(linktypes)], octets,
                                               captured, length, &packet);
    if (status != PACKET_TCP)
        return 0;
    CHECK(packet.header_length >= 20 && packet.header_length <= 60);
    CHECK(packet.options_length == packet.header_length - 20);
    CHECK(packet.options_captured <= packet.options_length);
    CHECK(packet.payload_captured <= packet.payload_length);
    read_all(&packet);
    return 0;
}
