/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * links.c - which hook record belongs to which packet of the same file: the invocation that wrote a
 * segment's options, and those that parsed them.
 *
 * They are joined in sequence space: direction, sequence numbers, and the very octets of the
 * options (timestamps with them), never by time alone. One write may leave as several segments
 * (TSO), several segments may be parsed as one (GRO). A write stands before its packet in a
 * recording and a parse behind it; clocks may put them the other way round, so whichever comes
 * second looks for the first. Links are made in the first pass: at once for the later of the two
 * frames, for the earlier one in the second pass.
 *
 * Packets are remembered from the first hook or clock record on, and a recording begins with one:
 * files without hooks cost nothing. How far back is looked, and how many links a frame may have, is
 * bounded, for a capture may be made to have every frame belong to every other.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/bytes.h"
#include "wire/hook.h"
#include "wire/packet.h"

enum {
    LOOK_BACK = 256,   /* how many frames of its direction a frame is compared with */
    PACKETS_MAX = 128, /* that a hook is linked with: a super-segment's, on two interfaces */
    HOOKS_MAX = 16,    /* that a packet is linked with */
};
enum { HEADER_MIN = 20, FLAGS_AT = 13 };

/* A segment as a frame shows it: a packet, or a hook's view of one. Lives as long as the file. */
struct sighting {
    const struct sighting *older; /* of the same flow and sort */
    uint32_t frame;
    uint32_t seq, length;
    uint32_t options; /* hash of the options, without padding at their end */
    uint8_t flags;    /* enum tcp_flag */
    bool written;     /* hooks: outgoing */
};

struct flow_ends {
    struct endpoint from, to;
};

/* One direction of a connection. */
struct flow {
    struct flow_ends ends;
    const struct sighting *packets, *hooks; /* newest first */
};

struct link {
    struct link *next;
    uint32_t frame;
    bool written;
};

struct links {
    struct link *first, **end;
    unsigned n;
    bool full; /* there would have been more */
};

static wmem_map_t *flows; /* struct flow by its ends; of the file that is open */
static wmem_map_t *links; /* struct links by frame: hooks of packets, packets of hooks */

static bool has_hooks; /* a hook or clock record was seen in it */

static int hf_written_in = -1, hf_parsed_in = -1, hf_segment_in = -1;

static unsigned ends_hash(const void *ends)
{
    return wmem_strong_hash(ends, sizeof(struct flow_ends));
}

static int ends_equal(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct flow_ends)) == 0;
}

static void forget_hooks(void)
{
    has_hooks = false;
}

void links_register(int proto)
{
    static hf_register_info fields[] = {
        {&hf_written_in,
         {"Written in", "optrail.written_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
          "The hook record of the invocation that wrote this segment's options", HFILL}},
        {&hf_parsed_in,
         {"Parsed in", "optrail.parsed_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
          "The hook record of an invocation that parsed this segment's options", HFILL}},
        {&hf_segment_in,
         {"Segment in", "optrail.hook.segment_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
          "The packet whose options were written or parsed here", HFILL}},
    };
    proto_register_field_array(proto, fields, array_length(fields));
    flows = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ends_hash, ends_equal);
    links =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    register_init_routine(forget_hooks);
}

/* --- sightings --------------------------------------------------------------------------------- */

void links_begin(void)
{
    has_hooks = true;
}

/* FNV-1a of the options but for what only fills up the header. */
static uint32_t options_hash(const uint8_t *options, size_t length)
{
    uint32_t hash = 2166136261u;
    while (length > 0 && options[length - 1] <= TCP_KIND_NOP)
        length--;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ options[i]) * 16777619u;
    return hash;
}

bool links_endpoint(const address *from, uint16_t port, struct endpoint *endpoint)
{
    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->family = from->type == AT_IPv4 ? 4 : from->type == AT_IPv6 ? 6 : 0;
    if (endpoint->family == 0)
        return false;
    memcpy(endpoint->address, from->data, (size_t)from->len);
    endpoint->port = port;
    return true;
}

static struct flow *flow_of(const struct flow_ends *ends)
{
    struct flow *flow = wmem_map_lookup(flows, ends);
    if (flow == NULL) {
        flow = wmem_new0(wmem_file_scope(), struct flow);
        flow->ends = *ends;
        wmem_map_insert(flows, &flow->ends, flow);
    }
    return flow;
}

/* --- joining ----------------------------------------------------------------------------------- */

static struct links *links_of(uint32_t frame)
{
    struct links *all = wmem_map_lookup(links, GUINT_TO_POINTER(frame));
    if (all == NULL) {
        all = wmem_new0(wmem_file_scope(), struct links);
        all->end = &all->first;
        wmem_map_insert(links, GUINT_TO_POINTER(frame), all);
    }
    return all;
}

static void link_to(struct links *from, uint32_t to, bool written)
{
    struct link *link = wmem_new(wmem_file_scope(), struct link);
    *link = (struct link){NULL, to, written};
    *from->end = link;
    from->end = &link->next;
    from->n++;
}

static bool belong(const struct sighting *hook, const struct sighting *packet)
{
    uint32_t ahead = packet->seq - hook->seq;
    return hook->options == packet->options &&
           (hook->flags & (TCP_SYN | TCP_RST)) == (packet->flags & (TCP_SYN | TCP_RST)) &&
           (hook->length == 0 ? ahead == 0 && packet->length == 0
                              : ahead < hook->length && packet->length > 0);
}

/* False when one of the two has as many links as it may have, which it then knows. */
static bool link_both(const struct sighting *hook, const struct sighting *packet)
{
    struct links *of_hook = links_of(hook->frame), *of_packet = links_of(packet->frame);
    of_hook->full |= of_hook->n >= PACKETS_MAX;
    of_packet->full |= of_packet->n >= HOOKS_MAX;
    if (of_hook->n >= PACKETS_MAX || of_packet->n >= HOOKS_MAX)
        return false;
    link_to(of_hook, packet->frame, hook->written);
    link_to(of_packet, hook->frame, hook->written);
    return true;
}

/* A hook goes with the newest segments that fit, without gaps: retransmissions have their own. */
static void join_hook(const struct flow *flow, const struct sighting *hook)
{
    const struct sighting *packet = flow->packets;
    uint32_t reached = hook->seq + hook->length;
    for (unsigned n = 0; packet != NULL && n < LOOK_BACK; packet = packet->older, n++) {
        if (!belong(hook, packet))
            continue;
        if (hook->length > 0 && (int32_t)(packet->seq + packet->length - reached) > 0)
            break; /* an earlier transmission of what is linked already */
        if (!link_both(hook, packet))
            break;
        reached = packet->seq;
        if (reached == hook->seq)
            break;
    }
}

/* A packet goes with one write, and with all parses that stand before it. */
static void join_packet(const struct flow *flow, const struct sighting *packet)
{
    const struct sighting *hook = flow->hooks;
    bool written = false;
    for (unsigned n = 0; hook != NULL && n < LOOK_BACK; hook = hook->older, n++)
        if (belong(hook, packet) && !(written && hook->written)) {
            written |= link_both(hook, packet) && hook->written;
        }
}

static const struct sighting *remember(const struct sighting **list, struct sighting sighting)
{
    struct sighting *kept = wmem_new(wmem_file_scope(), struct sighting);
    *kept = sighting;
    kept->older = *list;
    return *list = kept;
}

bool links_are_followed(void)
{
    return has_hooks;
}

void links_of_segment(packet_info *pinfo, const uint8_t *octets, unsigned options, unsigned payload)
{
    struct flow_ends ends;
    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt ||
        !links_endpoint(&pinfo->src, load_be16(octets), &ends.from) ||
        !links_endpoint(&pinfo->dst, load_be16(octets + 2), &ends.to))
        return;
    struct flow *flow = flow_of(&ends);
    join_packet(flow,
                remember(&flow->packets, (struct sighting){
                                             .frame = pinfo->num,
                                             .seq = load_be32(octets + 4),
                                             .length = payload,
                                             .options = options_hash(octets + HEADER_MIN, options),
                                             .flags = octets[FLAGS_AT],
                                         }));
}

void links_of_hook(packet_info *pinfo, const struct hook_record *record)
{
    links_begin();
    if (PINFO_FD_VISITED(pinfo) || !(record->flags & HOOK_FLAG_HEADER))
        return;
    bool written = (record->flags & HOOK_FLAG_OUTGOING) != 0;
    struct flow_ends ends = {
        .from = written ? record->local : record->remote,
        .to = written ? record->remote : record->local,
    };
    struct flow *flow = flow_of(&ends);
    join_hook(flow, remember(&flow->hooks,
                             (struct sighting){
                                 .frame = pinfo->num,
                                 .seq = record->seq,
                                 .length = record->segment_length,
                                 .options = options_hash(record->options, record->options_length),
                                 .flags = record->tcp_flags,
                                 .written = written,
                             }));
}

/* --- showing ----------------------------------------------------------------------------------- */

static void add_links(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, int written_hf,
                      int other_hf)
{
    const struct links *all = wmem_map_lookup(links, GUINT_TO_POINTER(pinfo->num));
    for (const struct link *link = all != NULL ? all->first : NULL; link != NULL;
         link = link->next) {
        proto_item *item = proto_tree_add_uint(tree, link->written ? written_hf : other_hf, tvb, 0,
                                               0, link->frame);
        proto_item_set_generated(item);
        mark_depended_upon(pinfo, link->frame);
        if (link->next == NULL && all->full)
            rules_flag(pinfo, item, RULE_BOUND, "More frames belong to this one than are linked");
    }
}

void links_add_hook(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb)
{
    add_links(pinfo, tree, tvb, hf_segment_in, hf_segment_in);
}

bool links_has(const packet_info *pinfo)
{
    return has_hooks && wmem_map_lookup(links, GUINT_TO_POINTER(pinfo->num)) != NULL;
}

void links_add_segment(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb)
{
    add_links(pinfo, tree, tvb, hf_written_in, hf_parsed_in);
}
