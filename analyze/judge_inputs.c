/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_inputs.c - captures that could not be read, or whose headers are cut: nothing may be claimed
 * of what they do not show, and a report without findings must not look like good news.
 */
#include <pcap/pcap.h>

#include "analyze/input.h"
#include "analyze/judge.h"

static void say(struct report *report, enum verdict verdict, uint64_t count, char *explain)
{
    struct report_finding *finding = report_add_finding(report);
    finding->verdict = verdict;
    finding->confidence = CONFIDENCE_INCONCLUSIVE;
    finding->direction = DIRECTION_UNKNOWN;
    finding->segment = -1;
    finding->count = MAX(count, 1);
    finding->explain = explain;
}

static char letter(const struct input *input)
{
    return input->vantage == VANTAGE_A ? 'A' : 'B';
}

/* "link type 147 (USER0)" */
static char *linktype_text(unsigned linktype)
{
    const char *name = pcap_datalink_val_to_name((int)linktype);
    return name ? g_strdup_printf("link type %u (%s)", linktype, name)
                : g_strdup_printf("link type %u", linktype);
}

/* Why there is no TCP segment in it, as the end of a sentence. */
static char *why_nothing(const struct input *input)
{
    if (input->packets == 0)
        return g_strdup(input->hooks > 0 ? "it holds hook records, but no packet"
                                         : "it holds no packet");
    if (input->unreadable == input->packets) {
        g_autofree char *linktype = linktype_text(input->unreadable_linktype);
        return g_strdup_printf("its packets are of %s, which is none of those that are read",
                               linktype);
    }
    if (input->filtered > 0)
        return g_strdup("the filter (-f) leaves out all of its TCP segments");
    return g_strdup("none of its packets is a TCP segment");
}

static void judge_nothing(struct analysis *analysis, const struct input *input)
{
    g_autofree char *why = why_nothing(input);
    say(analysis->report, VERDICT_INCONCLUSIVE_NOT_COVERED, input->packets,
        g_strdup_printf("Nothing can be told from capture %c: %s.", letter(input), why));
}

static uint64_t cut_headers(const struct input *input)
{
    return input->cut_headers + input->cut_options;
}

/* What one capture cuts, the other shows; where it does not, nobody knows what was there. */
static bool nobody_shows(const struct analysis *analysis, const struct input *input)
{
    const struct input *other = analysis->inputs[!input->vantage];
    return cut_headers(input) > 0 &&
           (other == NULL || other->segments == 0 || cut_headers(other) > 0);
}

static void judge_cut(struct analysis *analysis, const struct input *input)
{
    say(analysis->report, VERDICT_INCONCLUSIVE_SNAPLEN, cut_headers(input),
        g_strdup_printf("What options stood in %" G_GUINT64_FORMAT " TCP header%s of capture %c "
                        "cannot be told: packets were cut after %u octets. Capture with a larger "
                        "snaplen.",
                        cut_headers(input), cut_headers(input) == 1 ? "" : "s", letter(input),
                        input->snaplen));
}

void judge_inputs(struct analysis *analysis)
{
    for (unsigned v = 0; v < analysis->n_vantages; v++) {
        const struct input *input = analysis->inputs[v];
        if (nobody_shows(analysis, input))
            judge_cut(analysis, input);
        else if (input->segments == 0)
            judge_nothing(analysis, input);
    }
}
