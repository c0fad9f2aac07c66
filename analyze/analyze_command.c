/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * analyze_command.c - `optrail analyze`: reads one capture or two, prints what became of each
 * option. The report is composed first and written in one go: never half of it.
 *
 * Exit status: 0 whatever the verdict when nothing is asserted, and when all assertions hold; 1 one
 * fails; 4 none fails but one cannot be judged; 2 usage; 3 an input cannot be used.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "analyze/analyze.h"
#include "analyze/annotate.h"
#include "analyze/assert.h"
#include "analyze/filter.h"
#include "wire/capture.h"
#include "wire/command.h"

static const char usage[] =
    "analyze A [B] [--a FILE]... [--b FILE]... [-f FILTER] [--format text|json|junit|tap]\n"
    "       [--assert EXPR]... [--annotate OUT]... [--watch] [--profile NAME] [--options DIR]\n"
    "       [--all-options]";

static const char description[] =
    "A and B are captures of the same traffic (pcap or pcapng, plain or compressed, with or "
    "without\n"
    "hook records), B from another place on the path; '-' is standard input. With one capture, "
    "what\n"
    "needs two vantage points is not judged. A capture that was written in several files goes on "
    "in\n"
    "those that --a and --b name, in their order; frames are then counted on through them.\n"
    "\n"
    "An assertion picks rows with flow=N, direction=forward|reverse, option=NAME, segment=CLASS "
    "and\n"
    "demands verdict=VERDICT or a family of them, or a count (sent>=10), of each row; 'none "
    "VERDICT'\n"
    "demands that there is no such finding. Exit status: 1 when one fails, 4 when none fails but "
    "one\n"
    "cannot be judged.\n"
    "\n"
    "Examples:\n"
    "  optrail analyze client.pcapng server.pcapng\n"
    "  optrail analyze --format json client.pcapng server.pcapng | jq .verdict\n"
    "  optrail analyze --assert 'option=cc segment=ack verdict=option.intact' --assert 'none path' "
    "\\\n"
    "      client.pcapng server.pcapng\n";

typedef int (*report_view)(const struct report *report, FILE *out);

static const struct {
    const char *name;
    report_view write;
} formats[] = {
    {"text", report_write_text},
    {"json", report_write_json},
    {"junit", report_write_junit},
    {"tap", report_write_tap},
};

static report_view find_format(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (name == NULL || strcmp(formats[i].name, name) == 0)
            return formats[i].write;
    }
    return NULL;
}

/* --- progress ----------------------------------------------------------------------------- */

struct progress {
    gint64 start_us, shown_us;
    gboolean shown;
};

enum { PROGRESS_AFTER_US = 1000000, PROGRESS_EVERY_US = 200000 };

static void show_progress(uint64_t done, uint64_t total, void *context)
{
    struct progress *progress = context;
    gint64 now_us = g_get_monotonic_time();
    if (now_us - progress->start_us < PROGRESS_AFTER_US ||
        now_us - progress->shown_us < PROGRESS_EVERY_US)
        return;
    progress->shown_us = now_us;
    progress->shown = TRUE;
    if (total != 0)
        fprintf(stderr, "\roptrail analyze: read %3u %% of %.1f MB ",
                (unsigned)(100.0 * (double)done / (double)total), (double)total / 1e6);
    else
        fprintf(stderr, "\roptrail analyze: read %.1f MB ", (double)done / 1e6);
    fflush(stderr);
}

static void clear_progress(const struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}

/* --- the command -------------------------------------------------------------------------- */

static int write_report(const char *command, const struct report *report, report_view write)
{
    /* A reader that has seen enough (head, less) ends the writing, and is no error of ours. */
    signal(SIGPIPE, SIG_IGN);
    int result = write(report, stdout);
    if (result == 0)
        return EXIT_DONE;
    if (result == -EPIPE) {
        clearerr(stdout); /* that the output arrived is checked once more at the end */
        return EXIT_DONE;
    }
    return command_fail(EXIT_INPUT, command, "the report could not be written: %s",
                        g_strerror(-result));
}

static void free_assertion(gpointer assertion)
{
    assertion_free(assertion);
}

/* NULL when one is wrong, which is said. */
static GPtrArray *parse_assertions(const char *command, char **expressions)
{
    g_autoptr(GPtrArray) assertions = g_ptr_array_new_with_free_func(free_assertion);
    for (char **expression = expressions; expression != NULL && *expression != NULL; expression++) {
        g_autoptr(GError) error = NULL;
        struct assertion *assertion = assertion_parse(*expression, &error);
        if (assertion == NULL) {
            command_usage(command, "--assert %s", error->message);
            return NULL;
        }
        g_ptr_array_add(assertions, assertion);
    }
    return g_steal_pointer(&assertions);
}

static int assertions_exit(const struct report *report)
{
    int code = EXIT_DONE;
    for (guint i = 0; i < report->assertions->len; i++) {
        const struct report_assertion *assertion = report->assertions->pdata[i];
        if (assertion->result == ASSERTION_FAILS)
            return EXIT_ASSERTION;
        if (assertion->result == ASSERTION_INCONCLUSIVE)
            code = EXIT_INCONCLUSIVE;
    }
    return code;
}

static bool check_filter(const char *command, const char *expression)
{
    g_autoptr(GError) error = NULL;
    struct filter *filter = filter_new(expression, &error);
    if (filter == NULL)
        command_usage(command, "-f '%s': %s", expression, error->message);
    filter_free(filter);
    return error == NULL;
}

/* Writes the captures with comments; an exit status. */
static int write_annotated(const char *command, const struct analyze_settings *settings,
                           const struct report *report, char **annotated)
{
    for (unsigned i = 0; annotated != NULL && annotated[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        const char *file = i == 0 ? settings->file_a : settings->file_b;
        const char *const *more = i == 0 ? settings->more_a : settings->more_b;
        if (annotate(report, i == 0 ? 'a' : 'b', file, more, annotated[i], &error) < 0)
            return command_fail(EXIT_ASSERTION, command, "%s", error->message);
    }
    return EXIT_DONE;
}

static int analyze_once(const char *command, const struct analyze_settings *settings,
                        const struct progress *progress, GPtrArray *assertions, report_view write,
                        char **annotated)
{
    g_autoptr(report_t) report = report_new();
    g_autoptr(GError) error = NULL;
    int result = analyze_run(settings, report, &error);
    clear_progress(progress);
    if (result != 0)
        return command_fail(EXIT_INPUT, command, "%s", error->message);

    for (unsigned i = 0; i < report->n_inputs; i++) {
        if (report->inputs[i].warning != NULL)
            command_note(command, "%s", report->inputs[i].warning);
    }
    report_sort(report);
    report_spell_out(report, settings->options);
    for (guint i = 0; i < assertions->len; i++)
        assertion_check(assertions->pdata[i], report);
    int code = write_report(command, report, write);
    if (code == EXIT_DONE)
        code = write_annotated(command, settings, report, annotated);
    return code != EXIT_DONE ? code : assertions_exit(report);
}

/* --- watching ----------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static uint64_t sizes(const struct analyze_settings *settings)
{
    const char *const *const more[] = {settings->more_a, settings->more_b};
    const char *const first[] = {settings->file_a, settings->file_b};
    uint64_t sum = 0;
    for (unsigned v = 0; v < G_N_ELEMENTS(first); v++) {
        const char *const *next = more[v];
        for (const char *file = first[v]; file != NULL; file = next ? *next++ : NULL) {
            GStatBuf status;
            if (g_stat(file, &status) == 0)
                sum += (uint64_t)status.st_size;
        }
    }
    return sum;
}

/* Judges anew each time that the files have grown; a recording that has just begun is waited for. */
static int watch(const char *command, const struct analyze_settings *settings,
                 const struct progress *progress, GPtrArray *assertions, report_view write,
                 char **annotated)
{
    enum { WATCH_US = 500000 };
    uint64_t before = UINT64_MAX;
    int code = EXIT_DONE;
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    while (!interrupted) {
        uint64_t now = sizes(settings);
        if (now != before) {
            if (isatty(STDOUT_FILENO))
                fputs("\033[H\033[2J\033[3J", stdout);
            code = analyze_once(command, settings, progress, assertions, write, annotated);
            if (code == EXIT_INPUT && before == UINT64_MAX)
                return code;
            fflush(stdout);
            before = now;
        }
        g_usleep(WATCH_US);
    }
    return code;
}

static int run(int argc, char **argv)
{
    g_autofree char *format = NULL;
    g_auto(GStrv) expressions = NULL;
    g_autofree char *profile = NULL;
    g_autofree char *options_dir = NULL;
    g_autofree char *filter = NULL;
    g_auto(GStrv) more_a = NULL, more_b = NULL, annotated = NULL;
    gboolean all_options = FALSE, watching = FALSE;
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default), json, junit or tap",
         "FORMAT"},
        {"assert", 0, 0, G_OPTION_ARG_STRING_ARRAY, &expressions,
         "Demand something of the report; may be given more than once", "EXPR"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &filter,
         "Look only at packets that match, as tcpdump takes it", "FILTER"},
        {"a", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &more_a, "A goes on in FILE; may be repeated",
         "FILE"},
        {"b", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &more_b, "B goes on in FILE; may be repeated",
         "FILE"},
        {"annotate", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &annotated,
         "Write A with the findings as packet comments to OUT; given twice, B to the second",
         "OUT"},
        {"watch", 0, 0, G_OPTION_ARG_NONE, &watching,
         "Judge anew whenever a file has grown, until interrupted", NULL},
        {"profile", 0, 0, G_OPTION_ARG_STRING, &profile,
         "Whose meaning of colliding options to use", "NAME"},
        {"options", 0, 0, G_OPTION_ARG_FILENAME, &options_dir,
         "Read further option descriptions (*.opt) from DIR", "DIR"},
        {"all-options", 0, 0, G_OPTION_ARG_NONE, &all_options,
         "Rows for options that no description covers, too", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = EXIT_DONE;
    if (!command_parse(&argc, &argv, entries, usage, description, &code))
        return code;

    const char *command = argv[0];
    report_view write = find_format(format);
    if (write == NULL)
        return command_usage(command, "--format %s: there are text, json, junit and tap", format);
    if (argc < 2)
        return command_usage(command, "which capture? Give one file, or two of the same traffic");
    if (argc > 3)
        return command_usage(command, "%s: one capture or two, not %d", argv[3], argc - 1);
    if (argc == 3 && strcmp(argv[1], "-") == 0 && strcmp(argv[2], "-") == 0)
        return command_usage(command, "standard input can be A or B, not both");

    if (more_b != NULL && argc < 3)
        return command_usage(command, "--b %s: there is no B that it could go on from", more_b[0]);
    if (annotated != NULL && g_strv_length(annotated) > (guint)argc - 1)
        return command_usage(command, "--annotate %s: one file for each capture",
                             annotated[g_strv_length(annotated) - 1]);
    bool pipe = strcmp(argv[1], "-") == 0 || (argc == 3 && strcmp(argv[2], "-") == 0);
    if (pipe && (annotated != NULL || watching))
        return command_usage(command, "--%s reads the files again: standard input cannot be",
                             watching ? "watch" : "annotate");
    if (filter != NULL && !check_filter(command, filter))
        return EXIT_USAGE;

    g_autoptr(GPtrArray) assertions = parse_assertions(command, expressions);
    if (assertions == NULL)
        return EXIT_USAGE;

    struct option_set *set = command_load_options(command, options_dir, profile, &code);
    if (set == NULL)
        return code;
    g_autoptr(option_set) options = set;

    struct progress progress = {.start_us = g_get_monotonic_time()};
    const struct analyze_settings settings = {
        .file_a = argv[1],
        .file_b = argc > 2 ? argv[2] : NULL,
        .more_a = (const char *const *)more_a,
        .more_b = (const char *const *)more_b,
        .filter = filter,
        .options = options,
        .all_options = all_options,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_context = &progress,
    };
    if (!watching)
        return analyze_once(command, &settings, &progress, assertions, write, annotated);
    return watch(command, &settings, &progress, assertions, write, annotated);
}

const struct command command_analyze = {
    .name = "analyze",
    .usage = usage,
    .summary = "Say what became of each option between two captures, hooks included",
    .run = run,
};
