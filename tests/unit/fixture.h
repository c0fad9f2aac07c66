/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture.h - packets and capture files built in memory, for the tests of wire/.
 *
 * Octets are written by hand here, not by the code under test. `big` is a file's byte order.
 */
#ifndef OPTRAIL_TESTS_FIXTURE_H
#define OPTRAIL_TESTS_FIXTURE_H

#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    GByteArray *octets;
    bool big;
};

static inline struct fixture fixture_new(bool big)
{
    return (struct fixture){g_byte_array_new(), big};
}

static inline void fixture_free(struct fixture *f)
{
    g_byte_array_unref(f->octets);
}

static inline void add(struct fixture *f, const void *octets, size_t n)
{
    g_byte_array_append(f->octets, octets, (guint)n);
}

static inline void add_number(struct fixture *f, uint64_t value, unsigned octets, bool big)
{
    for (unsigned i = 0; i < octets; i++) {
        uint8_t octet = (uint8_t)(value >> 8 * (big ? octets - 1 - i : i));
        add(f, &octet, 1);
    }
}

static inline void add_u16(struct fixture *f, uint16_t value)
{
    add_number(f, value, 2, f->big);
}

static inline void add_u32(struct fixture *f, uint32_t value)
{
    add_number(f, value, 4, f->big);
}

static inline void add_be16(struct fixture *f, uint16_t value)
{
    add_number(f, value, 2, true);
}

static inline void add_be32(struct fixture *f, uint32_t value)
{
    add_number(f, value, 4, true);
}

static inline void add_zeros(struct fixture *f, size_t n)
{
    for (; n > 0; n--)
        add(f, "", 1);
}

/* --- packets ---------------------------------------------------------------------------------- */

/* A TCP header of 20 + `n_options` octets (a multiple of 4), then `payload` octets of 'p'. */
static inline void add_tcp(struct fixture *f, const void *options, size_t n_options, size_t payload)
{
    add_be16(f, 40000);
    add_be16(f, 443);
    add_be32(f, 0x01020304);
    add_be32(f, 0x05060708);
    uint8_t offset_flags[2] = {(uint8_t)((20 + n_options) / 4 << 4), 0x18};
    add(f, offset_flags, 2);
    add_be16(f, 512);
    add_be32(f, 0);
    add(f, options, n_options);
    for (size_t i = 0; i < payload; i++)
        add(f, "p", 1);
}

static inline void add_ipv4_fragment(struct fixture *f, uint8_t protocol, size_t n_options,
                                     size_t total, uint16_t fragment)
{
    uint8_t first[2] = {(uint8_t)(0x45 + n_options / 4), 0};
    uint8_t ttl_protocol[2] = {64, protocol};

    add(f, first, 2);
    add_be16(f, (uint16_t)total);
    add_be16(f, 0xabcd);
    add_be16(f, fragment);
    add(f, ttl_protocol, 2);
    add_be16(f, 0);
    add(f, "\xc0\x00\x02\x01", 4); /* 192.0.2.1 */
    add(f, "\xc6\x33\x64\x02", 4); /* 198.51.100.2 */
    for (size_t i = 0; i < n_options; i++)
        add(f, "\x01", 1);
}

/* An IPv4 header for `inner` octets behind it. */
static inline void add_ipv4(struct fixture *f, size_t inner)
{
    add_ipv4_fragment(f, 6, 0, 20 + inner, 0x4000);
}

static inline void add_ipv6(struct fixture *f, uint8_t next, size_t payload)
{
    uint8_t next_limit[2] = {next, 63};

    add_be32(f, 0x60000000);
    add_be16(f, (uint16_t)payload);
    add(f, next_limit, 2);
    add(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    add(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
}

static inline void add_ethernet(struct fixture *f, uint16_t type)
{
    add(f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
    add_be16(f, type);
}

/* --- pcapng ----------------------------------------------------------------------------------- */

static inline size_t begin_block(struct fixture *f, uint32_t type)
{
    size_t start = f->octets->len;
    add_u32(f, type);
    add_u32(f, 0);
    return start;
}

static inline void end_block(struct fixture *f, size_t start)
{
    add_zeros(f, (4 - f->octets->len % 4) % 4);
    uint32_t length = (uint32_t)(f->octets->len - start) + 4;
    add_u32(f, length);
    memcpy(f->octets->data + start + 4, f->octets->data + f->octets->len - 4, 4);
}

static inline void add_option(struct fixture *f, uint16_t code, const void *value, size_t length)
{
    add_u16(f, code);
    add_u16(f, (uint16_t)length);
    add(f, value, length);
    add_zeros(f, (4 - length % 4) % 4);
}

static inline void add_option_u64(struct fixture *f, uint16_t code, uint64_t value)
{
    add_u16(f, code);
    add_u16(f, 8);
    add_number(f, value, 8, f->big);
}

static inline void add_section(struct fixture *f, const char *comment)
{
    size_t block = begin_block(f, 0x0a0d0d0a);
    add_u32(f, 0x1a2b3c4d);
    add_u16(f, 1);
    add_u16(f, 0);
    add_number(f, UINT64_MAX, 8, f->big);
    if (comment != NULL) {
        add_option(f, 1, comment, strlen(comment));
        add_option(f, 0, "", 0);
    }
    end_block(f, block);
}

/* `resolution` as if_tsresol has it; 0: the option is left out. */
static inline void add_interface(struct fixture *f, uint16_t linktype, uint32_t snaplen,
                                 const char *name, uint8_t resolution)
{
    size_t block = begin_block(f, 1);
    add_u16(f, linktype);
    add_u16(f, 0);
    add_u32(f, snaplen);
    if (name != NULL)
        add_option(f, 2, name, strlen(name));
    if (resolution != 0)
        add_option(f, 9, &resolution, 1);
    add_option(f, 0, "", 0);
    end_block(f, block);
}

static inline void add_packet_head(struct fixture *f, uint32_t interface, uint64_t units,
                                   const void *data, uint32_t captured, uint32_t length)
{
    add_u32(f, interface);
    add_u32(f, (uint32_t)(units >> 32));
    add_u32(f, (uint32_t)units);
    add_u32(f, captured);
    add_u32(f, length);
    add(f, data, captured);
    add_zeros(f, (4 - captured % 4) % 4);
}

static inline void add_packet(struct fixture *f, uint32_t interface, uint64_t units,
                              const char *text)
{
    size_t block = begin_block(f, 6);
    add_packet_head(f, interface, units, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
    end_block(f, block);
}

static inline void add_block(struct fixture *f, uint32_t type, const void *body, size_t length)
{
    size_t block = begin_block(f, type);
    add(f, body, length);
    end_block(f, block);
}

/* --- classic pcap ----------------------------------------------------------------------------- */

static inline void add_pcap_header(struct fixture *f, uint32_t magic, uint32_t linktype)
{
    add_u32(f, magic);
    add_u16(f, 2);
    add_u16(f, 4);
    add_u32(f, 0);
    add_u32(f, 0);
    add_u32(f, 0); /* snaplen 0: no limit */
    add_u32(f, linktype);
}

static inline void add_pcap_record(struct fixture *f, uint32_t seconds, uint32_t fraction,
                                   const char *text)
{
    add_u32(f, seconds);
    add_u32(f, fraction);
    add_u32(f, (uint32_t)strlen(text));
    add_u32(f, (uint32_t)strlen(text) + 100);
    add(f, text, strlen(text));
}

/* --- files ------------------------------------------------------------------------------------ */

/* Writes octets to a new temporary file. Returns its name: unlink and g_free it. */
static inline char *fixture_file(const void *octets, size_t length)
{
    char *path = g_build_filename(g_get_tmp_dir(), "optrail-test-XXXXXX", NULL);
    int fd = g_mkstemp(path);

    g_assert_cmpint(fd, >=, 0);
    while (length > 0) {
        ssize_t n = write(fd, octets, length);
        g_assert_cmpint(n, >, 0);
        octets = (const uint8_t *)octets + n;
        length -= (size_t)n;
    }
    close(fd);
    return path;
}

static inline void fixture_file_remove(char *path)
{
    g_unlink(path);
    g_free(path);
}

#endif
