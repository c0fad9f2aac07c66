// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_event.c - see observer_event.h. */
#include "trace/observer_event.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

enum { TCP_HEADER = 20, PROBE_ARGUMENT = 1 /* BPF_WRITE_HDR_TCP_CURRENT_MSS */ };

static struct endpoint endpoint_of(uint32_t family, const __u32 address_net[4], uint32_t port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct endpoint endpoint = {.port = (uint16_t)port, .family = 4};
    if (family != AF_INET6) {
        memcpy(endpoint.address, address_net, 4);
    } else if (memcmp(address_net, mapped, sizeof(mapped)) == 0) {
        /* An IPv6 socket that speaks IPv4: its segments are IPv4. */
        memcpy(endpoint.address, &address_net[3], 4);
    } else {
        memcpy(endpoint.address, address_net, 16);
        endpoint.family = 6;
    }
    return endpoint;
}

static void fill_actions(struct hook_record *record, const struct report_action *actions,
                         uint32_t reported)
{
    record->n_actions = (uint8_t)MIN(reported, (uint32_t)MIN(REPORT_ACTIONS, HOOK_ACTIONS_MAX));
    if (reported > record->n_actions)
        record->flags |= HOOK_FLAG_REPORTS_LOST;
    for (size_t i = 0; i < record->n_actions; i++) {
        const struct report_action *from = &actions[i];
        struct hook_action *to = &record->actions[i];
        to->kind = from->kind;
        to->result = from->result;
        to->level = from->level;
        to->name = from->name;
        to->value_length = MIN(from->value_length, HOOK_VALUE);
        memcpy(to->head, from->head, sizeof(to->head));
        memcpy(to->value, from->value, sizeof(to->value));
        memcpy(to->program, from->program, sizeof(to->program));
        to->program[sizeof(to->program) - 1] = '\0';
    }
}

/* The sum of what programs say they reserved or stored with success. */
static uint32_t reported_octets(const struct hook_record *record, enum hook_action_kind kind)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < record->n_actions; i++) {
        const struct hook_action *action = &record->actions[i];
        if (action->kind == kind && action->result >= 0)
            sum += action->value[0]; /* little-endian; never more than 40 */
    }
    return sum;
}

/* Whether the kernel itself writes this option; it does so before any program's. */
static bool is_kernel_option(const uint8_t *option, size_t length)
{
    switch (option[0]) {
    case 1:  /* NOP */
    case 2:  /* MSS */
    case 3:  /* window scale */
    case 4:  /* SACK permitted */
    case 5:  /* SACK */
    case 8:  /* timestamps */
    case 19: /* MD5 */
    case 29: /* TCP-AO */
    case 30: /* MPTCP */
    case 34: /* Fast Open */
        return true;
    case 254: /* Fast Open as it was, SMC */
        return length >= 4 && ((option[2] == 0xf9 && option[3] == 0x89) ||
                               (option[2] == 0xe2 && option[3] == 0xd4));
    default:
        return false;
    }
}

/* Octets of options up to the first that the kernel would not write itself. */
static uint8_t kernel_options(const struct hook_record *record)
{
    size_t at = 0, length = record->options_length;
    while (at < length && is_kernel_option(record->options + at, length - at)) {
        if (record->options[at] == 1)
            at++;
        else if (at + 1 < length && record->options[at + 1] >= 2)
            at += record->options[at + 1];
        else
            break;
    }
    return (uint8_t)MIN(at, length);
}

/* Reserved octets and those that stood before, as far as somebody saw them. */
static void fill_space(struct hook_record *record, const struct observer_event *event)
{
    bool entry = (event->flags & OBSERVER_ENTRY) != 0;

    if (record->op == HOOK_WRITE_HDR_OPT) {
        if (entry && event->options_before != OBSERVER_UNKNOWN) {
            record->options_before = (uint8_t)MIN(event->options_before, record->options_length);
        } else {
            /* Nobody saw it: what programs say they stored, else what is none of the kernel's. */
            uint32_t stored = reported_octets(record, HOOK_ACTION_STORE);
            record->options_before =
                (uint8_t)MIN(record->options_length - MIN(stored, record->options_length),
                             kernel_options(record));
        }
        if (entry && event->header_length >= TCP_HEADER + (uint32_t)record->options_before) {
            record->reserved =
                (uint16_t)(event->header_length - TCP_HEADER - record->options_before);
            record->flags |= HOOK_FLAG_RESERVED;
        }
        return;
    }
    /* In a received header nothing is written: all of it stood there before. */
    record->options_before = record->options_length;
    if (record->op != HOOK_HDR_OPT_LEN)
        return;
    if (entry && event->space_before != OBSERVER_UNKNOWN &&
        event->space_after <= event->space_before) {
        record->reserved = (uint16_t)(event->space_before - event->space_after);
        record->flags |= HOOK_FLAG_RESERVED;
    } else if (record->n_actions > 0) {
        record->reserved = (uint16_t)reported_octets(record, HOOK_ACTION_RESERVE);
        record->flags |= HOOK_FLAG_RESERVED;
    }
}

bool observer_event_record(const void *data, size_t size, struct hook_record *record)
{
    const struct observer_event *event = data;
    const struct report_action *actions = NULL;
    if (size >= sizeof(struct observer_event_reports))
        actions = ((const struct observer_event_reports *)data)->actions;
    else if (size < sizeof(*event))
        return false;

    *record = (struct hook_record){
        .monotonic_ns = event->time_ns,
        .cookie = event->cookie,
        .netns = event->netns,
        .op = event->op,
        .args = {event->args[0], event->args[1], event->args[2], event->args[3]},
        .reply = event->reply,
        .local = endpoint_of(event->family, event->local_net, event->local_port),
        .remote = endpoint_of(event->family, event->remote_net, event->remote_port),
        .token = event->token,
        .seq = ntohl(event->seq_net),
        .ack = ntohl(event->ack_net),
        .snd_nxt = event->snd_nxt,
        .rcv_nxt = event->rcv_nxt,
        .cwnd = event->cwnd,
        .srtt_us = event->srtt_us_8 / 8,
        .mss = event->mss,
        .state = event->state,
        .window = ntohs(event->window_net),
        .tcp_flags = event->tcp_flags,
        .options_length = MIN(event->options_length, TCP_OPTION_SPACE),
    };
    memcpy(record->options, event->options, record->options_length);
    record->segment_length = event->skb_length;
    if (event->flags & OBSERVER_HEADER) {
        record->flags |= HOOK_FLAG_HEADER;
        record->segment_length -= MIN((uint32_t)event->header_length, event->skb_length);
    }
    if (event->flags & OBSERVER_FULLSOCK)
        record->flags |= HOOK_FLAG_FULLSOCK;
    if (event->flags & OBSERVER_ENTRY) {
        record->flags |= HOOK_FLAG_ENTRY;
        record->duration_ns = event->duration_ns;
    }
    if (event->op == HOOK_HDR_OPT_LEN || event->op == HOOK_WRITE_HDR_OPT)
        record->flags |= HOOK_FLAG_OUTGOING;
    if (event->op == HOOK_HDR_OPT_LEN && event->args[0] == PROBE_ARGUMENT)
        record->flags |= HOOK_FLAG_PROBE;
    if (actions != NULL && (event->flags & OBSERVER_REPORTS) != 0)
        fill_actions(record, actions, event->n_actions);
    fill_space(record, event);
    return true;
}
