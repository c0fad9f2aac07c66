/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_builder.c - capture files made of chosen TCP segments and hook records, for tests.
 */
#include "tests/tools/capture_builder.h"

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/packet.h"
#include "wire/pcapng_write.h"

enum { IP4_HEADER = 20, IP6_HEADER = 40, TCP_HEADER = 20 };

struct capture_builder {
    char *path;
    int fd;
    struct pcapng_writer *writer;
    int packets, hooks; /* interfaces; -1: none */
    bool statistics;
    uint64_t dropped, events_dropped, count, last_ns;
    uint64_t next_id;
};

static struct capture_builder *builder_new(bool plain, const char *filter)
{
    struct capture_builder *builder = g_new0(struct capture_builder, 1);
    builder->fd = g_file_open_tmp("optrail-test-XXXXXX.pcapng", &builder->path, NULL);
    g_assert_cmpint(builder->fd, >=, 0);
    builder->writer = pcapng_writer_new(builder->fd, "capture_builder", NULL);
    struct pcapng_interface packets = {.linktype = LINKTYPE_RAW, .name = "test0", .filter = filter};
    struct pcapng_interface hooks = {.linktype = LINKTYPE_WIRESHARK_UPPER_PDU,
                                     .name = HOOK_INTERFACE};
    builder->packets = pcapng_add_interface(builder->writer, &packets);
    builder->hooks = plain ? -1 : pcapng_add_interface(builder->writer, &hooks);
    builder->statistics = !plain;
    return builder;
}

struct capture_builder *capture_builder_new(void)
{
    return builder_new(false, NULL);
}

struct capture_builder *capture_builder_new_plain(void)
{
    return builder_new(true, NULL);
}

struct capture_builder *capture_builder_new_filtered(const char *filter)
{
    return builder_new(false, filter);
}

static void put16(GByteArray *out, unsigned value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    g_byte_array_append(out, octets, sizeof(octets));
}

static void put32(GByteArray *out, uint32_t value)
{
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

static void put8(GByteArray *out, unsigned value)
{
    uint8_t octet = (uint8_t)value;
    g_byte_array_append(out, &octet, 1);
}

static void put_ip(GByteArray *out, const struct built_segment *s, unsigned tcp_length)
{
    unsigned ttl = s->ttl ? s->ttl : 64;
    if (s->source.family == 4) {
        put16(out, 0x4500);
        put16(out, IP4_HEADER + tcp_length);
        put16(out, s->ip_id);
        put16(out, 0x4000);
        put16(out, ttl << 8 | 6);
        put16(out, 0);
        g_byte_array_append(out, s->source.address, 4);
        g_byte_array_append(out, s->destination.address, 4);
        return;
    }
    put32(out, 0x60000000);
    put16(out, tcp_length);
    put16(out, 6u << 8 | ttl);
    g_byte_array_append(out, s->source.address, 16);
    g_byte_array_append(out, s->destination.address, 16);
}

void capture_builder_segment(struct capture_builder *builder, const struct built_segment *s)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    unsigned padded = (s->options_length + 3u) / 4 * 4;
    put_ip(out, s, TCP_HEADER + padded + s->payload_length);
    put16(out, s->source.port);
    put16(out, s->destination.port);
    put32(out, s->seq);
    put32(out, s->ack);
    put8(out, (TCP_HEADER + padded) / 4 << 4);
    put8(out, s->flags);
    put16(out, s->window ? s->window : BUILT_WINDOW);
    put32(out, 0);
    g_byte_array_append(out, s->options, s->options_length);
    for (unsigned i = s->options_length; i < padded; i++)
        put8(out, TCP_KIND_NOP);
    unsigned headers = out->len;
    g_byte_array_set_size(out, headers + s->payload_length);
    for (uint32_t i = 0; i < s->payload_length; i++) {
        uint32_t at = s->seq + s->payload_shift + i;
        out->data[headers + i] = s->payload ? (uint8_t)((at * 2654435761u >> 13) + s->payload) : 0;
    }
    struct pcapng_packet packet = {
        .interface = (uint32_t)builder->packets,
        .time_ns = s->time_ns,
        .length = out->len,
        .captured = s->snaplen ? MIN(s->snaplen, out->len) : out->len,
        .data = out->data,
        .dropcount = s->dropcount,
    };
    g_assert_cmpint(pcapng_write_packet(builder->writer, &packet), ==, 0);
    builder->count++;
    builder->last_ns = s->time_ns;
}

void capture_builder_upper_pdu(struct capture_builder *builder, uint64_t time_ns,
                               const uint8_t *octets, size_t length, uint64_t lost)
{
    struct pcapng_packet packet = {
        .interface = (uint32_t)builder->hooks,
        .time_ns = time_ns,
        .length = (uint32_t)length,
        .captured = (uint32_t)length,
        .data = octets,
        .dropcount = lost,
    };
    g_assert_cmpint(pcapng_write_packet(builder->writer, &packet), ==, 0);
    builder->last_ns = time_ns;
}

void capture_builder_hook_after_loss(struct capture_builder *builder,
                                     const struct hook_record *record, uint64_t lost)
{
    uint8_t octets[HOOK_ENCODED_MAX];
    struct hook_record numbered = *record;
    if (numbered.id == 0)
        numbered.id = builder->next_id + lost + 1;
    builder->next_id = numbered.id;
    capture_builder_upper_pdu(builder, record->time_ns, octets, hook_encode(&numbered, octets),
                              lost);
}

void capture_builder_hook(struct capture_builder *builder, const struct hook_record *record)
{
    capture_builder_hook_after_loss(builder, record, 0);
}

void capture_builder_clock(struct capture_builder *builder, uint64_t time_ns, uint64_t lost)
{
    uint8_t octets[HOOK_ENCODED_MAX];
    const struct hook_clock clock = {.realtime_ns = time_ns, .monotonic_ns = time_ns};
    capture_builder_upper_pdu(builder, time_ns, octets, hook_clock_encode(&clock, octets), lost);
}

void capture_builder_mptcp(struct capture_builder *builder, const struct hook_mptcp *event)
{
    uint8_t octets[HOOK_ENCODED_MAX];
    capture_builder_upper_pdu(builder, event->time_ns, octets, hook_mptcp_encode(event, octets), 0);
}

void capture_builder_noise(struct capture_builder *builder, uint64_t time_ns)
{
    static const uint8_t UDP[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17};
    struct pcapng_packet packet = {
        .interface = (uint32_t)builder->packets,
        .time_ns = time_ns,
        .length = sizeof(UDP),
        .captured = sizeof(UDP),
        .data = UDP,
    };
    g_assert_cmpint(pcapng_write_packet(builder->writer, &packet), ==, 0);
    builder->last_ns = time_ns;
}

void capture_builder_no_statistics(struct capture_builder *builder)
{
    builder->statistics = false;
}

void capture_builder_events_dropped(struct capture_builder *builder, uint64_t dropped)
{
    builder->events_dropped = dropped;
}

void capture_builder_dropped(struct capture_builder *builder, uint64_t dropped)
{
    builder->dropped = dropped;
}

const char *capture_builder_finish(struct capture_builder *builder)
{
    if (builder->writer == NULL)
        return builder->path;
    if (builder->statistics)
        pcapng_write_statistics(builder->writer, (uint32_t)builder->packets, builder->last_ns,
                                builder->count, builder->dropped, NULL);
    if (builder->events_dropped > 0)
        pcapng_write_statistics(builder->writer, (uint32_t)builder->hooks, builder->last_ns,
                                builder->next_id, builder->events_dropped, NULL);
    g_assert_cmpint(pcapng_writer_free(builder->writer), ==, 0);
    builder->writer = NULL;
    close(builder->fd);
    return builder->path;
}

void capture_builder_free(struct capture_builder *builder)
{
    capture_builder_finish(builder);
    g_unlink(builder->path);
    g_free(builder->path);
    g_free(builder);
}

struct endpoint capture_endpoint(const char *address, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    endpoint.family = strchr(address, ':') ? 6 : 4;
    int good = inet_pton(endpoint.family == 6 ? AF_INET6 : AF_INET, address, endpoint.address);
    g_assert_cmpint(good, ==, 1);
    return endpoint;
}
