/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - opens capture files of any format, and gives the readers their octets.
 *
 * A plain file is mapped; what was read is given back to the kernel as the reading goes on, so that
 * memory does not grow with the file. Pipes and compressed files come through a buffer.
 *
 * A file that another program shortens while it is mapped is read as far as it is still there, and
 * the warning says so (mapping.h); one that grows is read to the size it had when it was opened.
 */
#include "wire/capture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(optrail - capture - error - quark, capture_error)

enum { BUFFER_SIZE = 1 << 20, RELEASE_STEP = 16 << 20, COMPRESSION_MAGIC = 4 };

#define CONVERT "convert it with \"editcap -F pcapng IN OUT\""

/* What a file's first octets say. Compression is undone before, where it can be. */
static const struct format {
    uint32_t magic, mask;
    bool (*open)(struct capture *capture, uint32_t magic, GError **error);
    const char *refusal; /* no reader: why, and what to do */
} formats[] = {
    {0x0a0d0d0a, 0xffffffff, pcapng_open, NULL},
    {0xd4c3b2a1, 0xffffffff, pcap_open, NULL},
    {0xa1b2c3d4, 0xffffffff, pcap_open, NULL},
    {0x4d3cb2a1, 0xffffffff, pcap_open, NULL},
    {0xa1b23c4d, 0xffffffff, pcap_open, NULL},
    {0x34cdb2a1, 0xffffffff, NULL, "is a modified pcap file (magic a1b2cd34); " CONVERT},
    {0xa1b2cd34, 0xffffffff, NULL, "is a modified pcap file (magic a1b2cd34); " CONVERT},
    {0xac01001c, 0xffffffff, NULL, "is an IXIA pcap file; " CONVERT},
    {0x1c0001ac, 0xffffffff, NULL, "is an IXIA pcap file; " CONVERT},
    {0xab01001c, 0xffffffff, NULL, "is an IXIA pcap file; " CONVERT},
    {0x1c0001ab, 0xffffffff, NULL, "is an IXIA pcap file; " CONVERT},
    {0x736e6f6f, 0xffffffff, NULL, "is a snoop file; " CONVERT},
    {0xfd377a58, 0xffffffff, NULL, "is compressed with xz; uncompress it first"},
    {0x425a6800, 0xffffff00, NULL, "is compressed with bzip2; uncompress it first"},
    {0x04224d18, 0xffffffff, NULL, "is compressed with lz4; uncompress it first"},
};

/* --- the window ------------------------------------------------------------------------------- */

static uint64_t offset_of(const struct capture *c)
{
    return c->base + (uint64_t)(c->at - c->origin);
}

bool capture_fill(struct capture *c, size_t n)
{
    if (c->stream == NULL)
        return false;

    size_t left = capture_left(c);
    c->base = offset_of(c);
    if (n > c->buffer_size) {
        size_t larger = MAX(n, MIN(2 * c->buffer_size, 2 * (size_t)CAPTURE_BLOCK_MAX));
        uint8_t *buffer = g_malloc(larger);
        if (left > 0)
            memcpy(buffer, c->at, left);
        g_free(c->buffer);
        c->buffer = buffer;
        c->buffer_size = larger;
    } else if (left > 0) {
        memmove(c->buffer, c->at, left);
    }
    c->at = c->origin = c->buffer;
    c->end = c->buffer + left;
    while (capture_left(c) < n) {
        ssize_t got = ahead_read(c->stream, c->buffer + left, c->buffer_size - left);
        if (got <= 0)
            return false;
        left += (size_t)got;
        c->end = c->buffer + left;
    }
    return true;
}

/* Whole pages behind `at`, all but the last steps' worth: a record's octets stay until the next. */
void capture_release(struct capture *c)
{
    const uint8_t *until = c->release_at - RELEASE_STEP;

    if (until > c->released) {
        /* madvise() takes a plain pointer, but the mapping is only read. */
        madvise((void *)(uintptr_t)c->released, (size_t)(until - c->released), MADV_DONTNEED);
        c->released = until;
    }
    size_t done = (size_t)(c->at - c->map);
    size_t next = (done / RELEASE_STEP + 1) * RELEASE_STEP;
    c->release_at = next <= c->size ? c->map + next : (const uint8_t *)UINTPTR_MAX;
}

static int at_end(struct capture *c, struct capture_record *record)
{
    (void)c;
    (void)record;
    return 0;
}

/* Where octets are gone without a signal, in the last page, zeros have taken their place. */
static bool was_shortened(const struct capture *c)
{
    struct stat status;
    return c->mapping != NULL && (mapping_has_shrunk(c->mapping) || fstat(c->fd, &status) < 0 ||
                                  (uint64_t)status.st_size < c->size);
}

int capture_stop(struct capture *c, const char *unit, const char *format, ...)
{
    const char *broken = c->stream != NULL ? ahead_error(c->stream) : NULL;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (was_shortened(c)) {
        g_free(what);
        what = g_strdup("another program shortened the file while it was read");
    }
    g_free(c->warning);
    c->warning = g_strdup_printf(
        "%s: %s %" G_GUINT64_FORMAT " at offset %" G_GUINT64_FORMAT ": %s%s%s", c->name, unit,
        c->block + 1, offset_of(c), what, broken != NULL ? "; " : "", broken != NULL ? broken : "");
    c->next = at_end;
    return 0;
}

int capture_end(struct capture *c, const char *unit)
{
    if (c->stream != NULL && ahead_error(c->stream) != NULL)
        return capture_stop(c, unit, "the file ends early");
    if (was_shortened(c))
        return capture_stop(c, unit, "shortened");
    if (capture_left(c) > 0)
        return capture_stop(c, unit, "cut, %zu octets of its header are there", capture_left(c));
    c->next = at_end;
    return 0;
}

struct interface *capture_add_interface(struct capture *c, uint16_t linktype, uint32_t snaplen)
{
    struct interface *interface = g_new0(struct interface, 1);

    interface->face.linktype = linktype;
    interface->face.snaplen = snaplen;
    interface->face.name = g_strdup("");
    interface->face.description = g_strdup("");
    interface->face.filter = g_strdup("");
    interface->multiplier = 1000;
    interface->resolution = 6;
    interface->time_known = true;
    g_ptr_array_add(c->interfaces, interface);
    return interface;
}

static void interface_free(void *data)
{
    struct interface *interface = data;

    g_free(interface->face.name);
    g_free(interface->face.description);
    g_free(interface->face.filter);
    g_free(interface);
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool refuse(GError **error, enum capture_error code, const char *name, const char *what)
{
    g_set_error(error, CAPTURE_ERROR, (int)code, "%s: %s", name, what);
    return false;
}

static bool refuse_errno(GError **error, const char *name, int error_number)
{
    static const struct {
        int number;
        const char *what;
    } advice[] = {
        {ENOENT, "there is no such file; check the name"},
        {ENOTDIR, "there is no such file; check the name"},
        {EACCES, "may not be read (permission denied); ask its owner, or run as root"},
        {EPERM, "may not be read (not permitted); ask its owner, or run as root"},
        {EISDIR, "is a directory; name a capture file in it"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(advice); i++)
        if (advice[i].number == error_number)
            return refuse(error, CAPTURE_ERROR_OPEN, name, advice[i].what);
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_OPEN,
                "%s: cannot be opened (%s); check the file", name, g_strerror(error_number));
    return false;
}

/* True when mapped: a regular, plain file with something in it. Else it is read as a stream. */
static bool map_file(struct capture *c)
{
    uint8_t head[COMPRESSION_MAGIC];
    ssize_t n = pread(c->fd, head, sizeof(head), 0);

    if (c->size > SIZE_MAX / 2 || n <= 0 || stream_is_compressed(head, (size_t)n))
        return false;

    c->mapping = mapping_new(c->fd, (size_t)c->size);
    if (c->mapping == NULL)
        return false;
    c->map = c->at = c->origin = c->released = mapping_octets(c->mapping);
    c->end = c->map + c->size;
    if (c->size >= RELEASE_STEP)
        c->release_at = c->map + RELEASE_STEP;
    return true;
}

static bool open_file(struct capture *c, const char *path, GError **error)
{
    struct stat status;
    bool standard_input = strcmp(path, "-") == 0;

    c->fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0 || fstat(c->fd, &status) < 0)
        return refuse_errno(error, c->name, errno);
    if (S_ISDIR(status.st_mode))
        return refuse_errno(error, c->name, EISDIR);
    c->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    c->release_at = (const uint8_t *)UINTPTR_MAX;
    if (!standard_input && c->size > 0 && map_file(c))
        return true;
    c->stream = ahead_new(c->fd, c->size > 0);
    c->buffer_size = BUFFER_SIZE;
    c->at = c->end = c->origin = c->buffer = g_malloc(c->buffer_size);
    return true;
}

static bool open_format(struct capture *c, GError **error)
{
    if (!capture_need(c, 4)) {
        const char *broken = c->stream != NULL ? ahead_error(c->stream) : NULL;
        if (broken != NULL) {
            g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_READ,
                        "%s: %s; fetch or record the file again", c->name, broken);
            return false;
        }
        if (capture_left(c) == 0)
            return refuse(error, CAPTURE_ERROR_FORMAT, c->name,
                          "is empty; record the capture again");
        return refuse(error, CAPTURE_ERROR_FORMAT, c->name,
                      "is too short for a capture file; record the capture again");
    }

    uint32_t magic = load_be32(c->at);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if ((magic & formats[i].mask) != formats[i].magic)
            continue;
        if (formats[i].refusal != NULL)
            return refuse(error, CAPTURE_ERROR_FORMAT, c->name, formats[i].refusal);
        return formats[i].open(c, magic, error);
    }
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT,
                "%s: is no pcap or pcapng file (it starts with %08x); name a capture file", c->name,
                magic);
    return false;
}

struct capture *capture_open(const char *path, GError **error)
{
    struct capture *c = g_new0(struct capture, 1);

    c->fd = -1;
    c->name = g_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
    c->comment = g_strdup("");
    c->interfaces = g_ptr_array_new_with_free_func(interface_free);
    if (open_file(c, path, error) && open_format(c, error))
        return c;
    capture_close(c);
    return NULL;
}

void capture_close(struct capture *c)
{
    if (c == NULL)
        return;
    mapping_free(c->mapping);
    ahead_free(c->stream); /* before its descriptor can be another file's */
    if (c->fd > STDIN_FILENO)
        close(c->fd);
    g_ptr_array_unref(c->interfaces);
    g_free(c->buffer);
    g_free(c->name);
    g_free(c->warning);
    g_free(c->comment);
    g_free(c);
}

/* --- asking ----------------------------------------------------------------------------------- */

int capture_next(struct capture *capture, struct capture_record *record)
{
    int more = capture->next(capture, record);
    /* What was given a moment ago may have been zeros already: it is the last. */
    if (G_UNLIKELY(capture->mapping != NULL && mapping_has_shrunk(capture->mapping)) && more > 0)
        return capture_stop(capture, "block", "shortened");
    return more;
}

const char *capture_warning(const struct capture *c)
{
    return c->warning;
}

uint64_t capture_position(const struct capture *c, uint64_t *size)
{
    *size = c->size;
    return c->stream != NULL ? ahead_consumed(c->stream) : offset_of(c);
}

size_t capture_n_interfaces(const struct capture *c)
{
    return c->interfaces->len;
}

const struct capture_interface *capture_interface(const struct capture *c, size_t index)
{
    if (index >= c->interfaces->len)
        return NULL;
    const struct interface *interface = g_ptr_array_index(c->interfaces, index);
    return &interface->face;
}

const char *capture_section_comment(const struct capture *c)
{
    return c->comment;
}
