/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * analyze_scene.h - a client, a path and a server, captured at both ends, for tests of the analyzer.
 *
 * A test says which segments pass and what the path does to each; the scene keeps sequence numbers
 * and time, writes both captures and has them analysed. A is beside the client, B beside the server.
 */
#ifndef OPTRAIL_TESTS_ANALYZE_SCENE_H
#define OPTRAIL_TESTS_ANALYZE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "analyze/analyze.h"
#include "tests/tools/capture_builder.h"
#include "wire/option_set.h"
#include "wire/segment.h"

enum { CLIENT, SERVER };

#define MS        1000000ull
#define CC        "\xfd\x06\x4f\x43\x00\x02"
#define CC_RENO   "\xfd\x06\x4f\x43\x00\x01"
#define UTO       "\x1c\x04\x00\x22"
#define MSS       "\x02\x04\x05\xb4"
#define OPTION_76 "\x4c\x04\x12\x34" /* no description covers kind 76 */
#define NOPS      "\x01\x01\x01\x01\x01\x01"

struct scene {
    struct capture_builder *a, *b;
    struct endpoint ends[2];   /* as seen at A */
    struct endpoint ends_b[2]; /* as seen at B */
    uint32_t next[2];          /* sequence number that each end sends next, as A sees it */
    uint32_t shift[2];         /* what the path adds to each end's sequence numbers */
    uint64_t now;              /* on A's clock */
    int64_t offset_ns;         /* B's clock minus A's */
    uint64_t delay_ns;
    uint32_t tsval;       /* 0: no timestamps */
    uint32_t tsval_shift; /* what the path adds to the client's TSval */
    uint16_t ip_id;
    uint32_t snaplen_b;
    bool all_options;
    struct option_set *options;
    struct report *report;
};

static inline struct scene *scene_new(void)
{
    struct scene *s = g_new0(struct scene, 1);
    s->a = capture_builder_new();
    s->b = capture_builder_new();
    s->ends[CLIENT] = s->ends_b[CLIENT] = capture_endpoint("192.0.2.1", 40000);
    s->ends[SERVER] = s->ends_b[SERVER] = capture_endpoint("198.51.100.1", 80);
    s->next[CLIENT] = 1000;
    s->next[SERVER] = 500000;
    s->now = 1700000000ull * 1000 * MS;
    s->delay_ns = MS;
    s->options = option_set_new();
    assert_int_equal(option_set_add_builtin(s->options, NULL), 0);
    /* Both captures begin before the traffic does. */
    capture_builder_noise(s->a, s->now - 1000 * MS);
    return s;
}

static inline void scene_free(struct scene *s)
{
    capture_builder_free(s->a);
    capture_builder_free(s->b);
    option_set_free(s->options);
    report_free(s->report);
    g_free(s);
}

static inline uint64_t at_b(const struct scene *s, uint64_t time_ns)
{
    return time_ns + (uint64_t)s->offset_ns;
}

/* Both captures cover the time from a second before now; call before the first segment. */
static inline void covered_from_here(struct scene *s)
{
    capture_builder_noise(s->b, at_b(s, s->now - 1000 * MS));
}

/* ... and until a second after the last segment. */
static inline void covered_to_here(struct scene *s)
{
    s->now += 1000 * MS;
    capture_builder_noise(s->a, s->now);
    capture_builder_noise(s->b, at_b(s, s->now));
}

static inline void add_option(struct built_segment *p, const void *octets, size_t length)
{
    assert_true(p->options_length + length <= sizeof(p->options));
    memcpy(p->options + p->options_length, octets, length);
    p->options_length = (uint8_t)(p->options_length + length);
}

static inline void put_be32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* The next segment of an end: ten milliseconds after the one before. Options: "" for none. */
static inline struct built_segment make_options(struct scene *s, unsigned from, uint8_t flags,
                                                uint32_t payload, const char *options,
                                                size_t options_length)
{
    struct built_segment p = {
        .time_ns = s->now += 10 * MS,
        .source = s->ends[from],
        .destination = s->ends[!from],
        .seq = s->next[from],
        .ack = flags & TCP_ACK ? s->next[!from] : 0,
        .flags = flags,
        .payload_length = payload,
        .ip_id = ++s->ip_id,
        .ttl = 64,
    };
    if (s->tsval) {
        uint8_t timestamps[12] = {1, 1, 8, 10};
        put_be32(timestamps + 4, s->tsval += 10);
        put_be32(timestamps + 8, flags & TCP_ACK ? s->tsval - 10 : 0);
        add_option(&p, timestamps, sizeof(timestamps));
    }
    if (options_length > 0)
        add_option(&p, options, options_length);
    s->next[from] += payload + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    return p;
}

#define make(s, from, flags, payload, options)                                                     \
    make_options(s, from, flags, payload, options, sizeof(options) - 1)

static inline unsigned sender_of(const struct scene *s, const struct built_segment *p)
{
    return memcmp(&p->source, &s->ends[CLIENT], sizeof(p->source)) == 0 ? CLIENT : SERVER;
}

/* A segment as A sees it. */
static inline void at_client_side(struct scene *s, const struct built_segment *p)
{
    struct built_segment seen = *p;
    if (sender_of(s, p) == SERVER) {
        seen.time_ns += s->delay_ns;
        seen.ttl = (uint8_t)(p->ttl - 1);
    }
    capture_builder_segment(s->a, &seen);
}

/* A segment as B sees it. */
static inline void at_server_side(struct scene *s, const struct built_segment *p)
{
    struct built_segment seen = *p;
    unsigned from = sender_of(s, p);
    if (from == CLIENT) {
        seen.time_ns += s->delay_ns;
        seen.ttl = (uint8_t)(p->ttl - 1);
        if (s->tsval && s->tsval_shift)
            put_be32(seen.options + 4,
                     s->tsval_shift + ((uint32_t)seen.options[4] << 24 |
                                       (uint32_t)seen.options[5] << 16 |
                                       (uint32_t)seen.options[6] << 8 | seen.options[7]));
    }
    seen.time_ns = at_b(s, seen.time_ns);
    seen.source = s->ends_b[from];
    seen.destination = s->ends_b[!from];
    seen.seq += s->shift[from];
    seen.payload_shift -= s->shift[from];
    if (seen.flags & TCP_ACK)
        seen.ack += s->shift[!from];
    if (s->snaplen_b)
        seen.snaplen = s->snaplen_b;
    capture_builder_segment(s->b, &seen);
}

/* It passes both, untouched. */
static inline void pass(struct scene *s, const struct built_segment *p)
{
    at_client_side(s, p);
    at_server_side(s, p);
}

static inline void replace_options(struct built_segment *p, unsigned at, const char *octets,
                                   size_t length)
{
    memcpy(p->options + at, octets, length);
}

static inline void handshake(struct scene *s)
{
    struct built_segment syn = make(s, CLIENT, TCP_SYN, 0, MSS);
    struct built_segment synack = make(s, SERVER, TCP_SYN | TCP_ACK, 0, MSS);
    struct built_segment ack = make(s, CLIENT, TCP_ACK, 0, "");
    pass(s, &syn);
    pass(s, &synack);
    pass(s, &ack);
}

static inline const struct report *analyze_files(struct scene *s, const char *a, const char *b)
{
    g_autoptr(GError) error = NULL;
    struct analyze_settings settings = {
        .file_a = a, .file_b = b, .options = s->options, .all_options = s->all_options};
    report_free(s->report);
    s->report = report_new();
    int result = analyze_run(&settings, s->report, &error);
    assert_null(error);
    assert_int_equal(result, 0);
    return s->report;
}

static inline const struct report *analyze_both(struct scene *s)
{
    return analyze_files(s, capture_builder_finish(s->a), capture_builder_finish(s->b));
}

/* ... when both cover the time until a second after the last segment. */
static inline const struct report *analyze_covered(struct scene *s)
{
    covered_to_here(s);
    return analyze_both(s);
}

static inline const struct report *analyze_a(struct scene *s)
{
    return analyze_files(s, capture_builder_finish(s->a), NULL);
}

static inline struct scene *scene_with_handshake(void)
{
    struct scene *s = scene_new();
    covered_from_here(s);
    handshake(s);
    return s;
}

/* Data that differ along the stream. */
static inline struct built_segment data(struct scene *s, unsigned from, uint32_t length)
{
    struct built_segment p = make(s, from, TCP_ACK | TCP_PSH, length, "");
    p.payload = 7;
    return p;
}

/* Segments that pass untouched and of which no more is to be said. */
static inline void pass_data(struct scene *s, unsigned from, uint32_t length)
{
    struct built_segment p = data(s, from, length);
    pass(s, &p);
}

static inline void pass_ack(struct scene *s, unsigned from)
{
    struct built_segment p = make(s, from, TCP_ACK, 0, "");
    pass(s, &p);
}

/* Data in turns that all arrive; the client's bear uto. */
static inline void exchange(struct scene *s)
{
    for (unsigned i = 0; i < 4; i++) {
        struct built_segment p = data(s, i % 2, 200 + i);
        if (i % 2 == 0)
            add_option(&p, UTO, 4);
        pass(s, &p);
    }
}

/* --- asking the report ------------------------------------------------------------------------ */

static inline const struct report_option *row_of(const struct report *report, const char *option,
                                                 enum direction direction, int segment)
{
    for (unsigned i = 0; i < report->options->len; i++) {
        const struct report_option *row = g_ptr_array_index(report->options, i);
        if (strcmp(row->option, option) == 0 && row->direction == direction &&
            (int)row->segment == segment)
            return row;
    }
    return NULL;
}

static inline const struct report_finding *finding_of(const struct report *report,
                                                      enum verdict verdict)
{
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (finding->verdict == verdict)
            return finding;
    }
    return NULL;
}

/* The one finding of that verdict, beside none but those that say that all went well. */
static inline const struct report_finding *only_finding(const struct report *report,
                                                        enum verdict verdict)
{
    const struct report_finding *found = NULL;
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (finding->verdict == verdict) {
            assert_null(found);
            found = finding;
        } else if (verdict_weight(finding->verdict) > WEIGHT_GOOD) {
            fail_msg("also %s: %s", verdict_name(finding->verdict), finding->explain);
        }
    }
    if (found == NULL)
        fail_msg("no %s", verdict_name(verdict));
    return found;
}

static inline const struct report_flow *the_flow(const struct report *report)
{
    assert_int_equal(report->flows->len, 1);
    return g_ptr_array_index(report->flows, 0);
}

static inline void assert_no_finding(const struct report *report, enum verdict verdict)
{
    const struct report_finding *finding = finding_of(report, verdict);
    if (finding)
        fail_msg("%s: %s", verdict_name(verdict), finding->explain);
}

/* Nothing is said to have happened to anything: only what arrived as it was sent. */
static inline void assert_nothing_happened(const struct report *report)
{
    for (unsigned i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = g_ptr_array_index(report->findings, i);
        if (finding->verdict != VERDICT_OPTION_INTACT && finding->verdict != VERDICT_HOOK_WRITTEN &&
            finding->verdict != VERDICT_HOOK_APPLIED)
            fail_msg("%s: %s", verdict_name(finding->verdict), finding->explain);
    }
}

#endif
