/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_write.c - writes pcapng, one section, in the byte order of this machine.
 *
 * A block is put together in the buffer and never handed on in parts unless it is larger than the
 * buffer: after a kill the file ends behind a whole block. When the disk is full the kernel may
 * still take a part of the buffer; then the file ends in a cut block, which readers know to leave.
 *
 * Specification: draft-ietf-opsawg-pcapng.
 */
#include "wire/pcapng_write.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 1 << 20,
    OPTION_VALUE_MAX = 65535 - 3,
    PACKET_MAX = 15 << 20, /* a block that readers, ours too, believe */
};

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
};

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SHB_APPLICATION = 4,
    IF_NAME = 2,
    IF_DESCRIPTION = 3,
    IF_TSRESOL = 9,
    IF_FILTER = 11,
    EPB_DROPCOUNT = 4,
    ISB_RECEIVED = 4,
    ISB_DROPPED = 5,
};

struct pcapng_writer {
    int fd;
    int error;                       /* the first one, negative; 0 while all is well */
    int (*wait)(void *user, int fd); /* NULL: none */
    void *wait_user;
    uint32_t interfaces;
    uint64_t size;
    GByteArray *buffer;
    size_t block; /* where the block in the making starts in the buffer */
};

static void put(struct pcapng_writer *w, const void *octets, size_t n)
{
    g_byte_array_append(w->buffer, octets, (guint)n);
}

static void put_u16(struct pcapng_writer *w, uint16_t value)
{
    put(w, &value, sizeof(value));
}

static void put_u32(struct pcapng_writer *w, uint32_t value)
{
    put(w, &value, sizeof(value));
}

static void put_time(struct pcapng_writer *w, uint64_t time_ns)
{
    put_u32(w, (uint32_t)(time_ns >> 32));
    put_u32(w, (uint32_t)time_ns);
}

static void put_padding(struct pcapng_writer *w, size_t length)
{
    static const uint8_t zeros[4];
    if (length % 4 != 0)
        put(w, zeros, 4 - length % 4);
}

static void put_option(struct pcapng_writer *w, unsigned code, const void *value, size_t length)
{
    put_u16(w, (uint16_t)code);
    put_u16(w, (uint16_t)length);
    put(w, value, length);
    put_padding(w, length);
}

/* Text is cut at what an option can hold, at the start of a character. */
static void put_text(struct pcapng_writer *w, unsigned code, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;

    if (length == 0)
        return;
    if (length > OPTION_VALUE_MAX) {
        length = OPTION_VALUE_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    put_option(w, code, text, length);
}

static void put_number(struct pcapng_writer *w, unsigned code, uint64_t value)
{
    put_option(w, code, &value, sizeof(value));
}

static void begin_block(struct pcapng_writer *w, uint32_t type)
{
    w->block = w->buffer->len;
    put_u32(w, type);
    put_u32(w, 0); /* the length, once it is known */
}

static int end_block(struct pcapng_writer *w)
{
    uint32_t length = (uint32_t)(w->buffer->len - w->block) + 4;

    put_u32(w, length);
    memcpy(w->buffer->data + w->block + 4, &length, sizeof(length));
    w->size += length;
    return w->buffer->len >= BUFFER_SIZE ? pcapng_flush(w) : w->error;
}

static void end_options(struct pcapng_writer *w)
{
    put_option(w, OPTION_END, "", 0);
}

struct pcapng_writer *pcapng_writer_new(int fd, const char *application, const char *comment)
{
    struct pcapng_writer *w = g_new0(struct pcapng_writer, 1);
    const uint64_t length_unknown = UINT64_MAX;

    w->fd = fd;
    w->buffer = g_byte_array_sized_new(2 * BUFFER_SIZE);
    begin_block(w, BLOCK_SECTION);
    put_u32(w, BYTE_ORDER_MAGIC);
    put_u16(w, 1);
    put_u16(w, 0);
    put(w, &length_unknown, sizeof(length_unknown));
    put_text(w, OPTION_COMMENT, comment);
    put_text(w, SHB_APPLICATION, application);
    end_options(w);
    end_block(w);
    return w;
}

int pcapng_writer_free(struct pcapng_writer *w)
{
    if (w == NULL)
        return 0;

    int error = pcapng_flush(w);
    g_byte_array_unref(w->buffer);
    g_free(w);
    return error;
}

int pcapng_add_interface(struct pcapng_writer *w, const struct pcapng_interface *interface)
{
    const uint8_t nanoseconds = 9;
    g_autofree char *filter = NULL;

    if (w->error)
        return w->error;
    begin_block(w, BLOCK_INTERFACE);
    put_u16(w, interface->linktype);
    put_u16(w, 0);
    put_u32(w, interface->snaplen);
    put_text(w, IF_NAME, interface->name);
    put_text(w, IF_DESCRIPTION, interface->description);
    put_option(w, IF_TSRESOL, &nanoseconds, 1);
    if (interface->filter != NULL && interface->filter[0] != '\0') {
        /* The first octet says that a libpcap expression follows. */
        size_t length = MIN(strlen(interface->filter), OPTION_VALUE_MAX - 1);
        filter = g_malloc0(length + 1);
        memcpy(filter + 1, interface->filter, length);
        put_option(w, IF_FILTER, filter, length + 1);
    }
    end_options(w);
    if (end_block(w))
        return w->error;
    return (int)w->interfaces++;
}

int pcapng_write_packet(struct pcapng_writer *w, const struct pcapng_packet *packet)
{
    bool options = packet->dropcount > 0 || (packet->comment != NULL && packet->comment[0] != '\0');

    if (w->error)
        return w->error;
    if (packet->interface >= w->interfaces || packet->captured > PACKET_MAX)
        return w->error = -EINVAL;
    /* All that has a fixed place at once: this is done a million times a second. */
    const uint32_t fixed[] = {
        BLOCK_ENHANCED_PACKET,
        0 /* the length, once it is known */,
        packet->interface,
        (uint32_t)(packet->time_ns >> 32),
        (uint32_t)packet->time_ns,
        packet->captured,
        packet->length,
    };
    w->block = w->buffer->len;
    put(w, fixed, sizeof(fixed));
    put(w, packet->data, packet->captured);
    put_padding(w, packet->captured);
    if (options) {
        put_text(w, OPTION_COMMENT, packet->comment);
        if (packet->dropcount > 0)
            put_number(w, EPB_DROPCOUNT, packet->dropcount);
        end_options(w);
    }
    return end_block(w);
}

int pcapng_write_statistics(struct pcapng_writer *w, uint32_t interface, uint64_t time_ns,
                            uint64_t received, uint64_t dropped, const char *comment)
{
    if (w->error)
        return w->error;
    if (interface >= w->interfaces)
        return w->error = -EINVAL;
    begin_block(w, BLOCK_STATISTICS);
    put_u32(w, interface);
    put_time(w, time_ns);
    put_text(w, OPTION_COMMENT, comment);
    if (received != UINT64_MAX)
        put_number(w, ISB_RECEIVED, received);
    if (dropped != UINT64_MAX)
        put_number(w, ISB_DROPPED, dropped);
    end_options(w);
    return end_block(w);
}

void pcapng_set_wait(struct pcapng_writer *w, int (*wait)(void *user, int fd), void *user)
{
    w->wait = wait;
    w->wait_user = user;
}

int pcapng_flush(struct pcapng_writer *w)
{
    size_t written = 0;

    while (!w->error && written < w->buffer->len) {
        ssize_t n = write(w->fd, w->buffer->data + written, w->buffer->len - written);
        if (n > 0)
            written += (size_t)n;
        else if (n == 0)
            w->error = -EIO;
        else if (errno == EAGAIN && w->wait != NULL)
            w->error = w->wait(w->wait_user, w->fd);
        else if (errno != EINTR)
            w->error = -errno;
    }
    g_byte_array_set_size(w->buffer, 0);
    return w->error;
}

uint64_t pcapng_size(const struct pcapng_writer *w)
{
    return w->size;
}
