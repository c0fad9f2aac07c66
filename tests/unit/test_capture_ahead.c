// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_capture_ahead.c - what a thread uncompresses ahead is what was compressed, as far as it goes;
 * who stops reading in the middle waits for nobody.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "wire/ahead.h"

enum { LENGTH = 6 << 20 }; /* several times what is held ahead */

static uint8_t *octets_new(void)
{
    uint8_t *octets = g_malloc(LENGTH);
    uint32_t state = 1;
    for (size_t i = 0; i < LENGTH; i++) {
        state = state * 1664525 + 1013904223;
        octets[i] = (uint8_t)(state >> 30); /* compresses to a quarter */
    }
    return octets;
}

/* A file with so many octets less than all of what gzip makes of them. */
static int file_with(const uint8_t *octets, size_t less)
{
    z_stream z = {0};
    int fd = memfd_create("compressed", MFD_CLOEXEC);
    g_autofree uint8_t *out = g_malloc(LENGTH);
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)octets;
    z.avail_in = LENGTH;
    z.next_out = out;
    z.avail_out = LENGTH;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = z.total_out - less;
    deflateEnd(&z);
    assert_int_equal(write(fd, out, length), (ssize_t)length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Reads in pieces of odd sizes until nothing comes; returns how much came. */
static size_t read_all(struct ahead *ahead, uint8_t *out, ssize_t *last)
{
    size_t length = 0, piece = 1;
    while ((*last = ahead_read(ahead, out + length, MIN(piece, LENGTH - length + 1))) > 0) {
        length += (size_t)*last;
        piece = piece * 3 % 300007 + 1;
        assert_null(ahead_error(ahead));
    }
    return length;
}

static void all_of_it_comes_in_order(void **state)
{
    (void)state;
    g_autofree uint8_t *octets = octets_new(), *out = g_malloc(LENGTH + 1);
    for (int thread = 0; thread < 2; thread++) {
        int fd = file_with(octets, 0);
        struct ahead *ahead = ahead_new(fd, thread != 0);
        ssize_t last;
        assert_int_equal(read_all(ahead, out, &last), LENGTH);
        assert_int_equal(last, 0);
        assert_memory_equal(out, octets, LENGTH);
        assert_null(ahead_error(ahead));
        assert_int_equal(ahead_consumed(ahead), lseek(fd, 0, SEEK_END));
        assert_int_equal(ahead_read(ahead, out, 1), 0); /* and stays at its end */
        ahead_free(ahead);
        close(fd);
    }
}

static void a_failure_stands_behind_what_came_before_it(void **state)
{
    (void)state;
    g_autofree uint8_t *octets = octets_new(), *out = g_malloc(LENGTH + 1);
    size_t came[2];
    for (int thread = 0; thread < 2; thread++) {
        int fd = file_with(octets, 100000);
        struct ahead *ahead = ahead_new(fd, thread != 0);
        ssize_t last;
        came[thread] = read_all(ahead, out, &last);
        assert_int_equal(last, -1);
        assert_true(came[thread] > LENGTH / 2 && came[thread] < LENGTH);
        assert_memory_equal(out, octets, came[thread]);
        assert_non_null(strstr(ahead_error(ahead), "cut"));
        assert_int_equal(ahead_read(ahead, out, 1), -1);
        ahead_free(ahead);
        close(fd);
    }
    assert_int_equal(came[0], came[1]);
}

static void who_stops_in_the_middle_waits_for_nobody(void **state)
{
    (void)state;
    g_autofree uint8_t *octets = octets_new(), *out = g_malloc(LENGTH);
    int fd = file_with(octets, 0);
    for (size_t much = 0; much < LENGTH; much += LENGTH / 6) {
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        struct ahead *ahead = ahead_new(fd, true);
        size_t length = 0;
        while (length < much) {
            ssize_t n = ahead_read(ahead, out + length, much - length);
            assert_true(n > 0);
            length += (size_t)n;
        }
        assert_memory_equal(out, octets, length);
        ahead_free(ahead);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_in_order),
        cmocka_unit_test(a_failure_stands_behind_what_came_before_it),
        cmocka_unit_test(who_stops_in_the_middle_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
