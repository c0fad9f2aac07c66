/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_capture_written.c - pcapng as it is written: read back, and where writing goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "capture_text.h"
#include "fixture.h"
#include "wire/capture.h"
#include "wire/pcapng_write.h"

static void test_what_is_written_is_read_back(void **state)
{
    (void)state;
    char *path = fixture_file("", 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct pcapng_writer *w = pcapng_writer_new(fd, "optrail", "about this recording");
    const struct pcapng_interface wire = {1, 262144, "eth0", "the wire", "tcp port 443"};
    const struct pcapng_interface hooks = {252, 0, "optrail-hooks", NULL, NULL};
    struct stat status;

    assert_int_equal(pcapng_add_interface(w, &wire), 0);
    assert_int_equal(pcapng_add_interface(w, &hooks), 1);
    const struct pcapng_packet packets[] = {
        {.interface = 0,
         .time_ns = 1700000000123456789,
         .captured = 3,
         .length = 1500,
         .data = "abc"},
        {.interface = 1, .time_ns = 5, .captured = 4, .length = 4, .data = "hook", .dropcount = 9},
        {.interface = 0,
         .time_ns = 6,
         .captured = 1,
         .length = 1,
         .data = "x",
         .comment = "intact"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        assert_int_equal(pcapng_write_packet(w, &packets[i]), 0);
    assert_int_equal(pcapng_write_statistics(w, 0, 7, 2, 11, NULL), 0);
    assert_int_equal(pcapng_write_statistics(w, 1, 7, UINT64_MAX, UINT64_MAX, "unknown"), 0);
    uint64_t size = pcapng_size(w);
    assert_int_equal(pcapng_flush(w), 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, size);
    assert_int_equal(pcapng_writer_free(w), 0);
    close(fd);

    g_autofree char *text = reading_of(path, NULL);
    assert_string_equal(text, "1 if0 lt1 1700000000123456789 3/1500 abc\n"
                              "2 if1 lt252 5 -9 4/4 hook\n"
                              "3 if0 lt1 6 1/1 x # intact\n");
    struct capture *capture = capture_open(path, NULL);
    struct capture_record r;
    while (capture_next(capture, &r))
        ;
    assert_string_equal(capture_section_comment(capture), "about this recording");
    const struct capture_interface *i = capture_interface(capture, 0);
    assert_string_equal(i->name, "eth0");
    assert_string_equal(i->description, "the wire");
    assert_string_equal(i->filter, "tcp port 443");
    assert_int_equal(i->received, 2);
    assert_int_equal(i->dropped, 11);
    i = capture_interface(capture, 1);
    assert_true(i->has_statistics);
    assert_false(i->has_received || i->has_dropped);
    capture_close(capture);
    fixture_file_remove(path);
}

static void test_a_full_disk_is_told_at_every_call_from_then_on(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        skip();
    struct pcapng_writer *w = pcapng_writer_new(fd, NULL, NULL);
    const struct pcapng_interface wire = {1, 0, NULL, NULL, NULL};
    const struct pcapng_packet packet = {.captured = 1, .length = 1, .data = "x"};
    assert_int_equal(pcapng_add_interface(w, &wire), 0);
    assert_int_equal(pcapng_flush(w), -ENOSPC);
    assert_int_equal(pcapng_write_packet(w, &packet), -ENOSPC);
    assert_int_equal(pcapng_add_interface(w, &wire), -ENOSPC);
    assert_int_equal(pcapng_writer_free(w), -ENOSPC);
    close(fd);
}

static void test_a_packet_of_no_interface_or_of_absurd_size_is_refused(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct pcapng_writer *w = pcapng_writer_new(fd, NULL, NULL);
    const struct pcapng_packet packet = {.captured = 1, .length = 1, .data = "x"};
    assert_int_equal(pcapng_write_packet(w, &packet), -EINVAL);
    assert_int_equal(pcapng_writer_free(w), -EINVAL);

    w = pcapng_writer_new(fd, NULL, NULL);
    const struct pcapng_interface wire = {1, 0, NULL, NULL, NULL};
    const struct pcapng_packet huge = {.captured = UINT32_MAX, .length = UINT32_MAX, .data = "x"};
    assert_int_equal(pcapng_add_interface(w, &wire), 0);
    assert_int_equal(pcapng_write_packet(w, &huge), -EINVAL);
    assert_int_equal(pcapng_writer_free(w), -EINVAL);
    close(fd);
}

/* --- writes that are interrupted and cut short -------------------------------------------------- */

static void on_alarm(int signal)
{
    (void)signal;
}

/* Takes what comes in odd pieces, slowly enough that the writer has to wait. */
static void *drain(void *data)
{
    GByteArray *taken = g_byte_array_new();
    uint8_t piece[997];
    ssize_t n;

    while ((n = read(GPOINTER_TO_INT(data), piece, sizeof(piece))) != 0)
        if (n > 0)
            g_byte_array_append(taken, piece, (guint)n);
        else
            assert_int_equal(errno, EINTR); /* the signal found this thread */
    return taken;
}

static void write_many(int fd)
{
    struct pcapng_writer *w = pcapng_writer_new(fd, NULL, NULL);
    const struct pcapng_interface wire = {1, 0, NULL, NULL, NULL};
    uint8_t data[1000];

    assert_int_equal(pcapng_add_interface(w, &wire), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        memset(data, (int)(i & 0xff), sizeof(data));
        const struct pcapng_packet packet = {
            .time_ns = i, .captured = i % sizeof(data), .length = sizeof(data), .data = data};
        assert_int_equal(pcapng_write_packet(w, &packet), 0);
    }
    assert_int_equal(pcapng_writer_free(w), 0);
}

static void test_interrupted_and_short_writes_lose_nothing(void **state)
{
    (void)state;
    const struct sigaction interrupt = {.sa_handler = on_alarm}; /* no SA_RESTART */
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {0};
    struct sigaction before;
    int fds[2];

    char *path = fixture_file("", 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    write_many(fd);
    close(fd);
    g_autofree char *wanted = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &wanted, &length, NULL));
    fixture_file_remove(path);

    assert_int_equal(pipe(fds), 0);
    GThread *reader = g_thread_new("reader", drain, GINT_TO_POINTER(fds[0]));
    assert_int_equal(sigaction(SIGALRM, &interrupt, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    write_many(fds[1]);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    close(fds[1]);
    GByteArray *got = g_thread_join(reader);
    close(fds[0]);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);

    assert_int_equal(got->len, length);
    assert_memory_equal(got->data, wanted, length);
    g_byte_array_unref(got);
}

static void test_a_comment_too_long_is_cut_at_a_character(void **state)
{
    (void)state;
    char *path = fixture_file("", 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    g_autoptr(GString) comment = g_string_new("x"); /* so that the last that fits is half a one */
    for (unsigned i = 0; i < 40000; i++)
        g_string_append(comment, "\u00e9");
    struct pcapng_writer *w = pcapng_writer_new(fd, NULL, comment->str);
    assert_int_equal(pcapng_writer_free(w), 0);
    close(fd);
    struct capture *capture = capture_open(path, NULL);
    const char *back = capture_section_comment(capture);
    assert_true(g_str_has_prefix(comment->str, back));
    assert_true(g_utf8_validate(back, -1, NULL));
    assert_true(strlen(back) > 65000 && strlen(back) < strlen(comment->str));
    capture_close(capture);
    fixture_file_remove(path);
}

static int wait_in_vain(void *user, int fd)
{
    (void)fd;
    *(unsigned *)user += 1;
    return -ETIMEDOUT;
}

/* A pipe that nobody empties: the caller says how long to wait, and what it says is the error. */
static void test_who_waits_for_a_full_pipe_may_give_up(void **state)
{
    (void)state;
    int fds[2];
    unsigned asked = 0;
    uint8_t data[1000] = {0};
    assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    struct pcapng_writer *w = pcapng_writer_new(fds[1], NULL, NULL);
    const struct pcapng_interface wire = {1, 0, NULL, NULL, NULL};
    const struct pcapng_packet packet = {
        .captured = sizeof(data), .length = sizeof(data), .data = data};
    pcapng_set_wait(w, wait_in_vain, &asked);
    assert_int_equal(pcapng_add_interface(w, &wire), 0);
    for (unsigned i = 0; i < 2000 && asked == 0; i++) {
        pcapng_write_packet(w, &packet);
        pcapng_flush(w);
    }
    assert_int_equal(asked, 1);
    assert_int_equal(pcapng_write_statistics(w, 0, 1, 2, 3, NULL), -ETIMEDOUT);
    assert_int_equal(pcapng_writer_free(w), -ETIMEDOUT);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(pcapng_writer_free(NULL), 0);
}

static void test_statistics_of_no_interface_are_refused(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct pcapng_writer *w = pcapng_writer_new(fd, NULL, NULL);
    assert_int_equal(pcapng_write_statistics(w, 0, 1, 2, 3, NULL), -EINVAL);
    assert_int_equal(pcapng_writer_free(w), -EINVAL);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_a_full_disk_is_told_at_every_call_from_then_on),
        cmocka_unit_test(test_a_packet_of_no_interface_or_of_absurd_size_is_refused),
        cmocka_unit_test(test_interrupted_and_short_writes_lose_nothing),
        cmocka_unit_test(test_a_comment_too_long_is_cut_at_a_character),
        cmocka_unit_test(test_who_waits_for_a_full_pipe_may_give_up),
        cmocka_unit_test(test_statistics_of_no_interface_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
