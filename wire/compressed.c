/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compressed.c - gzip through zlib, zstd through libzstd, and plain octets, from any descriptor.
 *
 * Takes a descriptor, gives octets into the caller's buffer; memory is one input buffer and what
 * the libraries keep. Several gzip members or zstd frames in a row are one stream, as their tools
 * make them; what follows the last gzip member and is none is left, as gzip does.
 *
 * Specification: RFC 1952 (gzip), RFC 8878 (zstd).
 */
#include "wire/compressed.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { INPUT_SIZE = 128 * 1024, MAGIC_SIZE = 4 };

struct codec;

struct stream {
    int fd;
    const struct codec *codec; /* NULL: the first octets have not been looked at */
    char *error;
    uint64_t consumed;
    bool input_ended;
    bool inside; /* a member or frame has begun and not ended */
    bool finished;
    size_t at, end; /* of the input that is not used yet */
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t input[INPUT_SIZE];
};

struct codec {
    uint8_t magic[MAGIC_SIZE];
    size_t magic_size;
    bool (*start)(struct stream *stream);
    /* Uses some input, makes some output: how many octets; 0: wants input; -1: error is set. */
    ssize_t (*step)(struct stream *stream, uint8_t *out, size_t size);
    void (*stop)(struct stream *stream);
};

static void fail(struct stream *s, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(struct stream *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (s->error == NULL)
        s->error = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

/* One read(2) into the room behind `end`. False with error set when it fails. */
static bool fill_input(struct stream *s)
{
    if (s->at == s->end)
        s->at = s->end = 0;
    for (;;) {
        ssize_t n = read(s->fd, s->input + s->end, sizeof(s->input) - s->end);
        if (n >= 0) {
            s->end += (size_t)n;
            s->consumed += (uint64_t)n;
            s->input_ended = n == 0;
            return true;
        }
        if (errno != EINTR) {
            fail(s, "reading failed: %s", g_strerror(errno));
            return false;
        }
    }
}

/* --- plain ------------------------------------------------------------------------------------ */

static ssize_t plain_step(struct stream *s, uint8_t *out, size_t size)
{
    size_t n = MIN(size, s->end - s->at);

    memcpy(out, s->input + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

/* --- gzip ------------------------------------------------------------------------------------- */

static bool gzip_start(struct stream *s)
{
    s->inside = true;
    if (inflateInit2(&s->gzip, 15 + 16) == Z_OK) /* the largest window; gzip, not zlib */
        return true;
    fail(s, "zlib cannot start");
    return false;
}

static void gzip_stop(struct stream *s)
{
    inflateEnd(&s->gzip);
}

/* Between members: another one begins, or the stream is over. */
static bool gzip_next_member(struct stream *s)
{
    while (s->end - s->at < 2 && !s->input_ended) {
        memmove(s->input, s->input + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
        if (!fill_input(s))
            return false;
    }
    s->finished = s->end - s->at < 2 || s->input[s->at] != 0x1f || s->input[s->at + 1] != 0x8b;
    if (!s->finished) {
        inflateReset(&s->gzip);
        s->inside = true;
    }
    return true;
}

static ssize_t gzip_step(struct stream *s, uint8_t *out, size_t size)
{
    if (!s->inside && !gzip_next_member(s))
        return -1;
    if (s->finished)
        return 0;

    s->gzip.next_in = s->input + s->at;
    s->gzip.avail_in = (uInt)(s->end - s->at);
    s->gzip.next_out = out;
    s->gzip.avail_out = (uInt)MIN(size, (size_t)1 << 30);

    uInt room = s->gzip.avail_out;
    int status = inflate(&s->gzip, Z_NO_FLUSH);
    s->at = s->end - s->gzip.avail_in;
    if (status == Z_STREAM_END) {
        s->inside = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
        /* What was uncompressed before the fault still counts; the next call fails again. */
        if (room == s->gzip.avail_out) {
            fail(s, "the gzip data is damaged (%s)", s->gzip.msg ? s->gzip.msg : "zlib");
            return -1;
        }
    }
    return (ssize_t)(room - s->gzip.avail_out);
}

/* --- zstd ------------------------------------------------------------------------------------- */

static bool zstd_start(struct stream *s)
{
    s->zstd = ZSTD_createDStream();
    if (s->zstd != NULL)
        return true;
    fail(s, "libzstd cannot start");
    return false;
}

static void zstd_stop(struct stream *s)
{
    ZSTD_freeDStream(s->zstd);
}

static ssize_t zstd_step(struct stream *s, uint8_t *out, size_t size)
{
    ZSTD_inBuffer in = {s->input + s->at, s->end - s->at, 0};
    ZSTD_outBuffer made = {out, size, 0};
    size_t status = ZSTD_decompressStream(s->zstd, &made, &in);

    s->at += in.pos;
    if (ZSTD_isError(status)) {
        fail(s, "the zstd data is damaged (%s)", ZSTD_getErrorName(status));
        return -1;
    }
    /* A call that neither took nor gave anything says nothing about where a frame ends. */
    if (in.pos > 0 || made.pos > 0)
        s->inside = status != 0;
    return (ssize_t)made.pos;
}

/* --- the stream ------------------------------------------------------------------------------- */

static const struct codec codecs[] = {
    {{0x1f, 0x8b}, 2, gzip_start, gzip_step, gzip_stop},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_start, zstd_step, zstd_stop},
};

static const struct codec plain = {.step = plain_step};

static const struct codec *codec_of(const uint8_t *head, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codecs); i++)
        if (length >= codecs[i].magic_size &&
            memcmp(head, codecs[i].magic, codecs[i].magic_size) == 0)
            return &codecs[i];
    return NULL;
}

bool stream_is_compressed(const uint8_t *head, size_t length)
{
    return codec_of(head, length) != NULL;
}

struct stream *stream_new(int fd)
{
    struct stream *s = g_new(struct stream, 1);

    memset(s, 0, offsetof(struct stream, input));
    s->fd = fd;
    return s;
}

void stream_free(struct stream *s)
{
    if (s == NULL)
        return;
    if (s->codec != NULL && s->codec->stop != NULL)
        s->codec->stop(s);
    g_free(s->error);
    g_free(s);
}

/* A pipe may bring the magic octet by octet. */
static bool choose_codec(struct stream *s)
{
    while (s->end < MAGIC_SIZE && !s->input_ended)
        if (!fill_input(s))
            return false;

    const struct codec *codec = codec_of(s->input, s->end);
    if (codec != NULL && !codec->start(s))
        return false;
    s->codec = codec != NULL ? codec : &plain;
    return true;
}

ssize_t stream_read(struct stream *s, void *out, size_t size)
{
    if (s->error != NULL || (s->codec == NULL && !choose_codec(s)))
        return -1;
    while (size > 0 && !s->finished) {
        ssize_t n = s->codec->step(s, out, size);
        if (n != 0)
            return n;
        if (s->finished || s->at < s->end)
            continue; /* an end of member or a header: nothing came out, there is more to use */
        if (s->input_ended) {
            if (!s->inside)
                return 0;
            fail(s, "the compressed data is cut");
            return -1;
        }
        if (!fill_input(s))
            return -1;
    }
    return 0;
}

const char *stream_error(const struct stream *s)
{
    return s->error;
}

uint64_t stream_consumed(const struct stream *s)
{
    return s->consumed - (s->end - s->at);
}
