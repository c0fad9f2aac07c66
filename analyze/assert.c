/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assert.c - parses assertions and holds them against a report. See assert.h. */
#include "analyze/assert.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum operator{
    OPERATOR_EQUAL,
    OPERATOR_UNEQUAL,
    OPERATOR_AT_LEAST,
    OPERATOR_AT_MOST,
    OPERATOR_MORE,
    OPERATOR_LESS
};

static const struct {
    const char *text; /* two characters before one, so that ">=" is not read as ">" */
    enum operator operator;
} operators[] = {
    {">=", OPERATOR_AT_LEAST}, {"<=", OPERATOR_AT_MOST}, {"!=", OPERATOR_UNEQUAL},
    {"==", OPERATOR_EQUAL},    {"=", OPERATOR_EQUAL},    {">", OPERATOR_MORE},
    {"<", OPERATOR_LESS},
};

static const struct {
    const char *name;
    size_t offset;
} stages[] = {
    {"reserved", offsetof(struct report_option, reserved)},
    {"written", offsetof(struct report_option, written)},
    {"sent", offsetof(struct report_option, sent)},
    {"arrived", offsetof(struct report_option, arrived)},
    {"parsed", offsetof(struct report_option, parsed)},
    {"applied", offsetof(struct report_option, applied)},
};

struct comparison {
    size_t stage;
    enum operator operator;
    uint64_t number;
};

struct assertion {
    char *expression;
    unsigned flow;            /* 0: any */
    enum direction direction; /* DIRECTION_UNKNOWN: any */
    char *option;             /* NULL: any */
    int segment;              /* -1: any */
    char *verdict;            /* what rows must have; NULL: not said */
    char *none;               /* what must not be found; NULL: not said */
    GArray *comparisons;      /* struct comparison */
};

G_DEFINE_QUARK(optrail - assertion - error - quark, assertion_error)

/* --- parsing ------------------------------------------------------------------------------ */

static gboolean wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, ASSERTION_ERROR, 0, message);
    return FALSE;
}

static gboolean take_flow(struct assertion *assertion, const char *value, GError **error)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(value, 10, 1, G_MAXUINT, &number, NULL))
        return wrong(error, "flow=%s: the number of a flow, from 1", value);
    assertion->flow = (unsigned)number;
    return TRUE;
}

static gboolean take_direction(struct assertion *assertion, const char *value, GError **error)
{
    if (strcmp(value, "forward") == 0)
        assertion->direction = DIRECTION_FORWARD;
    else if (strcmp(value, "reverse") == 0)
        assertion->direction = DIRECTION_REVERSE;
    else
        return wrong(error, "direction=%s: forward or reverse", value);
    return TRUE;
}

static gboolean take_option(struct assertion *assertion, const char *value, GError **error)
{
    if (*value == '\0')
        return wrong(error, "option=: which option?");
    g_free(assertion->option);
    assertion->option = g_strdup(value);
    return TRUE;
}

static gboolean take_segment(struct assertion *assertion, const char *value, GError **error)
{
    assertion->segment = segment_class_from_name(value);
    if (assertion->segment < 0)
        return wrong(error, "segment=%s: syn, synack, ack, data, fin or rst", value);
    return TRUE;
}

static gboolean take_verdict(struct assertion *assertion, const char *value, GError **error)
{
    if (!verdict_selects_any(value))
        return wrong(error, "verdict=%s: there is no such verdict; see docs/verdicts.md", value);
    if (assertion->verdict != NULL)
        return wrong(error, "verdict= stands there twice");
    assertion->verdict = g_strdup(value);
    return TRUE;
}

static const struct {
    const char *key;
    gboolean (*take)(struct assertion *assertion, const char *value, GError **error);
} selectors[] = {
    {"flow", take_flow},       {"direction", take_direction}, {"option", take_option},
    {"segment", take_segment}, {"verdict", take_verdict},
};

static gboolean take_comparison(struct assertion *assertion, const char *word, size_t stage,
                                GError **error)
{
    const char *rest = word + strlen(stages[stage].name);
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (!g_str_has_prefix(rest, operators[i].text))
            continue;
        guint64 number;
        if (!g_ascii_string_to_unsigned(rest + strlen(operators[i].text), 10, 0, G_MAXINT64,
                                        &number, NULL))
            return wrong(error, "%s: a number must stand behind %s", word, operators[i].text);
        struct comparison comparison = {stage, operators[i].operator, number };
        g_array_append_val(assertion->comparisons, comparison);
        return TRUE;
    }
    return wrong(error, "%s: one of = != < <= > >= must stand behind %s", word, stages[stage].name);
}

static gboolean take_word(struct assertion *assertion, const char *word, GError **error)
{
    size_t length = strcspn(word, "=!<>");
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++) {
        if (strlen(stages[i].name) == length && strncmp(word, stages[i].name, length) == 0)
            return take_comparison(assertion, word, i, error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(selectors); i++) {
        if (word[length] == '=' && strlen(selectors[i].key) == length &&
            strncmp(word, selectors[i].key, length) == 0)
            return selectors[i].take(assertion, word + length + 1, error);
    }
    return wrong(error,
                 "%s: not flow=, direction=, option=, segment=, verdict=, a count like sent>=1, or "
                 "'none VERDICT'",
                 word);
}

static gboolean parse(struct assertion *assertion, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(assertion->expression, " \t\n", -1);
    gboolean any = FALSE;
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        any = TRUE;
        if (strcmp(*word, "none") != 0) {
            if (!take_word(assertion, *word, error))
                return FALSE;
            continue;
        }
        do
            word++;
        while (*word != NULL && **word == '\0');
        if (*word == NULL)
            return wrong(error, "none: which verdict? For instance 'none path.proxy'");
        if (assertion->none != NULL)
            return wrong(error, "none stands there twice");
        if (!verdict_selects_any(*word))
            return wrong(error, "none %s: there is no such verdict; see docs/verdicts.md", *word);
        assertion->none = g_strdup(*word);
    }
    if (!any)
        return wrong(error, "nothing is asserted");
    if (assertion->none != NULL && (assertion->verdict != NULL || assertion->comparisons->len > 0))
        return wrong(error, "'none %s' goes with flow=, direction=, option= and segment= alone",
                     assertion->none);
    return TRUE;
}

struct assertion *assertion_parse(const char *expression, GError **error)
{
    struct assertion *assertion = g_new0(struct assertion, 1);
    assertion->expression = g_strstrip(g_strdup(expression));
    assertion->direction = DIRECTION_UNKNOWN;
    assertion->segment = -1;
    assertion->comparisons = g_array_new(FALSE, FALSE, sizeof(struct comparison));
    g_autoptr(GError) inner = NULL;
    if (parse(assertion, &inner))
        return assertion;
    g_set_error(error, ASSERTION_ERROR, 0, "'%s': %s", expression, inner->message);
    assertion_free(assertion);
    return NULL;
}

void assertion_free(struct assertion *assertion)
{
    if (assertion == NULL)
        return;
    g_free(assertion->expression);
    g_free(assertion->option);
    g_free(assertion->verdict);
    g_free(assertion->none);
    g_array_unref(assertion->comparisons);
    g_free(assertion);
}

/* --- judging ------------------------------------------------------------------------------ */

/* The worst result of several and the first reason for it. */
struct tally {
    enum assertion_result result;
    char *reason;
    unsigned n; /* how many had this result */
};

static void count(struct tally *tally, enum assertion_result result, char *reason)
{
    if (result < tally->result) {
        g_free(reason);
        return;
    }
    if (result > tally->result) {
        g_clear_pointer(&tally->reason, g_free);
        tally->result = result;
        tally->n = 0;
    }
    tally->n++;
    if (tally->reason == NULL)
        tally->reason = reason;
    else
        g_free(reason);
}

static bool picks(const struct assertion *assertion, unsigned flow, enum direction direction,
                  const char *option, int segment)
{
    return (assertion->flow == 0 || assertion->flow == flow) &&
           (assertion->direction == DIRECTION_UNKNOWN || assertion->direction == direction) &&
           (assertion->option == NULL || g_strcmp0(assertion->option, option) == 0) &&
           (assertion->segment < 0 || assertion->segment == segment);
}

static char *describe(const struct report_option *row)
{
    return g_strdup_printf("flow %u, %s, %s, %s", row->flow, row->option,
                           row->direction == DIRECTION_REVERSE ? "reverse" : "forward",
                           segment_class_name(row->segment));
}

static bool row_is_inconclusive(const struct report_option *row)
{
    return verdict_is_inconclusive(row->verdict) || row->verdict == VERDICT_NONE ||
           row->confidence == CONFIDENCE_INCONCLUSIVE;
}

static bool holds(const struct comparison *comparison, uint64_t value)
{
    switch (comparison->operator) {
    case OPERATOR_EQUAL:
        return value == comparison->number;
    case OPERATOR_UNEQUAL:
        return value != comparison->number;
    case OPERATOR_AT_LEAST:
        return value >= comparison->number;
    case OPERATOR_AT_MOST:
        return value <= comparison->number;
    case OPERATOR_MORE:
        return value > comparison->number;
    default:
        return value < comparison->number;
    }
}

static void check_row(const struct assertion *assertion, const struct report_option *row,
                      struct tally *tally)
{
    g_autofree char *name = describe(row);
    bool unknown = row_is_inconclusive(row);
    count(tally, ASSERTION_HOLDS, NULL);
    if (assertion->verdict != NULL && !verdict_selects(assertion->verdict, row->verdict))
        count(tally, unknown ? ASSERTION_INCONCLUSIVE : ASSERTION_FAILS,
              g_strdup_printf("%s: %s (%s)", name, verdict_name(row->verdict),
                              confidence_name(row->confidence)));
    for (guint i = 0; i < assertion->comparisons->len; i++) {
        const struct comparison *comparison =
            &g_array_index(assertion->comparisons, struct comparison, i);
        uint64_t value;
        memcpy(&value, (const char *)row + stages[comparison->stage].offset, sizeof(value));
        if (value == COUNT_UNKNOWN)
            count(tally, ASSERTION_INCONCLUSIVE,
                  g_strdup_printf("%s: %s could not be observed", name,
                                  stages[comparison->stage].name));
        else if (!holds(comparison, value))
            /* What was seen is true; what was not may have been missed. */
            count(
                tally, unknown ? ASSERTION_INCONCLUSIVE : ASSERTION_FAILS,
                g_strdup_printf("%s: %s is %" PRIu64, name, stages[comparison->stage].name, value));
    }
}

static void check_rows(const struct assertion *assertion, const struct report *report,
                       struct tally *tally)
{
    bool any = false;
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        if (!picks(assertion, row->flow, row->direction, row->option, (int)row->segment))
            continue;
        any = true;
        check_row(assertion, row, tally);
    }
    if (!any)
        count(tally, ASSERTION_FAILS, g_strdup("no row of the report matches"));
}

/* Whether a row whose fate is unknown could hide a verdict that `selector` names. */
static bool could_hide(const char *selector)
{
    for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++) {
        if (verdict_selects(selector, (enum verdict)verdict) &&
            verdict_is_interference((enum verdict)verdict) &&
            verdict_selects("option", (enum verdict)verdict))
            return true;
    }
    return false;
}

/* Whether a capture that was not read, or not whole, could hide a verdict that `selector` names. */
static bool could_be_unseen(const char *selector, const struct report_finding *finding)
{
    static const char *const OF_OPTIONS[] = {"option", "mptcp", "syn"};
    if (finding->flow != 0 || !verdict_is_inconclusive(finding->verdict))
        return false;
    for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++) {
        bool hidden = finding->verdict != VERDICT_INCONCLUSIVE_SNAPLEN;
        for (size_t i = 0; i < G_N_ELEMENTS(OF_OPTIONS) && !hidden; i++)
            hidden = verdict_selects(OF_OPTIONS[i], (enum verdict)verdict);
        if (hidden && !verdict_is_inconclusive((enum verdict)verdict) &&
            verdict_selects(selector, (enum verdict)verdict))
            return true;
    }
    return false;
}

static void check_none(const struct assertion *assertion, const struct report *report,
                       struct tally *tally)
{
    count(tally, ASSERTION_HOLDS, NULL);
    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding = report->findings->pdata[i];
        if (could_be_unseen(assertion->none, finding))
            count(tally, ASSERTION_INCONCLUSIVE, g_strdup(finding->explain));
        if (!verdict_selects(assertion->none, finding->verdict) ||
            !picks(assertion, finding->flow, finding->direction, finding->option, finding->segment))
            continue;
        bool claimed = finding->confidence != CONFIDENCE_INCONCLUSIVE ||
                       verdict_is_inconclusive(finding->verdict);
        count(tally, claimed ? ASSERTION_FAILS : ASSERTION_INCONCLUSIVE,
              g_strdup_printf("flow %u: %s (%s): %s", finding->flow, verdict_name(finding->verdict),
                              confidence_name(finding->confidence),
                              finding->explain != NULL ? finding->explain : ""));
    }
    for (guint i = 0; i < report->options->len; i++) {
        const struct report_option *row = report->options->pdata[i];
        if (!picks(assertion, row->flow, row->direction, row->option, (int)row->segment))
            continue;
        bool occurred = false;
        for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++)
            occurred = occurred || (row->counts[verdict] != 0 &&
                                    verdict_selects(assertion->none, (enum verdict)verdict));
        if (occurred)
            count(tally, ASSERTION_FAILS, describe(row));
        else if (row_is_inconclusive(row) && could_hide(assertion->none))
            count(tally, ASSERTION_INCONCLUSIVE,
                  g_strdup_printf("flow %u, %s: %s", row->flow, row->option,
                                  verdict_name(row->verdict)));
    }
}

void assertion_check(const struct assertion *assertion, struct report *report)
{
    struct tally tally = {.result = ASSERTION_HOLDS};
    if (assertion->none != NULL)
        check_none(assertion, report, &tally);
    else
        check_rows(assertion, report, &tally);

    struct report_assertion *result = report_add_assertion(report);
    result->expression = g_strdup(assertion->expression);
    result->result = tally.result;
    if (tally.n > 1 && tally.reason != NULL)
        result->reason = g_strdup_printf("%s (and %u more)", tally.reason, tally.n - 1);
    else
        result->reason = g_strdup(tally.reason);
    g_free(tally.reason);
}
