/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_capture.c - capture files of every kind, read: whole, cut and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "capture_text.h"
#include "fixture.h"
#include "wire/capture.h"

static void assert_reads(const struct fixture *f, const char *wanted)
{
    g_autofree char *warning = NULL;
    g_autofree char *text = reading_of_octets(f->octets->data, f->octets->len, &warning);
    assert_string_equal(text, wanted);
    assert_null(warning);
}

static void test_pcap_in_both_units_and_byte_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct fixture f = fixture_new(big);
        add_pcap_header(&f, 0xa1b2c3d4, 0x04000000 | 4u << 28 | 1); /* with FCS flags */
        add_pcap_record(&f, 1700000000, 123456, "one");
        add_pcap_record(&f, 4000000000u, 0, "after 2038");
        assert_reads(&f, "1 if0 lt1 1700000000123456000 3/103 one\n"
                         "2 if0 lt1 4000000000000000000 10/110 after 2038\n");
        fixture_free(&f);

        f = fixture_new(big);
        add_pcap_header(&f, 0xa1b23c4d, 276);
        add_pcap_record(&f, 1700000000, 123456789, "one");
        assert_reads(&f, "1 if0 lt276 1700000000123456789 3/103 one\n");
        fixture_free(&f);
    }
}

/* Sections of both byte orders, all kinds of blocks, link types, time units, comments, drops. */
static struct fixture mixed_pcapng(bool big)
{
    struct fixture f = fixture_new(big);
    size_t block;

    add_section(&f, "first comment");
    add_interface(&f, 1, 0, "eth0", 9);
    add_interface(&f, 252, 5, "optrail-hooks", 0);
    add_packet(&f, 0, 1700000000000000001, "nano");
    add_packet(&f, 1, 1700000000000001, "micro");
    block = begin_block(&f, 6);
    add_packet_head(&f, 0, 1700000000000000002, "noted", 5, 1500);
    add_option(&f, 1, "why", 3);
    add_option(&f, 1, "second", 6);
    add_option(&f, 2, "\0\0\0\1", 4);
    add_option_u64(&f, 4, 77);
    add_option(&f, 0, "", 0);
    end_block(&f, block);
    add_block(&f, 4, "\0\0\0\0", 4);           /* name resolution, empty */
    add_block(&f, 10, "KSLT\4\0\0\0abcd", 12); /* secrets */
    add_block(&f, 0x1234, "unknown", 7);
    add_block(&f, 0x80000001, "local", 5);
    add_block(&f, 0xbad, "\1\0\0\0custom", 10);                   /* frame 4 */
    add_block(&f, 0x40000bad, "\1\0\0\0x", 5);                    /* frame 5 */
    add_block(&f, 9, "__REALTIME_TIMESTAMP=1\nMESSAGE=hi\n", 33); /* frame 6 */
    block = begin_block(&f, 3);
    add_u32(&f, 6);
    add(&f, "simple\0", 6);
    end_block(&f, block);
    block = begin_block(&f, 2);
    add_u16(&f, 1);
    add_u16(&f, 3);
    add_u32(&f, 0);
    add_u32(&f, 5);
    add_u32(&f, 3);
    add_u32(&f, 3);
    add(&f, "old", 3);
    add_zeros(&f, 1);
    end_block(&f, block);
    block = begin_block(&f, 5);
    add_u32(&f, 0);
    add_u32(&f, 0);
    add_u32(&f, 0);
    add_option_u64(&f, 4, 1000);
    add_option_u64(&f, 5, 3);
    add_option_u64(&f, 7, 4);
    end_block(&f, block);
    f.big = !big;
    add_section(&f, "second comment");
    add_interface(&f, 101, 0, NULL, 0x80 | 10); /* units of 2^-10 s */
    add_packet(&f, 0, 3 * 1024 + 512, "binary");
    add_interface(&f, 113, 0, "later", 12);
    add_packet(&f, 1, 7000999, "pico");
    return f;
}

static const char mixed_reading[] = "1 if0 lt1 1700000000000000001 4/4 nano\n"
                                    "2 if1 lt252 1700000000000001000 5/5 micro\n"
                                    "3 if0 lt1 1700000000000000002 -77 5/1500 noted # why\n"
                                    "7 if0 lt1 6/6 simple\n"
                                    "8 if1 lt252 5000 -3 3/3 old\n"
                                    "9 if2 lt101 3500000000 6/6 binary\n"
                                    "10 if3 lt113 7000 4/4 pico\n";

static void test_pcapng_with_everything_in_it(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct fixture f = mixed_pcapng(big);
        assert_reads(&f, mixed_reading);
        fixture_free(&f);
    }
}

static void test_pcapng_interfaces_and_comments(void **state)
{
    (void)state;
    struct fixture f = mixed_pcapng(true);
    char *path = fixture_file(f.octets->data, f.octets->len);
    struct capture *capture = capture_open(path, NULL);
    struct capture_record r;
    uint64_t size;

    assert_string_equal(capture_section_comment(capture), "first comment");
    while (capture_next(capture, &r))
        ;
    assert_int_equal(capture_n_interfaces(capture), 4);
    const struct capture_interface *i = capture_interface(capture, 0);
    assert_string_equal(i->name, "eth0");
    assert_true(i->has_statistics && i->has_received && i->has_dropped);
    assert_int_equal(i->received, 1000);
    assert_int_equal(i->dropped, 7);
    i = capture_interface(capture, 1);
    assert_string_equal(i->name, "optrail-hooks");
    assert_int_equal(i->snaplen, 5);
    assert_false(i->has_statistics);
    assert_string_equal(capture_interface(capture, 2)->name, "");
    assert_null(capture_interface(capture, 4));
    assert_int_equal(capture_position(capture, &size), f.octets->len);
    assert_int_equal(size, f.octets->len);
    capture_close(capture);
    fixture_file_remove(path);
    fixture_free(&f);
}

static void test_time_offsets_are_added_and_overflow_is_no_time(void **state)
{
    (void)state;
    static const struct {
        int64_t offset;
        uint64_t units;
        const char *wanted;
    } cases[] = {
        {1700000000, 5, "1 if0 lt1 1700000000000000005 1/1 x\n"},
        {-1, 2000000000, "1 if0 lt1 1000000000 1/1 x\n"},
        {-2, 1000000000, "1 if0 lt1 1/1 x\n"},
        {INT64_MAX, 1, "1 if0 lt1 1/1 x\n"},
        {10000000000, 10000000000000000000u, "1 if0 lt1 1/1 x\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct fixture f = fixture_new(false);
        add_section(&f, NULL);
        size_t block = begin_block(&f, 1);
        add_u32(&f, 1);
        add_u32(&f, 0);
        add_option(&f, 9, "\x09", 1);
        add_option_u64(&f, 14, (uint64_t)cases[i].offset);
        end_block(&f, block);
        add_packet(&f, 0, cases[i].units, "x");
        assert_reads(&f, cases[i].wanted);
        fixture_free(&f);
    }
}

/* --- other ways in ---------------------------------------------------------------------------- */

static GByteArray *gzipped(const uint8_t *octets, size_t length)
{
    z_stream z = {0};
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)length + 1024);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)octets;
    z.avail_in = (uInt)length;
    z.next_out = out->data;
    z.avail_out = out->len;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    g_byte_array_set_size(out, (guint)z.total_out);
    deflateEnd(&z);
    return out;
}

static GByteArray *zstandard(const uint8_t *octets, size_t length)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)ZSTD_compressBound(length));
    size_t n = ZSTD_compress(out->data, out->len, octets, length, 3);
    assert_false(ZSTD_isError(n));
    g_byte_array_set_size(out, (guint)n);
    return out;
}

typedef GByteArray *compressor(const uint8_t *octets, size_t length);

static void test_compressed_files_read_as_plain_ones(void **state)
{
    (void)state;
    compressor *const ways[] = {gzipped, zstandard};
    struct fixture f = mixed_pcapng(false);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        /* Two members, which meet in the middle of a block. */
        GByteArray *whole = ways[i](f.octets->data, 150);
        GByteArray *second = ways[i](f.octets->data + 150, f.octets->len - 150);
        g_byte_array_append(whole, second->data, second->len);
        g_autofree char *warning = NULL;
        g_autofree char *text = reading_of_octets(whole->data, whole->len, &warning);
        assert_string_equal(text, mixed_reading);
        assert_null(warning);
        g_byte_array_unref(whole);
        g_byte_array_unref(second);
    }
    fixture_free(&f);
}

static void test_cut_compressed_files_give_a_prefix_and_say_so(void **state)
{
    (void)state;
    compressor *const ways[] = {gzipped, zstandard};
    struct fixture f = mixed_pcapng(false);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        GByteArray *whole = ways[i](f.octets->data, f.octets->len);
        for (guint cut = 4; cut < whole->len; cut++) {
            g_autofree char *warning = NULL;
            g_autofree char *text = reading_of_octets(whole->data, cut, &warning);
            if (g_str_has_prefix(text, "error"))
                continue;
            assert_true(g_str_has_prefix(mixed_reading, text));
            assert_non_null(warning);
            assert_non_null(strstr(warning, "compressed data is cut"));
        }
        g_byte_array_unref(whole);
    }
    fixture_free(&f);
}

/* Feeds octets through a FIFO in small pieces; the reader is this process. */
struct feed {
    const char *path;
    const uint8_t *octets;
    size_t length, piece;
};

static void *feed_pipe(void *data)
{
    struct feed *feed = data;
    int fd = open(feed->path, O_WRONLY | O_CLOEXEC);
    for (size_t at = 0; at < feed->length; at += feed->piece) {
        size_t n = MIN(feed->piece, feed->length - at);
        if (write(fd, feed->octets + at, n) != (ssize_t)n)
            break;
        if (feed->piece < 8)
            g_usleep(20);
    }
    close(fd);
    return NULL;
}

static char *reading_of_pipe(const uint8_t *octets, size_t length, size_t piece, char **warning)
{
    g_autofree char *folder = g_dir_make_tmp("optrail-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "pipe", NULL);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct feed feed = {path, octets, length, piece};
    GThread *thread = g_thread_new("feed", feed_pipe, &feed);
    char *text = reading_of(path, warning);
    g_thread_join(thread);
    g_unlink(path);
    g_rmdir(folder);
    return text;
}

static void test_pipes_read_as_files(void **state)
{
    (void)state;
    struct fixture f = mixed_pcapng(true);
    GByteArray *zip = gzipped(f.octets->data, f.octets->len);
    static const size_t pieces[] = {1, 7, 100000};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *warning = NULL;
        g_autofree char *text = reading_of_pipe(f.octets->data, f.octets->len, pieces[i], &warning);
        assert_string_equal(text, mixed_reading);
        assert_null(warning);
        g_autofree char *zipped = reading_of_pipe(zip->data, zip->len, pieces[i], NULL);
        assert_string_equal(zipped, mixed_reading);
    }
    g_byte_array_unref(zip);
    fixture_free(&f);
}

static void test_a_stream_larger_than_its_buffer(void **state)
{
    (void)state;
    enum { PACKETS = 3000, SIZE = 1500 };
    struct fixture f = fixture_new(false);
    g_autofree char *data = g_strnfill(SIZE, 'd');
    g_autofree char *huge = g_strnfill(3 << 20, 'h'); /* a block larger than the buffer */
    add_section(&f, NULL);
    add_interface(&f, 1, 0, NULL, 9);
    for (unsigned i = 0; i < PACKETS; i++) {
        add_packet(&f, 0, i, data);
        if (i == PACKETS / 2)
            add_packet(&f, 0, 0, huge);
    }
    g_autofree char *mapped = reading_of_octets(f.octets->data, f.octets->len, NULL);
    g_autofree char *piped = reading_of_pipe(f.octets->data, f.octets->len, 65536, NULL);
    GByteArray *zip = zstandard(f.octets->data, f.octets->len);
    g_autofree char *zipped = reading_of_octets(zip->data, zip->len, NULL);
    assert_true(strlen(mapped) > (size_t)PACKETS * SIZE + (3 << 20));
    assert_string_equal(mapped, piped);
    assert_string_equal(mapped, zipped);
    g_byte_array_unref(zip);
    fixture_free(&f);
}

/* --- what is broken --------------------------------------------------------------------------- */

static void test_a_file_cut_anywhere_gives_a_prefix(void **state)
{
    (void)state;
    struct fixture f = mixed_pcapng(false);
    size_t readable = 0, warned = 0;
    for (guint cut = 0; cut <= f.octets->len; cut++) {
        g_autofree char *warning = NULL;
        g_autofree char *text = reading_of_octets(f.octets->data, cut, &warning);
        if (g_str_has_prefix(text, "error")) {
            assert_int_equal(readable, 0);
            assert_non_null(strstr(text, "; ")); /* what to do */
            continue;
        }
        readable++;
        warned += warning != NULL;
        assert_true(g_str_has_prefix(mixed_reading, text));
        if (warning != NULL)
            assert_non_null(strstr(warning, ": cut, "));
    }
    /* Quiet only behind a whole block: 21 of them, the first section's is where it starts. */
    assert_int_equal(readable - warned, 21);
    fixture_free(&f);

    f = fixture_new(true);
    add_pcap_header(&f, 0xa1b2c3d4, 1);
    add_pcap_record(&f, 1, 2, "one");
    add_pcap_record(&f, 3, 4, "two");
    for (guint cut = 24; cut <= f.octets->len; cut++) {
        g_autofree char *warning = NULL;
        g_autofree char *text = reading_of_octets(f.octets->data, cut, &warning);
        assert_true(g_str_has_prefix("1 if0 lt1 1000002000 3/103 one\n"
                                     "2 if0 lt1 3000004000 3/103 two\n",
                                     text));
        assert_int_equal(warning == NULL, cut == 24 || cut == 43 || cut == 62);
    }
    fixture_free(&f);
}

static void test_the_warning_names_file_block_and_offset(void **state)
{
    (void)state;
    struct fixture f = fixture_new(false);
    add_section(&f, NULL);            /* 28 octets */
    add_interface(&f, 1, 0, NULL, 0); /* 24 */
    add_packet(&f, 0, 1, "good");     /* 36 */
    add_packet(&f, 9, 1, "bad");
    char *path = fixture_file(f.octets->data, f.octets->len);
    g_autofree char *warning = NULL;
    g_autofree char *text = reading_of(path, &warning);
    g_autofree char *wanted = g_strdup_printf(
        "%s: block 4 at offset 88: broken, a packet of an interface that was not described", path);
    assert_string_equal(text, "1 if0 lt1 1000 4/4 good\n");
    assert_string_equal(warning, wanted);
    fixture_file_remove(path);
    fixture_free(&f);
}

static void test_lengths_that_disagree_end_the_reading(void **state)
{
    (void)state;
    struct fixture f = fixture_new(false);
    add_section(&f, NULL);
    add_interface(&f, 1, 0, NULL, 0);
    add_packet(&f, 0, 1, "good");
    guint second = f.octets->len;
    add_packet(&f, 0, 1, "more");
    f.octets->data[f.octets->len - 4] ^= 4;
    g_autofree char *warning = NULL;
    g_autofree char *text = reading_of_octets(f.octets->data, f.octets->len, &warning);
    assert_string_equal(text, "1 if0 lt1 1000 4/4 good\n");
    assert_non_null(strstr(warning, "its lengths disagree (36, 32)"));
    f.octets->data[f.octets->len - 4] ^= 4;
    f.octets->data[second + 20] = 200; /* captured length beyond the block */
    g_autofree char *warning2 = NULL;
    g_autofree char *text2 = reading_of_octets(f.octets->data, f.octets->len, &warning2);
    assert_string_equal(text2, text);
    assert_non_null(strstr(warning2, "a packet larger than its block"));
    fixture_free(&f);
}

static void test_what_is_no_capture_is_refused_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        size_t length;
        const char *what;
    } cases[] = {
        {"", 0, "is empty; "},
        {"\xa1", 1, "is too short for a capture file; "},
        {"hello, world", 12, "is no pcap or pcapng file (it starts with 68656c6c); "},
        {"\xa1\xb2\xcd\x34\0\2\0\4", 8, "is a modified pcap file"},
        {"\x34\xcd\xb2\xa1\2\0\4\0", 8, "is a modified pcap file"},
        {"\xd4\xc3\xb2\xa1\2\0\4\0", 8, "is cut inside the pcap file header; "},
        {"\xd4\xc3\xb2\xa1\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "of version 3.4"},
        {"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4e\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x1c", 28,
         "no byte-order magic"},
        {"\xfd"
         "7zXZ",
         5, "is compressed with xz; "},
        {"\x1f\x8b\x08nonsense", 11, "gzip data is damaged"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = reading_of_octets(cases[i].octets, cases[i].length, NULL);
        if (!g_str_has_prefix(text, "error") || strstr(text, cases[i].what) == NULL)
            fail_msg("%s is not: %s", text, cases[i].what);
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    }
    g_autofree char *missing = reading_of("/nonexistent/file", NULL);
    assert_string_equal(missing,
                        "error 0: /nonexistent/file: there is no such file; check the name\n");
    g_autofree char *folder = reading_of("/", NULL);
    assert_string_equal(folder, "error 0: /: is a directory; name a capture file in it\n");
}

static void test_mutated_files_never_crash(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(7323);
    for (unsigned round = 0; round < 3000; round++) {
        struct fixture f = mixed_pcapng(g_rand_boolean(random));
        if (round % 4 == 0) {
            g_byte_array_set_size(f.octets, 0);
            add_pcap_header(&f, 0xa1b2c3d4, 1);
            for (unsigned i = 0; i < 5; i++)
                add_pcap_record(&f, i, i, "packet");
        }
        for (gint32 i = g_rand_int_range(random, 1, 6); i > 0; i--)
            f.octets->data[g_rand_int_range(random, 0, (gint32)f.octets->len)] =
                (uint8_t)g_rand_int(random);
        if (round % 3 == 0) {
            GByteArray *zip = (round % 2 ? gzipped : zstandard)(f.octets->data, f.octets->len);
            zip->data[g_rand_int_range(random, 4, (gint32)zip->len)] ^= 0x55;
            g_free(reading_of_octets(zip->data, zip->len, NULL));
            g_byte_array_unref(zip);
        }
        g_autofree char *mapped = reading_of_octets(f.octets->data, f.octets->len, NULL);
        if (round % 10 == 0 && !g_str_has_prefix(mapped, "error")) {
            /* A stream's reader stands on the same ground as a mapped file's. */
            g_autofree char *piped = reading_of_pipe(f.octets->data, f.octets->len, 64, NULL);
            assert_string_equal(mapped, piped);
        }
        fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap_in_both_units_and_byte_orders),
        cmocka_unit_test(test_pcapng_with_everything_in_it),
        cmocka_unit_test(test_pcapng_interfaces_and_comments),
        cmocka_unit_test(test_time_offsets_are_added_and_overflow_is_no_time),
        cmocka_unit_test(test_compressed_files_read_as_plain_ones),
        cmocka_unit_test(test_cut_compressed_files_give_a_prefix_and_say_so),
        cmocka_unit_test(test_pipes_read_as_files),
        cmocka_unit_test(test_a_stream_larger_than_its_buffer),
        cmocka_unit_test(test_a_file_cut_anywhere_gives_a_prefix),
        cmocka_unit_test(test_the_warning_names_file_block_and_offset),
        cmocka_unit_test(test_lengths_that_disagree_end_the_reading),
        cmocka_unit_test(test_what_is_no_capture_is_refused_in_one_line),
        cmocka_unit_test(test_mutated_files_never_crash),
    };
    signal(SIGPIPE, SIG_IGN); /* a reader may leave before its pipe is empty */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
