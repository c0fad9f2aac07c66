/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story.c - what happened to each option of each connection: who sent it first, what the peer sent,
 * how often, what changed, and what never came.
 *
 * The stories are written while frames are seen for the first time, in their order, and only read
 * afterwards. So a link back to an earlier frame is there at once; one forward to a later frame is
 * there when the file has been read to its end: in the second pass of tshark -2 and in Wireshark.
 * Segments inside ICMP errors are copies of others and have no part in any story.
 *
 * Nothing is kept per occurrence of an option, for there may be one in each of millions of packets;
 * only changes are, by frame.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/codec.h"

enum { SIDES = 2, REMEMBERED = 4 };

/* What one side sent of one option. */
struct told_side {
    uint32_t first_in, last_in; /* frames; 0: none */
    uint32_t count;
    uint8_t length; /* of `last` */
    uint8_t last[TCP_OPTION_SPACE];
};

/* An octet string that was asked for, without its echo bit. */
struct request {
    uint8_t length;
    uint8_t octets[TCP_OPTION_SPACE];
};

/* One option of one connection; requests and echoes apart. Lives as long as the file. */
struct told_option {
    struct told_option *next; /* of the same connection */
    const struct option_desc *desc;
    const char *label;
    struct told_side sent[SIDES], echoed[SIDES];
    struct request requests[SIDES][REMEMBERED]; /* only where there are echoes: the newest ones */
    unsigned n_requests[SIDES];
    uint32_t on_syn;        /* the frame of the SYN that it stood on */
    uint32_t unanswered_in; /* the frame of the answer to that SYN, without the option */
};

/* What is known of a connection. Lives as long as the file. */
struct connection {
    struct told_option *options;
    uint32_t syn_in, synack_in;
    bool mptcp_asked, mptcp_answered;
};

static wmem_map_t *connections; /* struct connection by TCP stream; of the file that is open */
static wmem_map_t *changes;     /* by told_side and frame: the frame that it differs from */

/* A side's option differed in `frame` from the one before. */
struct change {
    const struct told_side *side;
    uint32_t frame, before;
    bool contradicts;
};

static unsigned change_hash(const void *key)
{
    const struct change *change = key;
    return g_direct_hash(change->side) * 31u + change->frame;
}

static int change_equal(const void *a, const void *b)
{
    const struct change *one = a, *other = b;
    return one->side == other->side && one->frame == other->frame;
}

void story_register(void)
{
    connections =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    changes =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), change_hash, change_equal);
}

/* --- finding ----------------------------------------------------------------------------------- */

static struct connection *connection_of(uint32_t stream, bool make)
{
    struct connection *connection = wmem_map_lookup(connections, GUINT_TO_POINTER(stream));
    if (connection == NULL && make) {
        connection = wmem_new0(wmem_file_scope(), struct connection);
        wmem_map_insert(connections, GUINT_TO_POINTER(stream), connection);
    }
    return connection;
}

static struct told_option *told_option(struct connection *connection, const struct occurrence *seen,
                                       bool make)
{
    struct told_option **at = &connection->options;
    for (; *at != NULL; at = &(*at)->next)
        if ((*at)->desc == seen->desc &&
            (seen->desc != NULL || strcmp((*at)->label, seen->label) == 0))
            return *at;
    if (make) {
        *at = wmem_new0(wmem_file_scope(), struct told_option);
        (*at)->desc = seen->desc;
        (*at)->label = wmem_strdup(wmem_file_scope(), seen->label);
    }
    return *at;
}

/* One of two sides, the same one for all segments that it sends. */
static int side_of(const packet_info *pinfo, const struct segment_facts *segment)
{
    if (segment->source_port != segment->destination_port)
        return segment->source_port > segment->destination_port;
    return cmp_address(&pinfo->src, &pinfo->dst) > 0;
}

bool story_stream(packet_info *pinfo, const struct segment_facts *segment, uint32_t *stream)
{
    *stream = segment->stream;
    if (pinfo->flags.in_error_pkt)
        return false;
    if (segment->has_stream)
        return true;
    const struct tcp_analysis *connection = get_tcp_conversation_data(NULL, pinfo);
    if (connection != NULL)
        *stream = connection->stream;
    return connection != NULL;
}

/* --- writing: first pass ----------------------------------------------------------------------- */

static bool may_be_answered(const struct option_desc *desc)
{
    return desc == NULL || desc->answer != ANSWER_NONE;
}

static void note_change(packet_info *pinfo, const struct told_side *side, uint32_t before,
                        bool contradicts)
{
    struct change *change = wmem_new(wmem_file_scope(), struct change);
    *change = (struct change){side, pinfo->num, before, contradicts};
    wmem_map_insert(changes, change, change);
}

static struct request request_of(const struct occurrence *seen)
{
    struct request request = {.length = (uint8_t)MIN(seen->length, TCP_OPTION_SPACE)};
    memcpy(request.octets, seen->octets, request.length);
    if (request.length > 2)
        request.octets[2] &= (uint8_t)~0x01; /* the echo bit */
    return request;
}

static bool was_requested(const struct told_option *option, int side, const struct request *echo)
{
    for (unsigned i = 0; i < MIN(option->n_requests[side], REMEMBERED); i++)
        if (option->requests[side][i].length == echo->length &&
            memcmp(option->requests[side][i].octets, echo->octets, echo->length) == 0)
            return true;
    return false;
}

static void tell(packet_info *pinfo, struct told_option *option, int side,
                 const struct occurrence *seen)
{
    struct told_side *told = seen->echo ? &option->echoed[side] : &option->sent[side];
    uint8_t length = (uint8_t)MIN(seen->length, TCP_OPTION_SPACE);
    bool differs = told->count > 0 &&
                   (told->length != length || memcmp(told->last, seen->octets, length) != 0);

    if (option->desc != NULL && option_has_echo(option->desc)) {
        struct request request = request_of(seen);
        uint32_t asked_in = option->sent[!side].last_in;
        if (seen->echo && asked_in != 0 && !was_requested(option, !side, &request))
            note_change(pinfo, told, asked_in, true);
        else if (!seen->echo && (told->count == 0 || differs))
            option->requests[side][option->n_requests[side]++ % REMEMBERED] = request;
    }
    if (differs && !seen->echo && told->last_in != pinfo->num)
        note_change(pinfo, told, told->last_in, false);

    if (told->count++ == 0)
        told->first_in = pinfo->num;
    told->last_in = pinfo->num;
    told->length = length;
    if (differs || told->count == 1)
        memcpy(told->last, seen->octets, length);
}

void story_of_segment(packet_info *pinfo, const struct segment_facts *segment, bool mptcp)
{
    uint32_t stream;
    if (PINFO_FD_VISITED(pinfo) || !story_stream(pinfo, segment, &stream))
        return;
    struct connection *connection = connection_of(stream, true);
    if (!(segment->flags & TCP_ACK)) {
        connection->syn_in = pinfo->num;
        connection->mptcp_asked |= mptcp;
        return;
    }
    connection->synack_in = pinfo->num;
    connection->mptcp_answered |= mptcp;
    int side = side_of(pinfo, segment);
    for (struct told_option *one = connection->options; one != NULL; one = one->next)
        if (one->on_syn != 0 && may_be_answered(one->desc) && one->sent[side].count == 0 &&
            one->echoed[side].count == 0 && one->unanswered_in == 0)
            one->unanswered_in = pinfo->num;
}

/* --- reading ----------------------------------------------------------------------------------- */

static void read_links(struct story *story, const struct told_option *option, int side, bool echo)
{
    const struct told_side *mine = echo ? &option->echoed[side] : &option->sent[side];
    const struct told_side *peer = &option->sent[!side];
    bool echoes = option->desc != NULL && option_has_echo(option->desc);
    story->first_in = mine->first_in;
    story->last_in = mine->last_in;
    story->count = mine->count;
    if (echoes) {
        if (echo)
            story->asked_in = peer->first_in;
        else
            story->answered_in = option->echoed[!side].first_in;
        story->silent = !echo && story->answered_in == 0;
        return;
    }
    /* Who was first has asked, and the other's first has answered. */
    bool asker = peer->count == 0 || mine->first_in < peer->first_in;
    if (asker)
        story->answered_in = peer->first_in;
    else
        story->asked_in = peer->first_in;
    story->silent = asker && peer->count == 0;
}

struct story story_of_option(packet_info *pinfo, const struct segment_facts *segment,
                             const struct occurrence *seen)
{
    struct story story = {0};
    uint32_t stream;
    if (!story_stream(pinfo, segment, &stream))
        return story;
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    struct connection *connection = connection_of(stream, first_pass);
    struct told_option *option =
        connection != NULL ? told_option(connection, seen, first_pass) : NULL;
    if (option == NULL)
        return story;
    int side = side_of(pinfo, segment);
    if (first_pass) {
        tell(pinfo, option, side, seen);
        if ((segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN && option->on_syn == 0)
            option->on_syn = pinfo->num;
    }
    read_links(&story, option, side, seen->echo);
    story.known = true;
    story.complete = !first_pass;
    story.silent = story.silent && !first_pass && may_be_answered(seen->desc);
    story.unanswered_in = option->on_syn == pinfo->num ? option->unanswered_in : 0;

    struct change key = {.side = seen->echo ? &option->echoed[side] : &option->sent[side],
                         .frame = pinfo->num};
    const struct change *change = wmem_map_lookup(changes, &key);
    if (change != NULL) {
        story.differs_from = change->before;
        story.contradicts = change->contradicts;
    }
    return story;
}

bool story_is_plain(packet_info *pinfo, const struct segment_facts *segment, uint32_t *frame)
{
    uint32_t stream;
    if (!story_stream(pinfo, segment, &stream))
        return false;
    const struct connection *connection = connection_of(stream, false);
    if (connection == NULL)
        return false;
    if (connection->syn_in != 0 && !connection->mptcp_asked)
        *frame = connection->syn_in;
    else if (connection->synack_in != 0 && !connection->mptcp_answered)
        *frame = connection->synack_in;
    else
        return false;
    return *frame < pinfo->num;
}

void story_missing_answers(packet_info *pinfo, const struct segment_facts *segment,
                           void (*report)(void *context, const char *label, uint32_t asked_in),
                           void *context)
{
    uint32_t stream;
    const struct connection *connection =
        story_stream(pinfo, segment, &stream) ? connection_of(stream, false) : NULL;
    if (connection == NULL)
        return;
    for (const struct told_option *one = connection->options; one != NULL; one = one->next)
        if (one->unanswered_in == pinfo->num)
            report(context, one->label, one->on_syn);
}
