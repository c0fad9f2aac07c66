/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_capture_blocks.c - blocks of pcapng that are not what they should be, each told with its
 * name; files larger than what is kept of them in memory; files that cannot be read at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture_text.h"

/* A packet, the block, a packet: what is read, and the warning. */
static char *reading_with(uint32_t type, const void *body, size_t length, bool described,
                          char **warning)
{
    struct fixture f = fixture_new(false);
    add_section(&f, NULL);
    if (described) {
        add_interface(&f, 1, 0, NULL, 9);
        add_packet(&f, 0, 1, "before");
    }
    add_block(&f, type, body, length);
    if (described)
        add_packet(&f, 0, 2, "behind");
    char *text = reading_of_octets(f.octets->data, f.octets->len, warning);
    fixture_free(&f);
    return text;
}

static void a_block_too_short_ends_the_reading_and_is_named(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        size_t length;
        const char *what;
    } SHORT[] = {
        {0x00000006, 19, "an enhanced packet block of too few octets"},
        {0x00000002, 19, "a packet block of too few octets"},
        {0x00000003, 3, "a simple packet block of too few octets"},
        {0x00000001, 7, "it is too short for its type"},
        {0x00000005, 11, "it is too short for its type"},
        {0x00000bad, 3, "it is too short for its type"},
    };
    static const uint8_t ZEROS[32];
    for (size_t i = 0; i < G_N_ELEMENTS(SHORT); i++) {
        g_autofree char *warning = NULL;
        g_autofree char *text =
            reading_with(SHORT[i].type, ZEROS, SHORT[i].length & ~3u, true, &warning);
        assert_string_equal(text, "1 if0 lt1 1 6/6 before\n");
        assert_non_null(warning);
        if (strstr(warning, SHORT[i].what) == NULL)
            fail_msg("type %u: %s", SHORT[i].type, warning);
    }
}

static void a_simple_packet_without_an_interface_is_broken(void **state)
{
    (void)state;
    g_autofree char *warning = NULL;
    g_autofree char *text = reading_with(3, "\4\0\0\0abcd", 8, false, &warning);
    assert_string_equal(text, "");
    assert_non_null(strstr(warning, "a packet of an interface that was not described"));
}

static void interfaces_without_end_are_not_believed(void **state)
{
    (void)state;
    struct fixture f = fixture_new(false);
    add_section(&f, NULL);
    for (unsigned i = 0; i < 70000; i++)
        add_interface(&f, 1, 0, NULL, 0);
    g_autofree char *warning = NULL;
    g_autofree char *text = reading_of_octets(f.octets->data, f.octets->len, &warning);
    assert_string_equal(text, "");
    assert_non_null(warning);
    assert_non_null(strstr(warning, "more interfaces than are believed"));
    fixture_free(&f);
}

static void drops_beyond_64_bits_are_the_most_there_can_be(void **state)
{
    (void)state;
    struct fixture f = fixture_new(false);
    add_section(&f, NULL);
    add_interface(&f, 1, 0, NULL, 9);
    size_t block = begin_block(&f, 5);
    add_zeros(&f, 12);
    add_option_u64(&f, 5, UINT64_MAX);
    add_option_u64(&f, 7, 2);
    end_block(&f, block);
    char *path = fixture_file(f.octets->data, f.octets->len);
    struct capture *capture = capture_open(path, NULL);
    struct capture_record r;
    assert_int_equal(capture_next(capture, &r), 0);
    assert_true(capture_interface(capture, 0)->dropped == UINT64_MAX);
    capture_close(capture);
    fixture_file_remove(path);
    fixture_free(&f);
}

/* --- large files ------------------------------------------------------------------------------ */

/* KiB of the file's mapping that are in memory; -1 when it is not mapped. */
static long resident_kib(const char *path)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[4096];
    long sum = -1;
    bool ours = false;
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        long kib;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) /* of each mapping the first line */
            ours = strstr(line, path) != NULL;
        else if (ours && sscanf(line, "Rss: %ld kB", &kib) == 1)
            sum = MAX(sum, 0) + kib;
    }
    if (maps != NULL)
        fclose(maps);
    return sum;
}

static void what_was_read_of_a_large_file_is_given_back(void **state)
{
    (void)state;
    enum { PACKETS = 1200, SIZE = 64 * 1024, ROOM_KIB = 40 * 1024 };
    struct fixture f = fixture_new(false);
    g_autofree char *data = g_strnfill(SIZE, 'd');
    add_section(&f, NULL);
    add_interface(&f, 1, 0, NULL, 9);
    for (unsigned i = 0; i < PACKETS; i++)
        add_packet(&f, 0, i, data);
    char *path = fixture_file(f.octets->data, f.octets->len);
    struct capture *capture = capture_open(path, NULL);
    struct capture_record r;
    uint64_t packets = 0, octets = 0;
    while (capture_next(capture, &r) > 0) {
        assert_int_equal(r.captured, SIZE);
        assert_memory_equal(r.data, data, SIZE);
        octets += r.captured;
        packets++;
    }
    assert_int_equal(packets, PACKETS);
    assert_true(octets > 64u << 20);
    long kib = resident_kib(path);
    assert_in_range(kib, 0, ROOM_KIB);
    capture_close(capture);
    fixture_file_remove(path);
    fixture_free(&f);
}

/* --- files that cannot be read ---------------------------------------------------------------- */

static void what_the_system_refuses_is_told(void **state)
{
    (void)state;
    /* Nothing is mapped at address 0 of this process: each read of it fails. */
    g_autofree char *unreadable = reading_of("/proc/self/mem", NULL);
    assert_true(g_str_has_prefix(unreadable, "error"));
    assert_non_null(strstr(unreadable, "reading failed: Input/output error"));
    /* One directory too few for any errno that has advice of its own. */
    g_autofree char *name = g_strnfill(5000, 'x');
    g_autofree char *too_long = reading_of(name, NULL);
    assert_non_null(strstr(too_long, "cannot be opened (File name too long); check the file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_too_short_ends_the_reading_and_is_named),
        cmocka_unit_test(a_simple_packet_without_an_interface_is_broken),
        cmocka_unit_test(interfaces_without_end_are_not_believed),
        cmocka_unit_test(drops_beyond_64_bits_are_the_most_there_can_be),
        cmocka_unit_test(what_was_read_of_a_large_file_is_given_back),
        cmocka_unit_test(what_the_system_refuses_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
