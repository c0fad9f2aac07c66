/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_packet.c - link layers, IP headers and cut packets down to TCP; flow keys; option lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture.h"
#include "wire/packet.h"

static const uint8_t options[] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};

/* An exact copy on the heap, so that a sanitizer sees every octet that is read too many. */
static enum packet_status dissect_part(uint16_t linktype, const struct fixture *f, size_t captured,
                                       size_t length, struct packet *p)
{
    uint8_t *copy = g_memdup2(f->octets->data, captured);
    enum packet_status status = packet_dissect(linktype, copy, captured, length, p);

    if (status == PACKET_TCP) {
        /* Results point into the packet and end inside it. */
        assert_true(p->options + p->options_captured <= copy + captured);
        assert_true(p->payload + p->payload_captured <= copy + captured);
        assert_true(p->payload_captured <= p->payload_length);
        struct tcp_options list = tcp_options_of(p);
        struct tcp_option option = {0};
        while (tcp_options_next(&list, &option))
            assert_true(option.octets + option.available <= copy + captured);
    }
    g_free(copy);
    return status;
}

static enum packet_status dissect(uint16_t linktype, const struct fixture *f, struct packet *p)
{
    return dissect_part(linktype, f, f->octets->len, f->octets->len, p);
}

static void assert_is_our_tcp(const struct packet *p, uint32_t payload)
{
    assert_int_equal(p->source.port, 40000);
    assert_int_equal(p->destination.port, 443);
    assert_int_equal(p->seq, 0x01020304);
    assert_int_equal(p->ack, 0x05060708);
    assert_int_equal(p->flags, TCP_ACK | TCP_PSH);
    assert_int_equal(p->window, 512);
    assert_int_equal(p->header_length, 32);
    assert_int_equal(p->options_length, 12);
    assert_int_equal(p->options_captured, 12);
    assert_int_equal(p->payload_length, payload);
    assert_false(p->fragment);
}

static void assert_is_our_ipv4(const struct packet *p)
{
    static const uint8_t rest[12];
    assert_int_equal(p->source.family, 4);
    assert_memory_equal(p->source.address, "\xc0\x00\x02\x01", 4);
    assert_memory_equal(p->source.address + 4, rest, 12);
    assert_memory_equal(p->destination.address, "\xc6\x33\x64\x02", 4);
    assert_int_equal(p->ttl, 64);
    assert_int_equal(p->ip_id, 0xabcd);
}

static void assert_is_our_ipv6(const struct packet *p)
{
    assert_int_equal(p->source.family, 6);
    assert_memory_equal(p->source.address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    assert_memory_equal(p->destination.address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    assert_int_equal(p->ttl, 63);
    assert_int_equal(p->ip_id, 0);
}

/* A link header in front of an IP packet, and what packet.h calls it. */
static const struct link {
    const char *name;
    uint16_t linktype;
    const char *header; /* before an IPv4 packet */
    size_t length;
    const char *header6;
    size_t length6;
} links[] = {
#define BYTES(text) text, sizeof(text) - 1
    {"ethernet", 1, BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"),
     BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x86\xdd")},
    {"vlan", 1, BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\7\x08\0"),
     BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\7\x86\xdd")},
    {"stacked vlans", 1, BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x88\xa8\0\5\x91\0\0\6\x81\0\0\7\x08\0"),
     BYTES("\2\0\0\0\0\1\2\0\0\0\0\2\x88\xa8\0\5\x91\0\0\6\x81\0\0\7\x86\xdd")},
    {"sll", 113, BYTES("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0"),
     BYTES("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x86\xdd")},
    {"sll, vlan", 113, BYTES("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\0\7\x08\0"),
     BYTES("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\0\7\x86\xdd")},
    {"sll2", 276, BYTES("\x08\0\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0"),
     BYTES("\x86\xdd\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0")},
    {"raw", 101, BYTES(""), BYTES("")},
    {"raw bsd", 12, BYTES(""), BYTES("")},
    {"raw openbsd", 14, BYTES(""), BYTES("")},
    {"null, little-endian Linux", 0, BYTES("\2\0\0\0"), BYTES("\x0a\0\0\0")},
    {"null, big-endian NetBSD", 0, BYTES("\0\0\0\2"), BYTES("\0\0\0\x18")},
    {"null, FreeBSD", 0, BYTES("\2\0\0\0"), BYTES("\x1c\0\0\0")},
    {"null, Darwin", 0, BYTES("\2\0\0\0"), BYTES("\x1e\0\0\0")},
    {"loop", 108, BYTES("\0\0\0\2"), BYTES("\0\0\0\x18")},
    {"ipv4", 228, BYTES(""), NULL, 0},
    {"ipv6", 229, NULL, 0, BYTES("")},
#undef BYTES
};

static void test_every_link_type_leads_to_tcp(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        struct packet p;
        print_message("%s\n", links[i].name);
        assert_true(packet_linktype_known(links[i].linktype));
        if (links[i].header != NULL) {
            struct fixture f = fixture_new(true);
            add(&f, links[i].header, links[i].length);
            add_ipv4(&f, 32 + 5);
            add_tcp(&f, options, sizeof(options), 5);
            assert_int_equal(dissect(links[i].linktype, &f, &p), PACKET_TCP);
            assert_is_our_tcp(&p, 5);
            assert_is_our_ipv4(&p);
            fixture_free(&f);
        }
        if (links[i].header6 != NULL) {
            struct fixture f = fixture_new(true);
            add(&f, links[i].header6, links[i].length6);
            add_ipv6(&f, 6, 32 + 5);
            add_tcp(&f, options, sizeof(options), 5);
            assert_int_equal(dissect(links[i].linktype, &f, &p), PACKET_TCP);
            assert_is_our_tcp(&p, 5);
            assert_is_our_ipv6(&p);
            fixture_free(&f);
        }
    }
    assert_false(packet_linktype_known(LINKTYPE_WIRESHARK_UPPER_PDU));
    assert_false(packet_linktype_known(105));
}

static void test_a_packet_cut_anywhere_gives_a_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        if (links[i].header == NULL)
            continue;
        struct fixture f = fixture_new(true);
        add(&f, links[i].header, links[i].length);
        add_ipv4(&f, 32 + 5);
        add_tcp(&f, options, sizeof(options), 5);
        size_t fixed = links[i].length + 20 + 20;
        for (size_t captured = 0; captured <= f.octets->len; captured++) {
            struct packet p;
            enum packet_status status =
                dissect_part(links[i].linktype, &f, captured, f.octets->len, &p);
            assert_int_equal(status, captured < fixed ? PACKET_CUT : PACKET_TCP);
            if (status != PACKET_TCP)
                continue;
            size_t behind = captured - fixed;
            assert_int_equal(p.options_length, 12);
            assert_int_equal(p.options_captured, MIN(behind, 12));
            assert_int_equal(p.payload_length, 5);
            assert_int_equal(p.payload_captured, behind > 12 ? behind - 12 : 0);
        }
        fixture_free(&f);
    }
}

static void test_ethernet_padding_is_no_payload(void **state)
{
    (void)state;
    struct fixture f = fixture_new(true);
    struct packet p;
    add_ethernet(&f, 0x0800);
    add_ipv4(&f, 20);
    add_tcp(&f, NULL, 0, 0);
    add_zeros(&f, 60 - f.octets->len);
    assert_int_equal(dissect(LINKTYPE_ETHERNET, &f, &p), PACKET_TCP);
    assert_int_equal(p.payload_length, 0);
    assert_int_equal(p.payload_captured, 0);
    fixture_free(&f);
}

static void test_a_total_length_of_zero_means_the_record(void **state)
{
    (void)state;
    struct fixture f = fixture_new(true);
    struct packet p;
    add_ethernet(&f, 0x0800);
    add_ipv4_fragment(&f, 6, 0, 0, 0x4000);
    add_tcp(&f, options, sizeof(options), 100);
    size_t wire = 14 + 20 + 32 + 100000;
    assert_int_equal(dissect_part(LINKTYPE_ETHERNET, &f, f.octets->len, wire, &p), PACKET_TCP);
    assert_int_equal(p.payload_length, 100000);
    assert_int_equal(p.payload_captured, 100);
    fixture_free(&f);
    f = fixture_new(true);
    add_ipv6(&f, 6, 0);
    add_tcp(&f, options, sizeof(options), 100);
    assert_int_equal(dissect_part(LINKTYPE_RAW, &f, f.octets->len, 40 + 32 + 200000, &p),
                     PACKET_TCP);
    assert_int_equal(p.payload_length, 200000);
    fixture_free(&f);
}

static void test_ipv4_options_are_stepped_over(void **state)
{
    (void)state;
    struct fixture f = fixture_new(true);
    struct packet p;
    add_ipv4_fragment(&f, 6, 40, 60 + 32 + 3, 0);
    add_tcp(&f, options, sizeof(options), 3);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_TCP);
    assert_is_our_tcp(&p, 3);
    fixture_free(&f);
}

static void test_ipv6_extension_headers_are_stepped_over(void **state)
{
    (void)state;
    struct fixture f = fixture_new(true);
    struct packet p;
    size_t fixed = 40 + 8 + 16 + 8 + 12 + 8 + 20;
    add_ipv6(&f, 0, fixed - 40 + 12 + 3);
    add(&f, "\x2b\0\1\4\0\0\0\0", 8);                  /* hop-by-hop, then routing */
    add(&f, "\x3c\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* routing of 16, then destination */
    add(&f, "\x33\0\1\4\0\0\0\0", 8);                  /* destination, then AH */
    add(&f, "\x2c\1\0\0\0\0\0\1\0\0\0\1", 12);         /* AH of (1 + 2) * 4, then fragment */
    add(&f, "\x06\0\0\0\0\0\0\1", 8);                  /* atomic fragment, then TCP */
    add_tcp(&f, options, sizeof(options), 3);
    assert_int_equal(dissect(LINKTYPE_IPV6, &f, &p), PACKET_TCP);
    assert_is_our_tcp(&p, 3);
    for (size_t captured = 0; captured < f.octets->len; captured++)
        assert_int_equal(dissect_part(LINKTYPE_IPV6, &f, captured, f.octets->len, &p),
                         captured < fixed ? PACKET_CUT : PACKET_TCP);
    fixture_free(&f);
}

static void test_fragments_are_told_apart(void **state)
{
    (void)state;
    struct packet p;
    struct fixture f = fixture_new(true);
    add_ipv4_fragment(&f, 6, 0, 20 + 32 + 8, 0x2000); /* more fragments */
    add_tcp(&f, options, sizeof(options), 8);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_FRAGMENT);
    assert_true(p.fragment);
    assert_is_our_ipv4(&p);
    assert_int_equal(p.source.port, 40000);
    fixture_free(&f);

    f = fixture_new(true);
    add_ipv4_fragment(&f, 6, 0, 20 + 40, 0x0005); /* a later one */
    add_zeros(&f, 40);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_FRAGMENT);
    assert_false(p.fragment);
    assert_is_our_ipv4(&p);
    fixture_free(&f);

    f = fixture_new(true);
    add_ipv6(&f, 44, 8 + 32);
    add(&f, "\x06\0\0\1\0\0\0\1", 8);
    add_tcp(&f, options, sizeof(options), 0);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_FRAGMENT);
    assert_true(p.fragment);
    fixture_free(&f);

    f = fixture_new(true);
    add_ipv6(&f, 44, 8 + 32);
    add(&f, "\x06\0\0\x28\0\0\0\1", 8);
    add_zeros(&f, 32);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_FRAGMENT);
    assert_false(p.fragment);
    fixture_free(&f);
}

static void test_what_is_not_tcp_is_other(void **state)
{
    (void)state;
    struct packet p;
    struct fixture f = fixture_new(true);
    add_ethernet(&f, 0x0806);
    add_zeros(&f, 28);
    assert_int_equal(dissect(LINKTYPE_ETHERNET, &f, &p), PACKET_OTHER);
    fixture_free(&f);
    f = fixture_new(true);
    add_ipv4_fragment(&f, 17, 0, 20 + 8, 0);
    add_zeros(&f, 8);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_OTHER);
    fixture_free(&f);
    f = fixture_new(true);
    add_ipv6(&f, 58, 8);
    add_zeros(&f, 8);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_OTHER);
    assert_int_equal(dissect(LINKTYPE_WIRESHARK_UPPER_PDU, &f, &p), PACKET_OTHER);
    fixture_free(&f);
}

static void test_contradicting_lengths_are_malformed(void **state)
{
    (void)state;
    struct packet p;
    struct fixture f = fixture_new(true);
    add_ipv4_fragment(&f, 6, 0, 19, 0); /* total length below the header's */
    add_tcp(&f, NULL, 0, 0);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_MALFORMED);
    f.octets->data[0] = 0x44; /* header of 16 octets */
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_MALFORMED);
    fixture_free(&f);

    f = fixture_new(true);
    add_ipv4(&f, 20);
    add_tcp(&f, NULL, 0, 0);
    f.octets->data[20 + 12] = 0x40; /* data offset of 16 octets */
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_MALFORMED);
    f.octets->data[20 + 12] = 0x60; /* data offset beyond the end of the packet */
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_MALFORMED);
    fixture_free(&f);

    f = fixture_new(true);
    add_ipv4(&f, 12); /* IP says that there is no room for a TCP header */
    add_tcp(&f, NULL, 0, 0);
    assert_int_equal(dissect(LINKTYPE_RAW, &f, &p), PACKET_MALFORMED);
    fixture_free(&f);
}

/* --- options ---------------------------------------------------------------------------------- */

static struct tcp_options list_of(const uint8_t *octets, uint8_t captured, uint8_t declared)
{
    return (struct tcp_options){octets, captured, declared};
}

static void test_options_are_walked_to_the_end_of_the_list(void **state)
{
    (void)state;
    static const uint8_t octets[] = {1, 2, 4, 5, 0xb4, 3, 3, 7, 0, 9};
    struct tcp_options list = list_of(octets, sizeof(octets), sizeof(octets));
    static const struct {
        uint8_t kind, length;
    } wanted[] = {{1, 1}, {2, 4}, {3, 3}, {0, 1}};
    struct tcp_option option = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        assert_true(tcp_options_next(&list, &option));
        assert_int_equal(option.kind, wanted[i].kind);
        assert_int_equal(option.length, wanted[i].length);
        assert_int_equal(option.available, wanted[i].length);
        assert_false(option.malformed);
    }
    assert_false(tcp_options_next(&list, &option)); /* nothing behind EOL */
}

static void test_bad_and_cut_options_are_given_and_end_the_list(void **state)
{
    (void)state;
    static const struct {
        uint8_t octets[4], captured, declared, length, available;
        bool malformed;
    } cases[] = {
        {{28, 0, 1, 1}, 4, 4, 0, 2, true}, /* length below 2 */
        {{28, 1, 1, 1}, 4, 4, 1, 2, true},
        {{28, 5, 1, 1}, 4, 4, 5, 4, true},  /* runs past the header */
        {{28, 4, 1, 1}, 3, 4, 4, 3, false}, /* cut by the capture, the header has room */
        {{28, 5, 1, 1}, 3, 4, 5, 3, true},
        {{28}, 1, 4, 0, 1, false}, /* its length was cut */
        {{28}, 1, 1, 0, 1, true},  /* a kind without room for a length */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct tcp_options list = list_of(cases[i].octets, cases[i].captured, cases[i].declared);
        struct tcp_option option = {0};
        assert_true(tcp_options_next(&list, &option));
        assert_int_equal(option.kind, 28);
        assert_int_equal(option.length, cases[i].length);
        assert_int_equal(option.available, cases[i].available);
        assert_int_equal(option.malformed, cases[i].malformed);
        assert_false(tcp_options_next(&list, &option));
    }
}

static void test_timestamps_are_found(void **state)
{
    (void)state;
    uint32_t tsval, tsecr;
    assert_true(tcp_options_timestamps(list_of(options, 12, 12), &tsval, &tsecr));
    assert_int_equal(tsval, 7);
    assert_int_equal(tsecr, 9);
    assert_false(tcp_options_timestamps(list_of(options, 11, 12), &tsval, &tsecr));
    assert_false(tcp_options_timestamps(list_of(options, 2, 2), &tsval, &tsecr));
}

/* --- flows ------------------------------------------------------------------------------------ */

static struct endpoint endpoint4(uint32_t address, uint16_t port)
{
    struct endpoint e = {.port = port, .family = 4};
    for (unsigned i = 0; i < 4; i++)
        e.address[i] = (uint8_t)(address >> (24 - 8 * i));
    return e;
}

static void test_both_directions_have_one_key(void **state)
{
    (void)state;
    struct endpoint a = endpoint4(0x0a000001, 1000), b = endpoint4(0x0a000002, 443);
    struct flow_key there, back;
    bool forward = flow_key_make(&there, &a, &b);
    assert_int_not_equal(forward, flow_key_make(&back, &b, &a));
    assert_true(flow_key_equal(&there, &back));
    assert_int_equal(flow_key_hash(&there), flow_key_hash(&back));
}

static void test_neighbouring_flows_do_not_collide(void **state)
{
    (void)state;
    enum { SIDE = 256, FLOWS = SIDE * SIDE, BUCKETS = 2 * FLOWS };
    g_autofree uint8_t *bucket = g_malloc0(BUCKETS);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    unsigned fullest = 0;

    for (unsigned i = 0; i < SIDE; i++) {
        for (unsigned j = 0; j < SIDE; j++) {
            struct endpoint a = endpoint4(0x0a000000 + i, (uint16_t)(1024 + j));
            struct endpoint b = endpoint4(0xc0a80001, 443);
            struct flow_key key;
            flow_key_make(&key, &a, &b);
            uint64_t hash = flow_key_hash(&key);
            assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof(hash))));
            unsigned filled = ++bucket[hash % BUCKETS];
            fullest = MAX(fullest, filled);
        }
    }
    /* Of a random function at load 1/2 the fullest of these buckets holds about 7. */
    assert_true(fullest <= 10);
}

static void test_endpoints_as_text(void **state)
{
    (void)state;
    char text[ENDPOINT_TEXT_MAX];
    struct endpoint e = endpoint4(0xc0000201, 443);
    assert_string_equal(endpoint_text(&e, text), "192.0.2.1:443");
    struct endpoint six = {.address = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .port = 65535, .family = 6};
    assert_string_equal(endpoint_text(&six, text), "[2001:db8::1]:65535");
    memset(six.address, 0xff, 16);
    assert_string_equal(endpoint_text(&six, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

/* --- anything --------------------------------------------------------------------------------- */

static void test_mutated_packets_never_read_outside(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(6298);
    for (unsigned round = 0; round < 40000; round++) {
        const struct link *link = &links[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(links))];
        struct fixture f = fixture_new(true);
        if (link->header != NULL && (link->header6 == NULL || g_rand_boolean(random))) {
            add(&f, link->header, link->length);
            add_ipv4(&f, 32 + 5);
        } else {
            add(&f, link->header6, link->length6);
            add_ipv6(&f, 0, 8 + 32 + 5);
            add(&f, "\x06\0\1\4\0\0\0\0", 8);
        }
        add_tcp(&f, options, sizeof(options), 5);
        for (unsigned i = 0; i < 4; i++)
            f.octets->data[g_rand_int_range(random, 0, (gint32)f.octets->len)] =
                (uint8_t)g_rand_int(random);
        struct packet p;
        size_t captured = (size_t)g_rand_int_range(random, 0, (gint32)f.octets->len + 1);
        dissect_part(link->linktype, &f, captured, f.octets->len, &p);
        dissect(link->linktype, &f, &p);
        fixture_free(&f);
    }
}

/* Ethernet has a straight way for plain packets; raw IP never takes it. */
static void test_the_straight_way_agrees_with_the_general_one(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(9293);
    unsigned tcp = 0;
    for (unsigned round = 0; round < 20000; round++) {
        struct fixture f = fixture_new(true);
        struct packet straight, general;
        add_ethernet(&f, 0x0800);
        add_ipv4(&f, 32 + 5);
        add_tcp(&f, options, sizeof(options), 5);
        if (round % 2)
            add_zeros(&f, 9);
        f.octets->data[g_rand_int_range(random, 14, (gint32)f.octets->len)] =
            (uint8_t)g_rand_int(random);
        size_t length = f.octets->len;
        size_t captured = (size_t)g_rand_int_range(random, 14, (gint32)length + 1);
        const uint8_t *data = f.octets->data;
        enum packet_status status =
            packet_dissect(LINKTYPE_ETHERNET, data, captured, length, &straight);
        assert_int_equal(
            packet_dissect(LINKTYPE_IPV4, data + 14, captured - 14, length - 14, &general), status);
        if (status == PACKET_TCP) {
            tcp++;
            assert_memory_equal(&straight.source, &general.source, sizeof(general.source));
            assert_memory_equal(&straight.destination, &general.destination,
                                sizeof(general.destination));
            assert_int_equal(straight.seq, general.seq);
            assert_int_equal(straight.ack, general.ack);
            assert_int_equal(straight.window, general.window);
            assert_int_equal(straight.ip_id, general.ip_id);
            assert_int_equal(straight.flags, general.flags);
            assert_int_equal(straight.ttl, general.ttl);
            assert_int_equal(straight.header_length, general.header_length);
            assert_int_equal(straight.options_length, general.options_length);
            assert_int_equal(straight.options_captured, general.options_captured);
            assert_int_equal(straight.fragment, general.fragment);
            assert_ptr_equal(straight.options, general.options);
            assert_ptr_equal(straight.payload, general.payload);
            assert_int_equal(straight.payload_length, general.payload_length);
            assert_int_equal(straight.payload_captured, general.payload_captured);
        }
        fixture_free(&f);
    }
    assert_true(tcp > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_link_type_leads_to_tcp),
        cmocka_unit_test(test_a_packet_cut_anywhere_gives_a_prefix),
        cmocka_unit_test(test_ethernet_padding_is_no_payload),
        cmocka_unit_test(test_a_total_length_of_zero_means_the_record),
        cmocka_unit_test(test_ipv4_options_are_stepped_over),
        cmocka_unit_test(test_ipv6_extension_headers_are_stepped_over),
        cmocka_unit_test(test_fragments_are_told_apart),
        cmocka_unit_test(test_what_is_not_tcp_is_other),
        cmocka_unit_test(test_contradicting_lengths_are_malformed),
        cmocka_unit_test(test_options_are_walked_to_the_end_of_the_list),
        cmocka_unit_test(test_bad_and_cut_options_are_given_and_end_the_list),
        cmocka_unit_test(test_timestamps_are_found),
        cmocka_unit_test(test_both_directions_have_one_key),
        cmocka_unit_test(test_neighbouring_flows_do_not_collide),
        cmocka_unit_test(test_endpoints_as_text),
        cmocka_unit_test(test_mutated_packets_never_read_outside),
        cmocka_unit_test(test_the_straight_way_agrees_with_the_general_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
