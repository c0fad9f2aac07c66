/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_builder.h - capture files made of chosen TCP segments and hook records, for tests.
 *
 * A builder writes one pcapng file in the temporary folder. Segments are IPv4 or IPv6 over raw IP;
 * checksums are zero, since nothing here reads them.
 */
#ifndef OPTRAIL_TESTS_CAPTURE_BUILDER_H
#define OPTRAIL_TESTS_CAPTURE_BUILDER_H

#include <stdint.h>

#include "wire/flow.h"
#include "wire/hook.h"

struct capture_builder;

enum { BUILT_WINDOW = 1000 }; /* of a segment that says 0 */

struct built_segment {
    uint64_t time_ns;
    struct endpoint source, destination;
    uint32_t seq, ack;
    uint16_t window, ip_id;
    uint8_t flags, ttl;
    uint8_t options[40];
    uint8_t options_length; /* padded with NOPs to a multiple of four when written */
    uint32_t payload_length;
    uint8_t payload;        /* 0: zero octets; else octets that differ with it and with `seq` */
    uint32_t payload_shift; /* added to seq for that: so that a translated segment has its octets */
    uint32_t snaplen;       /* 0: whole */
    uint64_t dropcount;
};

/* An empty file with a packet interface and a hook interface. Never NULL. */
struct capture_builder *capture_builder_new(void);
/* The same without interface statistics at its end, and without a hook interface. */
struct capture_builder *capture_builder_new_plain(void);
/* The first, which says that it was made with that filter. */
struct capture_builder *capture_builder_new_filtered(const char *filter);

void capture_builder_segment(struct capture_builder *builder, const struct built_segment *segment);
void capture_builder_hook(struct capture_builder *builder, const struct hook_record *record);
/* The same behind so many that the recorder could not take, numbered as it numbers them. */
void capture_builder_hook_after_loss(struct capture_builder *builder,
                                     const struct hook_record *record, uint64_t lost);
/* The clock sample at the end of a recording, which tells of what was lost since the last record. */
void capture_builder_clock(struct capture_builder *builder, uint64_t time_ns, uint64_t lost);
/* Any octets in the place of a hook record, behind so many that were lost. */
void capture_builder_upper_pdu(struct capture_builder *builder, uint64_t time_ns,
                               const uint8_t *octets, size_t length, uint64_t lost);
/* An event of the kernel's MPTCP path manager. */
void capture_builder_mptcp(struct capture_builder *builder, const struct hook_mptcp *event);
/* A packet that is of no connection: so that the file covers that moment. */
void capture_builder_noise(struct capture_builder *builder, uint64_t time_ns);

/* How many hook records the statistics at the end say were lost. */
void capture_builder_events_dropped(struct capture_builder *builder, uint64_t dropped);
/* The file will not say how many packets were dropped. */
void capture_builder_no_statistics(struct capture_builder *builder);
/* How many packets the statistics at the end say were dropped. */
void capture_builder_dropped(struct capture_builder *builder, uint64_t dropped);

/* Finishes the file and gives its path, which lives as long as the builder. */
const char *capture_builder_finish(struct capture_builder *builder);
/* Deletes the file too. */
void capture_builder_free(struct capture_builder *builder);

/* "192.0.2.1" or "2001:db8::1" with a port. */
struct endpoint capture_endpoint(const char *address, uint16_t port);

#endif
