/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap.c - reads classic pcap files: microseconds and nanoseconds, both byte orders.
 *
 * Specification: draft-ietf-opsawg-pcap.  Of the link type field the upper bits are flags and the
 * length of a frame check sequence; the packets' own lengths tell where their payload ends.
 */
#include "wire/capture_internal.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, VERSION_MAJOR = 2, VERSION_MINOR = 4 };

static int pcap_next(struct capture *c, struct capture_record *record)
{
    if (!capture_need(c, RECORD_HEADER))
        return capture_end(c, "record");

    uint32_t captured = capture_u32(c, c->at + 8);
    if (captured > CAPTURE_BLOCK_MAX)
        return capture_stop(c, "record", "broken, it claims a packet of %u octets", captured);
    if (!capture_need(c, RECORD_HEADER + (size_t)captured))
        return capture_stop(c, "record", "cut, %zu of its packet's %u octets are there",
                            capture_left(c) - RECORD_HEADER, captured);

    const uint8_t *head = c->at;
    uint64_t seconds = capture_u32(c, head);
    uint64_t fraction = capture_u32(c, head + 4);

    c->block++;
    *record = (struct capture_record){
        .number = ++c->number,
        .linktype = c->only->face.linktype,
        .has_time = true,
        .time_ns = seconds * 1000000000 + fraction * c->only->multiplier,
        .captured = captured,
        .length = capture_u32(c, head + 12),
        .data = head + RECORD_HEADER,
    };
    capture_step(c, RECORD_HEADER + (size_t)captured);
    return 1;
}

bool pcap_open(struct capture *c, uint32_t magic, GError **error)
{
    if (!capture_need(c, FILE_HEADER)) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT,
                    "%s: is cut inside the pcap file header; record the capture again", c->name);
        return false;
    }
    c->big_endian = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;

    unsigned major = capture_u16(c, c->at + 4);
    unsigned minor = capture_u16(c, c->at + 6);
    if (major != VERSION_MAJOR || minor != VERSION_MINOR) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT,
                    "%s: is a pcap file of version %u.%u, 2.4 is understood; "
                    "convert it with \"editcap -F pcapng IN OUT\"",
                    c->name, major, minor);
        return false;
    }

    uint32_t snaplen = capture_u32(c, c->at + 16);
    uint16_t linktype = (uint16_t)capture_u32(c, c->at + 20);
    c->only = capture_add_interface(c, linktype, snaplen);
    if (magic == 0xa1b23c4d || magic == 0x4d3cb2a1)
        c->only->multiplier = 1;
    c->next = pcap_next;
    capture_step(c, FILE_HEADER);
    return true;
}
