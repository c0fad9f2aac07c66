// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that rotate, with a clock of the test's own: every record stands in exactly one file, no
 * file is written over that was written a moment before, and names are tcpdump's otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/file.h"
#include "wire/packet.h"

static const uint64_t second = 1000000000, start = 1795262441950000000 /* 2026-11-21 12:00:41.95 */;
static const char octets[] = "a record that is looked for in every file";

static char *folder;

static struct file *begin(const char *template, const struct file_settings *settings, uint64_t now)
{
    static const struct pcapng_interface interface = {.linktype = LINKTYPE_RAW, .name = "test"};
    GError *error = NULL;
    g_autofree char *path = g_build_filename(folder, template, NULL);
    struct file_settings with_path = *settings;
    with_path.path = g_intern_string(path);
    struct file *file = file_open(&with_path, now, &error);
    assert_non_null(file);
    assert_int_equal(file_begin(file, "test", &interface, 1, -1, now), 0);
    return file;
}

static void write_at(struct file *file, uint64_t time_ns)
{
    const struct pcapng_packet packet = {
        .time_ns = time_ns, .captured = sizeof(octets), .length = sizeof(octets), .data = octets};
    assert_int_equal(file_write(file, &packet), 0);
}

/* How many records a file holds; -1: there is none of that name. */
static int records_in(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    gsize length, at = 0;
    int n = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return -1;
    while (at + sizeof(octets) <= length) {
        bool here = memcmp(text + at, octets, sizeof(octets)) == 0;
        n += here;
        at += here ? sizeof(octets) : 1;
    }
    return n;
}

/* Takes all files away: how many there were, and how many records in them. */
static void clear(unsigned *files, int *n)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    *files = 0;
    *n = 0;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        (*files)++;
        *n += records_in(name);
        g_unlink(path);
    }
    g_dir_close(dir);
}

static void a_file_each_second_whenever_in_the_second_it_begins(void **state)
{
    (void)state;
    const struct file_settings settings = {.seconds = 1};
    /* The recorder's ticks and records lag behind the clock: the first are older than the name. */
    for (uint64_t offset = 0; offset < second; offset += second / 20) {
        unsigned files;
        int n;
        struct file *file = begin("t-%s", &settings, start + offset);
        for (uint64_t i = 0; i < 100; i++) {
            uint64_t now = start + offset + i * second / 25 - second / 5;
            assert_int_equal(file_tick(file, now), 0);
            write_at(file, now + second / 100);
        }
        assert_int_equal(file_close(file), 0);
        clear(&files, &n);
        assert_int_equal(n, 100);
        assert_int_equal(files, 4);
    }
}

static void the_last_of_a_bounded_number_ends_it(void **state)
{
    (void)state;
    const struct file_settings settings = {.seconds = 1, .count = 3};
    unsigned files;
    int n, written = 0;
    struct file *file = begin("t-%s", &settings, start);
    for (uint64_t i = 0; !file_is_full(file); i++) {
        assert_true(i < 100);
        write_at(file, start + i * second / 25);
        written += !file_is_full(file);
    }
    assert_int_equal(file_close(file), 0);
    assert_int_equal(records_in("t-1795262441"), 25);
    assert_int_equal(records_in("t-1795262442"), 25);
    assert_int_equal(records_in("t-1795262443"), 25);
    clear(&files, &n);
    assert_int_equal(files, 3);
    assert_int_equal(n, written);
}

static void a_template_that_says_too_little_gets_a_number(void **state)
{
    (void)state;
    const struct file_settings settings = {.seconds = 1};
    unsigned files;
    int n;
    struct file *file = begin("t-%H%M", &settings, start);
    for (uint64_t i = 0; i < 3; i++)
        write_at(file, start + i * second);
    assert_int_equal(file_close(file), 0);
    assert_int_equal(records_in("t-1200"), 1);
    assert_int_equal(records_in("t-12001"), 1);
    assert_int_equal(records_in("t-12002"), 1);
    clear(&files, &n);
    assert_int_equal(files, 3);
}

static void what_comes_around_again_is_written_over(void **state)
{
    (void)state;
    const struct file_settings settings = {.seconds = 60};
    unsigned files;
    int n;
    struct file *file = begin("t-%M", &settings, start);
    for (uint64_t minute = 0; minute < 120; minute++) {
        write_at(file, start + minute * 60 * second);
        write_at(file, start + minute * 60 * second);
    }
    assert_int_equal(file_close(file), 0);
    clear(&files, &n);
    assert_int_equal(files, 60);
    assert_int_equal(n, 120);
}

static void time_that_was_there_before_writes_over_nothing(void **state)
{
    (void)state;
    const struct file_settings settings = {.seconds = 60};
    unsigned files;
    int n;
    struct file *file = begin("t-%H%M", &settings, start);
    for (uint64_t minute = 0; minute < 10; minute++)
        write_at(file, start + minute * 60 * second);
    file_stepped(file, -(int64_t)(300 * second)); /* somebody sets the clock back */
    for (uint64_t minute = 5; minute < 15; minute++)
        write_at(file, start + minute * 60 * second);
    assert_int_equal(file_close(file), 0);
    /* Summer time ends in Berlin at 2026-10-25 01:00 UTC: 02:30 is there twice. */
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const struct file_settings hours = {.seconds = 1800};
    const uint64_t midnight = 1792886400 * second; /* 00:00 UTC, 02:00 in summer */
    file = begin("h-%H%M", &hours, midnight);
    for (uint64_t half = 0; half < 6; half++)
        write_at(file, midnight + half * 1800 * second);
    assert_int_equal(file_close(file), 0);
    setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(records_in("h-0200"), 1);
    assert_int_equal(records_in("h-02001"), 1);
    assert_int_equal(records_in("h-02301"), 1);
    assert_int_equal(records_in("h-0300"), 1);
    clear(&files, &n);
    assert_int_equal(n, 26);
}

static void by_size_a_number_or_a_ring(void **state)
{
    (void)state;
    const struct file_settings sizes = {.octets = 5000}, ring = {.octets = 5000, .count = 3};
    unsigned files;
    int n;
    struct file *file = begin("s", &sizes, start);
    for (uint64_t i = 0; i < 500; i++)
        write_at(file, start + i);
    assert_int_equal(file_close(file), 0);
    assert_true(records_in("s") > 10 && records_in("s1") > 10 && records_in("s2") > 10);
    clear(&files, &n);
    assert_int_equal(n, 500);

    file = begin("r", &ring, start);
    for (uint64_t i = 0; i < 1000; i++)
        write_at(file, start + i);
    assert_int_equal(file_close(file), 0);
    assert_true(records_in("r0") > 0 && records_in("r1") > 0 && records_in("r2") > 0);
    clear(&files, &n);
    assert_int_equal(files, 3);
    assert_true(n > 100 && n < 300);
}

static void by_time_and_size_the_numbers_begin_anew(void **state)
{
    (void)state;
    const struct file_settings settings = {.octets = 5000, .seconds = 60};
    unsigned files;
    int n;
    struct file *file = begin("b-%H%M", &settings, start);
    for (uint64_t i = 0; i < 600; i++)
        write_at(file, start + i * second / 5); /* for two minutes */
    assert_int_equal(file_close(file), 0);
    assert_true(records_in("b-1200") > 10 && records_in("b-12001") > 10);
    assert_true(records_in("b-1201") > 10 && records_in("b-12011") > 10);
    assert_int_equal(records_in("b-1202"), -1);
    clear(&files, &n);
    assert_int_equal(n, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_each_second_whenever_in_the_second_it_begins),
        cmocka_unit_test(the_last_of_a_bounded_number_ends_it),
        cmocka_unit_test(a_template_that_says_too_little_gets_a_number),
        cmocka_unit_test(what_comes_around_again_is_written_over),
        cmocka_unit_test(time_that_was_there_before_writes_over_nothing),
        cmocka_unit_test(by_size_a_number_or_a_ring),
        cmocka_unit_test(by_time_and_size_the_numbers_begin_anew),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    folder = g_dir_make_tmp("optrail-file-XXXXXX", NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
