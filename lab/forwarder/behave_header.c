/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * behave_header.c - behaviours that change sequence numbers, timestamps or payload, or that speak
 * for one of the ends.
 */
#include "lab/forwarder/behaviours.h"

#include <string.h>

#include "lab/forwarder/note.h"
#include "lab/forwarder/options.h"
#include "wire/bytes.h"
#include "wire/option.h"

static void store_be32(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static void add_to_be32(uint8_t *at, uint32_t offset)
{
    store_be32(at, load_be32(at) + offset);
}

/* The first option of a kind and a length, writable; NULL when there is none. */
static uint8_t *find_option(struct frame *frame, uint8_t kind, uint8_t length)
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;

    while (tcp_options_next(&list, &option))
        if (option.kind == kind && !option.malformed && option.length >= length)
            return frame->octets + (option.octets - frame->octets);
    return NULL;
}

/*
 * What a sender numbers is shifted by its direction's offset; what it says about the other one's
 * numbers is shifted back.
 */
enum fate act_sequence(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *s = &stage->settings;
    uint32_t own = frame->direction == FORWARD ? s->forward : s->reverse;
    uint32_t other = frame->direction == FORWARD ? s->reverse : s->forward;
    enum { SACK = 5, BLOCK = 8 };

    (void)chosen;
    note(chain, stage, frame, "shifted %u", own);
    frame_set_seq(frame, frame->segment.seq + own);
    if (frame->segment.flags & TCP_ACK)
        frame_set_ack(frame, frame->segment.ack - other);

    uint8_t *sack = s->sack ? find_option(frame, SACK, 2 + BLOCK) : NULL;
    if (sack != NULL) {
        for (int at = 2; at + BLOCK <= sack[1]; at += BLOCK) {
            add_to_be32(sack + at, -other);
            add_to_be32(sack + at + 4, -other);
        }
    }
    return PASS;
}

enum fate act_timestamps(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *s = &stage->settings;
    uint32_t own = frame->direction == FORWARD ? s->forward : s->reverse;
    uint32_t other = frame->direction == FORWARD ? s->reverse : s->forward;
    uint8_t *option = find_option(frame, TCP_KIND_TIMESTAMPS, 10);

    (void)chosen;
    if (option == NULL)
        return PASS;
    note(chain, stage, frame, "shifted %u", own);
    add_to_be32(option + 2, own);
    if ((frame->segment.flags & TCP_ACK) && load_be32(option + 6) != 0)
        add_to_be32(option + 6, -other);
    frame->changed = true;
    return PASS;
}

enum fate act_payload(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    const struct settings *s = &stage->settings;
    int64_t at = s->at < 0 ? (int64_t)frame->segment.payload_length + s->at : s->at;

    (void)chosen;
    if (at < 0 || at >= frame->segment.payload_length)
        return PASS;
    note(chain, stage, frame, "changed octet %d", (int)at);
    frame_payload(frame)[at] ^= s->flip;
    frame->changed = true;
    return PASS;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t kept[16];

    memcpy(kept, a, n);
    memcpy(a, b, n);
    memcpy(b, kept, n);
}

/* Makes the frame one from the other end. */
static void turn_round(struct chain *chain, struct frame *frame)
{
    uint8_t *ip = frame->octets + frame->ip_at, *tcp = frame_tcp(frame);

    swap(frame->octets, frame->octets + 6, 6);
    if (ip[0] >> 4 == 6)
        swap(ip + 8, ip + 24, 16);
    else
        swap(ip + 12, ip + 16, 4);
    swap(tcp, tcp + 2, 2);
    struct endpoint source = frame->segment.source;
    frame->segment.source = frame->segment.destination;
    frame->segment.destination = source;
    frame->direction = frame->direction == FORWARD ? REVERSE : FORWARD;
    frame->mtu = chain->links[frame->direction == FORWARD ? 1 : 0].mtu;
}

/* A RST in the sender's name behind the segment, and one in the receiver's name to the sender. */
enum fate act_rst(struct chain *chain, struct stage *stage, struct frame *frame, bool chosen)
{
    enum end to = stage->settings.to;
    enum end sender = frame->direction == FORWARD ? END_CLIENT : END_SERVER;
    uint32_t next = frame->segment.seq + frame->segment.payload_length +
                    ((frame->segment.flags & (TCP_SYN | TCP_FIN)) != 0);

    (void)chosen;
    if (frame->segment.flags & TCP_RST)
        return PASS;

    struct frame *rst = frame_copy(frame, 0);
    frame_cut_payload(rst, 0, 0);
    frame_set_options(rst, rst->octets, 0);
    frame_set_flags(rst, TCP_RST | TCP_ACK);
    struct frame *back = frame_copy(rst, 0);

    chain_pass_on(chain, stage, frame);
    if (to != sender) {
        frame_set_seq(rst, next);
        note(chain, stage, rst, "injected");
        chain_pass_on(chain, stage, rst);
    }
    if (to == END_BOTH || to == sender) {
        turn_round(chain, back);
        frame_set_seq(back, back->segment.ack);
        frame_set_ack(back, next);
        note(chain, stage, back, "injected");
        chain_pass_on(chain, stage, back);
    }
    frame_free(rst);
    frame_free(back);
    return TAKEN;
}
