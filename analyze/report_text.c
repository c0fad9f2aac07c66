/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_text.c - the report for people: first the answer, then the trail of each option, then the
 * evidence, then what to look at next, then what this report cannot tell.
 *
 * It has the same length for two connections and for two thousand: what flows share is said once,
 * with one of them as the example. All of it is in the JSON report.
 */
#include "analyze/report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyze/report_text.h"

enum { /* how much of each a person wants to read; the rest is counted */
       ANSWERS = 8,
       TRAIL_ROWS = 48,
       GLOSSARY = 8,
};

static void append_segments(GString *words, unsigned segments)
{
    const char *separator = "";
    for (int segment = 0; segment < SEGMENT_CLASSES; segment++) {
        if (segments & SEGMENT_BIT(segment)) {
            g_string_append_printf(words, "%s%s", separator,
                                   segment_class_name((enum segment_class)segment));
            separator = ", ";
        }
    }
}

/* "12 sent, 11 arrived, 11 parsed, 1 applied": those steps that could be observed. */
static void append_stages(GString *words, const uint64_t stages[STAGES])
{
    static const char *const names[STAGES] = {"reserved", "written", "sent",
                                              "arrived",  "parsed",  "applied"};
    const char *separator = "";
    for (int stage = STAGE_WRITTEN; stage < STAGES; stage++) {
        if (stages[stage] == COUNT_UNKNOWN)
            continue;
        g_string_append_printf(words, "%s%" PRIu64 " %s", separator, stages[stage], names[stage]);
        separator = ", ";
    }
}

static void append_flows(GString *words, unsigned flows, unsigned of_flows)
{
    if (of_flows > 1)
        g_string_append_printf(words, "in %u of %u connections, ", flows, of_flows);
}

/* --- the answer --------------------------------------------------------------------------- */

static bool any_fault(const struct report *report)
{
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        if (verdict_weight(row->verdict) == WEIGHT_FAULT)
            return true;
    }
    return false;
}

static void put_headline(struct text *text, const struct report *report)
{
    switch (report->overall) {
    case OVERALL_INTERFERED:
        text_styled(text, STYLE_BAD, "INTERFERED");
        text_add(text, ": the path changed what the endpoints sent.\n");
        break;
    case OVERALL_INCONCLUSIVE:
        text_styled(text, STYLE_DOUBT, "INCONCLUSIVE");
        text_add(text, ": what became of some options cannot be told; see why below.\n");
        break;
    default:
        text_styled(text, STYLE_GOOD, "INTACT");
        if (report->options->len == 0)
            text_add(text, ": no change was seen; but none of the options described to Optrail "
                           "was seen\neither (--all-options shows the others).\n");
        else if (report->n_inputs < 2)
            text_add(text, ": nothing speaks against the path, as far as one capture can tell.\n");
        else if (any_fault(report))
            text_add(text, ": the path changed nothing; but an endpoint did not do its part.\n");
        else
            text_add(text, ": the path changed nothing; what was sent arrived as it was.\n");
    }
}

/* What the words stand for with which everything below is told: A, B, the options' names. */
static void put_terms(struct text *text, const struct report *report)
{
    char near_client = summary_near_sender(report, DIRECTION_FORWARD);
    g_autoptr(GString) words = g_string_new(NULL);
    for (unsigned i = 0; report->n_inputs > 1 && i < report->n_inputs; i++) {
        const struct report_input *input = &report->inputs[i];
        g_string_append_printf(words, "%c is %s", g_ascii_toupper(input->vantage), input->file);
        if (near_client != 0)
            g_string_append_printf(words, ", beside the %s",
                                   near_client == input->vantage ? "client" : "server");
        g_string_append(words, i + 1 < report->n_inputs ? "; " : ". ");
    }
    for (guint i = 0; i < report->glossary->len && i < GLOSSARY; i++)
        g_string_append_printf(words, "%s%s", i > 0 ? "; " : "",
                               (const char *)report->glossary->pdata[i]);
    if (report->glossary->len > GLOSSARY)
        g_string_append(words, "; the others: optrail options list");
    if (report->glossary->len > 0)
        g_string_append_c(words, '.');
    if (words->len == 0)
        return;
    g_autofree char *clean = text_clean(words->str);
    text_wrap(text, 0, 0, g_strchomp(clean));
}

static void put_fate(struct text *text, const struct report *report, const struct fate *fate)
{
    enum text_style style;
    const char *symbol = text_mark(verdict_weight(fate->verdict), &style);
    g_autofree char *name = text_clean(fate->option);
    g_autoptr(GString) words = g_string_new(NULL);
    uint64_t arrived = fate->stages[STAGE_ARRIVED];
    bool partly = verdict_weight(fate->verdict) > WEIGHT_NOTE && arrived != COUNT_UNKNOWN &&
                  arrived > 0 && strcmp(verdict_outcome(fate->verdict), "NOT delivered") == 0;
    g_string_printf(words, "%s, %s: %s", name, text_direction(fate->direction),
                    partly ? "delivered ONLY IN PART" : verdict_outcome(fate->verdict));
    if (verdict_weight(fate->verdict) == WEIGHT_GOOD) {
        g_string_append(words, " (");
        append_flows(words, fate->flows, fate->of_flows);
        append_stages(words, fate->stages);
        if (fate->lost != 0)
            g_string_append_printf(words, ", %" PRIu64 " lost with their segments", fate->lost);
        g_string_append_printf(words, "; %s).", confidence_name(fate->confidence));
        if (fate->verdict == VERDICT_HOOK_WRITTEN)
            g_string_append(words, " Whether it arrived needs a capture at the other end.");
    } else {
        /* Told by one capture, this is the usual case, and nobody's fault. */
        bool alone = fate->verdict == VERDICT_INCONCLUSIVE_NOT_COVERED && report->n_inputs < 2;
        g_string_append_printf(words, ". It %s (",
                               alone ? "was seen here, and nobody captured at the other end"
                                     : verdict_phrase(fate->verdict));
        append_flows(words, fate->flows, fate->of_flows);
        if (fate->count != 0)
            g_string_append_printf(words, "%" PRIu64 " time%s on ", fate->count,
                                   text_plural(fate->count));
        else
            g_string_append(words, "on ");
        append_segments(words, fate->segments);
        /* "inconclusive" is what such a verdict says already. */
        if (!verdict_is_inconclusive(fate->verdict))
            g_string_append_printf(words, "; %s", confidence_name(fate->confidence));
        g_string_append(words, ").");
        if (*verdict_where(fate->verdict) != '\0')
            g_string_append_printf(
                words, " It %s %s.",
                g_str_has_prefix(verdict_outcome(fate->verdict), "NOT ") ? "died" : "happened",
                verdict_where(fate->verdict));
        if (fate->lost != 0)
            g_string_append_printf(words, " %" PRIu64 " more %s lost with %s.", fate->lost,
                                   fate->lost == 1 ? "was" : "were",
                                   fate->lost == 1 ? "its segment" : "their segments");
    }
    text_add(text, "  ");
    text_styled(text, style, "%s", symbol);
    text_add(text, " ");
    text_wrap(text, 4, 4, words->str);
}

/* What befell whole connections, not one option: it must not hide below the table. */
static void put_connection_fate(struct text *text, const struct discovery *discovery,
                                unsigned n_flows)
{
    const struct report_finding *finding = discovery->first;
    enum text_style style;
    const char *symbol = text_mark(verdict_weight(finding->verdict), &style);
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_printf(words, "%s: %s", verdict_name(finding->verdict),
                    verdict_outcome(finding->verdict));
    g_string_append_printf(words, ". It %s (", verdict_phrase(finding->verdict));
    append_flows(words, discovery->flows, n_flows);
    g_string_append_printf(words, "%s).", confidence_name(finding->confidence));
    text_add(text, "  ");
    text_styled(text, style, "%s", symbol);
    text_add(text, " ");
    text_wrap(text, 4, 4, words->str);
}

/* A capture that could not be read, or not whole: before all that was read. */
static void put_blindness(struct text *text, const struct discovery *discovery)
{
    enum text_style style;
    const char *symbol = text_mark(verdict_weight(discovery->first->verdict), &style);
    g_autofree char *words = text_clean(discovery->first->explain);
    text_add(text, "  ");
    text_styled(text, style, "%s", symbol);
    text_add(text, " ");
    text_wrap(text, 4, 4, words);
}

static void put_answer(struct text *text, const struct report *report, const GPtrArray *discoveries)
{
    put_headline(text, report);
    put_terms(text, report);
    g_autoptr(GPtrArray) fates = summary_fates(report);
    guint shown = 0, left = 0;
    if (fates->len > 0 || discoveries->len > 0)
        text_add(text, "\n");
    for (guint i = 0; i < discoveries->len; i++) {
        const struct discovery *discovery = discoveries->pdata[i];
        if (discovery->first->flow == 0 && verdict_is_inconclusive(discovery->first->verdict)) {
            put_blindness(text, discovery);
            continue;
        }
        if (discovery->first->option != NULL ||
            verdict_weight(discovery->first->verdict) != WEIGHT_INTERFERENCE)
            continue;
        if (shown++ < ANSWERS / 2)
            put_connection_fate(text, discovery, report->flows->len);
        else
            left++;
    }
    shown = MIN(shown, ANSWERS / 2);
    for (guint i = 0; i < fates->len; i++) {
        if (shown++ < ANSWERS)
            put_fate(text, report, fates->pdata[i]);
        else
            left++;
    }
    if (left > 0)
        text_add(text, "    ... and %u more below\n", left);
}

/* --- what was looked at ------------------------------------------------------------------- */

static void put_inputs(struct text *text, const struct report *report)
{
    text_heading(text, "What was looked at");
    for (unsigned i = 0; i < report->n_inputs; i++) {
        const struct report_input *input = &report->inputs[i];
        g_autofree char *file = text_clean(input->file);
        text_add(text, "  %c  %s", g_ascii_toupper(input->vantage), file);
        text_add(text, "\n     %" PRIu64 " packet%s, %" PRIu64 " TCP segment%s", input->packets,
                 text_plural(input->packets), input->tcp_segments,
                 text_plural(input->tcp_segments));
        if (input->hook_events != 0)
            text_add(text, ", %" PRIu64 " hook record%s", input->hook_events,
                     text_plural(input->hook_events));
        if (input->has_time && input->last_ns >= input->first_ns) {
            uint64_t ms = (input->last_ns - input->first_ns) / 1000000;
            text_add(text, ", %" PRIu64 ".%03u s", ms / 1000, (unsigned)(ms % 1000));
        }
        text_add(text, "\n");
        g_auto(GStrv) sources = text_sources(input, false);
        for (char **source = sources; *source != NULL; source++) {
            g_autofree char *line = text_clean(*source);
            text_add(text, "     ");
            text_wrap(text, 5, 7, line);
        }
    }
    uint64_t connections = report->flows->len + report->flows_unlisted + report->flows_dropped;
    if (report->flows->len == 1 && connections == 1) {
        const struct report_flow *flow = report->flows->pdata[0];
        bool at_a = flow->client != NULL;
        text_add(text, "     1 connection: %s \u2192 %s", at_a ? flow->client : flow->client_b,
                 at_a ? flow->server : flow->server_b);
        if (at_a && flow->client_b != NULL &&
            (strcmp(flow->client, flow->client_b) != 0 ||
             strcmp(flow->server, flow->server_b) != 0))
            text_add(text, ", at B: %s \u2192 %s", flow->client_b, flow->server_b);
        text_add(text, "\n");
    } else {
        text_add(text, "     %" PRIu64 " connections\n", connections);
    }
    if (report->flows_unlisted > 0)
        text_add(text, "     %" PRIu64 " of them are not listed: nothing happened to them\n",
                 report->flows_unlisted);
    if (report->flows_dropped > 0)
        text_add(text,
                 "     %" PRIu64 " of them were dropped, %" PRIu64
                 " of them half-open: more were under way than there is room for\n",
                 report->flows_dropped, report->flows_dropped_half_open);
    if (report->clock.known) {
        const struct report_clock *clock = &report->clock;
        g_autofree char *skew = isfinite(clock->skew_ppm)
                                    ? g_strdup_printf(", gaining %.1f ppm on it", clock->skew_ppm)
                                    : g_strdup("");
        g_autofree char *words =
            g_strdup_printf("B's clock minus A's is between %.6f s and %.6f s%s (%" PRIu64
                            " pair%s of packets); no verdict depends on it.",
                            (double)clock->offset_low_ns / 1e9, (double)clock->offset_high_ns / 1e9,
                            skew, clock->pairs, text_plural(clock->pairs));
        text_add(text, "     ");
        text_wrap(text, 5, 5, words);
    }
}

/* --- the trail ---------------------------------------------------------------------------- */

struct column {
    char title[16];
    int width;
};

static void name_columns(struct column columns[STAGES], const struct report *report,
                         enum direction direction)
{
    static const char *const titles[STAGES] = {"reserved", "written", "sent",
                                               "arrived",  "parsed",  "applied"};
    for (int stage = 0; stage < STAGES; stage++)
        g_strlcpy(columns[stage].title, titles[stage], sizeof(columns[stage].title));
    char near = report->n_inputs > 1 ? summary_near_sender(report, direction) : 0;
    if (near != 0) {
        g_snprintf(columns[STAGE_SENT].title, sizeof(columns[0].title), "wire %c",
                   g_ascii_toupper(near));
        g_snprintf(columns[STAGE_ARRIVED].title, sizeof(columns[0].title), "wire %c",
                   near == 'a' ? 'B' : 'A');
    }
}

static const char *count_text(uint64_t count, char out[24])
{
    if (count == COUNT_UNKNOWN)
        return "-";
    g_snprintf(out, 24, "%" PRIu64, count);
    return out;
}

/* The last column, on a line of its own when a long name has taken its room. */
static void put_trail_verdict(struct text *text, const struct trail *trail, size_t line)
{
    g_autoptr(GString) words = g_string_new(verdict_short(trail->verdict));
    if (!verdict_is_inconclusive(trail->verdict) && trail->verdict != VERDICT_NONE)
        g_string_append_printf(words, ", %s", confidence_name(trail->confidence));
    glong used = g_utf8_strlen(text->buffer->str + line, -1);
    if (used + 2 + (glong)words->len > TEXT_COLUMNS)
        text_add(text, "\n%*s", TEXT_COLUMNS - 2 - (int)words->len, "");
    enum text_style style;
    text_mark(verdict_weight(trail->verdict), &style);
    text_add(text, "  ");
    text_styled(text, style == STYLE_GOOD ? STYLE_PLAIN : style, "%s", words->str);
    text_add(text, "\n");
}

static char *flows_text(const struct trail *trail)
{
    return g_strdup_printf("%u/%u", trail->flows, trail->of_flows);
}

static void put_trail_direction(struct text *text, const struct report *report,
                                const GPtrArray *trails, enum direction direction)
{
    struct column columns[STAGES];
    name_columns(columns, report, direction);
    bool many = report->flows->len > 1;
    int name_width = (int)strlen("option"), flows_width = (int)strlen("flows"), n = 0, used = 0;
    for (int stage = 0; stage < STAGES; stage++)
        columns[stage].width = (int)strlen(columns[stage].title);
    for (guint i = 0; i < trails->len; i++) {
        const struct trail *trail = trails->pdata[i];
        if (trail->direction != direction)
            continue;
        name_width = MAX(name_width, (int)g_utf8_strlen(trail->option, -1));
        for (int stage = 0; stage < STAGES; stage++) {
            char number[24];
            int width = (int)strlen(count_text(trail->stages[stage], number));
            columns[stage].width = MAX(columns[stage].width, width);
        }
        g_autofree char *flows = flows_text(trail);
        flows_width = MAX(flows_width, (int)strlen(flows));
        n++;
    }
    if (n == 0)
        return;
    name_width = MIN(name_width, 20);

    text_add(text, "  %s\n", text_direction(direction));
    text_add(text, "  ");
    text_left(text, name_width, "option");
    text_add(text, " ");
    text_left(text, 7, "segment");
    if (many)
        text_add(text, " %*s", flows_width, "flows");
    for (int stage = 0; stage < STAGES; stage++) {
        text_add(text, stage == 0 ? " " : "\u2192");
        text_right(text, columns[stage].width, columns[stage].title);
    }
    text_add(text, "  what became of it\n");

    for (guint i = 0; i < trails->len; i++) {
        const struct trail *trail = trails->pdata[i];
        if (trail->direction != direction || used++ >= TRAIL_ROWS)
            continue;
        g_autofree char *name = text_clean(trail->option);
        size_t line = text->buffer->len;
        text_add(text, "  ");
        text_left(text, name_width, name);
        text_add(text, " ");
        text_left(text, 7, segment_class_name(trail->segment));
        if (many) {
            g_autofree char *flows = flows_text(trail);
            text_add(text, " %*s", flows_width, flows);
        }
        for (int stage = 0; stage < STAGES; stage++) {
            char number[24];
            text_add(text, " ");
            text_right(text, columns[stage].width, count_text(trail->stages[stage], number));
        }
        put_trail_verdict(text, trail, line);
    }
    if (used > TRAIL_ROWS)
        text_add(text, "  ... and %d more rows, all in --format json\n", used - TRAIL_ROWS);
    text_add(text, "\n");
}

static void put_trails(struct text *text, const struct report *report)
{
    g_autoptr(GPtrArray) trails = summary_trails(report);
    if (trails->len == 0)
        return;
    text_heading(text, "The trail of each option: on how many segments each step saw it");
    for (int direction = DIRECTION_FORWARD; direction <= DIRECTION_UNKNOWN; direction++)
        put_trail_direction(text, report, trails, (enum direction)direction);
    text_add(text, "  ");
    text_wrap(text, 2, 2,
              "reserved, written: by the sender's eBPF hooks. parsed, applied: by the receiver's. "
              "'-': could not be observed. 'ack': segments without data. 'certain': the evidence "
              "admits nothing else.");
}

/* --- assertions --------------------------------------------------------------------------- */

static void put_assertions(struct text *text, const struct report *report)
{
    static const enum verdict_weight weights[] = {
        [ASSERTION_HOLDS] = WEIGHT_GOOD,
        [ASSERTION_INCONCLUSIVE] = WEIGHT_DOUBT,
        [ASSERTION_FAILS] = WEIGHT_FAULT,
    };
    static const char *const words[] = {
        [ASSERTION_HOLDS] = "holds",
        [ASSERTION_INCONCLUSIVE] = "cannot be judged",
        [ASSERTION_FAILS] = "FAILS",
    };
    if (report->assertions->len == 0)
        return;
    text_heading(text, "The assertions");
    for (guint i = 0; i < report->assertions->len; i++) {
        const struct report_assertion *assertion = report->assertions->pdata[i];
        enum text_style style;
        const char *symbol = text_mark(weights[assertion->result], &style);
        g_autofree char *raw =
            g_strdup_printf("%s: %s%s%s", assertion->expression, words[assertion->result],
                            assertion->reason != NULL ? ": " : "",
                            assertion->reason != NULL ? assertion->reason : "");
        g_autofree char *line = text_clean(raw);
        text_add(text, "  ");
        text_styled(text, style, "%s", symbol);
        text_add(text, " ");
        text_wrap(text, 4, 4, line);
    }
}

int report_write_text(const struct report *report, FILE *out)
{
    struct text text;
    text_init(&text, out);
    g_autoptr(GPtrArray) discoveries = summary_discoveries(report);
    put_answer(&text, report, discoveries);
    put_inputs(&text, report);
    put_trails(&text, report);
    text_put_evidence(&text, report, discoveries);
    text_put_mptcp_events(&text, report);
    text_put_next(&text, report, discoveries);
    text_put_limits(&text, report);
    put_assertions(&text, report);
    return text_finish(&text, out);
}
