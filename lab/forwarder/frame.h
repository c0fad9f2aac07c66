/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - one Ethernet frame on its way through the forwarder: where its headers are, how to
 * change its TCP header, and how to make its lengths and checksums right again.
 *
 * A frame may be a super-segment (TSO, GRO) or wait for its checksum: then `offload` says so, as
 * virtio describes it, and it goes out the same way. VLAN tags and IPv6 fragments are not followed:
 * such frames pass unchanged.
 */
#ifndef OPTRAIL_LAB_FRAME_H
#define OPTRAIL_LAB_FRAME_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/packet.h"

enum {
    FRAME_MAX = 14 + 40 + 65536 + 64, /* the largest super-segment, and room for more options */
    FRAME_ETHERNET = 14,
    TCP_HEADER = 20,
    TCP_OPTIONS_MAX = 40,
};

enum direction { FORWARD, REVERSE }; /* from the client, from the server */

struct connection;

struct frame {
    uint8_t *octets; /* FRAME_MAX of them, or as many as frame_copy() gave */
    size_t length, room;
    struct virtio_net_hdr offload;
    enum direction direction;
    struct connection *connection; /* NULL: not a TCP segment that we may change */
    struct packet segment;         /* parsed; its pointers point into `octets` */
    size_t ip_at, tcp_at;          /* offsets of the headers in `octets` */
    size_t mtu;                    /* of the link it leaves by */
    bool changed;                  /* lengths and checksums are to be made again */
};

/* Finds the headers. False: not TCP, or not whole; then only length and offload are meaningful. */
bool frame_parse(struct frame *frame);

static inline uint8_t *frame_tcp(struct frame *frame)
{
    return frame->octets + frame->tcp_at;
}

static inline uint8_t *frame_options(struct frame *frame)
{
    return frame_tcp(frame) + TCP_HEADER;
}

static inline uint8_t *frame_payload(struct frame *frame)
{
    return frame_tcp(frame) + frame->segment.header_length;
}

static inline enum segment_class frame_class(const struct frame *frame)
{
    return segment_classify(frame->segment.flags, frame->segment.payload_length);
}

static inline bool frame_is_super(const struct frame *frame)
{
    return frame->offload.gso_type != VIRTIO_NET_HDR_GSO_NONE && frame->offload.gso_size > 0;
}

/* Header fields, host byte order; they stand in `segment` too, which follows. */
void frame_set_seq(struct frame *frame, uint32_t seq);
void frame_set_ack(struct frame *frame, uint32_t ack);
void frame_set_flags(struct frame *frame, uint8_t flags);

/*
 * Replaces the options by `n` octets (of which there may be 40), padded with NOPs to a multiple of
 * four. The header grows or shrinks, the payload moves. False, and nothing changed, when they do
 * not fit the header, or the frame would not fit the link.
 */
bool frame_set_options(struct frame *frame, const uint8_t *octets, size_t n);

/* Keeps `n` octets of payload from offset `from`; the sequence number follows. */
void frame_cut_payload(struct frame *frame, uint32_t from, uint32_t n);

/* Appends payload; false when it does not fit the link. */
bool frame_append_payload(struct frame *frame, const uint8_t *octets, uint32_t n);

/* Makes lengths and checksums right when something changed. Call once, before sending. */
void frame_finish(struct frame *frame);

/* A copy with its own octets and `more` octets of room; free with frame_free(). */
struct frame *frame_copy(const struct frame *frame, size_t more);
void frame_free(struct frame *frame);

/*
 * Cuts a super-segment as the kernel would: into segments of gso_size octets of payload. `each`
 * gets them in order; they live until it returns.
 */
void frame_cut_super(struct frame *frame, void (*each)(struct frame *segment, void *data),
                     void *data);

#endif
