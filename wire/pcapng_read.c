/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_read.c - reads pcapng: any number of sections, each in its byte order, with interfaces of
 * different link types.
 *
 * Packets come from enhanced, simple and (obsolete) packet blocks. Frame numbers are Wireshark's,
 * which counts as frames also the blocks of other tools that it can show: custom blocks, systemd
 * journal entries and Sysdig events; those are counted here and passed over. All others - names,
 * statistics, secrets, unknown types - are no frames.
 *
 * A block is believed when its two lengths agree and what it holds fits in; the first one that is
 * not ends the reading, for where the next block starts is then unknown.
 *
 * Specification: draft-ietf-opsawg-pcapng.
 */
#include "wire/capture_internal.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    SECTION_MIN = 28,
    BLOCK_OVERHEAD = 12, /* type, length, length again */
    INTERFACES_MAX = 65536,
};

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    IF_NAME = 2,
    IF_DESCRIPTION = 3,
    IF_TSRESOL = 9,
    IF_FILTER = 11,
    IF_TSOFFSET = 14,
    EPB_DROPCOUNT = 4,
    ISB_RECEIVED = 4,
    ISB_IF_DROPPED = 5,
    ISB_OS_DROPPED = 7,
};

/* What a block's reader says about it. */
enum outcome { NO_FRAME, FRAME, RECORD, BROKEN };

struct block {
    const uint8_t *body;
    size_t length;     /* of the body */
    const char *fault; /* BROKEN: what is wrong */
};

static enum outcome broken(struct block *block, const char *fault)
{
    block->fault = fault;
    return BROKEN;
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

/* --- options ---------------------------------------------------------------------------------- */

struct option_item {
    unsigned code;
    const uint8_t *value;
    size_t length;
};

/* The next option: 1; 0 at the end; -1 when it runs past the end of its block. */
static int next_option(const struct capture *c, struct bytes *options, struct option_item *item)
{
    if (bytes_left(options) < 4)
        return 0;

    const uint8_t *head = bytes_take(options, 4);
    item->code = capture_u16(c, head);
    item->length = capture_u16(c, head + 2);
    if (item->code == OPTION_END)
        return 0;
    item->value = bytes_take(options, item->length);
    if (options->overrun)
        return -1;
    /* The last option's padding may be missing. */
    bytes_skip(options, MIN(padded(item->length) - item->length, bytes_left(options)));
    return 1;
}

/* Text as somebody else wrote it: up to a NUL, and made valid UTF-8. */
static char *option_text(const uint8_t *value, size_t length)
{
    size_t used = length > 0 ? strnlen((const char *)value, length) : 0;
    return g_utf8_make_valid((const char *)value, (gssize)used);
}

static void set_text(char **text, const uint8_t *value, size_t length)
{
    g_free(*text);
    *text = option_text(value, length);
}

/* --- sections and interfaces ------------------------------------------------------------------ */

static enum outcome read_section(struct capture *c, struct block *block)
{
    struct bytes body = bytes_of(block->body, block->length);
    struct option_item item;

    const uint8_t *head = bytes_take(&body, 16);
    if (head == NULL)
        return broken(block, "a section header of too few octets");
    unsigned major = capture_u16(c, head + 4);
    unsigned minor = capture_u16(c, head + 6);
    /* 1.2 is what some tools write for 1.0. */
    if (major != 1 || (minor != 0 && minor != 2))
        return broken(block, "a section of a version that is not known (1.0 is)");
    c->section_base = c->interfaces->len;

    int more;
    while ((more = next_option(c, &body, &item)) > 0) {
        if (item.code == OPTION_COMMENT && !c->section_seen && c->comment[0] == '\0')
            set_text(&c->comment, item.value, item.length);
    }
    c->section_seen = true;
    return more < 0 ? broken(block, "an option runs past its end") : NO_FRAME;
}

/* A unit of 10^-n or 2^-n seconds; a number of nanoseconds when it is whole. */
static void set_resolution(struct interface *interface, uint8_t resolution)
{
    static const uint64_t power[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};

    interface->resolution = resolution;
    interface->multiplier = resolution < G_N_ELEMENTS(power) ? power[resolution] : 0;
}

static void set_offset(struct interface *interface, int64_t seconds)
{
    interface->time_known =
        !__builtin_mul_overflow(seconds, INT64_C(1000000000), &interface->offset_ns);
}

/* The rare units: powers of two, and decimal ones finer than a nanosecond. */
static bool odd_time(uint8_t resolution, uint64_t units, uint64_t *time_ns)
{
    unsigned exponent = resolution & 127;
    unsigned __int128 scaled = units;

    if (resolution & 128) {
        scaled = exponent < 128 ? scaled * 1000000000 >> exponent : 0;
    } else {
        for (unsigned i = 9; i < exponent && scaled > 0; i++)
            scaled /= 10;
    }
    *time_ns = (uint64_t)scaled;
    return scaled <= UINT64_MAX;
}

static inline void set_time(const struct capture *c, const struct interface *interface,
                            const uint8_t *stamp, struct capture_record *record)
{
    uint64_t units = (uint64_t)capture_u32(c, stamp) << 32 | capture_u32(c, stamp + 4);
    uint64_t ns;

    record->has_time = (G_LIKELY(interface->multiplier > 0)
                            ? !__builtin_mul_overflow(units, interface->multiplier, &ns)
                            : odd_time(interface->resolution, units, &ns)) &&
                       interface->time_known &&
                       !__builtin_add_overflow(ns, interface->offset_ns, &record->time_ns);
    if (!record->has_time)
        record->time_ns = 0;
}

static enum outcome read_interface(struct capture *c, struct block *block)
{
    struct bytes body = bytes_of(block->body, block->length);
    struct option_item item;

    const uint8_t *head = bytes_take(&body, 8);
    if (head == NULL)
        return broken(block, "an interface description of too few octets");
    if (c->interfaces->len >= INTERFACES_MAX)
        return broken(block, "more interfaces than are believed");

    struct interface *interface =
        capture_add_interface(c, capture_u16(c, head), capture_u32(c, head + 4));
    int more;
    while ((more = next_option(c, &body, &item)) > 0) {
        if (item.code == IF_NAME)
            set_text(&interface->face.name, item.value, item.length);
        else if (item.code == IF_DESCRIPTION)
            set_text(&interface->face.description, item.value, item.length);
        else if (item.code == IF_FILTER && item.length > 1 && item.value[0] == 0)
            set_text(&interface->face.filter, item.value + 1, item.length - 1);
        else if (item.code == IF_TSRESOL && item.length == 1)
            set_resolution(interface, item.value[0]);
        else if (item.code == IF_TSOFFSET && item.length == 8)
            set_offset(interface, (int64_t)capture_u64(c, item.value));
    }
    return more < 0 ? broken(block, "an option runs past its end") : NO_FRAME;
}

/* The section's interface of that number, or NULL. */
static inline struct interface *interface_at(const struct capture *c, uint32_t id)
{
    size_t n = c->interfaces->len - c->section_base;
    return id < n ? g_ptr_array_index(c->interfaces, c->section_base + id) : NULL;
}

static enum outcome read_statistics(struct capture *c, struct block *block)
{
    struct bytes body = bytes_of(block->body, block->length);
    struct option_item item;

    const uint8_t *head = bytes_take(&body, 12);
    if (head == NULL)
        return broken(block, "interface statistics of too few octets");

    struct interface *interface = interface_at(c, capture_u32(c, head));
    if (interface == NULL)
        return NO_FRAME; /* of an interface that was not described: nobody's */

    struct capture_interface *face = &interface->face;
    face->has_statistics = true;
    face->has_received = face->has_dropped = false;
    face->received = face->dropped = 0;

    int more;
    while ((more = next_option(c, &body, &item)) > 0) {
        if (item.length != 8)
            continue;
        uint64_t value = capture_u64(c, item.value);
        if (item.code == ISB_RECEIVED) {
            face->has_received = true;
            face->received = value;
        } else if (item.code == ISB_IF_DROPPED || item.code == ISB_OS_DROPPED) {
            face->has_dropped = true;
            if (__builtin_add_overflow(face->dropped, value, &face->dropped))
                face->dropped = UINT64_MAX;
        }
    }
    return more < 0 ? broken(block, "an option runs past its end") : NO_FRAME;
}

/* --- packets ---------------------------------------------------------------------------------- */

static enum outcome read_packet_options(const struct capture *c, struct block *block,
                                        const uint8_t *at, size_t length,
                                        struct capture_record *record)
{
    struct bytes options = bytes_of(at, length);
    struct option_item item;

    int more;
    while ((more = next_option(c, &options, &item)) > 0) {
        if (item.code == OPTION_COMMENT && record->comment == NULL) {
            record->comment = (const char *)item.value;
            record->comment_length = (uint32_t)item.length;
        } else if (item.code == EPB_DROPCOUNT && item.length == 8) {
            record->has_dropcount = true;
            record->dropcount = capture_u64(c, item.value);
        }
    }
    return more < 0 ? broken(block, "an option runs past its end") : RECORD;
}

/* What enhanced and obsolete packet blocks share: from the timestamp on. */
static inline enum outcome read_packet(struct capture *c, struct block *block, uint32_t id,
                                       struct capture_record *record)
{
    const uint8_t *head = block->body;
    uint32_t captured = capture_u32(c, head + 12);
    struct interface *interface = interface_at(c, id);

    if (G_UNLIKELY(interface == NULL))
        return broken(block, "a packet of an interface that was not described");
    if (G_UNLIKELY(captured > block->length - 20))
        return broken(block, "a packet larger than its block");
    record->interface = (uint32_t)c->section_base + id;
    record->linktype = interface->face.linktype;
    record->captured = captured;
    record->length = capture_u32(c, head + 16);
    record->data = head + 20;
    set_time(c, interface, head + 4, record);
    if (G_UNLIKELY(block->length - 20 > padded(captured)))
        return read_packet_options(c, block, record->data + padded(captured),
                                   block->length - 20 - padded(captured), record);
    return RECORD;
}

static inline enum outcome read_enhanced(struct capture *c, struct block *block,
                                         struct capture_record *record)
{
    if (G_UNLIKELY(block->length < 20))
        return broken(block, "an enhanced packet block of too few octets");
    return read_packet(c, block, capture_u32(c, block->body), record);
}

static enum outcome read_obsolete(struct capture *c, struct block *block,
                                  struct capture_record *record)
{
    if (block->length < 20)
        return broken(block, "a packet block of too few octets");

    unsigned drops = capture_u16(c, block->body + 2);
    record->has_dropcount = drops != UINT16_MAX; /* all ones: not known */
    record->dropcount = record->has_dropcount ? drops : 0;
    return read_packet(c, block, capture_u16(c, block->body), record);
}

/* No interface number, no time, no captured length: the first interface's, and what fits. */
static enum outcome read_simple(struct capture *c, struct block *block,
                                struct capture_record *record)
{
    struct interface *interface = interface_at(c, 0);

    if (block->length < 4)
        return broken(block, "a simple packet block of too few octets");
    if (interface == NULL)
        return broken(block, "a packet of an interface that was not described");
    record->length = capture_u32(c, block->body);
    record->captured = record->length;
    if (interface->face.snaplen > 0 && record->captured > interface->face.snaplen)
        record->captured = interface->face.snaplen;
    if (record->captured > block->length - 4)
        return broken(block, "a packet larger than its block");
    record->interface = (uint32_t)c->section_base;
    record->linktype = interface->face.linktype;
    record->data = block->body + 4;
    return RECORD;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static enum outcome count_frame(struct capture *c, struct block *block)
{
    (void)c;
    (void)block;
    return FRAME;
}

static enum outcome read_packetless(struct capture *c, uint32_t type, struct block *block)
{
    static const struct {
        uint32_t type;
        size_t min; /* octets of body, without which Wireshark takes the file to be damaged */
        enum outcome (*read)(struct capture *c, struct block *block);
    } readers[] = {
        {BLOCK_SECTION, 16, read_section},
        {0x00000001, 8, read_interface},
        {0x00000005, 12, read_statistics},
        {0x00000009, 23, count_frame}, /* systemd journal export */
        {0x00000bad, 4, count_frame},  /* custom, to be copied */
        {0x40000bad, 4, count_frame},  /* custom, not to be copied */
        {0x00000204, 0, count_frame},  /* Sysdig events, versions 1 and 2, 2 large */
        {0x00000216, 0, count_frame},
        {0x00000221, 0, count_frame},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (readers[i].type != type)
            continue;
        if (block->length < readers[i].min)
            return broken(block, "it is too short for its type");
        return readers[i].read(c, block);
    }
    return NO_FRAME;
}

static inline enum outcome read_block(struct capture *c, uint32_t type, struct block *block,
                                      struct capture_record *record)
{
    if (G_LIKELY(type == 6))
        return read_enhanced(c, block, record);
    if (type == 3)
        return read_simple(c, block, record);
    if (type == 2)
        return read_obsolete(c, block, record);
    return read_packetless(c, type, block);
}

/* A section's first word behind the length tells the byte order, of that length too. */
static bool take_byte_order(struct capture *c)
{
    uint32_t magic = load_be32(c->at + 8);

    if (magic == BYTE_ORDER_MAGIC)
        c->big_endian = true;
    else if (magic == __builtin_bswap32(BYTE_ORDER_MAGIC))
        c->big_endian = false;
    else
        return false;
    return true;
}

/*
 * What nearly every block is: an enhanced packet block without options, in little-endian order and
 * a decimal time unit, all there. False, with nothing read, when it is anything else; then
 * pcapng_next() finds out what.
 */
static inline bool take_plain_packet(struct capture *c, struct capture_record *record)
{
    const uint8_t *p = c->at;
    size_t left = capture_left(c);

    if (left < BLOCK_OVERHEAD + 20 || c->big_endian || load_le32(p) != 6)
        return false;

    size_t length = load_le32(p + 4);
    uint32_t id = load_le32(p + 8);
    uint32_t captured = load_le32(p + 20);

    if (length > left || length > CAPTURE_BLOCK_MAX ||
        length != BLOCK_OVERHEAD + 20 + padded(captured) || load_le32(p + length - 4) != length)
        return false;

    const struct interface *interface = interface_at(c, id);
    uint64_t units = (uint64_t)load_le32(p + 12) << 32 | load_le32(p + 16);
    uint64_t time_ns;

    if (interface == NULL || interface->multiplier == 0 || !interface->time_known ||
        __builtin_mul_overflow(units, interface->multiplier, &time_ns) ||
        __builtin_add_overflow(time_ns, interface->offset_ns, &time_ns))
        return false;
    c->block++;
    *record = (struct capture_record){
        .number = ++c->number,
        .interface = (uint32_t)c->section_base + id,
        .linktype = interface->face.linktype,
        .has_time = true,
        .time_ns = time_ns,
        .captured = captured,
        .length = load_le32(p + 24),
        .data = p + 28,
    };
    capture_step(c, length);
    return true;
}

static int pcapng_next(struct capture *c, struct capture_record *record)
{
    if (G_LIKELY(take_plain_packet(c, record)))
        return 1;
    for (;;) {
        if (!capture_need(c, BLOCK_OVERHEAD))
            return capture_end(c, "block");

        uint32_t type = capture_u32(c, c->at);
        if (G_UNLIKELY(type == BLOCK_SECTION) && !take_byte_order(c))
            return capture_stop(c, "block", "broken, a section header without byte-order magic");

        uint32_t length = capture_u32(c, c->at + 4);
        if (length < BLOCK_OVERHEAD || length > CAPTURE_BLOCK_MAX)
            return capture_stop(c, "block", "broken, it claims a length of %u octets", length);
        /* Some tools forget the padding in the length; like Wireshark, do not hold it against them. */
        length = (uint32_t)padded(length);
        if (!capture_need(c, length))
            return capture_stop(c, "block", "cut, %zu of its %u octets are there", capture_left(c),
                                length);

        uint32_t again = capture_u32(c, c->at + length - 4);
        if (G_UNLIKELY(again != length) && (again > length || padded(again) != length))
            return capture_stop(c, "block", "broken, its lengths disagree (%u, %u)", length, again);

        struct block block = {c->at + 8, length - BLOCK_OVERHEAD, NULL};
        *record = (struct capture_record){0};
        enum outcome outcome = read_block(c, type, &block, record);
        if (G_UNLIKELY(outcome == BROKEN))
            return capture_stop(c, "block", "broken, %s", block.fault);
        c->block++;
        c->number += outcome != NO_FRAME;
        capture_step(c, length);
        if (outcome == RECORD) {
            record->number = c->number;
            return 1;
        }
    }
}

/* The first section header has to be whole, or there is nothing to read. */
bool pcapng_open(struct capture *c, uint32_t magic, GError **error)
{
    (void)magic;
    if (capture_need(c, SECTION_MIN) && take_byte_order(c)) {
        uint32_t length = capture_u32(c, c->at + 4);
        struct block block = {c->at + 8, 0, "its length is impossible"};

        if (length >= SECTION_MIN && length % 4 == 0 && length <= CAPTURE_BLOCK_MAX) {
            block.fault = "it is cut inside the section header";
            if (capture_need(c, length)) {
                block = (struct block){c->at + 8, length - BLOCK_OVERHEAD, "its lengths disagree"};
                if (capture_u32(c, c->at + length - 4) == length &&
                    read_section(c, &block) != BROKEN) {
                    c->block++;
                    c->next = pcapng_next;
                    capture_step(c, length);
                    return true;
                }
            }
        }
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT,
                    "%s: is no usable pcapng file (%s); record the capture again", c->name,
                    block.fault);
        return false;
    }
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT,
                "%s: is cut inside the pcapng section header or has no byte-order magic; "
                "record the capture again",
                c->name);
    return false;
}
