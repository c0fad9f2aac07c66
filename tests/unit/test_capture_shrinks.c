/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_capture_shrinks.c - a capture file that another program shortens while it is read: the
 * reading ends there and says why, in every format, wherever it was cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tools/capture_builder.h"
#include "wire/capture.h"
#include "wire/mapping.h"

enum { PACKETS = 4000, PAYLOAD = 1000 };

/* Some megabytes, so that most of it is not in memory yet. */
static struct capture_builder *large_capture(void)
{
    struct capture_builder *builder = capture_builder_new();
    struct built_segment p = {.source = capture_endpoint("192.0.2.1", 1),
                              .destination = capture_endpoint("192.0.2.2", 2),
                              .flags = TCP_ACK,
                              .payload_length = PAYLOAD};
    for (unsigned i = 0; i < PACKETS; i++) {
        p.time_ns = 1700000000000000000ull + i;
        p.seq = i * PAYLOAD;
        capture_builder_segment(builder, &p);
    }
    return builder;
}

/* The same as a pcap file; the caller removes it. */
static char *as_pcap(const char *pcapng)
{
    static const uint8_t HEAD[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0,  0,
                                     0,    0,    0,    0,    0, 0, 0, 4, 0, 101};
    g_autoptr(GByteArray) out = g_byte_array_new();
    struct capture *capture = capture_open(pcapng, NULL);
    struct capture_record r;
    g_byte_array_append(out, HEAD, sizeof(HEAD));
    while (capture_next(capture, &r) > 0) {
        uint32_t head[4] = {1700000000, (uint32_t)r.number, r.captured, r.length};
        for (unsigned i = 0; i < 4; i++)
            head[i] = GUINT32_TO_LE(head[i]);
        g_byte_array_append(out, (const uint8_t *)head, sizeof(head));
        g_byte_array_append(out, r.data, r.captured);
    }
    capture_close(capture);
    return fixture_file(out->data, out->len);
}

static void shorten_while_reading(const char *path, off_t size)
{
    g_autoptr(GError) error = NULL;
    struct capture *capture = capture_open(path, &error);
    struct capture_record r;
    volatile uint64_t sum = 0; /* so that the octets are read indeed */
    uint64_t frames = 0;
    assert_non_null(capture);
    for (; frames < 10; frames++)
        assert_int_equal(capture_next(capture, &r), 1);
    assert_int_equal(truncate(path, size), 0);
    /* The record in hand may be gone as well: it reads as zeros. */
    for (uint32_t i = 0; i < r.captured; i++)
        sum += r.data[i];
    for (; capture_next(capture, &r) > 0; frames++)
        for (uint32_t i = 0; i < r.captured; i++)
            sum += r.data[i];
    assert_true(frames <= PACKETS);
    assert_non_null(capture_warning(capture));
    assert_non_null(strstr(capture_warning(capture), "another program shortened the file"));
    assert_int_equal(capture_next(capture, &r), 0);
    capture_close(capture);
}

static void a_file_that_shrinks_is_read_as_far_as_it_is_there(void **state)
{
    (void)state;
    for (unsigned pcap = 0; pcap < 2; pcap++)
        for (unsigned cut = 0; cut < 5; cut++) {
            struct capture_builder *builder = large_capture();
            const char *path = capture_builder_finish(builder);
            g_autofree char *converted = pcap ? as_pcap(path) : NULL;
            const char *file = pcap ? converted : path;
            GStatBuf status;
            assert_int_equal(g_stat(file, &status), 0);
            const off_t sizes[5] = {0, 4096, status.st_size / 2, status.st_size / 4096 * 4096,
                                    status.st_size - 100};
            shorten_while_reading(file, sizes[cut]);
            if (pcap)
                g_unlink(converted);
            capture_builder_free(builder);
        }
}

/* A mapping of somebody else's: that signal is not ours, and does what it did before. */
static void a_signal_from_elsewhere_is_left_alone(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGBUS, SIG_DFL); /* whatever a sanitizer does with it */
        int fd = memfd_create("ours", MFD_CLOEXEC);
        if (ftruncate(fd, 4096) != 0 || mapping_new(fd, 4096) == NULL)
            _exit(1);
        fd = memfd_create("gone", MFD_CLOEXEC);
        if (ftruncate(fd, 4096) != 0)
            _exit(3);
        const volatile uint8_t *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED || ftruncate(fd, 0) != 0)
            _exit(4);
        (void)map[0];
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
}

/* Slots are given back, and one too many is refused rather than taken from another. */
static void mappings_come_and_go(void **state)
{
    (void)state;
    struct mapping *mappings[300];
    int fd = memfd_create("mapped", MFD_CLOEXEC);
    assert_int_equal(write(fd, "octets", 6), 6);
    for (unsigned round = 0; round < 2; round++) {
        unsigned n = 0;
        while (n < G_N_ELEMENTS(mappings) && (mappings[n] = mapping_new(fd, 6)) != NULL)
            n++;
        assert_int_equal(n, 256);
        for (unsigned i = 0; i < n; i++) {
            assert_memory_equal(mapping_octets(mappings[i]), "octets", 6);
            assert_false(mapping_has_shrunk(mappings[i]));
            mapping_free(mappings[i]);
        }
    }
    mapping_free(NULL);
    assert_null(mapping_new(-1, 6));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_shrinks_is_read_as_far_as_it_is_there),
        cmocka_unit_test(a_signal_from_elsewhere_is_left_alone),
        cmocka_unit_test(mappings_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
