/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_load.c - makes captures to measure readers with: any number of packets and connections.
 *
 *   make_load FILE --packets N --flows N [--live N] [--option HEX] [--later MICROSECONDS]
 *
 * Ethernet, IPv4, TCP: handshake, data one way and acknowledgements the other, timestamps on every
 * segment, payloads cut as `tcpdump -s 96` cuts them. At any moment `live` connections are under
 * way (default 500), segment by segment in turns; a connection of one packet is a SYN without an
 * answer. OPTION stands on every segment but the first two. LATER is when this vantage point sees
 * each packet, for the second file of a pair. The same arguments make the same file.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/pcapng_write.h"

enum { SNAPLEN = 96, MSS = 1400, LINKTYPE_ETHERNET = 1 };
enum { FIN = 0x01, SYN = 0x02, PSH = 0x08, ACK = 0x10 };

struct load {
    gint64 packets, flows, live, later;
    uint8_t option[40];
    unsigned option_length;
    struct pcapng_writer *out;
    uint64_t written;
};

/* Where a connection stands: both directions' next sequence numbers. */
struct connection {
    uint32_t number, seq[2];
};

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}

static unsigned put_tcp_options(const struct load *load, uint8_t *to, uint8_t flags)
{
    static const uint8_t on_syn[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                     0, 1, 0, 0,    0, 0, 1, 3,  3, 7};
    static const uint8_t later[] = {1, 1, 8, 10};
    unsigned length;

    if (flags & SYN) {
        memcpy(to, on_syn, sizeof(on_syn));
        return sizeof(on_syn);
    }
    memcpy(to, later, sizeof(later));
    put32(to + 4, (uint32_t)load->written);
    put32(to + 8, (uint32_t)load->written / 2);
    length = 12;
    memcpy(to + length, load->option, load->option_length);
    for (length += load->option_length; length % 4 != 0; length++)
        to[length] = 1;
    return length;
}

static int put_segment(struct load *load, struct connection *connection, bool back, uint8_t flags,
                       uint32_t payload)
{
    uint8_t frame[14 + 20 + 60 + SNAPLEN] = {[12] = 0x08};
    uint8_t *ip = frame + 14, *tcp = ip + 20;
    unsigned options = put_tcp_options(load, tcp + 20, flags);
    unsigned headers = 14 + 20 + 20 + options;
    uint32_t client = 0x0a000000 + connection->number / 20000, server = 0xac100001;
    uint32_t port = 40000 + connection->number % 20000;

    ip[0] = 0x45;
    put16(ip + 2, headers - 14 + payload);
    put16(ip + 4, (uint32_t)load->written);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, back ? server : client);
    put32(ip + 16, back ? client : server);
    put16(tcp, back ? 443 : port);
    put16(tcp + 2, back ? port : 443);
    put32(tcp + 4, connection->seq[back]);
    put32(tcp + 8, flags & ACK ? connection->seq[!back] : 0);
    tcp[12] = (uint8_t)((20 + options) << 2);
    tcp[13] = flags;
    put16(tcp + 14, 512);
    memset(frame + headers, (int)(connection->seq[back] & 0x7f) | 0x80, sizeof(frame) - headers);
    connection->seq[back] += payload + ((flags & (SYN | FIN)) != 0);

    struct pcapng_packet packet = {
        .time_ns = G_GUINT64_CONSTANT(1700000000000000000) + load->written * 1000 +
                   (uint64_t)load->later * 1000,
        .captured = MIN(headers + payload, MAX(SNAPLEN, headers)),
        .length = headers + payload,
        .data = frame,
    };
    load->written++;
    return pcapng_write_packet(load->out, &packet);
}

/* The segment `step` of `steps` of a connection. */
static int put_step(struct load *load, struct connection *connection, gint64 step, gint64 steps)
{
    if (step == 0)
        return put_segment(load, connection, false, SYN, 0);
    if (step == 1)
        return put_segment(load, connection, true, SYN | ACK, 0);
    if (step == 2)
        return put_segment(load, connection, false, ACK, 0);
    if (steps > 6 && step >= steps - 3) /* FIN, FIN, the last ACK */
        return put_segment(load, connection, step == steps - 2, step == steps - 1 ? ACK : FIN | ACK,
                           0);
    if (step % 3 == 2)
        return put_segment(load, connection, false, ACK, 0);
    return put_segment(load, connection, true, PSH | ACK, MSS);
}

static int put_all(struct load *load)
{
    gint64 steps = MAX(load->packets / load->flows, 1);
    g_autofree struct connection *connections = g_new0(struct connection, (gsize)load->live);
    int error = 0;

    for (gint64 first = 0; first < load->flows && error >= 0; first += load->live) {
        gint64 count = MIN(load->live, load->flows - first);
        for (gint64 i = 0; i < count; i++) {
            uint32_t number = (uint32_t)(first + i);
            connections[i] = (struct connection){number, {number * 2654435761u, ~number * 40503u}};
        }
        for (gint64 step = 0; step < steps && error >= 0; step++)
            for (gint64 i = 0; i < count && error >= 0; i++)
                error = put_step(load, &connections[i], step, steps);
    }
    return error;
}

static bool read_option(struct load *load, const char *hex)
{
    size_t length = hex != NULL ? strlen(hex) : 0;

    if (length % 2 != 0 || length / 2 > 28)
        return false;
    for (size_t i = 0; i < length; i++) {
        int digit = g_ascii_xdigit_value(hex[i]);
        if (digit < 0)
            return false;
        load->option[i / 2] = (uint8_t)(load->option[i / 2] << 4 | digit);
    }
    load->option_length = (unsigned)length / 2;
    return true;
}

int main(int argc, char **argv)
{
    struct load load = {.packets = 2000000, .flows = 6500, .live = 500};
    g_autofree char *option = NULL;
    const GOptionEntry entries[] = {
        {"packets", 0, 0, G_OPTION_ARG_INT64, &load.packets, "How many, about", "N"},
        {"flows", 0, 0, G_OPTION_ARG_INT64, &load.flows, "Connections", "N"},
        {"live", 0, 0, G_OPTION_ARG_INT64, &load.live, "Connections at a time", "N"},
        {"option", 0, 0, G_OPTION_ARG_STRING, &option, "On every segment but the first two", "HEX"},
        {"later", 0, 0, G_OPTION_ARG_INT64, &load.later, "All timestamps, microseconds", "N"},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new("FILE");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2 || load.flows < 1 ||
        load.live < 1 || load.later < 0 || !read_option(&load, option)) {
        fprintf(stderr, "make_load: %s\n",
                error != NULL ? error->message : "see the head of make_load.c");
        return 2;
    }
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "make_load: %s: %s\n", argv[1], g_strerror(errno));
        return 3;
    }
    load.live = MIN(load.live, load.flows);
    load.out = pcapng_writer_new(fd, "make_load", NULL);
    pcapng_add_interface(
        load.out, &(struct pcapng_interface){LINKTYPE_ETHERNET, SNAPLEN, "load0", NULL, NULL});
    put_all(&load);
    int status = pcapng_writer_free(load.out);
    if (close(fd) != 0 && status == 0)
        status = -errno;
    if (status < 0)
        fprintf(stderr, "make_load: %s: %s\n", argv[1], g_strerror(-status));
    return status < 0 ? 3 : 0;
}
