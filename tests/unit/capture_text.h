/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_text.h - all that a capture file gives, as text, for the tests that read captures.
 *
 * Functions are static so that each test program uses what it needs.
 */
#ifndef OPTRAIL_TESTS_CAPTURE_TEXT_H
#define OPTRAIL_TESTS_CAPTURE_TEXT_H

#include "fixture.h"
#include "wire/capture.h"

/* All that a file gives, as text: what several ways of reading are compared by. */
G_GNUC_UNUSED static char *reading_of(const char *path, char **warning)
{
    g_autoptr(GError) error = NULL;
    struct capture *capture = capture_open(path, &error);
    struct capture_record r;
    GString *text = g_string_new(NULL);

    if (warning != NULL)
        *warning = NULL;
    if (capture == NULL) {
        assert_non_null(error);
        g_string_printf(text, "error %d: %s\n", error->code, error->message);
        return g_string_free(text, FALSE);
    }
    while (capture_next(capture, &r) > 0) {
        g_string_append_printf(text, "%" G_GUINT64_FORMAT " if%u lt%u ", r.number, r.interface,
                               r.linktype);
        if (r.has_time)
            g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", r.time_ns);
        if (r.has_dropcount)
            g_string_append_printf(text, "-%" G_GUINT64_FORMAT " ", r.dropcount);
        g_string_append_printf(text, "%u/%u ", r.captured, r.length);
        g_string_append_len(text, (const char *)r.data, r.captured);
        if (r.comment != NULL)
            g_string_append_printf(text, " # %.*s", (int)r.comment_length, r.comment);
        g_string_append_c(text, '\n');
    }
    assert_int_equal(capture_next(capture, &r), 0); /* the end stays the end */
    if (warning != NULL)
        *warning = g_strdup(capture_warning(capture));
    capture_close(capture);
    return g_string_free(text, FALSE);
}

G_GNUC_UNUSED static char *reading_of_octets(const void *octets, size_t length, char **warning)
{
    char *path = fixture_file(octets, length);
    char *text = reading_of(path, warning);
    fixture_file_remove(path);
    return text;
}

#endif
