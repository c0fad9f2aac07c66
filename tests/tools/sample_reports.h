/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample_reports.h - reports filled by hand, for the tests of the views: one for each thing that a
 * view must be able to say.
 */
#ifndef OPTRAIL_TESTS_SAMPLE_REPORTS_H
#define OPTRAIL_TESTS_SAMPLE_REPORTS_H

#include <math.h>
#include <string.h>

#include "analyze/report.h"

static inline void sample_input(struct report *report, const char *file, uint64_t packets,
                                uint64_t hook_events)
{
    struct report_input *input = &report->inputs[report->n_inputs];
    input->vantage = (char)('a' + report->n_inputs++);
    input->file = g_strdup(file);
    input->packets = packets;
    input->tcp_segments = packets - 2;
    input->hook_events = hook_events;
    input->has_time = true;
    input->first_ns = G_GUINT64_CONSTANT(1700000000000000007);
    input->last_ns = G_GUINT64_CONSTANT(1700000001250999999);
    if (hook_events == 0)
        input->lost_events = COUNT_UNKNOWN;
}

static inline struct report_flow *sample_flow(struct report *report)
{
    struct report_flow *flow = report_add_flow(report);
    flow->client = g_strdup_printf("10.10.1.2:%u", 40000 + flow->id);
    flow->server = g_strdup("10.10.2.2:9000");
    if (report->n_inputs > 1) {
        flow->client_b = g_strdup(flow->client);
        flow->server_b = g_strdup(flow->server);
        flow->paired_by = "tuple";
        flow->has_delta = true;
        flow->client_side = 'a';
    }
    return flow;
}

/* The steps that were observed, -1 for what was not. */
static inline struct report_option *sample_row(struct report *report, unsigned flow,
                                               enum direction direction, const char *option,
                                               enum segment_class segment, const int steps[6],
                                               enum verdict verdict, enum confidence confidence)
{
    struct report_option *row = report_add_option(report);
    uint64_t *stages[] = {&row->reserved, &row->written, &row->sent,
                          &row->arrived,  &row->parsed,  &row->applied};
    row->flow = flow;
    row->direction = direction;
    row->option = g_strdup(option);
    row->segment = segment;
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        *stages[i] = steps[i] < 0 ? COUNT_UNKNOWN : (uint64_t)steps[i];
    row->verdict = verdict;
    row->confidence = confidence;
    if (verdict != VERDICT_NONE)
        row->counts[verdict] = (uint64_t)MAX(1, MAX(steps[2], steps[3]));
    return row;
}

static inline struct report_finding *sample_finding(struct report *report, unsigned flow,
                                                    enum verdict verdict,
                                                    enum confidence confidence, const char *explain)
{
    struct report_finding *finding = report_add_finding(report);
    finding->verdict = verdict;
    finding->flow = flow;
    finding->count = 1;
    finding->confidence = confidence;
    finding->explain = g_strdup(explain);
    return finding;
}

static inline void sample_about(struct report_finding *finding, enum direction direction,
                                const char *option, int segment, uint64_t frame_a, uint64_t frame_b)
{
    finding->direction = direction;
    finding->option = g_strdup(option);
    finding->segment = segment;
    if (frame_a != 0)
        finding->frames_a[finding->n_frames_a++] = frame_a;
    if (frame_b != 0)
        finding->frames_b[finding->n_frames_b++] = frame_b;
}

static inline void sample_event(struct report_finding *finding, char vantage, uint64_t frame)
{
    finding->event_vantage[finding->n_events] = vantage;
    finding->events[finding->n_events++] = frame;
}

/* Hooks at both ends, a clean path: one option on the ACK, one everywhere. */
static inline struct report *sample_clean(void)
{
    struct report *report = report_new();
    sample_input(report, "clean-client.pcapng", 24, 31);
    sample_input(report, "clean-server.pcapng", 24, 30);
    sample_flow(report);
    sample_row(report, 1, DIRECTION_FORWARD, "uto", SEGMENT_SYN, (int[]){1, 1, 1, 1, 1, 1},
               VERDICT_OPTION_INTACT, CONFIDENCE_CERTAIN);
    sample_row(report, 1, DIRECTION_FORWARD, "cc", SEGMENT_ACK, (int[]){1, 1, 1, 1, 1, 1},
               VERDICT_OPTION_INTACT, CONFIDENCE_CERTAIN);
    struct report_option *row =
        sample_row(report, 1, DIRECTION_REVERSE, "uto", SEGMENT_SYNACK, (int[]){1, 1, 2, 1, 1, 1},
                   VERDICT_OPTION_INTACT, CONFIDENCE_CERTAIN);
    row->counts[VERDICT_OPTION_INTACT] = 1;
    row->counts[VERDICT_SEGMENT_LOST] = 1;
    struct report_finding *finding =
        sample_finding(report, 1, VERDICT_HOOK_APPLIED, CONFIDENCE_CERTAIN,
                       "The server's hook set the congestion control to reno, as asked for.");
    sample_about(finding, DIRECTION_FORWARD, "cc", SEGMENT_ACK, 0, 5);
    sample_event(finding, 'b', 7);
    finding = sample_finding(report, 1, VERDICT_SEGMENT_LOST, CONFIDENCE_CERTAIN,
                             "One segment was sent and never arrived; it was sent again.");
    sample_about(finding, DIRECTION_REVERSE, NULL, -1, 0, 3);
    report->clock = (struct report_clock){.known = true,
                                          .offset_low_ns = -1200,
                                          .offset_high_ns = 48000,
                                          .skew_ppm = 0.25,
                                          .pairs = 22};
    report->overall = OVERALL_INTACT;
    report_sort(report);
    return report;
}

/* The same with a box that overwrites one of them with NOPs. */
static inline struct report *sample_stripped(void)
{
    struct report *report = report_new();
    sample_input(report, "strip-nop-client.pcapng", 24, 31);
    sample_input(report, "strip-nop-server.pcapng", 24, 30);
    sample_flow(report);
    sample_row(report, 1, DIRECTION_FORWARD, "cc", SEGMENT_ACK, (int[]){1, 1, 1, 0, 0, 0},
               VERDICT_OPTION_REMOVED_NOP, CONFIDENCE_CERTAIN);
    sample_row(report, 1, DIRECTION_FORWARD, "uto", SEGMENT_SYN, (int[]){1, 1, 1, 1, 1, 1},
               VERDICT_OPTION_INTACT, CONFIDENCE_CERTAIN);
    struct report_finding *finding = sample_finding(
        report, 1, VERDICT_OPTION_REMOVED_NOP, CONFIDENCE_CERTAIN,
        "The option fd 06 4f 43 00 01 stood on the third ACK when it passed A; at B the same "
        "segment has six NOPs in its place and a header of the same length.");
    sample_about(finding, DIRECTION_FORWARD, "cc", SEGMENT_ACK, 9, 8);
    finding = sample_finding(report, 1, VERDICT_HOOK_WRITTEN, CONFIDENCE_CERTAIN,
                             "The hook's bytes are on the wire.");
    sample_about(finding, DIRECTION_FORWARD, "cc", SEGMENT_ACK, 9, 0);
    sample_event(finding, 'a', 8);
    g_ptr_array_add(report->glossary, g_strdup("cc: Congestion Control Request"));
    g_ptr_array_add(report->glossary, g_strdup("uto: User Timeout"));
    report->overall = OVERALL_INTERFERED;
    report_sort(report);
    return report;
}

/* One capture with hooks, and what it alone can tell. */
static inline struct report *sample_one_capture(void)
{
    struct report *report = report_new();
    sample_input(report, "near client.pcapng", 24, 31);
    report->inputs[0].lost_packets = COUNT_UNKNOWN;
    report->inputs[0].lost_events = 3;
    report->inputs[0].sources =
        g_strdup("optrail record\nhooks: observers\ncannot see: return codes of helpers");
    sample_flow(report);
    sample_row(report, 1, DIRECTION_FORWARD, "cc", SEGMENT_ACK, (int[]){1, 1, 1, -1, -1, -1},
               VERDICT_HOOK_WRITTEN, CONFIDENCE_CERTAIN);
    sample_row(report, 1, DIRECTION_FORWARD, "exid-0xBEE5", SEGMENT_DATA,
               (int[]){5, 5, 0, -1, -1, -1}, VERDICT_INCONCLUSIVE_EVENTS_LOST,
               CONFIDENCE_INCONCLUSIVE);
    sample_row(report, 1, DIRECTION_REVERSE, "uto", SEGMENT_DATA, (int[]){-1, -1, -1, 4, 4, 0},
               VERDICT_HOOK_ACTION_FAILED, CONFIDENCE_LIKELY);
    struct report_finding *finding =
        sample_finding(report, 1, VERDICT_HOOK_ACTION_FAILED, CONFIDENCE_LIKELY,
                       "setsockopt(TCP_USER_TIMEOUT) was refused with EINVAL.");
    sample_about(finding, DIRECTION_REVERSE, "uto", SEGMENT_DATA, 12, 0);
    finding->count = 4;
    sample_event(finding, 'a', 13);
    report->overall = OVERALL_INCONCLUSIVE;
    report_sort(report);
    return report;
}

/* Two hundred connections of which some are affected, each in its own way. */
static inline struct report *sample_many(void)
{
    struct report *report = report_new();
    sample_input(report, "a.pcapng", 9000, 0);
    sample_input(report, "b.pcapng", 8800, 0);
    report->inputs[1].lost_packets = 17;
    report->inputs[1].truncated_packets = 3;
    report->inputs[1].warning = g_strdup("b.pcapng: block 8900 at offset 1048576: cut");
    for (unsigned id = 1; id <= 200; id++) {
        struct report_flow *flow = sample_flow(report);
        bool removed = id % 5 == 0, doubtful = id % 50 == 1;
        if (id == 3) { /* seen at one side only */
            g_clear_pointer(&flow->client_b, g_free);
            g_clear_pointer(&flow->server_b, g_free);
            flow->paired_by = NULL;
            flow->has_delta = false;
        }
        sample_row(report, id, DIRECTION_FORWARD, "cc", SEGMENT_ACK,
                   (int[]){-1, -1, 1, removed ? 0 : 1, -1, -1},
                   removed    ? VERDICT_OPTION_REMOVED_SHORTENED
                   : doubtful ? VERDICT_INCONCLUSIVE_CAPTURE_LOSS
                              : VERDICT_OPTION_INTACT,
                   doubtful && !removed ? CONFIDENCE_INCONCLUSIVE : CONFIDENCE_CERTAIN);
        if (removed) {
            struct report_finding *finding =
                sample_finding(report, id, VERDICT_OPTION_REMOVED_SHORTENED, CONFIDENCE_CERTAIN,
                               "The header is eight octets shorter at B and lacks the option.");
            sample_about(finding, DIRECTION_FORWARD, "cc", SEGMENT_ACK, 10 * id, 10 * id - 3);
        }
        if (id % 40 == 0)
            sample_about(sample_finding(report, id, VERDICT_PATH_PROXY, CONFIDENCE_LIKELY,
                                        "Other initial sequence numbers, options and windows on "
                                        "both sides: two connections."),
                         DIRECTION_UNKNOWN, NULL, -1, 10 * id - 5, 10 * id - 6);
    }
    report->overall = OVERALL_INTERFERED;
    report_sort(report);
    return report;
}

/* Everything that is optional, at its other value; text that no terminal should obey. */
static inline void sample_mptcp_event(struct report *report, const char *name, unsigned flow,
                                      const char *remote, int error)
{
    struct report_mptcp_event *event = report_add_mptcp_event(report);
    event->vantage = 'b';
    event->frame = 3 + report->mptcp_events->len;
    event->name = name;
    event->token = 0xdecaf;
    event->flow = flow;
    event->local = remote != NULL ? g_strdup("192.0.2.7:80") : NULL;
    event->remote = g_strdup(remote);
    event->error = error;
    event->after_loss = error != 0;
}

static inline struct report *sample_odd(void)
{
    struct report *report = report_new();
    sample_mptcp_event(report, "created", 0, NULL, 0);
    sample_mptcp_event(report, "subflow established", 1, "198.51.100.7:40000", 0);
    sample_mptcp_event(report, "subflow closed", 0, "[2001:db8::7]:40000", 104);
    for (unsigned i = 0; i < 11; i++)
        sample_mptcp_event(report, "data read", 0, NULL, 0);
    report->mptcp_events_left_out = 5;
    sample_input(report, "it's \033[31mred\xff.pcapng", 5, 0);
    sample_input(report, "-", 5, 2);
    report->inputs[0].has_time = false;
    report->inputs[1].lost_events = COUNT_UNKNOWN;
    struct report_flow *flow = report_add_flow(report);
    flow->client_b = g_strdup("[2001:db8::1]:443");
    flow->server_b = g_strdup("[2001:db8::2]:65535");
    flow->has_mptcp = true;
    flow->token = 0xfedcba98;
    flow->subflow = 2;
    flow->role = "join";
    flow = report_add_flow(report);
    flow->client = g_strdup("192.0.2.1:1");
    flow->server = g_strdup("192.0.2.2:2");
    flow->client_b = g_strdup("198.51.100.1:3");
    flow->server_b = g_strdup("192.0.2.2:2");
    flow->paired_by = "mptcp-token";
    flow->has_delta = true;
    flow->delta_forward = UINT32_MAX;
    flow->client_side = 'b';
    flow->has_mptcp = true;
    flow->role = "initial";
    for (int verdict = VERDICT_NONE; verdict < VERDICTS; verdict++) {
        g_autofree char *name = g_strdup_printf("kind-%d", 60 + verdict);
        sample_row(report, 2, verdict % 2 ? DIRECTION_FORWARD : DIRECTION_REVERSE, name,
                   (enum segment_class)(verdict % SEGMENT_CLASSES), (int[]){-1, -1, 1, -1, -1, -1},
                   (enum verdict)verdict,
                   verdict_is_inconclusive((enum verdict)verdict) ? CONFIDENCE_INCONCLUSIVE
                                                                  : CONFIDENCE_LIKELY);
        if (verdict != VERDICT_NONE)
            sample_about(sample_finding(report, (unsigned)verdict % 3, (enum verdict)verdict,
                                        CONFIDENCE_LIKELY, "So it is, \"quoted\".\n"),
                         DIRECTION_REVERSE, verdict % 2 ? name : NULL, verdict % 2 ? 0 : -1,
                         (uint64_t)verdict, 0);
    }
    for (int result = ASSERTION_HOLDS; result <= ASSERTION_FAILS; result++) {
        struct report_assertion *assertion = report_add_assertion(report);
        assertion->expression = g_strdup("option=\"<&>'\033 sent>=1");
        assertion->result = (enum assertion_result)result;
        assertion->reason = result == ASSERTION_HOLDS ? NULL : g_strdup("a <reason> & \007 more");
    }
    report->clock = (struct report_clock){.known = true, .skew_ppm = NAN, .pairs = 1};
    report->overall = OVERALL_INTERFERED;
    report_sort(report);
    return report;
}

/* The path did nothing, an endpoint not its part; addresses are translated. */
static inline struct report *sample_endpoint(void)
{
    struct report *report = report_new();
    sample_input(report, "a.pcapng", 24, 31);
    sample_input(report, "b.pcapng", 24, 30);
    struct report_flow *flow = sample_flow(report);
    g_free(flow->client_b);
    flow->client_b = g_strdup("203.0.113.9:1024");
    report->inputs[1].sources = g_strdup("cannot see: MPTCP tokens");
    struct report_option *row =
        sample_row(report, 1, DIRECTION_FORWARD, "an-option-with-a-long-name", SEGMENT_DATA,
                   (int[]){123456, 123456, 123456, 123454, 123454, 123452},
                   VERDICT_HOOK_ACTION_FAILED, CONFIDENCE_CERTAIN);
    row->counts[VERDICT_HOOK_ACTION_FAILED] = 2;
    row->counts[VERDICT_SEGMENT_LOST] = 2;
    report->overall = OVERALL_INTACT;
    report_sort(report);
    return report;
}

/* One capture that shows nothing amiss, of more connections than are listed. */
static inline struct report *sample_alone(void)
{
    struct report *report = report_new();
    sample_input(report, "alone.pcapng", 24, 31);
    sample_flow(report);
    sample_row(report, 1, DIRECTION_FORWARD, "uto", SEGMENT_SYN, (int[]){1, 1, 1, -1, -1, -1},
               VERDICT_HOOK_WRITTEN, CONFIDENCE_CERTAIN);
    report->flows_unlisted = 131072;
    report->flows_dropped = 9;
    report->flows_dropped_half_open = 8;
    report->overall = OVERALL_INTACT;
    report_sort(report);
    return report;
}

static inline struct report *sample_empty(void)
{
    struct report *report = report_new();
    sample_input(report, "empty.pcap", 2, 0);
    report->inputs[0].lost_packets = COUNT_UNKNOWN;
    report->overall = OVERALL_INTACT;
    return report;
}

static const struct {
    const char *name;
    struct report *(*make)(void);
} samples[] = {
    {"clean", sample_clean},
    {"stripped", sample_stripped},
    {"one-capture", sample_one_capture},
    {"many", sample_many},
    {"odd", sample_odd},
    {"empty", sample_empty},
    {"endpoint", sample_endpoint},
    {"alone", sample_alone},
};

#endif
