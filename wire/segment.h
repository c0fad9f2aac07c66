/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.h - kinds of TCP segment, as option descriptions, reports and assertions name them.
 *
 * Specification: RFC 9293 section 3.1 for the control bits.  The classes are disjoint; see
 * segment_classify() for which one a segment with several properties belongs to. BPF programs
 * include this too: no other header is needed here.
 */
#ifndef OPTRAIL_WIRE_SEGMENT_H
#define OPTRAIL_WIRE_SEGMENT_H

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80,
};

enum segment_class {
    SEGMENT_SYN,
    SEGMENT_SYNACK,
    SEGMENT_ACK,  /* no payload, neither SYN, FIN nor RST */
    SEGMENT_DATA, /* with payload */
    SEGMENT_FIN,  /* FIN, with or without payload */
    SEGMENT_RST,
    SEGMENT_CLASSES
};

#define SEGMENT_BIT(class) (1u << (class))

/* "syn", "synack", "ack", "data", "fin", "rst". */
const char *segment_class_name(enum segment_class segment);

/* The class of that name, or -1. */
int segment_class_from_name(const char *name);

/* RST wins over SYN, SYN over FIN, FIN over payload. `tcp_flags` is the octet of control bits. */
static inline enum segment_class segment_classify(unsigned char tcp_flags, unsigned payload_length)
{
    if (tcp_flags & TCP_RST)
        return SEGMENT_RST;
    if (tcp_flags & TCP_SYN)
        return tcp_flags & TCP_ACK ? SEGMENT_SYNACK : SEGMENT_SYN;
    if (tcp_flags & TCP_FIN)
        return SEGMENT_FIN;
    return payload_length ? SEGMENT_DATA : SEGMENT_ACK;
}

#endif
