/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_filter.c - whether the filter that a capture was made with would have let a segment through:
 * what it may have left out must never be called absent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/filter.h"
#include "tests/tools/capture_builder.h"
#include "wire/packet.h"

static const struct admits {
    const char *expression;
    bool v4, v6;
} SYNS[] = {
    {"", true, true},
    {"tcp", true, true},
    {"ip", true, false},
    {"ip6 or tcp", true, true},
    {"udp", false, false},
    {"tcp port 80", true, true},
    {"tcp port 443", false, false},
    {"port 443 or port 80", true, true},
    {"dst port 80 and not src port 80", true, true},
    {"src port 80", false, false},
    {"host 192.0.2.1 or host 2001:db8::1", true, true},
    {"src host 192.0.2.1", true, false},
    {"dst net 198.51.100.0/24", true, false},
    {"not host 192.0.2.1", false, true},
    {"tcp portrange 79-81", true, true},
    {"tcp[tcpflags] & tcp-syn != 0", true, false}, /* libpcap reads tcp[] of IPv4 alone */
    {"tcp[13] == 2 or ip6", true, true},
    {"tcp[tcpflags] & (tcp-fin|tcp-rst) != 0", false, false},
    {"ip[6:2] & 0x1fff = 0", true, false},
    {"ip proto 6", true, false},
    {"greater 40", true, true},
    {"less 60", false, false}, /* with 40 octets of options it is longer */
    {"less 100", true, true},
    {"greater 60", false, true},        /* without options it is shorter */
    {"ip[8] > 10", false, false},       /* the TTL is not known */
    {"tcp[4:4] != 0", false, false},    /* nor are numbers */
    {"tcp[20] != 253", false, false},   /* nor options: this leaves some of them out */
    {"tcp[12] >> 4 > 5", false, false}, /* only segments with options */
    {"ip[2:2] > 20", true, false},
};

static void only_what_every_such_segment_passes_is_admitted(void **state)
{
    (void)state;
    const struct endpoint client = capture_endpoint("192.0.2.1", 40000);
    const struct endpoint server = capture_endpoint("198.51.100.1", 80);
    const struct endpoint client6 = capture_endpoint("2001:db8::1", 40000);
    const struct endpoint server6 = capture_endpoint("2001:db8::2", 80);
    for (size_t i = 0; i < sizeof(SYNS) / sizeof(SYNS[0]); i++) {
        struct filter *filter = filter_of_capture(SYNS[i].expression);
        if (filter == NULL)
            fail_msg("'%s' is not understood", SYNS[i].expression);
        if (filter_admits(filter, &client, &server, TCP_SYN, 0) != SYNS[i].v4)
            fail_msg("'%s', IPv4", SYNS[i].expression);
        if (filter_admits(filter, &client6, &server6, TCP_SYN, 0) != SYNS[i].v6)
            fail_msg("'%s', IPv6", SYNS[i].expression);
        filter_free(filter);
    }
}

static void flags_and_payload_are_looked_at(void **state)
{
    (void)state;
    /* The example of pcap-filter(7): what is no mere acknowledgement. */
    static const char DATA[] =
        "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)";
    const struct endpoint client = capture_endpoint("192.0.2.1", 40000);
    const struct endpoint server = capture_endpoint("198.51.100.1", 80);
    struct filter *with_data = filter_of_capture(DATA);
    struct filter *syns = filter_of_capture("tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn");
    assert_non_null(with_data);
    assert_non_null(syns);
    assert_true(filter_admits(with_data, &client, &server, TCP_ACK, 100));
    assert_true(filter_admits(with_data, &server, &client, TCP_ACK, 1));
    assert_false(filter_admits(with_data, &client, &server, TCP_ACK, 0));
    assert_true(filter_admits(syns, &client, &server, TCP_SYN, 0));
    assert_false(filter_admits(syns, &server, &client, TCP_SYN | TCP_ACK, 0));
    filter_free(with_data);
    filter_free(syns);
}

static void what_cannot_be_followed_admits_nothing(void **state)
{
    (void)state;
    static const char *const EXPRESSIONS[] = {
        "host www.example.org",
        "port http",
        "ether host 02:00:00:00:00:01",
        "inbound",
        "vlan 5",
        "tcp port",
        "(",
        "net internal",
        "not an expression",
        "port 80 \\tcp",
    };
    const struct endpoint client = capture_endpoint("192.0.2.1", 40000);
    const struct endpoint server = capture_endpoint("198.51.100.1", 80);
    for (size_t i = 0; i < sizeof(EXPRESSIONS) / sizeof(EXPRESSIONS[0]); i++) {
        struct filter *filter = filter_of_capture(EXPRESSIONS[i]);
        if (filter != NULL)
            fail_msg("'%s' was taken", EXPRESSIONS[i]);
    }
    assert_false(filter_admits(NULL, &client, &server, TCP_SYN, 0));
    struct filter *of_a_person = filter_new("tcp", NULL); /* for another link type */
    assert_false(filter_admits(of_a_person, &client, &server, TCP_SYN, 0));
    filter_free(of_a_person);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_every_such_segment_passes_is_admitted),
        cmocka_unit_test(flags_and_payload_are_looked_at),
        cmocka_unit_test(what_cannot_be_followed_admits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
