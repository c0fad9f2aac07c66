/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_capture_disturbed.c - captures that change while they are read, or whose reading is
 * interrupted: one that is shortened is read as far as it is there, and says why; one that grows as
 * far as it was when it was opened; a pipe under signals as if there were none.
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
#include <sys/time.h>
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

/* The payloads of a capture added up, and how many packets it has. */
static uint64_t read_all(struct capture *capture, uint64_t *packets)
{
    struct capture_record r;
    uint64_t sum = 0;
    for (*packets = 0; capture_next(capture, &r) > 0; *packets += 1)
        for (uint32_t i = 0; i < r.captured; i++)
            sum = sum * 31 + r.data[i];
    return sum;
}

static void a_file_that_grows_is_read_as_far_as_it_was(void **state)
{
    (void)state;
    struct capture_builder *builder = large_capture();
    const char *path = capture_builder_finish(builder);
    g_autofree char *octets = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &octets, &length, NULL));
    uint64_t before, after, packets;
    struct capture *capture = capture_open(path, NULL);
    before = read_all(capture, &packets);
    capture_close(capture);
    assert_int_equal(packets, PACKETS);

    /* The same once more behind it, as a second section, while the first is under way. */
    capture = capture_open(path, NULL);
    FILE *file = fopen(path, "ae");
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    after = read_all(capture, &packets);
    assert_int_equal(packets, PACKETS);
    assert_true(after == before);
    assert_null(capture_warning(capture));
    capture_close(capture);

    /* Who opens it then sees all of it. */
    capture = capture_open(path, NULL);
    read_all(capture, &packets);
    assert_int_equal(packets, 2 * PACKETS);
    capture_close(capture);
    capture_builder_free(builder);
}

/* --- a reading that is interrupted ------------------------------------------------------------ */

static void on_alarm(int signal)
{
    (void)signal;
}

struct feed {
    int fd;
    const char *octets;
    gsize length;
};

/* In odd pieces, so that reads come back short, too. */
static void *feed_pipe(void *data)
{
    const struct feed *feed = data;
    for (gsize at = 0; at < feed->length;) {
        ssize_t n = write(feed->fd, feed->octets + at, MIN(feed->length - at, 4093));
        if (n > 0)
            at += (gsize)n;
        else
            assert_int_equal(errno, EINTR); /* the signal found this thread */
    }
    close(feed->fd);
    return NULL;
}

static void interrupted_and_short_reads_lose_nothing(void **state)
{
    (void)state;
    const struct sigaction interrupt = {.sa_handler = on_alarm}; /* no SA_RESTART */
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {0};
    struct sigaction before;
    struct capture_builder *builder = large_capture();
    const char *path = capture_builder_finish(builder);
    g_autofree char *octets = NULL;
    uint64_t packets, wanted;
    int fds[2];

    struct capture *capture = capture_open(path, NULL);
    wanted = read_all(capture, &packets);
    capture_close(capture);

    struct feed feed = {0};
    assert_true(g_file_get_contents(path, &octets, &feed.length, NULL));
    assert_int_equal(pipe(fds), 0);
    feed.octets = octets;
    feed.fd = fds[1];
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", fds[0]);
    GThread *writer = g_thread_new("writer", feed_pipe, &feed);
    assert_int_equal(sigaction(SIGALRM, &interrupt, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    capture = capture_open(name, NULL);
    assert_non_null(capture);
    assert_true(read_all(capture, &packets) == wanted);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(packets, PACKETS);
    assert_null(capture_warning(capture));
    capture_close(capture);
    g_thread_join(writer);
    close(fds[0]);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    capture_builder_free(builder);
}

/* --- mappings --------------------------------------------------------------------------------- */

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
        cmocka_unit_test(a_file_that_grows_is_read_as_far_as_it_was),
        cmocka_unit_test(interrupted_and_short_reads_lose_nothing),
        cmocka_unit_test(a_signal_from_elsewhere_is_left_alone),
        cmocka_unit_test(mappings_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
