/* SPDX-License-Identifier: GPL-2.0-or-later */
/* annotate.c - a capture once more, with what was found as packet comments. See annotate.h. */
#include "analyze/annotate.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "wire/capture.h"
#include "wire/pcapng_write.h"

struct copy {
    struct pcapng_writer *writer;
    GHashTable *comments; /* frame number -> GString */
    uint64_t frames_before;
    GArray *interfaces; /* int: ours, by the file's */
};

static void free_comment(gpointer comment)
{
    g_string_free(comment, TRUE);
}

static void comment_on(GHashTable *comments, uint64_t frame, const struct report_finding *finding)
{
    gpointer key = GSIZE_TO_POINTER(frame);
    GString *comment = g_hash_table_lookup(comments, key);
    if (comment == NULL) {
        comment = g_string_new(NULL);
        g_hash_table_insert(comments, key, comment);
    } else {
        g_string_append_c(comment, '\n');
    }
    g_string_append_printf(comment, "optrail: %s (%s): %s", verdict_name(finding->verdict),
                           confidence_name(finding->confidence), finding->explain);
}

static GHashTable *comments_of(const struct report *report, char vantage)
{
    GHashTable *comments = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_comment);
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *f = report->findings->pdata[i];
        const uint64_t *frames = vantage == 'a' ? f->frames_a : f->frames_b;
        unsigned n = vantage == 'a' ? f->n_frames_a : f->n_frames_b;
        for (unsigned k = 0; k < n; k++)
            comment_on(comments, frames[k], f);
        for (unsigned k = 0; k < f->n_events; k++)
            if (f->event_vantage[k] == vantage)
                comment_on(comments, f->events[k], f);
    }
    return comments;
}

/* The interface in our file that stands for one of the capture's. */
static int interface_of(struct copy *copy, const struct capture *capture, uint32_t index)
{
    while (copy->interfaces->len <= index) {
        const struct capture_interface *from = capture_interface(capture, copy->interfaces->len);
        if (from == NULL)
            return -EINVAL;
        const struct pcapng_interface to = {
            .linktype = from->linktype,
            .snaplen = from->snaplen,
            .name = from->name[0] ? from->name : NULL,
            .description = from->description[0] ? from->description : NULL,
            .filter = from->filter[0] ? from->filter : NULL,
        };
        int added = pcapng_add_interface(copy->writer, &to);
        if (added < 0)
            return added;
        g_array_append_val(copy->interfaces, added);
    }
    return g_array_index(copy->interfaces, int, index);
}

static int copy_record(struct copy *copy, const struct capture *capture,
                       const struct capture_record *record)
{
    uint64_t frame = record->number + copy->frames_before;
    const GString *found = g_hash_table_lookup(copy->comments, GSIZE_TO_POINTER(frame));
    g_autofree char *old =
        record->comment ? g_strndup(record->comment, record->comment_length) : NULL;
    g_autofree char *comment = old && found ? g_strdup_printf("%s\n%s", old, found->str)
                               : found      ? g_strdup(found->str)
                                            : g_steal_pointer(&old);
    int interface = interface_of(copy, capture, record->interface);
    if (interface < 0)
        return interface;
    const struct pcapng_packet packet = {
        .interface = (uint32_t)interface,
        .time_ns = record->time_ns,
        .captured = record->captured,
        .length = record->length,
        .data = record->data,
        .dropcount = record->has_dropcount ? record->dropcount : 0,
        .comment = comment,
    };
    return pcapng_write_packet(copy->writer, &packet);
}

static int copy_statistics(struct copy *copy, const struct capture *capture, uint64_t time_ns)
{
    int result = 0;
    for (unsigned i = 0; i < copy->interfaces->len && result >= 0; i++) {
        const struct capture_interface *from = capture_interface(capture, i);
        if (from->has_statistics)
            result = pcapng_write_statistics(
                copy->writer, (uint32_t)g_array_index(copy->interfaces, int, i), time_ns,
                from->has_received ? from->received : UINT64_MAX,
                from->has_dropped ? from->dropped : UINT64_MAX, NULL);
    }
    return result;
}

static int copy_file(struct copy *copy, const char *file, GError **error)
{
    struct capture_record record;
    struct capture *capture = capture_open(file, error);
    uint64_t last = 0, last_ns = 0;
    int result = 0;
    if (capture == NULL)
        return -EIO;
    g_array_set_size(copy->interfaces, 0);
    while (result >= 0 && capture_next(capture, &record) > 0) {
        result = copy_record(copy, capture, &record);
        last = record.number;
        last_ns = record.time_ns;
    }
    if (result >= 0)
        result = copy_statistics(copy, capture, last_ns);
    copy->frames_before += last;
    capture_close(capture);
    return result;
}

int annotate(const struct report *report, char vantage, const char *file, const char *const *more,
             const char *out, GError **error)
{
    g_autofree char *unfinished = g_strdup_printf("%s.part", out);
    g_autoptr(GHashTable) comments = comments_of(report, vantage);
    g_autoptr(GArray) interfaces = g_array_new(FALSE, FALSE, sizeof(int));
    int fd = g_open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int result = fd < 0 ? -errno : 0;
    if (fd >= 0) {
        struct copy copy = {.writer = pcapng_writer_new(fd, "optrail analyze", NULL),
                            .comments = comments,
                            .interfaces = interfaces};
        for (const char *name = file; name && result >= 0; name = more ? *more++ : NULL)
            result = copy_file(&copy, name, error);
        int written = pcapng_writer_free(copy.writer);
        if (result >= 0)
            result = written;
        if (close(fd) < 0 && result >= 0)
            result = -errno;
        if (result >= 0 && g_rename(unfinished, out) < 0)
            result = -errno;
        if (result < 0)
            g_unlink(unfinished);
    }
    if (result < 0 && error && *error == NULL)
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_READ, "%s: cannot be written: %s", out,
                    g_strerror(-result));
    return result < 0 ? -1 : 0;
}
