/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.c - a finding as one sentence: who, what, where, and what it means.
 *
 * One template per verdict. In a template
 *   %o option   %s "3 ACK segments"   %f "the client" (its sender)   %t "the server" (its receiver)
 *   %k "option kind 253"   %d the detail, or nothing   %w "was" or "were"   %c the other capture
 */
#include <string.h>

#include "analyze/evidence.h"

static const char *const SEGMENT_WORDS[SEGMENT_CLASSES][2] = {
    [SEGMENT_SYN] = {"SYN", "SYNs"},
    [SEGMENT_SYNACK] = {"SYN-ACK", "SYN-ACKs"},
    [SEGMENT_ACK] = {"ACK segment", "ACK segments"},
    [SEGMENT_DATA] = {"data segment", "data segments"},
    [SEGMENT_FIN] = {"FIN segment", "FIN segments"},
    [SEGMENT_RST] = {"RST", "RSTs"},
};

static const char *const TEMPLATES[VERDICTS] = {
    [VERDICT_OPTION_INTACT] = "%o was on %s from %f and reached %t unchanged.",
    [VERDICT_OPTION_REMOVED_NOP] =
        "%o was on %s when they left %f, and NOPs stood in its place when they reached %t: a box "
        "between the two capture points overwrites %k.",
    [VERDICT_OPTION_REMOVED_SHORTENED] =
        "%o was on %s when they left %f and was gone, with a shorter header, when they reached %t: "
        "a box between the two capture points takes %k out.",
    [VERDICT_OPTION_MODIFIED] =
        "%o was on %s when they left %f and had other octets when they reached %t%d: a box between "
        "the two capture points rewrites %k.",
    [VERDICT_OPTION_ADDED] =
        "%o was on %s when they reached %t, but not when they left %f: a box between the two "
        "capture points adds %k.",
    [VERDICT_OPTION_REORDERED] =
        "%o was on %s from %f and stood at another place when they reached %t.",
    [VERDICT_OPTION_MIRRORED] =
        "%o came back with the octets that %t had sent, on %s%d: %f did not send it.",
    [VERDICT_OPTION_UNANSWERED] = "%o was on %s from %f and was not answered%d.",
    [VERDICT_OPTION_MISPLACED] = "%o was on %s from %f, where its description does not allow it.",
    [VERDICT_OPTION_MALFORMED] =
        "%o was on %s from %f with a length or value that its description does not allow.",
    [VERDICT_SEGMENT_LOST] =
        "%s left %f and %w not seen to reach %t: lost between the two capture points.",
    [VERDICT_SEGMENT_DUPLICATED] = "%s from %f reached %t once more than they were sent%d.",
    [VERDICT_SEGMENT_REORDERED] = "%s from %f reached %t after others that were sent later.",
    [VERDICT_SEGMENT_SPLIT] =
        "%s from %f reached %t in several pieces%d: a box between the two capture points splits "
        "segments.",
    [VERDICT_SEGMENT_COALESCED] =
        "%s that reached %t had left %f as several: a box between the two capture points joins "
        "segments (or the receiving host did, before its capture point).",
    [VERDICT_SEGMENT_PAYLOAD_MODIFIED] =
        "%s from %f reached %t with other data than were sent%d: a box between the two capture "
        "points rewrites the payload.",
    [VERDICT_SYN_BLOCKED] =
        "%s from %f with %o do not get through to %t%d: a box on the path drops them.",
    [VERDICT_PATH_NAT] = "The path translates addresses or ports: %d.",
    [VERDICT_PATH_SEQUENCE_REWRITTEN] =
        "The path rewrites sequence numbers%d: options that name sequence numbers may not survive "
        "it.",
    [VERDICT_PATH_TIMESTAMPS_REWRITTEN] = "The path rewrites TCP timestamps%d.",
    [VERDICT_PATH_PROXY] = "The connection is terminated on the way: two connections stand behind "
                           "one another, and no option crosses%d.",
    [VERDICT_PATH_RST_INJECTED] = "%s reached %t that %f never sent%d.",
    [VERDICT_MPTCP_FALLBACK] = "The connection went back to plain TCP%d.",
    [VERDICT_HOOK_WRITTEN] = "A program at %f wrote %o on %s, and that is how they left.",
    [VERDICT_HOOK_RESERVED_NOT_WRITTEN] =
        "A program at %f reserved space for %o on %s and wrote nothing%d.",
    [VERDICT_HOOK_NO_SPACE] = "%o found no room on %s from %f%d.",
    [VERDICT_HOOK_REFUSED] = "The kernel of %f refused %o on %s%d.",
    [VERDICT_HOOK_NOT_ON_WIRE] =
        "A program at %f wrote %o on %s, but no such segment was seen leaving the host%d.",
    [VERDICT_HOOK_NOT_PARSED] =
        "%o reached %t on %s, but no parse hook there saw it: no program asks for it, or the "
        "kernel did not hand it over.",
    [VERDICT_HOOK_ACTION_FAILED] = "A program at %t read %o from %s and acted on it in vain%d.",
    [VERDICT_HOOK_APPLIED] = "A program at %t read %o from %s and acted on it%d.",
    [VERDICT_INCONCLUSIVE_CAPTURE_LOSS] =
        "What became of %o on %s from %f cannot be said: packets are missing from %c%d.",
    [VERDICT_INCONCLUSIVE_EVENTS_LOST] =
        "What hooks did with %o on %s from %f cannot be said: records are missing%d.",
    [VERDICT_INCONCLUSIVE_SNAPLEN] =
        "What became of %o on %s from %f cannot be said: the capture cut the header before it "
        "ended%d. Capture with a larger snaplen.",
    [VERDICT_INCONCLUSIVE_NOT_COVERED] =
        "What became of %o on %s from %f cannot be said: %c does not cover it%d.",
    [VERDICT_INCONCLUSIVE_AMBIGUOUS] = "What became of %o on %s from %f cannot be said%d.",
};

static const char ONE_CAPTURE[] =
    "One capture cannot say what became of %o on %s from %f: capture at the other end too.";

static void append_segments(GString *text, const struct evidence *e)
{
    const char *const words[2] = {"segment", "segments"};
    const char *const *word = e->segment >= 0 ? SEGMENT_WORDS[e->segment] : words;
    uint64_t count = MAX(e->count, e->beside);
    g_string_append_printf(text, "%" G_GUINT64_FORMAT " %s", count, word[count != 1]);
}

static void append_detail(GString *text, const struct evidence *e)
{
    if (e->detail == NULL)
        return;
    if (e->verdict == VERDICT_PATH_NAT)
        g_string_append(text, e->detail);
    else if (g_str_has_prefix(e->detail, "by "))
        g_string_append_printf(text, " %s", e->detail);
    else
        g_string_append_printf(text, " (%s)", e->detail);
}

static void append_kind(GString *text, const struct evidence *e)
{
    if (e->option == NULL || e->kind == 0)
        g_string_append(text, "the option");
    else if (e->kind == TCP_KIND_MPTCP)
        g_string_append(text, "this MPTCP option (kind 30)");
    else
        g_string_append_printf(text, "option kind %u", e->kind);
}

static const char *other_capture(const struct analysis *analysis, const struct evidence *e)
{
    if (analysis->n_vantages == 1)
        return "the capture";
    if (e->n_frames[VANTAGE_A] > 0 && e->n_frames[VANTAGE_B] == 0)
        return "capture B";
    return e->n_frames[VANTAGE_B] > 0 && e->n_frames[VANTAGE_A] == 0 ? "capture A" : "a capture";
}

static void append_place(GString *text, const struct analysis *analysis,
                         const struct connection *connection, const struct evidence *e, char what)
{
    bool forward = connection_direction(connection, e->direction) == DIRECTION_FORWARD;
    switch (what) {
    case 'o':
        g_string_append(text, e->option ? e->option->name : "it");
        break;
    case 's':
        append_segments(text, e);
        break;
    case 'f':
        g_string_append(text, forward ? "the client" : "the server");
        break;
    case 't':
        g_string_append(text, forward ? "the server" : "the client");
        break;
    case 'k':
        append_kind(text, e);
        break;
    case 'w':
        g_string_append(text, MAX(e->count, e->beside) == 1 ? "was" : "were");
        break;
    case 'c':
        g_string_append(text, other_capture(analysis, e));
        break;
    case 'd':
        append_detail(text, e);
        break;
    default:
        g_assert_not_reached();
    }
}

/* One segment is "it", several are "they". */
static void make_singular(GString *text)
{
    static const char *const PLURAL[][2] = {
        {"when they left", "when it left"},
        {"when they reached", "when it reached"},
        {"how they left", "how it left"},
        {"once more than they were sent", "once more than it was sent"},
        {"do not get through", "does not get through"},
        {"drops them", "drops it"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(PLURAL); i++)
        g_string_replace(text, PLURAL[i][0], PLURAL[i][1], 0);
}

char *explain(const struct analysis *analysis, const struct connection *connection,
              const struct evidence *evidence)
{
    GString *text = g_string_new(NULL);
    const char *template = TEMPLATES[evidence->verdict];
    if (analysis->n_vantages == 1 && evidence->detail == NULL &&
        evidence->verdict == VERDICT_INCONCLUSIVE_NOT_COVERED)
        template = ONE_CAPTURE;
    for (const char *c = template; c && *c; c++) {
        if (*c == '%' && c[1] != '\0')
            append_place(text, analysis, connection, evidence, *++c);
        else
            g_string_append_c(text, *c);
    }
    if (MAX(evidence->count, evidence->beside) == 1)
        make_singular(text);
    return g_string_free(text, FALSE);
}
