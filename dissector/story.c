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
 * only changes are, by frame. What is kept of one connection has a bound, whoever made the capture:
 * what is beyond it has no story, and says so.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/codec.h"

enum {
    SIDES = 2,
    REQUESTS_MAX = 4,   /* the newest ones of a side, to compare echoes with */
    OPTIONS_MAX = 64,   /* different ones of a connection: no connection has honest use for more */
    CHANGES_MAX = 4096, /* of one option of one side */
};

/* A side's option differed in `frame` from the one before. */
struct change {
    uint32_t frame, before;
    bool contradicts;
};

/* What one side sent of one option. */
struct told_side {
    uint32_t first_in, last_in; /* frames; 0: none */
    uint32_t count;
    uint32_t n_changes;
    struct change *changes; /* by frame; room for the next power of two */
    uint8_t length;         /* of `last` */
    uint8_t last[TCP_OPTION_SPACE];
};

/* An octet string that was asked for, without its echo bit. */
struct request {
    uint8_t length;
    uint8_t octets[TCP_OPTION_SPACE];
};

/* What only options with an echo bit need. */
struct told_echoes {
    struct told_side sent[SIDES];
    struct request requests[SIDES][REQUESTS_MAX]; /* a ring */
    unsigned n_requests[SIDES];
};

/* One option of one connection; requests and echoes apart. Lives as long as the file. */
struct told_option {
    struct told_option *next; /* of the same connection */
    const struct option_desc *desc;
    const char *label;
    struct told_side sent[SIDES];
    struct told_echoes *echoes; /* NULL: it has no echo bit */
    uint32_t on_syn;            /* the frame of the SYN that it stood on, when an answer is due */
    uint32_t unanswered_in;     /* the frame of the answer to that SYN, without the option */
};

/* What is known of a connection. Lives as long as the file. */
struct connection {
    struct told_option *options;
    uint32_t n_options;
    uint32_t crowded_in; /* the frame with the first option too many; 0: none */
    uint32_t syn_in, synack_in;
    uint16_t server_port; /* 0: no handshake was seen */
    bool mptcp_asked, mptcp_answered;
};

static wmem_map_t *connections; /* struct connection by TCP stream; of the file that is open */

void story_register(void)
{
    connections =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

/* --- finding ----------------------------------------------------------------------------------- */

/* The number of the connection in Wireshark; false in an ICMP error. */
static bool stream_of(packet_info *pinfo, const struct segment_facts *segment, uint32_t *stream)
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

/*
 * The connection that a segment belongs to; the first pass makes it. NULL in an ICMP error. Looked
 * for once for all options of a header.
 */
static struct connection *connection_of(packet_info *pinfo, const struct segment_facts *segment)
{
    struct header_options *header = segment->spoken;
    uint32_t stream;
    if (header->connection != NULL && (!segment->has_stream || segment->stream == header->stream))
        return header->connection;
    if (!stream_of(pinfo, segment, &stream))
        return NULL;
    struct connection *connection = wmem_map_lookup(connections, GUINT_TO_POINTER(stream));
    if (connection == NULL && !PINFO_FD_VISITED(pinfo)) {
        connection = wmem_new0(wmem_file_scope(), struct connection);
        wmem_map_insert(connections, GUINT_TO_POINTER(stream), connection);
    }
    header->connection = connection;
    header->stream = stream;
    return connection;
}

/* What is told of the option; NULL when it is new and `make` is false, or too many are known. */
static struct told_option *told_option(struct connection *connection, const struct occurrence *seen,
                                       bool make)
{
    struct told_option **at = &connection->options;
    for (; *at != NULL; at = &(*at)->next)
        if ((*at)->desc == seen->desc &&
            (seen->desc != NULL || strcmp((*at)->label, seen->label) == 0))
            return *at;
    if (make && connection->n_options < OPTIONS_MAX) {
        connection->n_options++;
        *at = wmem_new0(wmem_file_scope(), struct told_option);
        (*at)->desc = seen->desc;
        (*at)->label = wmem_strdup(wmem_file_scope(), seen->label);
        if (seen->desc != NULL && option_has_echo(seen->desc))
            (*at)->echoes = wmem_new0(wmem_file_scope(), struct told_echoes);
    }
    return *at;
}

static struct told_side *told_side(struct told_option *option, int side, bool echo)
{
    return echo && option->echoes != NULL ? &option->echoes->sent[side] : &option->sent[side];
}

/* One of two sides, the same one for all segments that it sends. */
static int side_of(const packet_info *pinfo, const struct segment_facts *segment)
{
    if (segment->source_port != segment->destination_port)
        return segment->source_port > segment->destination_port;
    return cmp_address(&pinfo->src, &pinfo->dst) > 0;
}

/* --- writing: first pass ----------------------------------------------------------------------- */

/*
 * Whether the peer owes this option an answer: where its description says so; of those that nothing
 * describes only experiments (RFC 6994) on a SYN, which offer something that both ends must speak.
 */
static bool is_answer_due(const struct segment_facts *segment, const struct occurrence *seen)
{
    enum { WITH_EXID = 4 };
    if (seen->desc != NULL)
        return seen->desc->answer != ANSWER_NONE;
    return (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
           seen->length >= WITH_EXID &&
           (seen->octets[0] == TCP_KIND_EXP1 || seen->octets[0] == TCP_KIND_EXP2);
}

static void note_change(packet_info *pinfo, struct told_side *side, uint32_t before,
                        bool contradicts)
{
    uint32_t n = side->n_changes;
    if (n == CHANGES_MAX || (n > 0 && side->changes[n - 1].frame == pinfo->num))
        return;
    if ((n & (n - 1)) == 0) /* full, or empty */
        side->changes =
            wmem_realloc(wmem_file_scope(), side->changes, MAX(1, 2 * n) * sizeof(*side->changes));
    side->changes[side->n_changes++] = (struct change){pinfo->num, before, contradicts};
}

static struct request request_of(const struct occurrence *seen)
{
    struct request request = {.length = (uint8_t)MIN(seen->length, TCP_OPTION_SPACE)};
    memcpy(request.octets, seen->octets, request.length);
    if (request.length > 2)
        request.octets[2] &= (uint8_t)~0x01; /* the echo bit */
    return request;
}

static bool was_requested(const struct told_echoes *echoes, int side, const struct request *echo)
{
    for (unsigned i = 0; i < MIN(echoes->n_requests[side], REQUESTS_MAX); i++)
        if (echoes->requests[side][i].length == echo->length &&
            memcmp(echoes->requests[side][i].octets, echo->octets, echo->length) == 0)
            return true;
    return false;
}

static void tell(packet_info *pinfo, struct told_option *option, int side,
                 const struct occurrence *seen)
{
    struct told_side *told = told_side(option, side, seen->echo);
    uint8_t length = (uint8_t)MIN(seen->length, TCP_OPTION_SPACE);
    bool differs = told->count > 0 &&
                   (told->length != length || memcmp(told->last, seen->octets, length) != 0);

    if (option->echoes != NULL && (seen->echo || told->count == 0 || differs)) {
        struct told_echoes *echoes = option->echoes;
        struct request request = request_of(seen);
        uint32_t asked_in = option->sent[!side].last_in;
        if (!seen->echo)
            echoes->requests[side][echoes->n_requests[side]++ % REQUESTS_MAX] = request;
        else if (asked_in != 0 && !was_requested(echoes, !side, &request))
            note_change(pinfo, told, asked_in, true);
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
    struct connection *connection = connection_of(pinfo, segment);
    if (PINFO_FD_VISITED(pinfo) || connection == NULL)
        return;
    if (!(segment->flags & TCP_ACK)) {
        connection->syn_in = pinfo->num;
        connection->mptcp_asked |= mptcp;
        connection->server_port = segment->destination_port;
        return;
    }
    connection->synack_in = pinfo->num;
    connection->mptcp_answered |= mptcp;
    connection->server_port = segment->source_port;
    int side = side_of(pinfo, segment);
    for (struct told_option *one = connection->options; one != NULL; one = one->next)
        if (one->on_syn != 0 && told_side(one, side, false)->count == 0 &&
            told_side(one, side, true)->count == 0 && one->unanswered_in == 0)
            one->unanswered_in = pinfo->num;
}

/* --- reading ----------------------------------------------------------------------------------- */

static void read_links(struct story *story, struct told_option *option, int side, bool echo)
{
    const struct told_side *mine = told_side(option, side, echo);
    const struct told_side *peer = &option->sent[!side];
    story->first_in = mine->first_in;
    story->last_in = mine->last_in;
    story->count = mine->count;
    if (option->echoes != NULL) {
        if (echo)
            story->asked_in = peer->first_in;
        else
            story->answered_in = option->echoes->sent[!side].first_in;
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

static int compare_frames(const void *key, const void *element)
{
    uint32_t frame = *(const uint32_t *)key, other = ((const struct change *)element)->frame;
    return (frame > other) - (frame < other);
}

static void read_change(struct story *story, const struct told_side *side, uint32_t frame)
{
    if (side->n_changes == 0 || side->changes[side->n_changes - 1].frame < frame)
        return;
    const struct change *change =
        bsearch(&frame, side->changes, side->n_changes, sizeof(*change), compare_frames);
    if (change == NULL)
        return;
    story->differs_from = change->before;
    story->contradicts = change->contradicts;
    story->last_change_kept = change == &side->changes[CHANGES_MAX - 1];
}

struct story story_of_option(packet_info *pinfo, const struct segment_facts *segment,
                             const struct occurrence *seen)
{
    struct story story = {0};
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    struct connection *connection = connection_of(pinfo, segment);
    if (connection == NULL)
        return story;
    struct told_option *option = told_option(connection, seen, first_pass);
    if (option == NULL) {
        if (connection->crowded_in == 0)
            connection->crowded_in = pinfo->num;
        story.crowded_in = connection->crowded_in;
        return story;
    }
    int side = side_of(pinfo, segment);
    bool due = is_answer_due(segment, seen);
    if (first_pass) {
        tell(pinfo, option, side, seen);
        if (due && (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
            option->on_syn == 0)
            option->on_syn = pinfo->num;
    }
    read_links(&story, option, side, seen->echo);
    story.known = true;
    story.complete = !first_pass;
    story.silent = story.silent && !first_pass && due;
    story.unanswered_in = option->on_syn == pinfo->num ? option->unanswered_in : 0;
    read_change(&story, told_side(option, side, seen->echo), pinfo->num);
    return story;
}

bool story_is_plain(packet_info *pinfo, const struct segment_facts *segment, uint32_t *frame)
{
    const struct connection *connection = connection_of(pinfo, segment);
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

int story_sent_by_client(packet_info *pinfo, const struct segment_facts *segment)
{
    if (segment->flags & TCP_SYN)
        return (segment->flags & TCP_ACK) == 0;
    const struct connection *connection = connection_of(pinfo, segment);
    if (connection == NULL || connection->server_port == 0 ||
        segment->source_port == segment->destination_port)
        return -1;
    if (segment->destination_port == connection->server_port)
        return 1;
    return segment->source_port == connection->server_port ? 0 : -1;
}

void story_missing_answers(packet_info *pinfo, const struct segment_facts *segment,
                           void (*report)(void *context, const char *label, uint32_t asked_in),
                           void *context)
{
    const struct connection *connection = connection_of(pinfo, segment);
    if (connection == NULL)
        return;
    for (const struct told_option *one = connection->options; one != NULL; one = one->next)
        if (one->unanswered_in == pinfo->num)
            report(context, one->label, one->on_syn);
}
