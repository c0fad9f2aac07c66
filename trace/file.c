// SPDX-License-Identifier: GPL-2.0-or-later
/* file.c - see file.h. */
#include "trace/file.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "trace/error.h"
#include "trace/output.h"
#include "wire/hook.h"

enum { NAME_MAX_OCTETS = 4096, NANOSECONDS = 1000000000 };

struct interface_count {
    uint64_t received, dropped; /* in this file */
    uint64_t told;              /* dropped, in all files */
    uint64_t untold;
    const char *comment;
};

struct file {
    struct file_settings settings;
    char *base; /* the template at the time of the last rotation by time */
    char *name; /* of the current file: that with a number where it needs one */
    struct output output;
    struct pcapng_writer *writer; /* NULL: not begun */
    int (*wait)(void *user, int fd);
    void *wait_user;
    char *comment;
    const struct pcapng_interface *interfaces;
    struct interface_count *counts;
    unsigned n;
    int hook_interface;
    uint64_t next_id;
    uint64_t size;     /* of the files before */
    uint64_t begun_ns; /* REALTIME; not before what its base says */
    uint64_t last_ns;
    int64_t newest_local; /* seconds of local time that the latest name of all says */
    unsigned number;      /* of files with this base, from 0 */
    unsigned files;       /* of all */
    bool full;
    uint8_t clock[HOOK_ENCODED_MAX]; /* the last sample: each file begins with it */
    size_t clock_length;
};

/* --- names --------------------------------------------------------------------------------------- */

static unsigned digits_of(unsigned n)
{
    unsigned digits = 1;
    for (n = n > 0 ? n - 1 : 0; n >= 10; n /= 10)
        digits++;
    return digits;
}

/* The template at local time. NULL: it gives none. */
static char *expand(const char *template, const struct tm *local)
{
    char name[NAME_MAX_OCTETS];
    return strftime(name, sizeof(name), template, local) > 0 ? g_strdup(name) : NULL;
}

/*
 * Names the file that begins at `time_ns`: with a new base when it is `by_time` that one begins.
 * False: the template gives none.
 *
 * A template names one file for each of its periods, and the day after (or whenever the name comes
 * around again) that file is written over, as with tcpdump. What this must never do is write over
 * what it wrote a moment before: where the template says no more than it said for the last file,
 * and where the local time is one that was there before (summer time ends, the clock was set
 * back) and the file exists, the file gets a number behind its name.
 */
static bool name_next(struct file *file, uint64_t time_ns, bool by_time)
{
    const struct file_settings *settings = &file->settings;
    bool ring = settings->octets > 0 && settings->count > 0, again = false;
    g_autofree char *before = g_steal_pointer(&file->base);
    if (!by_time || settings->seconds == 0) {
        file->base = g_strdup(before != NULL ? before : settings->path);
    } else {
        time_t seconds = (time_t)(time_ns / NANOSECONDS);
        struct tm local;
        localtime_r(&seconds, &local);
        file->base = expand(settings->path, &local);
        int64_t moment = (int64_t)timegm(&local);
        again = before != NULL && moment <= file->newest_local;
        file->newest_local = MAX(moment, file->newest_local);
    }
    if (by_time)
        file->begun_ns = time_ns;
    if (file->base == NULL)
        return false;
    file->number = g_strcmp0(file->base, before) == 0 ? file->number + 1 : 0;
    for (;; file->number++) {
        g_free(file->name);
        if (ring)
            file->name = g_strdup_printf("%s%0*u", file->base, (int)digits_of(settings->count),
                                         file->number % settings->count);
        else if (file->number > 0)
            file->name = g_strdup_printf("%s%u", file->base, file->number);
        else
            file->name = g_strdup(file->base);
        if (!again || ring || !g_file_test(file->name, G_FILE_TEST_EXISTS))
            return true;
    }
}

struct file *file_open(const struct file_settings *settings, uint64_t now_ns, GError **error)
{
    struct file *file = g_new0(struct file, 1);
    file->settings = *settings;
    file->output.fd = -1;
    file->newest_local = INT64_MIN;
    if (!name_next(file, now_ns, true))
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_USAGE, "-w %s: this gives no name",
                    settings->path);
    else if (output_open(&file->output, file->name, error))
        return file;
    file_close(file);
    return NULL;
}

/* --- one file ------------------------------------------------------------------------------------ */

static int begin(struct file *file)
{
    g_autoptr(GError) error = NULL;
    int code = 0;
    if (!output_begin(&file->output, &error))
        return -EIO;
    file->writer = pcapng_writer_new(file->output.fd, "optrail record", file->comment);
    pcapng_set_wait(file->writer, file->wait, file->wait_user);
    for (unsigned i = 0; i < file->n && code >= 0; i++) {
        code = pcapng_add_interface(file->writer, &file->interfaces[i]);
        file->counts[i].received = file->counts[i].dropped = 0;
    }
    file->next_id = 1;
    file->files++;
    return code < 0 ? code : pcapng_flush(file->writer);
}

static int end(struct file *file)
{
    int code = 0;
    for (unsigned i = 0; i < file->n && code == 0; i++) {
        const struct interface_count *count = &file->counts[i];
        code = pcapng_write_statistics(
            file->writer, i, file->last_ns > 0 ? file->last_ns : file->begun_ns, count->received,
            count->dropped + count->untold, count->comment);
    }
    int flushed = pcapng_flush(file->writer);
    file->size += pcapng_size(file->writer);
    pcapng_writer_free(file->writer);
    file->writer = NULL;
    int closed = output_close(&file->output, true);
    return code != 0 ? code : flushed != 0 ? flushed : closed;
}

int file_begin(struct file *file, const char *comment, const struct pcapng_interface *interfaces,
               unsigned n, int hook_interface, uint64_t now_ns)
{
    file->begun_ns = now_ns;
    file->comment = g_strdup(comment);
    file->interfaces = interfaces;
    file->n = n;
    file->counts = g_new0(struct interface_count, MAX(n, 1));
    file->hook_interface = hook_interface;
    return begin(file);
}

/* The next file, of which the first record has this time. */
static int rotate(struct file *file, uint64_t time_ns, bool by_time)
{
    const struct file_settings *settings = &file->settings;
    int code = end(file);
    if (code != 0)
        return code;
    if (settings->seconds > 0 && settings->octets == 0 && settings->count > 0 &&
        file->files >= settings->count) {
        file->full = true;
        return 0;
    }
    g_autoptr(GError) error = NULL;
    if (!name_next(file, time_ns, by_time))
        return -ENAMETOOLONG;
    file->output = (struct output){.fd = -1};
    errno = 0;
    if (!output_open(&file->output, file->name, &error))
        return errno != 0 ? -errno : -EIO;
    code = begin(file);
    if (code != 0 || file->clock_length == 0)
        return code;
    const struct pcapng_packet clock = {
        .interface = (uint32_t)file->hook_interface,
        .time_ns = time_ns,
        .captured = (uint32_t)file->clock_length,
        .length = (uint32_t)file->clock_length,
        .data = file->clock,
    };
    return pcapng_write_packet(file->writer, &clock);
}

static bool is_due(const struct file *file, uint64_t now_ns)
{
    return file->settings.seconds > 0 && now_ns >= file->begun_ns &&
           (now_ns - file->begun_ns) / NANOSECONDS >= file->settings.seconds;
}

/* Rotates when time or size say so; the record at `time_ns` goes into the new file. */
static int rotate_if_due(struct file *file, uint64_t time_ns)
{
    if (is_due(file, time_ns))
        return rotate(file, time_ns, true);
    if (file->settings.octets > 0 && pcapng_size(file->writer) >= file->settings.octets)
        return rotate(file, time_ns, false);
    return 0;
}

static int write_hook(struct file *file, const struct pcapng_packet *packet)
{
    uint8_t octets[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t length;
    struct pcapng_packet numbered = *packet;
    memcpy(octets, packet->data, packet->captured);
    numbered.data = octets;
    if (hook_renumber(octets, packet->captured, file->next_id + packet->dropcount)) {
        file->next_id += packet->dropcount + 1;
        file->counts[packet->interface].received++;
    } else if (hook_unwrap(octets, packet->captured, &payload, &length) == HOOK_KIND_CLOCK) {
        memcpy(file->clock, octets, packet->captured);
        file->clock_length = packet->captured;
    }
    return pcapng_write_packet(file->writer, &numbered);
}

int file_write(struct file *file, const struct pcapng_packet *packet)
{
    if (file->full)
        return 0;
    int code = rotate_if_due(file, packet->time_ns);
    if (code != 0 || file->full)
        return code;
    file->last_ns = packet->time_ns;
    file->counts[packet->interface].dropped += packet->dropcount;
    file->counts[packet->interface].told += packet->dropcount;
    if ((int)packet->interface == file->hook_interface && packet->captured <= HOOK_ENCODED_MAX)
        return write_hook(file, packet);
    file->counts[packet->interface].received++;
    return pcapng_write_packet(file->writer, packet);
}

int file_tick(struct file *file, uint64_t now_ns)
{
    if (file->full)
        return 0;
    return is_due(file, now_ns) ? rotate(file, now_ns, true) : 0;
}

void file_set_wait(struct file *file, int (*wait)(void *user, int fd), void *user)
{
    file->wait = wait;
    file->wait_user = user;
}

void file_stepped(struct file *file, int64_t step_ns)
{
    file->begun_ns += (uint64_t)step_ns;
}

bool file_is_full(const struct file *file)
{
    return file->full;
}

int file_flush(struct file *file)
{
    return file->writer != NULL ? pcapng_flush(file->writer) : 0;
}

void file_untold(struct file *file, unsigned interface, uint64_t dropped, const char *comment)
{
    file->counts[interface].untold = dropped;
    file->counts[interface].comment = comment;
}

uint64_t file_told(const struct file *file, unsigned interface)
{
    return file->counts[interface].told;
}

uint64_t file_size(const struct file *file)
{
    return file->size + (file->writer != NULL ? pcapng_size(file->writer) : 0);
}

const char *file_name(const struct file *file)
{
    return file->name;
}

int file_close(struct file *file)
{
    int code = file->writer != NULL ? end(file) : output_close(&file->output, file->files > 0);
    g_free(file->counts);
    g_free(file->comment);
    g_free(file->base);
    g_free(file->name);
    g_free(file);
    return code;
}
