/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.c - changes TCP segments in place and makes their lengths and checksums right again.
 *
 * Specification: RFC 9293 section 3.1 and RFC 1071 (checksum), RFC 8200 section 8.1 (pseudo
 * header); virtio 1.2 section 5.1.6.2 for what a frame that waits for offloads says about itself.
 */
#include "lab/forwarder/frame.h"

#include <glib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/option.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd, PROTOCOL_TCP = 6, TCP_CHECKSUM_AT = 16 };

static void store_be16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void store_be32(uint8_t *at, uint32_t value)
{
    store_be16(at, value >> 16);
    store_be16(at + 2, value);
}

bool frame_parse(struct frame *frame)
{
    if (frame->length < FRAME_ETHERNET)
        return false;

    uint16_t type = load_be16(frame->octets + 12);
    if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6)
        return false;
    if (packet_dissect(LINKTYPE_ETHERNET, frame->octets, frame->length, frame->length,
                       &frame->segment) != PACKET_TCP)
        return false;

    const struct packet *s = &frame->segment;
    if (s->options_captured < s->options_length || s->payload_captured < s->payload_length)
        return false;
    frame->ip_at = FRAME_ETHERNET;
    frame->tcp_at = (size_t)(s->options - frame->octets) - TCP_HEADER;
    /* Ethernet pads short frames; the padding would get in the way of growing. */
    frame->length = frame->tcp_at + s->header_length + s->payload_length;
    return true;
}

void frame_set_seq(struct frame *frame, uint32_t seq)
{
    store_be32(frame_tcp(frame) + 4, seq);
    frame->segment.seq = seq;
    frame->changed = true;
}

void frame_set_ack(struct frame *frame, uint32_t ack)
{
    store_be32(frame_tcp(frame) + 8, ack);
    frame->segment.ack = ack;
    frame->changed = true;
}

void frame_set_flags(struct frame *frame, uint8_t flags)
{
    frame_tcp(frame)[13] = flags;
    frame->segment.flags = flags;
    frame->changed = true;
}

/* True when a frame with such a TCP header and payload can leave. */
static bool fits(const struct frame *frame, size_t header, size_t payload)
{
    size_t length = frame->tcp_at + header + payload;
    size_t on_link =
        frame_is_super(frame) ? frame->tcp_at + header + frame->offload.gso_size : length;

    return length <= frame->room && length - frame->ip_at <= 65535 &&
           on_link - frame->ip_at <= frame->mtu;
}

static void set_lengths(struct frame *frame, size_t header, size_t payload)
{
    uint8_t *tcp = frame_tcp(frame);
    struct packet *s = &frame->segment;

    tcp[12] = (uint8_t)((header / 4) << 4 | (tcp[12] & 15));
    s->header_length = (uint8_t)header;
    s->options_length = s->options_captured = (uint8_t)(header - TCP_HEADER);
    s->options = tcp + TCP_HEADER;
    s->payload = tcp + header;
    s->payload_length = s->payload_captured = (uint32_t)payload;
    frame->length = frame->tcp_at + header + payload;
    frame->changed = true;
}

bool frame_set_options(struct frame *frame, const uint8_t *octets, size_t n)
{
    size_t padded = (n + 3) & ~(size_t)3;
    size_t payload = frame->segment.payload_length;
    uint8_t options[TCP_OPTIONS_MAX];

    if (padded > TCP_OPTIONS_MAX)
        return false;
    /* What does not grow fits as it did before. */
    if (padded > frame->segment.options_length && !fits(frame, TCP_HEADER + padded, payload))
        return false;
    memset(options, TCP_KIND_NOP, sizeof(options));
    memcpy(options, octets, n); /* the caller's octets may stand in this frame */
    memmove(frame_options(frame) + padded, frame_payload(frame), payload);
    memcpy(frame_options(frame), options, padded);
    set_lengths(frame, TCP_HEADER + padded, payload);
    return true;
}

void frame_cut_payload(struct frame *frame, uint32_t from, uint32_t n)
{
    uint8_t *payload = frame_payload(frame);

    memmove(payload, payload + from, n);
    frame_set_seq(frame, frame->segment.seq + from);
    set_lengths(frame, frame->segment.header_length, n);
}

bool frame_append_payload(struct frame *frame, const uint8_t *octets, uint32_t n)
{
    size_t header = frame->segment.header_length;
    size_t before = frame->segment.payload_length;

    if (!fits(frame, header, before + n))
        return false;
    memcpy(frame_payload(frame) + before, octets, n);
    set_lengths(frame, header, before + n);
    return true;
}

/* The ones' complement sum, not folded. An odd octet at the end counts as if zero followed. */
static uint64_t sum(const uint8_t *at, size_t n)
{
    uint64_t total = 0;

    for (; n >= 2; at += 2, n -= 2)
        total += load_be16(at);
    return n ? total + ((uint64_t)*at << 8) : total;
}

static uint16_t fold(uint64_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)total;
}

static void finish_ip(struct frame *frame)
{
    uint8_t *ip = frame->octets + frame->ip_at;
    size_t length = frame->length - frame->ip_at;

    if (ip[0] >> 4 == 6) {
        store_be16(ip + 4, (uint32_t)(length - 40));
        return;
    }
    store_be16(ip + 2, (uint32_t)length);
    store_be16(ip + 10, 0);
    store_be16(ip + 10, (uint16_t)~fold(sum(ip, (size_t)(ip[0] & 15) * 4)));
}

static uint64_t sum_pseudo_header(const struct frame *frame)
{
    const uint8_t *ip = frame->octets + frame->ip_at;
    uint64_t total = PROTOCOL_TCP + (frame->length - frame->tcp_at);

    return total + (ip[0] >> 4 == 6 ? sum(ip + 8, 32) : sum(ip + 12, 8));
}

void frame_finish(struct frame *frame)
{
    if (!frame->changed)
        return;
    finish_ip(frame);

    uint8_t *tcp = frame_tcp(frame);
    uint8_t *checksum = tcp + TCP_CHECKSUM_AT;
    uint64_t total = sum_pseudo_header(frame);
    if (frame_is_super(frame)) {
        /* Whoever cuts it completes the checksums; until then there is the pseudo header's sum. */
        store_be16(checksum, fold(total));
        frame->offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        frame->offload.hdr_len = (__virtio16)(frame->tcp_at + frame->segment.header_length);
        frame->offload.csum_start = (__virtio16)frame->tcp_at;
        frame->offload.csum_offset = TCP_CHECKSUM_AT;
    } else {
        store_be16(checksum, 0);
        store_be16(checksum, (uint16_t)~fold(total + sum(tcp, frame->length - frame->tcp_at)));
        frame->offload = (struct virtio_net_hdr){.gso_type = VIRTIO_NET_HDR_GSO_NONE};
    }
    frame->changed = false;
}

struct frame *frame_copy(const struct frame *frame, size_t more)
{
    struct frame *copy = g_memdup2(frame, sizeof(*frame));

    copy->room = frame->length + more;
    copy->octets = g_malloc(copy->room);
    memcpy(copy->octets, frame->octets, frame->length);
    copy->segment.options = copy->octets + (frame->segment.options - frame->octets);
    copy->segment.payload = copy->octets + (frame->segment.payload - frame->octets);
    return copy;
}

void frame_free(struct frame *frame)
{
    if (frame == NULL)
        return;
    g_free(frame->octets);
    g_free(frame);
}

/* The flags of one of several segments: a FIN or PSH belongs to the last, a CWR to the first. */
static uint8_t flags_of_part(uint8_t flags, bool first, bool last)
{
    if (!first)
        flags &= (uint8_t)~TCP_CWR;
    if (!last)
        flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    return flags;
}

void frame_cut_super(struct frame *frame, void (*each)(struct frame *segment, void *data),
                     void *data)
{
    uint32_t size = frame->offload.gso_size;
    uint32_t length = frame->segment.payload_length;
    uint16_t number = 0;

    for (uint32_t at = 0; at < length; at += size, number++) {
        struct frame *part = frame_copy(frame, TCP_OPTIONS_MAX);
        uint8_t *ip = part->octets + part->ip_at;

        part->offload = (struct virtio_net_hdr){.gso_type = VIRTIO_NET_HDR_GSO_NONE};
        frame_cut_payload(part, at, MIN(size, length - at));
        frame_set_flags(part, flags_of_part(frame->segment.flags, at == 0, length - at <= size));
        if (ip[0] >> 4 == 4)
            store_be16(ip + 4, (uint32_t)(uint16_t)(frame->segment.ip_id + number));
        each(part, data);
        frame_free(part);
    }
}
