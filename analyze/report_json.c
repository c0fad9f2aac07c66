/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_json.c - the report for programs: one JSON object, schema 1 (docs/report.schema.json).
 *
 * What is not known or could not be observed is null, never left out. Text that came from a capture
 * is made valid UTF-8. Equal reports give equal octets.
 */
#include "analyze/report.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <math.h>

enum { SCHEMA = 1 };

static const char *const overall_names[] = {
    [OVERALL_INTACT] = "intact",
    [OVERALL_INTERFERED] = "interfered",
    [OVERALL_INCONCLUSIVE] = "inconclusive",
};

static void put_text(JsonBuilder *json, const char *key, const char *value)
{
    json_builder_set_member_name(json, key);
    if (value == NULL) {
        json_builder_add_null_value(json);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    json_builder_add_string_value(json, valid);
}

static void put_number(JsonBuilder *json, const char *key, uint64_t value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_int_value(json, (gint64)MIN(value, (uint64_t)G_MAXINT64));
}

static void put_null(JsonBuilder *json, const char *key)
{
    json_builder_set_member_name(json, key);
    json_builder_add_null_value(json);
}

static void put_count(JsonBuilder *json, const char *key, uint64_t count)
{
    if (count == COUNT_UNKNOWN)
        put_null(json, key);
    else
        put_number(json, key, count);
}

/* Numbers of JSON readers are often doubles: nanoseconds since 1970 would not survive. */
static void put_time(JsonBuilder *json, const char *key, bool known, uint64_t ns)
{
    g_autofree char *text = NULL;
    if (known)
        text = g_strdup_printf("%" G_GUINT64_FORMAT ".%09u", ns / G_GUINT64_CONSTANT(1000000000),
                               (unsigned)(ns % G_GUINT64_CONSTANT(1000000000)));
    put_text(json, key, text);
}

static void put_direction(JsonBuilder *json, enum direction direction)
{
    put_text(json, "direction",
             direction == DIRECTION_FORWARD   ? "forward"
             : direction == DIRECTION_REVERSE ? "reverse"
                                              : NULL);
}

static void put_verdict(JsonBuilder *json, enum verdict verdict)
{
    put_text(json, "verdict", verdict == VERDICT_NONE ? NULL : verdict_name(verdict));
}

static void put_input(JsonBuilder *json, const struct report_input *input)
{
    const char vantage[] = {input->vantage, '\0'};
    json_builder_begin_object(json);
    put_text(json, "vantage", vantage);
    put_text(json, "file", input->file);
    put_number(json, "packets", input->packets);
    put_number(json, "tcp_segments", input->tcp_segments);
    put_number(json, "hook_events", input->hook_events);
    put_time(json, "first", input->has_time, input->first_ns);
    put_time(json, "last", input->has_time, input->last_ns);
    put_count(json, "lost_packets", input->lost_packets);
    put_count(json, "lost_events", input->lost_events);
    put_number(json, "truncated_packets", input->truncated_packets);
    put_text(json, "warning", input->warning);
    put_text(json, "sources", input->sources);
    json_builder_end_object(json);
}

static void put_flow(JsonBuilder *json, const struct report_flow *flow)
{
    json_builder_begin_object(json);
    put_number(json, "id", flow->id);
    put_text(json, "client", flow->client);
    put_text(json, "server", flow->server);
    put_text(json, "client_b", flow->client_b);
    put_text(json, "server_b", flow->server_b);
    put_text(json, "paired_by", flow->paired_by);
    if (flow->has_delta) {
        json_builder_set_member_name(json, "sequence_delta");
        json_builder_begin_object(json);
        put_number(json, "forward", flow->delta_forward);
        put_number(json, "reverse", flow->delta_reverse);
        json_builder_end_object(json);
    } else {
        put_null(json, "sequence_delta");
    }
    if (flow->has_mptcp) {
        json_builder_set_member_name(json, "mptcp");
        json_builder_begin_object(json);
        put_number(json, "token", flow->token);
        put_number(json, "subflow", flow->subflow);
        put_text(json, "role", flow->role);
        json_builder_end_object(json);
    } else {
        put_null(json, "mptcp");
    }
    json_builder_end_object(json);
}

static void put_option(JsonBuilder *json, const struct report_option *row)
{
    json_builder_begin_object(json);
    put_number(json, "flow", row->flow);
    put_direction(json, row->direction);
    put_text(json, "option", row->option);
    put_text(json, "segment", segment_class_name(row->segment));
    put_count(json, "reserved", row->reserved);
    put_count(json, "written", row->written);
    put_count(json, "sent", row->sent);
    put_count(json, "arrived", row->arrived);
    put_count(json, "parsed", row->parsed);
    put_count(json, "applied", row->applied);
    put_verdict(json, row->verdict);
    json_builder_set_member_name(json, "counts");
    json_builder_begin_object(json);
    for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++) {
        if (row->counts[verdict] != 0)
            put_number(json, verdict_name((enum verdict)verdict), row->counts[verdict]);
    }
    json_builder_end_object(json);
    put_text(json, "confidence", confidence_name(row->confidence));
    json_builder_end_object(json);
}

static void put_frames(JsonBuilder *json, const char *key, const uint64_t *frames, unsigned n)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (unsigned i = 0; i < n && i < REPORT_FRAMES; i++)
        json_builder_add_int_value(json, (gint64)frames[i]);
    json_builder_end_array(json);
}

static void put_finding(JsonBuilder *json, const struct report_finding *finding)
{
    json_builder_begin_object(json);
    put_verdict(json, finding->verdict);
    if (finding->flow != 0)
        put_number(json, "flow", finding->flow);
    else
        put_null(json, "flow");
    put_direction(json, finding->direction);
    put_text(json, "option", finding->option);
    put_text(json, "segment",
             finding->segment < 0 ? NULL
                                  : segment_class_name((enum segment_class)finding->segment));
    put_number(json, "count", finding->count);
    put_text(json, "confidence", confidence_name(finding->confidence));
    put_frames(json, "frames_a", finding->frames_a, finding->n_frames_a);
    put_frames(json, "frames_b", finding->frames_b, finding->n_frames_b);
    json_builder_set_member_name(json, "events");
    json_builder_begin_array(json);
    for (unsigned i = 0; i < finding->n_events && i < REPORT_FRAMES; i++) {
        const char vantage[] = {finding->event_vantage[i], '\0'};
        json_builder_begin_object(json);
        put_text(json, "vantage", vantage);
        put_number(json, "frame", finding->events[i]);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    put_text(json, "explain", finding->explain != NULL ? finding->explain : "");
    json_builder_end_object(json);
}

static void put_mptcp_events(JsonBuilder *json, const struct report *report)
{
    json_builder_set_member_name(json, "mptcp_events");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->mptcp_events->len; i++) {
        const struct report_mptcp_event *event = report->mptcp_events->pdata[i];
        const char vantage[] = {event->vantage, '\0'};
        json_builder_begin_object(json);
        put_text(json, "vantage", vantage);
        put_number(json, "frame", event->frame);
        put_text(json, "event", event->name);
        put_count(json, "flow", event->flow != 0 ? event->flow : COUNT_UNKNOWN);
        put_number(json, "token", event->token);
        put_text(json, "local", event->local);
        put_text(json, "remote", event->remote);
        put_number(json, "local_id", event->local_id);
        put_number(json, "remote_id", event->remote_id);
        put_number(json, "error", (uint64_t)MAX(event->error, 0));
        json_builder_set_member_name(json, "after_loss");
        json_builder_add_boolean_value(json, event->after_loss);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    put_number(json, "mptcp_events_left_out", report->mptcp_events_left_out);
}

static void put_clock(JsonBuilder *json, const struct report_clock *clock)
{
    if (!clock->known) {
        put_null(json, "clock");
        return;
    }
    json_builder_set_member_name(json, "clock");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "offset_ns");
    json_builder_begin_array(json);
    json_builder_add_int_value(json, clock->offset_low_ns);
    json_builder_add_int_value(json, clock->offset_high_ns);
    json_builder_end_array(json);
    /* JSON has no infinity and no NaN: too few pairs to tell a slope. */
    if (isfinite(clock->skew_ppm)) {
        json_builder_set_member_name(json, "skew_ppm");
        json_builder_add_double_value(json, clock->skew_ppm);
    } else {
        put_null(json, "skew_ppm");
    }
    put_number(json, "pairs", clock->pairs);
    json_builder_end_object(json);
}

static void put_assertions(JsonBuilder *json, const GPtrArray *assertions)
{
    static const char *const results[] = {
        [ASSERTION_HOLDS] = "holds",
        [ASSERTION_INCONCLUSIVE] = "inconclusive",
        [ASSERTION_FAILS] = "fails",
    };
    json_builder_set_member_name(json, "assertions");
    json_builder_begin_array(json);
    for (guint i = 0; i < assertions->len; i++) {
        const struct report_assertion *assertion = assertions->pdata[i];
        json_builder_begin_object(json);
        put_text(json, "expression", assertion->expression);
        put_text(json, "result", results[assertion->result]);
        put_text(json, "reason", assertion->reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

int report_write_json(const struct report *report, FILE *out)
{
    g_autoptr(JsonBuilder) json = json_builder_new_immutable();
    json_builder_begin_object(json);
    put_text(json, "tool", "optrail");
    put_number(json, "schema", SCHEMA);
    put_text(json, "verdict", overall_names[report->overall]);

    json_builder_set_member_name(json, "inputs");
    json_builder_begin_array(json);
    for (unsigned i = 0; i < report->n_inputs; i++)
        put_input(json, &report->inputs[i]);
    json_builder_end_array(json);

    json_builder_set_member_name(json, "flows");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->flows->len; i++)
        put_flow(json, report->flows->pdata[i]);
    json_builder_end_array(json);
    if (report->flows_unlisted > 0)
        put_number(json, "flows_unlisted", report->flows_unlisted);
    if (report->flows_dropped > 0) {
        put_number(json, "flows_dropped", report->flows_dropped);
        put_number(json, "flows_dropped_half_open", report->flows_dropped_half_open);
    }

    json_builder_set_member_name(json, "options");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->options->len; i++)
        put_option(json, report->options->pdata[i]);
    json_builder_end_array(json);

    json_builder_set_member_name(json, "findings");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->findings->len; i++)
        put_finding(json, report->findings->pdata[i]);
    json_builder_end_array(json);

    if (report->mptcp_events->len > 0)
        put_mptcp_events(json, report);
    put_clock(json, &report->clock);
    if (report->assertions->len > 0)
        put_assertions(json, report->assertions);
    json_builder_end_object(json);

    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, TRUE);
    errno = 0;
    if (fputs(text, out) < 0 || fputc('\n', out) == EOF || fflush(out) != 0)
        return errno != 0 ? -errno : -EIO;
    return 0;
}
