/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook_scene.h - hooks at both ends of the scene of analyze_scene.h: programs that write cc at the
 * client and read it at the server.
 */
#ifndef OPTRAIL_TESTS_HOOK_SCENE_H
#define OPTRAIL_TESTS_HOOK_SCENE_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tests/unit/analyze_scene.h"

/* The invocation of a hook for a segment, at the segment's sender or receiver. */
static inline struct hook_record hook_of(const struct scene *s, const struct built_segment *p,
                                         unsigned end, uint32_t op, uint64_t time_ns)
{
    struct hook_record r = {
        .time_ns = time_ns,
        .op = op,
        .flags = HOOK_FLAG_FULLSOCK | HOOK_FLAG_HEADER,
        .local = end == CLIENT ? s->ends[CLIENT] : s->ends[SERVER],
        .remote = end == CLIENT ? s->ends[SERVER] : s->ends[CLIENT],
        .seq = p->seq,
        .ack = p->ack,
        .window = p->window ? p->window : BUILT_WINDOW,
        .segment_length = p->payload_length,
        .tcp_flags = p->flags,
        .options_length = p->options_length,
    };
    memcpy(r.options, p->options, sizeof(p->options));
    return r;
}

static inline struct hook_action *add_action(struct hook_record *r, uint8_t kind, const char *head,
                                             size_t head_length, int32_t result)
{
    struct hook_action *action = &r->actions[r->n_actions++];
    action->kind = kind;
    action->result = result;
    memcpy(action->head, head, MIN(head_length, sizeof(action->head)));
    strcpy(action->program, "cc");
    return action;
}

/* Reserved and written by a program that says so, just before it leaves the client. */
static inline void write_cc(struct scene *s, const struct built_segment *p)
{
    struct hook_record length = hook_of(s, p, CLIENT, HOOK_HDR_OPT_LEN, p->time_ns - 2000);
    struct hook_record write = hook_of(s, p, CLIENT, HOOK_WRITE_HDR_OPT, p->time_ns - 1000);
    length.options_length = 0;
    length.flags |= HOOK_FLAG_OUTGOING;
    write.flags |= HOOK_FLAG_OUTGOING | HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED;
    write.reserved = 8;
    write.options_before = (uint8_t)(p->options_length - 6); /* cc stands last */
    add_action(&length, HOOK_ACTION_RESERVE, CC, 6, 0)->value_length = 0;
    add_action(&write, HOOK_ACTION_STORE, CC, 6, 0);
    capture_builder_hook(s->a, &length);
    capture_builder_hook(s->a, &write);
}

static inline struct hook_record parse_of(const struct scene *s, const struct built_segment *p,
                                          uint32_t op)
{
    return hook_of(s, p, SERVER, op, p->time_ns + s->delay_ns + 1000);
}

static inline struct hook_action *set_congestion(struct hook_record *r, int32_t result)
{
    struct hook_action *action = add_action(r, HOOK_ACTION_SETSOCKOPT, CC, 6, result);
    action->level = IPPROTO_TCP;
    action->name = TCP_CONGESTION;
    action->value_length = 16;
    memcpy(action->value, "bbr", 3);
    return action;
}

/* Handshake whose third ACK bears cc; hooks at both ends. */
static inline struct built_segment third_ack_with_cc(struct scene *s)
{
    covered_from_here(s);
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct hook_record connect = hook_of(s, &syn, CLIENT, HOOK_TCP_CONNECT, syn.time_ns - 3000);
    struct hook_record established =
        hook_of(s, &synack, CLIENT, HOOK_ACTIVE_ESTABLISHED, synack.time_ns + 2 * MS);
    connect.flags = HOOK_FLAG_FULLSOCK;
    capture_builder_hook(s->a, &connect);
    pass(s, &syn);
    struct hook_record window =
        hook_of(s, &syn, SERVER, HOOK_RWND_INIT, syn.time_ns + s->delay_ns + 1000);
    window.flags = 0;
    capture_builder_hook(s->b, &window);
    pass(s, &synack);
    capture_builder_hook(s->a, &established);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, CC);
    write_cc(s, &ack);
    return ack;
}

/* The same, and that ACK passes both captures. */
static inline void pass_third_ack_with_cc(struct scene *s)
{
    struct built_segment ack = third_ack_with_cc(s);
    pass(s, &ack);
}

static inline struct scene *scene_with_cc(void)
{
    struct scene *s = scene_new();
    pass_third_ack_with_cc(s);
    return s;
}

/*
 * Data with cc whose write the hook saw and neither capture did; what the client sends next is the same
 * data again. tsval: of its timestamps, 0: none.
 */
static inline struct scene *scene_with_lost_write(uint32_t tsval)
{
    struct scene *s = scene_new();
    s->tsval = tsval;
    pass_third_ack_with_cc(s);
    struct built_segment lost = make(s, CLIENT, TCP_ACK, 100, CC);
    write_cc(s, &lost);
    s->next[CLIENT] = lost.seq;
    return s;
}

#endif
