/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.c - from the octets of a captured packet to its TCP header.
 *
 * Runs once per packet of every capture, so each header costs one length check and then plain
 * loads. Two lengths go down together: `captured`, what may be read, and `length`, what was on the
 * wire. The IP header's own length decides where the wire's payload ends (Ethernet pads short
 * frames); when it says more than the record does, it is believed, because tools that cut packets
 * often forget the record's wire length.
 *
 * Specification: RFC 791, RFC 8200, RFC 4302 (AH), RFC 9293, IEEE 802.1Q and 802.1ad,
 * https://www.tcpdump.org/linktypes.html.
 */
#include "wire/packet.h"

#include "wire/bytes.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_VLAN_SERVICE = 0x88a8,
    ETHERTYPE_VLAN_OLD = 0x9100,
};

enum {
    PROTOCOL_TCP = 6,
    IPV6_HOP_BY_HOP = 0,
    IPV6_ROUTING = 43,
    IPV6_FRAGMENT = 44,
    IPV6_AH = 51,
    IPV6_DESTINATION = 60,
    IPV6_MOBILITY = 135,
    IPV6_HIP = 139,
    IPV6_SHIM6 = 140,
};

struct span { /* the rest of a packet */
    const uint8_t *at;
    size_t captured; /* octets that may be read */
    size_t length;   /* octets on the wire; never less than captured */
};

/* A header that is not all there: the capture kept too little, or there never was more. */
static enum packet_status too_short(const struct span *rest, size_t wanted)
{
    return rest->length < wanted ? PACKET_MALFORMED : PACKET_CUT;
}

static inline void span_skip(struct span *rest, size_t n)
{
    rest->at += n;
    rest->captured -= n;
    rest->length -= n;
}

static enum packet_status dissect_tcp(struct span rest, struct packet *out)
{
    if (rest.captured < 20)
        return too_short(&rest, 20);

    const uint8_t *tcp = rest.at;
    size_t header = (size_t)(tcp[12] >> 4) * 4;

    out->source.port = load_be16(tcp);
    out->destination.port = load_be16(tcp + 2);
    out->seq = load_be32(tcp + 4);
    out->ack = load_be32(tcp + 8);
    out->flags = tcp[13];
    out->window = load_be16(tcp + 14);
    if (header < 20 || header > rest.length)
        return PACKET_MALFORMED;

    size_t here = rest.captured < header ? rest.captured : header;

    out->header_length = (uint8_t)header;
    out->options_length = (uint8_t)(header - 20);
    out->options_captured = (uint8_t)(here - 20);
    out->options = tcp + 20;
    out->payload = tcp + here;
    out->payload_length = (uint32_t)(rest.length - header);
    out->payload_captured = (uint32_t)(rest.captured - here);
    return PACKET_TCP;
}

/* The first of several fragments has the TCP header, if it was long enough; the others don't. */
static enum packet_status dissect_fragment(struct span rest, bool first, struct packet *out)
{
    out->fragment = first;
    if (first)
        dissect_tcp(rest, out);
    return PACKET_FRAGMENT;
}

/* The wire length as IP states it: may cut padding, may exceed the record's. */
static inline void span_set_length(struct span *rest, size_t length)
{
    rest->length = length;
    if (rest->captured > length)
        rest->captured = length;
}

static enum packet_status dissect_ipv4(struct span rest, struct packet *out)
{
    if (rest.captured < 20)
        return rest.captured >= 10 && rest.at[9] != PROTOCOL_TCP ? PACKET_OTHER
                                                                 : too_short(&rest, 20);

    const uint8_t *ip = rest.at;
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = load_be16(ip + 2);
    unsigned fragment = load_be16(ip + 6);

    if (ip[0] >> 4 != 4 || header < 20)
        return PACKET_MALFORMED;
    if (ip[9] != PROTOCOL_TCP)
        return PACKET_OTHER;
    if (total == 0)
        total = rest.length; /* the kernel's super-segments beyond 64 KiB */
    if (total < header)
        return PACKET_MALFORMED;
    span_set_length(&rest, total);

    out->source.family = out->destination.family = 4;
    memcpy(out->source.address, ip + 12, 4);
    memcpy(out->destination.address, ip + 16, 4);
    out->ip_id = load_be16(ip + 4);
    out->flow_label = 0;
    out->ttl = ip[8];
    if (rest.captured < header)
        return fragment & 0x3fff ? PACKET_FRAGMENT : PACKET_CUT;
    span_skip(&rest, header);
    if (fragment & 0x3fff) /* more fragments, or an offset */
        return dissect_fragment(rest, (fragment & 0x1fff) == 0, out);
    return dissect_tcp(rest, out);
}

/* Length in octets of an IPv6 extension header from its first two; 0: none that is followed. */
static size_t extension_length(uint8_t protocol, const uint8_t *header)
{
    switch (protocol) {
    case IPV6_HOP_BY_HOP:
    case IPV6_ROUTING:
    case IPV6_DESTINATION:
    case IPV6_MOBILITY:
    case IPV6_HIP:
    case IPV6_SHIM6:
        return ((size_t)header[1] + 1) * 8;
    case IPV6_FRAGMENT:
        return 8;
    case IPV6_AH:
        return ((size_t)header[1] + 2) * 4;
    default:
        return 0;
    }
}

static enum packet_status dissect_ipv6_extensions(struct span rest, uint8_t protocol,
                                                  struct packet *out)
{
    bool first_fragment = false;

    while (protocol != PROTOCOL_TCP) {
        static const uint8_t none[2] = {0, 0};
        if (extension_length(protocol, none) == 0)
            return PACKET_OTHER;
        if (rest.captured < 8)
            return too_short(&rest, 8);

        size_t length = extension_length(protocol, rest.at);
        uint8_t next = rest.at[0];
        if (protocol == IPV6_FRAGMENT) {
            unsigned offset = load_be16(rest.at + 2);
            if ((offset & 0xfff8) != 0) /* what stands behind is the middle of something */
                return next == PROTOCOL_TCP ? PACKET_FRAGMENT : PACKET_OTHER;
            first_fragment = (offset & 1) != 0; /* an atomic fragment is a whole packet */
        }
        if (rest.captured < length)
            return too_short(&rest, length);
        span_skip(&rest, length);
        protocol = next;
    }
    return first_fragment ? dissect_fragment(rest, true, out) : dissect_tcp(rest, out);
}

static enum packet_status dissect_ipv6(struct span rest, struct packet *out)
{
    if (rest.captured < 40)
        return too_short(&rest, 40);

    const uint8_t *ip = rest.at;
    size_t payload = load_be16(ip + 4);

    if (ip[0] >> 4 != 6)
        return PACKET_MALFORMED;
    out->source.family = out->destination.family = 6;
    memcpy(out->source.address, ip + 8, 16);
    memcpy(out->destination.address, ip + 24, 16);
    out->ip_id = 0;
    out->flow_label = load_be32(ip) & 0xfffff;
    out->ttl = ip[7];
    if (payload != 0) /* 0: a jumbogram, or the kernel's super-segments beyond 64 KiB */
        span_set_length(&rest, payload + 40);
    span_skip(&rest, 40);
    if (ip[6] == PROTOCOL_TCP)
        return dissect_tcp(rest, out);
    return dissect_ipv6_extensions(rest, ip[6], out);
}

static enum packet_status dissect_raw(struct span rest, struct packet *out)
{
    if (rest.captured < 1)
        return too_short(&rest, 1);
    if (rest.at[0] >> 4 == 4)
        return dissect_ipv4(rest, out);
    return rest.at[0] >> 4 == 6 ? dissect_ipv6(rest, out) : PACKET_OTHER;
}

static enum packet_status dissect_ethertype(struct span rest, unsigned type, struct packet *out)
{
    while (type == ETHERTYPE_VLAN || type == ETHERTYPE_VLAN_SERVICE || type == ETHERTYPE_VLAN_OLD) {
        if (rest.captured < 4)
            return too_short(&rest, 4);
        type = load_be16(rest.at + 2);
        span_skip(&rest, 4);
    }
    if (type == ETHERTYPE_IPV4)
        return dissect_ipv4(rest, out);
    return type == ETHERTYPE_IPV6 ? dissect_ipv6(rest, out) : PACKET_OTHER;
}

/* A link header of fixed length with an EtherType somewhere in it. */
static enum packet_status dissect_cooked(struct span rest, size_t header, size_t type_at,
                                         struct packet *out)
{
    if (rest.captured < header)
        return too_short(&rest, header);
    unsigned type = load_be16(rest.at + type_at);
    span_skip(&rest, header);
    return dissect_ethertype(rest, type, out);
}

/*
 * BSD loopback: an address family in the byte order of whoever captured (NULL) or of the network
 * (LOOP). Families are small numbers, so the order shows; AF_INET6 differs by system.
 */
static enum packet_status dissect_loopback(struct span rest, struct packet *out)
{
    if (rest.captured < 4)
        return too_short(&rest, 4);

    uint32_t family = load_be32(rest.at);
    if (family > UINT16_MAX)
        family = load_le32(rest.at);
    span_skip(&rest, 4);
    switch (family) {
    case 2:
        return dissect_ipv4(rest, out);
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return dissect_ipv6(rest, out);
    default:
        return PACKET_OTHER;
    }
}

static enum packet_status dissect_link(uint16_t linktype, struct span rest, struct packet *out)
{
    switch (linktype) {
    case LINKTYPE_ETHERNET:
        return dissect_cooked(rest, 14, 12, out);
    case LINKTYPE_LINUX_SLL:
        return dissect_cooked(rest, 16, 14, out);
    case LINKTYPE_LINUX_SLL2:
        return dissect_cooked(rest, 20, 0, out);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        return dissect_loopback(rest, out);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
        return dissect_raw(rest, out);
    case LINKTYPE_IPV4:
        return dissect_ipv4(rest, out);
    case LINKTYPE_IPV6:
        return dissect_ipv6(rest, out);
    default:
        return PACKET_OTHER;
    }
}

/*
 * What nearly every packet is - Ethernet, IPv4 without options or fragments, TCP - with one check
 * for all that is read. False, with nothing promised about `out`, when it is anything else or not
 * all there: then the general way decides what it is.
 */
static inline bool dissect_plain(const uint8_t *data, size_t captured, struct packet *out)
{
    enum { IP = 14, TCP = IP + 20 };

    if (captured < TCP + 20 || load_be16(data + 12) != ETHERTYPE_IPV4 || data[IP] != 0x45 ||
        data[IP + 9] != PROTOCOL_TCP || (load_be16(data + IP + 6) & 0x3fff) != 0)
        return false;

    size_t end = IP + (size_t)load_be16(data + IP + 2);
    size_t header = (size_t)(data[TCP + 12] >> 4) * 4;
    size_t payload = TCP + header;

    if (header < 20 || payload > end)
        return false;

    size_t readable = captured < end ? captured : end;
    size_t here = readable < payload ? readable : payload;

    memset(&out->source, 0, sizeof(out->source));
    memcpy(out->source.address, data + IP + 12, 4);
    out->source.port = load_be16(data + TCP);
    out->source.family = 4;
    memset(&out->destination, 0, sizeof(out->destination));
    memcpy(out->destination.address, data + IP + 16, 4);
    out->destination.port = load_be16(data + TCP + 2);
    out->destination.family = 4;
    out->seq = load_be32(data + TCP + 4);
    out->ack = load_be32(data + TCP + 8);
    out->window = load_be16(data + TCP + 14);
    out->ip_id = load_be16(data + IP + 4);
    out->flow_label = 0;
    out->flags = data[TCP + 13];
    out->ttl = data[IP + 8];
    out->header_length = (uint8_t)header;
    out->options_length = (uint8_t)(header - 20);
    out->options_captured = (uint8_t)(here - TCP - 20);
    out->fragment = false;
    out->options = data + TCP + 20;
    out->payload = data + here;
    out->payload_length = (uint32_t)(end - payload);
    out->payload_captured = (uint32_t)(readable - here);
    return true;
}

enum packet_status packet_dissect(uint16_t linktype, const uint8_t *data, size_t captured,
                                  size_t length, struct packet *out)
{
    if (linktype == LINKTYPE_ETHERNET && dissect_plain(data, captured, out))
        return PACKET_TCP;

    struct span rest = {data, captured, length > captured ? length : captured};

    memset(out, 0, sizeof(*out));
    return dissect_link(linktype, rest, out);
}

bool packet_linktype_known(uint16_t linktype)
{
    static const uint16_t known[] = {LINKTYPE_ETHERNET,    LINKTYPE_NULL, LINKTYPE_RAW_BSD,
                                     LINKTYPE_RAW_OPENBSD, LINKTYPE_RAW,  LINKTYPE_LOOP,
                                     LINKTYPE_LINUX_SLL,   LINKTYPE_IPV4, LINKTYPE_IPV6,
                                     LINKTYPE_LINUX_SLL2};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == linktype)
            return true;
    return false;
}
