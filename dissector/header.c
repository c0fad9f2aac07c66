/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * header.c - the TCP headers that are being dissected, one within another where segments are quoted:
 * where their options stand and which of them were spoken of.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "wire/packet.h"

enum { HEADER_MIN = 20 };

static struct open_segment *open_segments; /* the innermost one of which options are awaited */
static int proto_optrail = -1;

void header_register(int proto)
{
    proto_optrail = proto;
}

void header_open(struct open_segment *segment, const struct extent *extent)
{
    segment->extent = *extent;
    segment->spoken.n = 0;
    segment->spoken.connection = NULL;
    segment->spoken.went_on = false;
    segment->outer = open_segments;
    open_segments = segment;
}

void header_close(const struct open_segment *segment)
{
    open_segments = segment->outer;
}

/* The segment that the option stands in; NULL when it did not come through here. */
static struct open_segment *segment_around(const uint8_t *option, unsigned length)
{
    struct open_segment *segment = open_segments;
    if (segment == NULL || option < segment->extent.octets + HEADER_MIN ||
        option + length > segment->extent.octets + HEADER_MIN + segment->extent.captured)
        return NULL;
    return segment;
}

bool header_has_options_behind(const uint8_t *option, unsigned length)
{
    const struct open_segment *segment = segment_around(option, length);
    if (segment == NULL)
        return true;
    const uint8_t *end = segment->extent.octets + HEADER_MIN + segment->extent.captured;
    for (const uint8_t *at = option + length; at < end; at++)
        if (*at != TCP_KIND_NOP)
            return *at != TCP_KIND_EOL;
    return false;
}

struct header_options *header_spoken(packet_info *pinfo, const uint8_t *option, unsigned length)
{
    struct open_segment *segment = segment_around(option, length);
    if (segment != NULL)
        return &segment->spoken;
    /* TCP that does not stand in IP: all of a frame's options are taken together. */
    struct header_options *spoken = p_get_proto_data(pinfo->pool, pinfo, proto_optrail, 0);
    if (spoken == NULL) {
        spoken = wmem_new0(pinfo->pool, struct header_options);
        p_add_proto_data(pinfo->pool, pinfo, proto_optrail, 0, spoken);
    }
    return spoken;
}
