/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - from a captured packet down to its TCP header, its options and its payload.
 *
 * Link layers: Ethernet with any number of VLAN tags, Linux cooked v1 and v2, raw IP, BSD loopback
 * and Linux loopback.  Network layers: IPv4 with options, IPv6 with extension headers.  Nothing is
 * allocated; results point into the packet's octets.
 */
#ifndef OPTRAIL_WIRE_PACKET_H
#define OPTRAIL_WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/flow.h"
#include "wire/option.h"
#include "wire/segment.h"

enum packet_linktype { /* https://www.tcpdump.org/linktypes.html, as they stand in files */
                       LINKTYPE_NULL = 0,
                       LINKTYPE_ETHERNET = 1,
                       LINKTYPE_RAW_BSD = 12,
                       LINKTYPE_RAW_OPENBSD = 14,
                       LINKTYPE_RAW = 101,
                       LINKTYPE_LOOP = 108,
                       LINKTYPE_LINUX_SLL = 113,
                       LINKTYPE_IPV4 = 228,
                       LINKTYPE_IPV6 = 229,
                       LINKTYPE_WIRESHARK_UPPER_PDU = 252,
                       LINKTYPE_LINUX_SLL2 = 276,
};

enum packet_status {
    PACKET_TCP,       /* a TCP header is there; its options and payload may still be cut */
    PACKET_OTHER,     /* not TCP, or a link type or protocol that is not followed */
    PACKET_FRAGMENT,  /* TCP, but a fragment: not the first, or the first of several */
    PACKET_CUT,       /* the capture ends before the fixed TCP header does */
    PACKET_MALFORMED, /* lengths contradict each other */
};

struct packet {
    struct endpoint source, destination;
    uint32_t seq, ack;        /* host byte order */
    uint16_t window;          /* as on the wire, not scaled */
    uint16_t ip_id;           /* 0 for IPv6 */
    uint32_t flow_label;      /* 0 for IPv4 */
    uint8_t flags;            /* enum tcp_flag */
    uint8_t ttl;              /* or IPv6 hop limit */
    uint8_t header_length;    /* of TCP, in octets, as its data offset says: 20 to 60 */
    uint8_t options_length;   /* header_length - 20 */
    uint8_t options_captured; /* how many of them may be read; fewer when the capture cut them */
    bool fragment;            /* PACKET_FRAGMENT: first of several (the rest have no header) */
    const uint8_t *options;
    const uint8_t *payload;
    uint32_t payload_length;   /* on the wire */
    uint32_t payload_captured; /* how many of them may be read */
};

/*
 * Dissects a packet of `captured` octets, `length` octets on the wire, in host byte order as the
 * capture file gave them. `out` is complete only for PACKET_TCP; PACKET_FRAGMENT fills addresses.
 * A super-segment whose IP total length is 0 (Linux "big TCP") takes its length from `length`.
 */
enum packet_status packet_dissect(uint16_t linktype, const uint8_t *data, size_t captured,
                                  size_t length, struct packet *out);

/* True when the link type is one that packet_dissect() follows. */
bool packet_linktype_known(uint16_t linktype);

/* --- the options of one header --------------------------------------------------------------- */

struct tcp_option {
    uint8_t kind;
    uint8_t length;    /* what its length octet says; 1 for EOL and NOP */
    uint8_t available; /* octets that may be read from `octets`; less than length: cut or overrun */
    bool malformed;    /* length below 2, or it runs past the end of the header */
    const uint8_t *octets; /* at its kind */
};

struct tcp_options {
    const uint8_t *at;
    uint8_t captured; /* octets that may be read */
    uint8_t declared; /* octets that the header says there are */
};

static inline struct tcp_options tcp_options_of(const struct packet *p)
{
    return (struct tcp_options){p->options, p->options_captured, p->options_length};
}

/* Octets of the list that may be read and that the header has: where it ends, nothing is found. */
static inline uint8_t tcp_options_left(const struct tcp_options *list)
{
    return list->captured < list->declared ? list->captured : list->declared;
}

/* Goes on behind so many octets, which are no more than are left. */
static inline void tcp_options_skip(struct tcp_options *list, unsigned octets)
{
    list->at += octets;
    list->captured = (uint8_t)(list->captured - octets);
    list->declared = (uint8_t)(list->declared - octets);
}

/*
 * The next option (RFC 9293, section 3.1), NOPs included; false at the end of the list (EOL is
 * given, then it ends) and after a malformed or cut option, which is given too. Nothing is read past
 * what the capture kept; an option that reaches past either end is given, marked, and ends the list,
 * for nothing behind it can be found. Inline: it runs several times for every packet.
 */
static inline bool tcp_options_next(struct tcp_options *list, struct tcp_option *out)
{
    uint8_t left = tcp_options_left(list), step = left;
    if (left == 0)
        return false;

    const uint8_t *at = list->at;
    out->kind = at[0];
    out->octets = at;
    out->malformed = false;
    if (at[0] <= TCP_KIND_NOP) {
        out->length = out->available = 1;
        if (at[0] == TCP_KIND_NOP)
            step = 1;
    } else if (left < 2) {
        /* Kind without length: cut by the capture, or the header ends here. */
        out->length = 0;
        out->available = 1;
        out->malformed = list->declared < 2;
    } else if (at[1] < 2) {
        out->length = at[1];
        out->available = 2;
        out->malformed = true;
    } else {
        out->length = at[1];
        out->malformed = at[1] > list->declared;
        if (at[1] < left)
            step = at[1];
        out->available = step;
    }
    tcp_options_skip(list, step);
    return true;
}

/* The same without padding: neither NOPs nor EOL are given. */
static inline bool tcp_options_next_real(struct tcp_options *list, struct tcp_option *out)
{
    uint8_t left = tcp_options_left(list), padding = 0;
    while (padding < left && list->at[padding] == TCP_KIND_NOP)
        padding++;
    if (padding > 0) /* an empty list may stand nowhere */
        tcp_options_skip(list, padding);
    return tcp_options_next(list, out) && out->kind != TCP_KIND_EOL;
}

/* True for a whole Timestamps option (RFC 7323): TSval at octet 2, TSecr at octet 6. */
static inline bool tcp_option_timestamps(const struct tcp_option *option)
{
    return option->kind == TCP_KIND_TIMESTAMPS && option->length == 10 && option->available >= 10;
}

/* The value of the first Timestamps option (RFC 7323). False when there is none. */
bool tcp_options_timestamps(struct tcp_options list, uint32_t *tsval, uint32_t *tsecr);

#endif
