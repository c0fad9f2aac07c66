/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.c - the hook record and the clock record, to octets and back.
 *
 * Takes and gives the structs of hook.h. An encoded record is a Wireshark "exported PDU": tags of
 * big-endian type and length that say who talks to whom and which dissector decodes the rest, then
 * the record, little-endian: a fixed part that states its own length, then type-length-value items.
 *
 * Specification: docs/hook-record.md; the tags: wsutil/exported_pdu_tlvs.h of Wireshark.
 */
#include "wire/hook.h"

#include <errno.h>

#include "wire/bytes.h"

enum { HOOK_VERSION = 1, HOOK_FIXED = 172, CLOCK_FIXED = 32, MPTCP_FIXED = 96 };

enum { /* type-length-value items behind the fixed part */
       ITEM_OPTIONS = 1,
       ITEM_ACTION = 2,
       ACTION_FIXED = 20 + HOOK_PROGRAM_NAME + HOOK_VALUE,
};

enum { /* Wireshark's tags */
       TAG_END = 0,
       TAG_DISSECTOR_NAME = 12,
       TAG_IPV4_SOURCE = 20,
       TAG_IPV4_DESTINATION = 21,
       TAG_IPV6_SOURCE = 22,
       TAG_IPV6_DESTINATION = 23,
       TAG_PORT_TYPE = 24,
       TAG_SOURCE_PORT = 25,
       TAG_DESTINATION_PORT = 26,
       PORT_TYPE_TCP = 2,
};

/* --- writing: the encoded size is bounded by the sizes of the structs ------------------------- */

_Static_assert(4 * 4 + 16 + 2 * (4 + 16) + 3 * (4 + 4) + HOOK_FIXED + 4 + TCP_OPTION_SPACE +
                       HOOK_ACTIONS_MAX * (4 + ACTION_FIXED) <=
                   HOOK_ENCODED_MAX,
               "the largest record fits");

static uint8_t *put_octets(uint8_t *at, const void *octets, size_t n)
{
    memcpy(at, octets, n);
    return at + n;
}

static uint8_t *put_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

static uint8_t *put_le(uint8_t *at, uint64_t value, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static uint8_t *put_be(uint8_t *at, uint32_t value, unsigned octets)
{
    for (unsigned i = octets; i-- > 0;)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static uint8_t *put_tag(uint8_t *at, unsigned tag, const void *value, size_t length)
{
    at = put_be(at, tag, 2);
    at = put_be(at, (uint32_t)length, 2);
    return put_octets(at, value, length);
}

static uint8_t *put_tag_number(uint8_t *at, unsigned tag, uint32_t value)
{
    at = put_be(at, tag, 2);
    at = put_be(at, 4, 2);
    return put_be(at, value, 4);
}

/* Wireshark pads names with zeros to whole words and counts the padding in the length. */
static uint8_t *put_tag_name(uint8_t *at, const char *name)
{
    char padded[32] = "";
    size_t length = MIN(g_strlcpy(padded, name, sizeof(padded)), sizeof(padded) - 1);

    return put_tag(at, TAG_DISSECTOR_NAME, padded, (length + 3) & ~(size_t)3);
}

static uint8_t *put_tag_addresses(uint8_t *at, const struct endpoint *source,
                                  const struct endpoint *destination)
{
    if (source->family == 4 && destination->family == 4) {
        at = put_tag(at, TAG_IPV4_SOURCE, source->address, 4);
        at = put_tag(at, TAG_IPV4_DESTINATION, destination->address, 4);
    } else if (source->family == 6 && destination->family == 6) {
        at = put_tag(at, TAG_IPV6_SOURCE, source->address, 16);
        at = put_tag(at, TAG_IPV6_DESTINATION, destination->address, 16);
    } else {
        return at;
    }
    at = put_tag_number(at, TAG_PORT_TYPE, PORT_TYPE_TCP);
    at = put_tag_number(at, TAG_SOURCE_PORT, source->port);
    return put_tag_number(at, TAG_DESTINATION_PORT, destination->port);
}

/* Source and destination as the segment has them: for one that came in, the source is remote. */
static uint8_t *put_tag_endpoints(uint8_t *at, const struct hook_record *r)
{
    bool incoming = r->op == HOOK_PARSE_HDR_OPT ||
                    ((r->flags & HOOK_FLAG_HEADER) && !(r->flags & HOOK_FLAG_OUTGOING));
    return incoming ? put_tag_addresses(at, &r->remote, &r->local)
                    : put_tag_addresses(at, &r->local, &r->remote);
}

static uint8_t *put_fixed(uint8_t *at, const struct hook_record *r, uint32_t flags)
{
    at = put_le(at, HOOK_VERSION, 2);
    at = put_le(at, HOOK_FIXED, 2);
    at = put_le(at, r->op, 4);
    at = put_le(at, r->time_ns, 8);
    at = put_le(at, r->monotonic_ns, 8);
    at = put_le(at, r->id, 8);
    at = put_le(at, r->cookie, 8);
    at = put_le(at, r->cgroup_id, 8);
    at = put_le(at, r->netns, 8);
    for (unsigned i = 0; i < 4; i++)
        at = put_le(at, r->args[i], 4);
    at = put_le(at, r->reply, 4);
    at = put_le(at, flags, 4);
    at = put_octets(at, r->local.address, 16);
    at = put_octets(at, r->remote.address, 16);
    at = put_le(at, r->local.port, 2);
    at = put_le(at, r->remote.port, 2);
    at = put_u8(at, r->local.family);
    at = put_u8(at, r->remote.family);
    at = put_u8(at, r->tcp_flags);
    at = put_u8(at, r->options_before);
    at = put_le(at, r->token, 4);
    at = put_le(at, r->seq, 4);
    at = put_le(at, r->ack, 4);
    at = put_le(at, r->snd_nxt, 4);
    at = put_le(at, r->rcv_nxt, 4);
    at = put_le(at, r->segment_length, 4);
    at = put_le(at, r->cwnd, 4);
    at = put_le(at, r->srtt_us, 4);
    at = put_le(at, r->mss, 4);
    at = put_le(at, r->duration_ns, 4);
    at = put_le(at, r->state, 4);
    at = put_le(at, r->window, 2);
    at = put_le(at, r->cpu, 2);
    at = put_le(at, r->reserved, 2);
    return put_le(at, 0, 2);
}

static uint8_t *put_action(uint8_t *at, const struct hook_action *action)
{
    char program[HOOK_PROGRAM_NAME] = "";
    uint8_t value[HOOK_VALUE] = {0};
    uint8_t used = action->value_length < HOOK_VALUE ? action->value_length : HOOK_VALUE;

    memcpy(program, action->program, strnlen(action->program, HOOK_PROGRAM_NAME - 1));
    memcpy(value, action->value, used);
    at = put_le(at, ITEM_ACTION, 2);
    at = put_le(at, ACTION_FIXED, 2);
    at = put_u8(at, action->kind);
    at = put_u8(at, used);
    at = put_octets(at, action->head, HOOK_HEAD);
    at = put_le(at, (uint32_t)action->result, 4);
    at = put_le(at, (uint32_t)action->level, 4);
    at = put_le(at, (uint32_t)action->name, 4);
    at = put_octets(at, program, sizeof(program));
    return put_octets(at, value, sizeof(value));
}

size_t hook_encode(const struct hook_record *record, uint8_t out[HOOK_ENCODED_MAX])
{
    uint32_t flags = record->flags;
    size_t n_actions = record->n_actions;
    size_t n_options = record->options_length;

    if (n_actions > HOOK_ACTIONS_MAX) {
        n_actions = HOOK_ACTIONS_MAX;
        flags |= HOOK_FLAG_REPORTS_LOST;
    }
    if (n_options > TCP_OPTION_SPACE)
        n_options = TCP_OPTION_SPACE;

    uint8_t *at = put_tag_name(out, HOOK_DISSECTOR);
    at = put_tag_endpoints(at, record);
    at = put_tag(at, TAG_END, "", 0);
    at = put_fixed(at, record, flags);
    if (n_options > 0) {
        at = put_le(at, ITEM_OPTIONS, 2);
        at = put_le(at, n_options, 2);
        at = put_octets(at, record->options, n_options);
    }
    for (size_t i = 0; i < n_actions; i++)
        at = put_action(at, &record->actions[i]);
    return (size_t)(at - out);
}

size_t hook_clock_encode(const struct hook_clock *clock, uint8_t out[HOOK_ENCODED_MAX])
{
    uint8_t *at = put_tag_name(out, HOOK_CLOCK_DISSECTOR);

    at = put_tag(at, TAG_END, "", 0);
    at = put_le(at, HOOK_VERSION, 2);
    at = put_le(at, CLOCK_FIXED, 2);
    at = put_le(at, clock->width_ns, 4);
    at = put_le(at, clock->monotonic_ns, 8);
    at = put_le(at, clock->realtime_ns, 8);
    at = put_le(at, (uint64_t)clock->step_ns, 8);
    return (size_t)(at - out);
}

size_t hook_mptcp_encode(const struct hook_mptcp *event, uint8_t out[HOOK_ENCODED_MAX])
{
    uint8_t *at = put_tag_name(out, HOOK_MPTCP_DISSECTOR);

    at = put_tag_addresses(at, &event->local, &event->remote);
    at = put_tag(at, TAG_END, "", 0);
    at = put_le(at, HOOK_VERSION, 2);
    at = put_le(at, MPTCP_FIXED, 2);
    at = put_le(at, event->event, 4);
    at = put_le(at, event->time_ns, 8);
    at = put_le(at, event->monotonic_ns, 8);
    at = put_le(at, event->netns, 8);
    at = put_le(at, event->token, 4);
    at = put_le(at, event->flags, 4);
    at = put_octets(at, event->local.address, 16);
    at = put_octets(at, event->remote.address, 16);
    at = put_le(at, event->local.port, 2);
    at = put_le(at, event->remote.port, 2);
    at = put_u8(at, event->local.family);
    at = put_u8(at, event->remote.family);
    at = put_u8(at, event->local_id);
    at = put_u8(at, event->remote_id);
    at = put_le(at, event->error, 4);
    at = put_le(at, event->reset_reason, 4);
    at = put_le(at, event->reset_flags, 4);
    at = put_le(at, event->interface, 4);
    return (size_t)(at - out);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool name_is(const uint8_t *name, size_t length, const char *wanted)
{
    while (length > 0 && name[length - 1] == 0)
        length--;
    return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

enum hook_kind hook_unwrap(const uint8_t *data, size_t length, const uint8_t **payload,
                           size_t *payload_length)
{
    struct bytes in = bytes_of(data, length);
    enum hook_kind kind = HOOK_KIND_NONE;

    for (;;) {
        unsigned tag = bytes_be16(&in);
        size_t size = bytes_be16(&in);
        const uint8_t *value = bytes_take(&in, size);

        if (in.overrun)
            return HOOK_KIND_NONE;
        if (tag == TAG_END)
            break;
        if (tag == TAG_DISSECTOR_NAME && size > 0) {
            if (name_is(value, size, HOOK_DISSECTOR))
                kind = HOOK_KIND_RECORD;
            else if (name_is(value, size, HOOK_CLOCK_DISSECTOR))
                kind = HOOK_KIND_CLOCK;
            else if (name_is(value, size, HOOK_MPTCP_DISSECTOR))
                kind = HOOK_KIND_MPTCP;
        }
    }
    if (kind == HOOK_KIND_NONE)
        return kind;
    *payload = in.at;
    *payload_length = bytes_left(&in);
    return kind;
}

bool hook_renumber(uint8_t *data, size_t length, uint64_t id)
{
    enum { ID_OFFSET = 24 }; /* version, length, op, time, monotonic time: see put_fixed() */
    const uint8_t *payload;
    size_t payload_length;

    if (hook_unwrap(data, length, &payload, &payload_length) != HOOK_KIND_RECORD ||
        payload_length < HOOK_FIXED)
        return false;
    put_le(data + (payload - data) + ID_OFFSET, id, 8);
    return true;
}

/*
 * The head of either record: its version and the fixed part, without the four octets that were
 * read. A later version may add to the fixed part and to the items, never change what is there;
 * only what breaks that promise gets another version.
 */
static bool take_fixed(struct bytes *in, size_t known, struct bytes *fixed)
{
    unsigned version = bytes_le16(in);
    size_t length = bytes_le16(in);

    if (in->overrun || version != HOOK_VERSION || length < known)
        return false;
    *fixed = bytes_sub(in, length - 4);
    return !fixed->overrun;
}

static void take_octets(struct bytes *in, void *out, size_t n)
{
    const uint8_t *taken = bytes_take(in, n);
    if (taken != NULL)
        memcpy(out, taken, n);
}

static void take_address(struct bytes *in, struct endpoint *endpoint)
{
    take_octets(in, endpoint->address, sizeof(endpoint->address));
}

/* Endpoints compare by memory, so what a family does not use has to be zero. */
static bool settle_family(struct endpoint *endpoint)
{
    size_t used = endpoint->family == 6 ? 16 : endpoint->family == 4 ? 4 : 0;

    if (endpoint->family != 0 && used == 0)
        return false;
    memset(endpoint->address + used, 0, sizeof(endpoint->address) - used);
    return true;
}

static bool take_record(struct bytes *in, struct hook_record *r)
{
    r->op = bytes_le32(in);
    r->time_ns = bytes_le64(in);
    r->monotonic_ns = bytes_le64(in);
    r->id = bytes_le64(in);
    r->cookie = bytes_le64(in);
    r->cgroup_id = bytes_le64(in);
    r->netns = bytes_le64(in);
    for (unsigned i = 0; i < 4; i++)
        r->args[i] = bytes_le32(in);
    r->reply = bytes_le32(in);
    r->flags = bytes_le32(in);
    take_address(in, &r->local);
    take_address(in, &r->remote);
    r->local.port = bytes_le16(in);
    r->remote.port = bytes_le16(in);
    r->local.family = bytes_u8(in);
    r->remote.family = bytes_u8(in);
    r->tcp_flags = bytes_u8(in);
    r->options_before = bytes_u8(in);
    r->token = bytes_le32(in);
    r->seq = bytes_le32(in);
    r->ack = bytes_le32(in);
    r->snd_nxt = bytes_le32(in);
    r->rcv_nxt = bytes_le32(in);
    r->segment_length = bytes_le32(in);
    r->cwnd = bytes_le32(in);
    r->srtt_us = bytes_le32(in);
    r->mss = bytes_le32(in);
    r->duration_ns = bytes_le32(in);
    r->state = bytes_le32(in);
    r->window = bytes_le16(in);
    r->cpu = bytes_le16(in);
    r->reserved = bytes_le16(in);
    return !in->overrun && settle_family(&r->local) && settle_family(&r->remote) &&
           r->options_before <= TCP_OPTION_SPACE;
}

static bool take_action(struct bytes *in, struct hook_action *action)
{
    action->kind = bytes_u8(in);
    action->value_length = bytes_u8(in);
    take_octets(in, action->head, HOOK_HEAD);
    action->result = (int32_t)bytes_le32(in);
    action->level = (int32_t)bytes_le32(in);
    action->name = (int32_t)bytes_le32(in);
    take_octets(in, action->program, HOOK_PROGRAM_NAME);
    take_octets(in, action->value, HOOK_VALUE);
    if (in->overrun || action->value_length > HOOK_VALUE)
        return false;
    action->program[HOOK_PROGRAM_NAME - 1] = '\0';
    memset(action->value + action->value_length, 0, HOOK_VALUE - action->value_length);
    return true;
}

static bool take_item(unsigned type, struct bytes item, struct hook_record *r)
{
    struct hook_action spare = {0};

    switch (type) {
    case ITEM_OPTIONS:
        /* One item, never empty: a second one would contradict the first. */
        if (r->options_length > 0 || bytes_left(&item) == 0 || bytes_left(&item) > TCP_OPTION_SPACE)
            return false;
        r->options_length = (uint8_t)bytes_left(&item);
        take_octets(&item, r->options, r->options_length);
        return true;
    case ITEM_ACTION:
        if (r->n_actions == HOOK_ACTIONS_MAX) {
            r->flags |= HOOK_FLAG_REPORTS_LOST;
            return take_action(&item, &spare);
        }
        return take_action(&item, &r->actions[r->n_actions++]);
    default:
        return true;
    }
}

int hook_decode(const uint8_t *data, size_t length, struct hook_record *out)
{
    struct bytes in = bytes_of(data, length);
    struct bytes fixed;

    memset(out, 0, sizeof(*out));
    if (!take_fixed(&in, HOOK_FIXED, &fixed) || !take_record(&fixed, out))
        return -EBADMSG;
    while (bytes_left(&in) > 0) {
        unsigned type = bytes_le16(&in);
        size_t size = bytes_le16(&in);
        struct bytes item = bytes_sub(&in, size);

        if (in.overrun || !take_item(type, item, out))
            return -EBADMSG;
    }
    return 0;
}

int hook_mptcp_decode(const uint8_t *data, size_t length, struct hook_mptcp *out)
{
    struct bytes in = bytes_of(data, length);
    struct bytes fixed;

    memset(out, 0, sizeof(*out));
    if (!take_fixed(&in, MPTCP_FIXED, &fixed))
        return -EBADMSG;
    out->event = bytes_le32(&fixed);
    out->time_ns = bytes_le64(&fixed);
    out->monotonic_ns = bytes_le64(&fixed);
    out->netns = bytes_le64(&fixed);
    out->token = bytes_le32(&fixed);
    out->flags = bytes_le32(&fixed);
    take_address(&fixed, &out->local);
    take_address(&fixed, &out->remote);
    out->local.port = bytes_le16(&fixed);
    out->remote.port = bytes_le16(&fixed);
    out->local.family = bytes_u8(&fixed);
    out->remote.family = bytes_u8(&fixed);
    out->local_id = bytes_u8(&fixed);
    out->remote_id = bytes_u8(&fixed);
    out->error = bytes_le32(&fixed);
    out->reset_reason = bytes_le32(&fixed);
    out->reset_flags = bytes_le32(&fixed);
    out->interface = bytes_le32(&fixed);
    return !fixed.overrun && settle_family(&out->local) && settle_family(&out->remote) ? 0
                                                                                       : -EBADMSG;
}

int hook_clock_decode(const uint8_t *data, size_t length, struct hook_clock *out)
{
    struct bytes in = bytes_of(data, length);
    struct bytes fixed;

    memset(out, 0, sizeof(*out));
    if (!take_fixed(&in, CLOCK_FIXED, &fixed))
        return -EBADMSG;
    out->width_ns = bytes_le32(&fixed);
    out->monotonic_ns = bytes_le64(&fixed);
    out->realtime_ns = bytes_le64(&fixed);
    out->step_ns = (int64_t)bytes_le64(&fixed);
    return 0;
}
