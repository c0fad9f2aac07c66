/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_text_evidence.c - the second half of the report for people: what was found, with frames and
 * hook records; what to type next; what could not be told. See report_text.c.
 */
#include <inttypes.h>
#include <string.h>

#include "analyze/report_text.h"

/* How much of each a person wants to read; the rest is counted. */
enum { ADVICE = 4, FRAMES_SHOWN = 8 };
enum share { SHARE_GRAVE, SHARE_NOTE, SHARE_GOOD, N_SHARES };
static const unsigned shares[N_SHARES] = {8, 4, 4};

const char *text_direction(enum direction direction)
{
    switch (direction) {
    case DIRECTION_FORWARD:
        return "client \u2192 server";
    case DIRECTION_REVERSE:
        return "server \u2192 client";
    default:
        return "either direction";
    }
}

const char *text_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

const char *text_mark(enum verdict_weight weight, enum text_style *style)
{
    static const struct {
        const char *mark;
        enum text_style style;
    } marks[] = {
        [WEIGHT_GOOD] = {"\u2713", STYLE_GOOD},        [WEIGHT_NOTE] = {"\u00b7", STYLE_PLAIN},
        [WEIGHT_DOUBT] = {"?", STYLE_DOUBT},           [WEIGHT_FAULT] = {"\u2717", STYLE_BAD},
        [WEIGHT_INTERFERENCE] = {"\u2717", STYLE_BAD},
    };
    *style = marks[weight].style;
    return marks[weight].mark;
}

/* --- the evidence ------------------------------------------------------------------------- */

/* "frames in A: 3, 7", with `what` "frame" or "hook record". */
static void append_frames(GString *words, const char *what, char vantage, const uint64_t *frames,
                          unsigned n)
{
    if (n == 0)
        return;
    g_string_append_printf(words, "%s%s%s in %c:", words->len > 0 ? "; " : "", what,
                           n == 1 ? "" : "s", g_ascii_toupper(vantage));
    for (unsigned i = 0; i < n && i < FRAMES_SHOWN; i++)
        g_string_append_printf(words, "%s %" PRIu64, i > 0 ? "," : "", frames[i]);
}

static void append_events(GString *words, const struct report_finding *finding, char vantage)
{
    uint64_t frames[REPORT_FRAMES];
    unsigned n = 0;
    for (unsigned i = 0; i < finding->n_events && i < REPORT_FRAMES; i++) {
        if (finding->event_vantage[i] == vantage)
            frames[n++] = finding->events[i];
    }
    append_frames(words, "hook record", vantage, frames, n);
}

static const struct report_flow *flow_by_id(const struct report *report, unsigned id)
{
    if (id == 0 || id > report->flows->len)
        return NULL;
    /* Ids count from 1; after a sort the flow stands at its number. */
    const struct report_flow *flow = report->flows->pdata[id - 1];
    return flow->id == id ? flow : NULL;
}

/* Whether `good` is a hook record's part of the same trail that `bad` is the end of. */
static bool led_to(const struct report_finding *good, const struct report_finding *bad)
{
    return verdict_weight(good->verdict) == WEIGHT_GOOD && good->n_events > 0 &&
           good->flow == bad->flow && good->direction == bad->direction &&
           good->segment == bad->segment && g_strcmp0(good->option, bad->option) == 0;
}

/* How far it went well, from the hooks: who looks for the end of a trail wants its beginning. */
static void put_beginning(struct text *text, const struct report *report,
                          const struct report_finding *bad)
{
    if (bad->option == NULL || verdict_weight(bad->verdict) <= WEIGHT_NOTE)
        return;
    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *good = report->findings->pdata[i];
        if (!led_to(good, bad))
            continue;
        g_autoptr(GString) words = g_string_new(NULL);
        append_events(words, good, 'a');
        append_events(words, good, 'b');
        text_add(text, "     before that: %s (%s), %s\n", verdict_short(good->verdict),
                 confidence_name(good->confidence), words->str);
    }
}

static void put_discovery(struct text *text, const struct report *report,
                          const struct discovery *discovery, unsigned number)
{
    const struct report_finding *finding = discovery->first;
    enum text_style style;
    text_mark(verdict_weight(finding->verdict), &style);

    g_autoptr(GString) title = g_string_new(NULL);
    if (!verdict_is_inconclusive(finding->verdict))
        g_string_append_printf(title, " (%s)", confidence_name(finding->confidence));
    const char *separator = ": ";
    if (finding->option != NULL) {
        g_autofree char *name = text_clean(finding->option);
        g_string_append_printf(title, "%s%s", separator, name);
        separator = " on ";
    }
    if (finding->segment >= 0) {
        g_string_append_printf(title, "%s%s", separator,
                               segment_class_name((enum segment_class)finding->segment));
        separator = ", ";
    }
    if (finding->direction != DIRECTION_UNKNOWN)
        g_string_append_printf(title, "%s%s", finding->option != NULL ? ", " : separator,
                               text_direction(finding->direction));
    g_string_append_printf(title, "; %" PRIu64 " time%s", discovery->count,
                           text_plural(discovery->count));
    if (discovery->flows > 0 && report->flows->len > 1)
        g_string_append_printf(title, " in %u of %u connections", discovery->flows,
                               report->flows->len);
    g_autofree char *start = g_strdup_printf("  %u. ", number);
    text_add(text, "%s", start);
    text_styled(text, style == STYLE_PLAIN ? STYLE_HEADING : style, "%s",
                verdict_name(finding->verdict));
    text_wrap(text, (int)(strlen(start) + strlen(verdict_name(finding->verdict))), 5, title->str);

    if (finding->explain != NULL && *finding->explain != '\0') {
        g_autofree char *explain = text_clean(finding->explain);
        text_add(text, "     ");
        text_wrap(text, 5, 5, explain);
    }
    const struct report_flow *flow = flow_by_id(report, finding->flow);
    if (flow != NULL && report->flows->len > 1) {
        bool at_a = flow->client != NULL;
        text_add(text, "     %s flow %u, %s \u2192 %s\n",
                 discovery->flows > 1 ? "for instance" : "in", flow->id,
                 at_a ? flow->client : flow->client_b, at_a ? flow->server : flow->server_b);
    }
    g_autoptr(GString) words = g_string_new(NULL);
    append_frames(words, "frame", 'a', finding->frames_a, finding->n_frames_a);
    append_frames(words, "frame", 'b', finding->frames_b, finding->n_frames_b);
    append_events(words, finding, 'a');
    append_events(words, finding, 'b');
    if (words->len > 0) {
        text_add(text, "     ");
        text_wrap(text, 5, 5, words->str);
    }
    put_beginning(text, report, finding);
}

void text_put_evidence(struct text *text, const struct report *report, const GPtrArray *discoveries)
{
    if (discoveries->len == 0)
        return;
    text_heading(text, "The evidence, worst first");
    unsigned shown[N_SHARES] = {0}, number = 0, left = 0;
    for (guint i = 0; i < discoveries->len; i++) {
        const struct discovery *discovery = discoveries->pdata[i];
        enum verdict_weight weight = verdict_weight(discovery->first->verdict);
        enum share share = weight > WEIGHT_NOTE    ? SHARE_GRAVE
                           : weight == WEIGHT_NOTE ? SHARE_NOTE
                                                   : SHARE_GOOD;
        /* What went well is worth proving only when nothing went wrong. */
        if (shown[share] >= shares[share] || (share == SHARE_GOOD && shown[SHARE_GRAVE] > 0)) {
            left++;
            continue;
        }
        shown[share]++;
        if (number++ > 0)
            text_add(text, "\n");
        put_discovery(text, report, discovery, number);
    }
    if (left > 0)
        text_add(text, "\n  ... and %u %s, all in --format json\n", left,
                 shown[SHARE_GRAVE] > 0 ? "that are less grave or went well" : "more");
}

/* --- what MPTCP did ----------------------------------------------------------------------- */

void text_put_mptcp_events(struct text *text, const struct report *report)
{
    enum { EVENTS_SHOWN = 12 };
    if (report->mptcp_events->len == 0)
        return;
    text_heading(text, "What the kernel's MPTCP did, as the recordings tell");
    for (guint i = 0; i < report->mptcp_events->len && i < EVENTS_SHOWN; i++) {
        const struct report_mptcp_event *event = report->mptcp_events->pdata[i];
        g_autoptr(GString) words = g_string_new(NULL);
        g_string_printf(words, "%s, token %08x", event->name, event->token);
        if (event->local != NULL || event->remote != NULL)
            g_string_append_printf(words, ", %s \u2194 %s", event->local ? event->local : "-",
                                   event->remote ? event->remote : "-");
        if (event->flow != 0)
            g_string_append_printf(words, " (flow %u)", event->flow);
        if (event->error != 0)
            g_string_append_printf(words, ": %s", g_strerror(event->error));
        if (event->after_loss)
            g_string_append(words, "; events before it were lost");
        text_add(text, "  %c %" PRIu64 "  ", g_ascii_toupper(event->vantage), event->frame);
        text_wrap(text, 8, 8, words->str);
    }
    uint64_t left = report->mptcp_events_left_out;
    if (report->mptcp_events->len > EVENTS_SHOWN)
        left += report->mptcp_events->len - EVENTS_SHOWN;
    if (left > 0)
        text_add(text, "  ... and %" PRIu64 " more\n", left);
}

/* --- what to look at next ----------------------------------------------------------------- */

static gboolean is_plain_word(const char *word)
{
    return *word != '\0' &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+,"
                             "-:=@%")] == '\0';
}

/* A file name as a shell takes it; NULL for one that no command line shows safely. */
static char *shell_word(const char *file)
{
    g_autofree char *clean = text_clean(file);
    if (strcmp(file, "-") == 0 || strcmp(clean, file) != 0)
        return NULL;
    return is_plain_word(file) ? g_strdup(file) : g_shell_quote(file);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void collect_events(GArray *numbers, const struct report_finding *finding, char vantage)
{
    for (unsigned i = 0; i < finding->n_events && i < REPORT_FRAMES; i++) {
        if (finding->event_vantage[i] == vantage)
            g_array_append_val(numbers, finding->events[i]);
    }
}

/* The frames that the gravest discoveries name in one capture, packets and hook records. */
static GString *collect_frames(const struct report *report, const GPtrArray *discoveries,
                               char vantage)
{
    enum { OF_EACH = 3 };
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (guint i = 0; i < discoveries->len && i < shares[SHARE_GRAVE]; i++) {
        const struct report_finding *gravest =
            ((const struct discovery *)discoveries->pdata[0])->first;
        const struct report_finding *finding =
            ((const struct discovery *)discoveries->pdata[i])->first;
        if (verdict_weight(finding->verdict) < verdict_weight(gravest->verdict))
            break;
        if (vantage == 'a')
            g_array_append_vals(numbers, finding->frames_a, MIN(finding->n_frames_a, OF_EACH));
        else
            g_array_append_vals(numbers, finding->frames_b, MIN(finding->n_frames_b, OF_EACH));
        collect_events(numbers, finding, vantage);
        for (guint j = 0; j < report->findings->len && finding->option != NULL; j++) {
            if (report->findings->pdata[j] != finding &&
                led_to(report->findings->pdata[j], finding))
                collect_events(numbers, report->findings->pdata[j], vantage);
        }
    }
    g_array_sort(numbers, compare_numbers);
    GString *frames = g_string_new(NULL);
    uint64_t last = 0;
    for (guint i = 0; i < numbers->len; i++) {
        uint64_t number = g_array_index(numbers, uint64_t, i);
        if (number != last)
            g_string_append_printf(frames, "%s%" PRIu64, last > 0 ? "," : "", number);
        last = number;
    }
    return frames;
}

/*
 * A display filter for the segments with an option: ours for what is described, Wireshark's own for
 * what it knows itself. NULL when there is none. `*ours` tells whether it needs the plugin.
 */
static char *filter_for(const char *option, bool *ours)
{
    static const struct {
        const char *prefix, *field;
    } stock[] = {
        {"kind-", "tcp.option_kind"},
        {"mptcp-", "tcp.options.mptcp.subtype"},
        {"exid-", "tcp.options.experimental.exid"},
    };
    if (!is_plain_word(option))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(stock); i++) {
        if (g_str_has_prefix(option, stock[i].prefix)) {
            *ours = false;
            return g_strdup_printf("%s == %s", stock[i].field, option + strlen(stock[i].prefix));
        }
    }
    *ours = true;
    return g_strdup_printf("optrail.option == \"%s\"", option);
}

static void put_command(struct text *text, const char *what, const char *command)
{
    text_add(text, "  ");
    text_styled(text, STYLE_FAINT, "# %s", what);
    text_add(text, "\n  %s\n", command);
}

static void put_bullet(struct text *text, bool first, const char *words)
{
    if (first && !g_str_has_suffix(text->buffer->str, "\n\n"))
        text_add(text, "\n");
    text_add(text, "  \u00b7 ");
    text_wrap(text, 4, 4, words);
}

/* What to do about the gravest verdicts, each once. */
static void put_advice(struct text *text, const struct report *report, const GPtrArray *discoveries,
                       const GPtrArray *fates)
{
    bool advised[VERDICTS] = {false}, box = false;
    unsigned given = 0;
    for (guint i = 0; i < fates->len + discoveries->len && given < ADVICE; i++) {
        enum verdict verdict =
            i < discoveries->len
                ? ((const struct discovery *)discoveries->pdata[i])->first->verdict
                : ((const struct fate *)fates->pdata[i - discoveries->len])->verdict;
        box = box || (verdict_is_interference(verdict) && verdict_needs(verdict) == NEEDS_TWO);
        /* That there is one capture is said below. */
        if (verdict == VERDICT_INCONCLUSIVE_NOT_COVERED && report->n_inputs < 2)
            continue;
        if (advised[verdict] || *verdict_advice(verdict) == '\0')
            continue;
        advised[verdict] = true;
        g_autofree char *words =
            g_strdup_printf("%s: %s", verdict_name(verdict), verdict_advice(verdict));
        put_bullet(text, given++ == 0, words);
    }
    if (box && report->n_inputs > 1)
        put_bullet(text, given == 0,
                   "To find the box: capture at a point between A and B and analyze again; it "
                   "stands in the half that still shows it.");
}

void text_put_next(struct text *text, const struct report *report, const GPtrArray *discoveries)
{
    size_t before = text->buffer->len;
    text_heading(text, "What to look at next");
    size_t heading = text->buffer->len;
    g_autoptr(GPtrArray) fates = summary_fates(report);
    GString *again = g_string_new("optrail analyze --format json");
    bool can_repeat = true;
    for (unsigned i = 0; i < report->n_inputs; i++) {
        const struct report_input *input = &report->inputs[i];
        g_autofree char *file = shell_word(input->file);
        if (file == NULL) {
            can_repeat = false;
            continue;
        }
        g_string_append_printf(again, " %s", file);
        g_autoptr(GString) frames = collect_frames(report, discoveries, input->vantage);
        if (frames->len == 0)
            continue;
        g_autofree char *what = g_strdup_printf("the gravest of these frames in %c, field by field",
                                                g_ascii_toupper(input->vantage));
        g_autofree char *command =
            g_strdup_printf("tshark -r %s -Y 'frame.number in {%s}' -V", file, frames->str);
        put_command(text, what, command);
    }
    const char *option = fates->len > 0 ? ((const struct fate *)fates->pdata[0])->option : NULL;
    bool ours = false;
    g_autofree char *filter = option != NULL ? filter_for(option, &ours) : NULL;
    g_autofree char *file = report->n_inputs > 0 ? shell_word(report->inputs[0].file) : NULL;
    if (filter != NULL && file != NULL) {
        g_autofree char *what =
            g_strdup_printf("every segment%s with %s%s", ours ? " and hook record" : "", option,
                            ours ? " (with Optrail's Wireshark plugin)" : "");
        g_autofree char *command = g_strdup_printf("tshark -r %s -Y '%s'", file, filter);
        put_command(text, what, command);
    }
    if (can_repeat && report->n_inputs > 0)
        put_command(text, "everything, connection by connection, for programs", again->str);
    g_string_free(again, TRUE);
    put_advice(text, report, discoveries, fates);
    if (text->buffer->len == heading) /* of a pipe, of which nothing can be asked again */
        g_string_truncate(text->buffer, before);
}

/* --- the limits --------------------------------------------------------------------------- */

static void put_limit(struct text *text, unsigned *n, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void put_limit(struct text *text, unsigned *n, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *words = text_clean(raw);
    text_add(text, "  \u00b7 ");
    text_wrap(text, 4, 4, words);
    (*n)++;
}

static void put_input_limits(struct text *text, const struct report_input *input, unsigned *n,
                             unsigned *without_hooks)
{
    char name = g_ascii_toupper(input->vantage);
    if (input->warning != NULL)
        put_limit(text, n, "%c was read as far as it is whole: %s.", name, input->warning);
    if (input->lost_packets == COUNT_UNKNOWN)
        put_limit(text, n, "%c does not say whether its capture lost packets.", name);
    else if (input->lost_packets != 0)
        put_limit(text, n,
                  "%c lost %" PRIu64 " packet%s while capturing: absence is not claimed there.",
                  name, input->lost_packets, text_plural(input->lost_packets));
    if (input->truncated_packets != 0)
        put_limit(text, n, "%c holds %" PRIu64 " packet%s cut by its snaplen.", name,
                  input->truncated_packets, text_plural(input->truncated_packets));
    if (input->hook_events == 0)
        *without_hooks += 1;
    else if (input->lost_events == COUNT_UNKNOWN)
        put_limit(text, n, "%c does not say whether hook events were lost.", name);
    else if (input->lost_events != 0)
        put_limit(text, n,
                  "%c lost %" PRIu64
                  " hook event%s while recording: what hooks did at that time is "
                  "not known, and absence is not claimed there.",
                  name, input->lost_events, text_plural(input->lost_events));
}

/*
 * What the recorder itself says: the lines of its comment that begin with "cannot see: ", or those
 * that do not and tell what it used. Never NULL; free with g_strfreev().
 */
char **text_sources(const struct report_input *input, bool blind)
{
    static const char start[] = "cannot see: ";
    g_auto(GStrv) lines = g_strsplit(input->sources != NULL ? input->sources : "", "\n", -1);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (char **line = lines; *line != NULL; line++) {
        bool is_blind = g_str_has_prefix(*line, start);
        bool says_something = strchr(*line, ':') != NULL;
        if (is_blind == blind && says_something)
            g_ptr_array_add(found, g_strstrip(g_strdup(*line + (blind ? strlen(start) : 0))));
    }
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

static void put_blind_spots(struct text *text, const struct report *report, unsigned *n)
{
    g_auto(GStrv) at_a = report->n_inputs > 0 ? text_sources(&report->inputs[0], true) : NULL;
    g_auto(GStrv) at_b = report->n_inputs > 1 ? text_sources(&report->inputs[1], true) : NULL;
    for (char **spot = at_a; spot != NULL && *spot != NULL; spot++) {
        bool same = at_b != NULL && g_strv_contains((const char *const *)at_b, *spot);
        put_limit(text, n, "The recorder%s could not see: %s.", same ? "s at A and at B" : " at A",
                  *spot);
    }
    for (char **spot = at_b; spot != NULL && *spot != NULL; spot++)
        if (!g_strv_contains((const char *const *)at_a, *spot))
            put_limit(text, n, "The recorder at B could not see: %s.", *spot);
}

void text_put_limits(struct text *text, const struct report *report)
{
    unsigned n = 0, without_hooks = 0, only_a = 0, only_b = 0;
    text_heading(text, "What this report cannot tell");
    for (unsigned i = 0; i < report->n_inputs; i++)
        put_input_limits(text, &report->inputs[i], &n, &without_hooks);
    if (without_hooks == report->n_inputs)
        put_limit(
            text, &n,
            "There are no hook records: what eBPF programs reserved, wrote, parsed and applied "
            "is not known.");
    else if (without_hooks != 0)
        put_limit(text, &n,
                  "%c holds no hook records: what the eBPF programs on that side reserved, wrote, "
                  "parsed and applied is not known.",
                  report->inputs[0].hook_events == 0 ? 'A' : 'B');
    if (report->n_inputs < 2) {
        put_limit(text, &n,
                  "There is one capture: what the path did to an option needs a second one, from "
                  "the other end: optrail analyze A B.");
    } else {
        for (guint i = 0; i < report->flows->len; i++) {
            const struct report_flow *flow = report->flows->pdata[i];
            only_a += flow->client_b == NULL;
            only_b += flow->client == NULL;
        }
        if (only_a != 0)
            put_limit(text, &n, "%u connection%s seen at A only.", only_a,
                      only_a == 1 ? " was" : "s were");
        if (only_b != 0)
            put_limit(text, &n, "%u connection%s seen at B only.", only_b,
                      only_b == 1 ? " was" : "s were");
    }
    put_blind_spots(text, report, &n);
    if (n == 0)
        text_add(text, "  Nothing was lost, cut or left out, as far as the captures say.\n");
}
